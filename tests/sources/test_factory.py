"""Networks from a factory of one's own."""

import sys
from pathlib import Path

import pytest
import torch

from seewhy import load
from seewhy.errors import BadOption, ModelFailed, SeewhyError, UnknownName, Unsupported

CODE = """
from __future__ import annotations
from dataclasses import dataclass
import torch
from torch import nn
from seewhy.model import Model

@dataclass
class Width:
    value: int = 2

def build():
    return nn.Sequential(nn.Flatten(), nn.Linear(12, Width().value))

class Net(nn.Module):
    pass

class Zoo:
    small = staticmethod(build)

ready = build()

def model():
    return Model(build(), mean=(0.5,) * 3, std=(0.5,) * 3, size=(2, 2), classes=("a", "b"))

def number():
    return 7

def raises():
    raise ValueError("too small\\nby far")
"""
HALF = {"mean": (0.5,) * 3, "std": (0.5,) * 3}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "my_factory.py").write_text(CODE)
    (tmp_path / "my_broken.py").write_text("import a_module_nobody_has")
    (tmp_path / "my_wrong.py").write_text("1 +")
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    for name in ("my_factory", "seewhy_factory_my_factory"):
        sys.modules.pop(name, None)


@pytest.mark.parametrize("name", ["build", "Zoo.small", "ready", "Net"])
def test_a_factory_a_class_or_a_module_is_taken_with_its_normalisation(home: Path, name: str) -> None:
    model = load(f"my_factory:{name}", **HALF)
    assert tuple(model.mean) == (0.5,) * 3
    assert model.size is None
    assert (model.card.spec, model.card.weights) == (f"my_factory:{name}", "as built")


def test_a_file_is_a_home_too(home: Path) -> None:
    spec = f"{home / 'my_factory.py'}:build"
    assert load(spec, **HALF).card.spec == spec


@pytest.mark.parametrize("given", [{}, {"mean": (0.5,) * 3}, {"std": (0.5,) * 3}])
def test_a_module_without_mean_and_std_is_refused(home: Path, given) -> None:
    with pytest.raises(BadOption, match="no default"):
        load("my_factory:build", **given)


def test_a_model_keeps_what_it_says(home: Path) -> None:
    model = load("my_factory:model")
    assert (model.size, tuple(model.classes), model.card.spec) == ((2, 2), ("a", "b"), "my_factory:model")
    with pytest.raises(BadOption, match="has its own std"):
        load("my_factory:model", std=(1, 1, 1))


def test_a_random_factory_is_the_same_at_each_load_and_takes_a_file(home: Path, tmp_path: Path) -> None:
    first, again = (load("my_factory:build", weights="random", **HALF) for _ in range(2))
    assert torch.equal(first.module[1].weight, again.module[1].weight)
    assert first.card.weights == "random"
    state = {key: value + 1 for key, value in first.module.state_dict().items()}
    torch.save(state, tmp_path / "w.pt")
    for spec, given in (("my_factory:build", HALF), ("my_factory:model", {})):
        model = load(spec, weights=tmp_path / "w.pt", **given)
        assert torch.equal(model.module[1].weight, state["1.weight"])
        assert model.card.weights == str(tmp_path / "w.pt")


@pytest.mark.parametrize(
    ("spec", "error", "words"),
    [
        ("my_factory:bild", UnknownName, "did you mean build"),
        ("my_nothing:build", UnknownName, "no module 'my_nothing'"),
        ("my_nothing.deeper:build", UnknownName, "no module"),
        ("nowhere/net.py:build", UnknownName, "no module"),
        ("my_broken:build", ModelFailed, "install a_module_nobody_has"),
        ("my_wrong:build", ModelFailed, "SyntaxError"),
        ("my_factory:raises", ModelFailed, "ValueError: too small\n  hint"),
        ("my_factory:number", Unsupported, "gave a int"),
        ("my_factory:HALF", UnknownName, "no 'HALF'"),
    ],
)
def test_what_gives_no_network_is_one_line_and_a_hint(home: Path, spec: str, error: type[SeewhyError], words: str):
    with pytest.raises(error, match=words) as raised:
        load(spec, **HALF)
    assert "\n" not in raised.value.problem
