"""Weights from a file of one's own, fitted exactly, and random ones, the same at each load."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from seewhy.errors import BadOption, first_line

State = dict[str, Tensor]

CONTAINERS = ("state_dict", "model_state_dict", "model")
WRAPPERS = ("module.", "_orig_mod.", "model.")  # DataParallel, torch.compile, Lightning
SAVE = "save the tensors alone: torch.save(model.state_dict(), 'weights.pt'), or a .safetensors file"


@contextmanager
def seeded() -> Iterator[None]:
    """Inside, torch draws from seed 0 on the CPU; outside, nobody notices."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(0)  # torch.manual_seed would seed the accelerators too
        yield


def fill(module: nn.Module, weights: str | Path, adapt: Callable[[State], State] = lambda state: state) -> None:
    """Load a file into the module; "random" leaves it as it was made. `adapt` turns an older file's keys into today's.

    Raises BadOption where the file can't be read, or differs from the module in a key or a shape.
    """
    if weights != "random":
        fit(module, adapt(read(Path(weights).expanduser())), Path(weights).name)


def read(path: Path) -> State:
    """The tensors of a .safetensors file, or of a state dict by torch.save. Nothing in the file is run."""
    if not path.is_file():
        raise BadOption(f"there is no weights file '{path}'", "give a .safetensors, .pt or .pth file, or 'random'")
    try:
        content = _load(path)
    except Exception as error:  # a broken file breaks in any way
        raise BadOption(f"'{path.name}' can't be read as weights: {first_line(error)}", SAVE) from error
    return _unwrap(content, path.name)


def _load(path: Path) -> Any:
    if path.suffix == ".safetensors":
        return load_file(path)
    return torch.load(path, map_location="cpu", weights_only=True)


def _unwrap(content: Any, name: str) -> State:
    while isinstance(content, Mapping):
        inner = next((content[key] for key in CONTAINERS if isinstance(content.get(key), Mapping)), None)
        if inner is None:
            break
        content = inner
    if not isinstance(content, Mapping) or not content or not all(isinstance(v, Tensor) for v in content.values()):
        raise BadOption(f"'{name}' holds no state dict", SAVE)
    return dict(content)


def fit(module: nn.Module, state: State, name: str) -> None:
    """Load the tensors; `name` says in errors where they come from."""
    wanted = module.state_dict()
    state = _strip(state, wanted)
    _check_keys(state, wanted, name)
    for key in state:
        if state[key].shape != wanted[key].shape:
            raise BadOption(
                f"'{key}' is {tuple(state[key].shape)} in '{name}' and {tuple(wanted[key].shape)} in the network",
                "name the architecture they were trained with, and for other classes give classes=[one name an output]",
            )
    module.load_state_dict(state)


def _strip(state: State, wanted: Mapping[str, Any]) -> State:
    def worn(prefix: str) -> bool:
        return all(key.startswith(prefix) for key in state) and not all(key.startswith(prefix) for key in wanted)

    while prefix := next(filter(worn, WRAPPERS), ""):
        state = {key.removeprefix(prefix): value for key, value in state.items()}
    return state


def _check_keys(state: State, wanted: Mapping[str, Any], name: str) -> None:
    # Files older than PyTorch 0.4.1 don't count batches, and nothing here reads that count.
    missing = [key for key in wanted if key not in state and not key.endswith(".num_batches_tracked")]
    unexpected = [key for key in state if key not in wanted]
    differences = [
        f"{word} {', '.join(keys[:3])}" + (f" and {len(keys) - 3} more" if len(keys) > 3 else "")
        for word, keys in (("lacks", missing), ("has the unknown", unexpected))
        if keys
    ]
    if differences:
        raise BadOption(f"'{name}' does not fit: it {'; it '.join(differences)}", "name the architecture it is of")
