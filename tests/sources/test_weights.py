"""Files of weights fit exactly or are refused, and are never run."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from seewhy import load
from seewhy.errors import BadOption
from seewhy.sources.weights import fill


def net(classes: int = 3) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(16, classes))


class Runs:
    """Pickled, it runs code when read carelessly."""

    def __reduce__(self):
        return (Path.touch, (Path("it-ran"),))


def filled(path: Path, state: object) -> nn.Module:
    torch.save(state, path)
    module = net()
    fill(module, path)
    return module


def equal(module: nn.Module, state: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(tensor, state[key]) for key, tensor in module.state_dict().items())


@pytest.mark.parametrize("suffix", ["pt", "pth", "safetensors"])
def test_a_file_is_loaded_whatever_its_kind(tmp_path: Path, suffix: str) -> None:
    path, module, state = tmp_path / f"weights.{suffix}", net(), net().state_dict()
    save_file(state, path) if suffix == "safetensors" else torch.save(state, path)
    fill(module, str(path))
    assert equal(module, state)


@pytest.mark.parametrize("prefix", ["", "module.", "_orig_mod.", "_orig_mod.module.", "model."])
@pytest.mark.parametrize("container", [None, "state_dict", "model", "model_state_dict"])
def test_wrappers_and_containers_are_taken_off(tmp_path: Path, prefix: str, container: str | None) -> None:
    state = net().state_dict()
    worn = {prefix + key: value for key, value in state.items()}
    content = {container: worn, "epoch": 3, "optimizer": {}} if container else worn
    assert equal(filled(tmp_path / "weights.pt", content), state)


def test_a_prefix_that_is_the_networks_own_stays(tmp_path: Path) -> None:
    class Own(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = net()

    state, module = Own().state_dict(), Own()
    torch.save(state, tmp_path / "weights.pt")
    fill(module, tmp_path / "weights.pt")
    assert equal(module, state)


def test_files_from_before_batches_were_counted_load(tmp_path: Path) -> None:
    state = net().state_dict()
    del state["1.num_batches_tracked"]
    assert equal(filled(tmp_path / "old.pt", dict(state)), {**state, "1.num_batches_tracked": torch.tensor(0)})


def test_half_precision_files_load_into_the_networks_precision(tmp_path: Path) -> None:
    state = {key: value.half() if value.is_floating_point() else value for key, value in net().state_dict().items()}
    assert filled(tmp_path / "half.pt", state)[3].weight.dtype == torch.float32


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda s: {k: v for k, v in s.items() if k != "3.bias"}, r"it lacks 3\.bias"),
        (lambda s: {k: v for k, v in s.items() if k[0] != "1"}, r"it lacks 1\.weight, 1\.bias, 1\.running_mean and 1"),
        (lambda s: {**s, "extra": torch.ones(1)}, "it has the unknown extra"),
        (lambda s: {**s, "3.weight": torch.ones(5, 16)}, r"'3\.weight' is \(5, 16\) in 'w\.pt' and \(3, 16\)"),
        (lambda s: {}, "no state dict"),
        (lambda s: [1, 2], "no state dict"),
        (lambda s: {"state_dict": {"epoch": 3}}, "no state dict"),
        (lambda s: {**s, "epoch": 3}, "no state dict"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_and_nothing_is_loaded(tmp_path: Path, change, words: str) -> None:
    torch.save(change(net().state_dict()), tmp_path / "w.pt")
    module = net()
    before = {key: value.clone() for key, value in module.state_dict().items()}
    with pytest.raises(BadOption, match=words) as error:
        fill(module, tmp_path / "w.pt")
    assert "\n" not in error.value.problem
    assert error.value.hint
    assert equal(module, before)


@pytest.mark.parametrize("name", ["w.pt", "w.safetensors"])
@pytest.mark.parametrize("content", [b"", b"not weights", b"PK\x03\x04 cut short"])
def test_a_broken_file_is_refused_in_one_line(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BadOption, match="can't be read") as error:
        fill(net(), tmp_path / name)
    assert "\n" not in error.value.problem


def test_a_file_that_holds_code_is_refused_and_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadOption, match="save the tensors alone"):
        filled(tmp_path / "w.pt", {"state_dict": net().state_dict(), "extra": Runs()})
    with pytest.raises(BadOption, match="save the tensors alone"):
        filled(tmp_path / "w.pt", net())
    assert not (tmp_path / "it-ran").exists()


def test_a_missing_file_is_refused_and_never_replaced_by_random_weights(tmp_path: Path) -> None:
    with pytest.raises(BadOption, match="no weights file"):
        load("timm:test_vit", weights=tmp_path / "none.pt")


def test_a_source_loads_a_file_of_other_classes_when_they_are_named(tmp_path: Path) -> None:
    path, names = tmp_path / "pets.safetensors", ["cat", "dog", "crane"]
    made = load("timm:test_resnet", weights="random", classes=names)
    save_file(made.module.state_dict(), path)
    with pytest.raises(BadOption, match=r"classes=\[one name an output\]"):
        load("timm:test_resnet", weights=path)
    model = load("timm:test_resnet", weights=path, classes=names)
    assert equal(model.module, made.module.state_dict())
    assert (tuple(model.classes), model.card.weights) == (tuple(names), str(path))
