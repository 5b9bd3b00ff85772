"""The network from a layer on where its calls can't be written down: what ended before it returns what it returned."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import torch
from torch import Tensor, nn

from seewhy.model.apart import apart
from seewhy.model.stream import out_of_memory
from seewhy.model.tape import leaves, mapped
from seewhy.model.trace import instead, override, watch

At = Literal["output", "input"]


@dataclass(frozen=True, eq=False)
class Replay:
    """Submodules of a network that end before a layer does (or begins), and what they returned for some images.

    Called with maps (n,...) and the image of each (n,): the network's outputs. What stands between the submodules runs.
    """

    module: nn.Module
    network: Callable[[Tensor], Tensor]
    layer: str
    at: At
    x: Tensor
    returned: dict[str, list[Any]]

    def __call__(self, maps: Tensor, rows: Tensor) -> Tensor:
        known = {name: [partial(_of, rows, one) for one in outputs] for name, outputs in self.returned.items()}
        run = len(known.get(self.layer, ())) - (self.at == "output")
        with instead(self.module, known), override(self.module, self.layer, maps, at=self.at, call=run):
            return self.network(self.x[rows])


def recorded(module: nn.Module, network: Callable[[Tensor], Tensor], x: Tensor, layer: str, at: At) -> Replay | None:
    """One forward of the images, watched; None where a layer is not used or something returned is not one an image."""
    ended: list[tuple[str, Any]] = []  # but what ran within another that ended
    began: list[int] = []
    found: list[tuple[str, Any]] = []

    def ends(name: str, _module: nn.Module, output: Any) -> None:
        del ended[began.pop() :]
        found[:] = found if name != layer else ended if at == "input" else [*ended, (name, _kept(output))]
        ended.append((name, _kept(output)))

    with torch.no_grad(), watch(module, ends, lambda _: began.append(len(ended))):
        network(x)
    tensors = [one for one in leaves([output for _, output in found]) if isinstance(one, Tensor)]
    if not found or any(one.ndim == 0 or len(one) != len(x) for one in tensors):
        return None
    returned: dict[str, list[Any]] = {}
    for name, output in found:
        returned.setdefault(name, []).append(output)
    return Replay(module, network, layer, at, x, returned)


def gives_the_same(replay: Replay | None, maps: Tensor, whole: Callable[[Tensor, Tensor], Tensor]) -> bool:
    """Whether a replay of two images is the whole network, for other maps (2,...) than theirs and in another order."""
    if replay is None:
        return False
    rows = torch.tensor([1, 0, 1], device=maps.device)
    others = maps.flip(0)[rows] / 2
    try:
        with torch.no_grad():
            return not apart(replay(others, rows), whole(replay.x[rows], others))
    except Exception as error:  # whatever the code between does with what it is not used to
        if out_of_memory(error):
            raise
        return False


def _kept(output: Any) -> Any:
    return mapped(output, lambda one: one.detach().clone() if isinstance(one, Tensor) else one)


def _of(rows: Tensor, output: Any) -> Any:
    return mapped(output, lambda one: one[rows] if isinstance(one, Tensor) else one)
