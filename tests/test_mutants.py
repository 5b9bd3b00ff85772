"""Methods broken on purpose: each must fail a promise, or the contract proves nothing."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

import contract
from seewhy import Model, registry
from seewhy.registry import get_method, method
from seewhy.types import Map, Need

good = get_method("saliency")


def transposed(model: Model, x: Tensor, target: Any, rng: Any) -> Map:
    return Map(torch.nn.functional.interpolate(good(model, x, target, rng).values.transpose(2, 3), x.shape[2:]))


def shifted_by_a_cell(model: Model, x: Tensor, target: Any, rng: Any) -> Map:
    return Map(good(model, x, target, rng).values.roll((8, -8), (2, 3)))


def of_the_wrong_class(model: Model, x: Tensor, target: Any, rng: Any) -> Map:
    wrong = replace(target, read=lambda scores, rows: scores[:, 0], key="wrong")
    return good(model, x, wrong, rng)


def leaving_a_hook(model: Model, x: Tensor, target: Any, rng: Any) -> Map:
    model.module.register_forward_hook(lambda *_: None)
    return good(model, x, target, rng)


def in_training_mode(model: Model, x: Tensor, target: Any, rng: Any) -> Map:
    model.module.train()
    return good(replace(model, memo=[]), x, target, rng)


def with_the_global_generator(model: Model, x: Tensor, target: Any, rng: Any) -> Map:
    return Map(good(model, x, target, rng).values + 1e-3 * torch.rand(1))


def of_swapped_colours(model: Model, x: Tensor, target: Any, rng: Any) -> Map:
    return good(replace(model, memo=[]), x.flip(1), target, rng)


def constant(model: Model, x: Tensor, target: Any, rng: Any) -> Map:
    return Map(torch.ones_like(x))


def of_the_first_image_only(model: Model, x: Tensor, target: Any, rng: Any) -> Map:
    return Map(good(model, x, target, rng).values[:1].expand_as(x))


MUTANTS = [
    transposed,
    shifted_by_a_cell,
    of_the_wrong_class,
    leaving_a_hook,
    in_training_mode,
    with_the_global_generator,
    of_swapped_colours,
    constant,
    of_the_first_image_only,
]


@pytest.fixture
def broken(request: pytest.FixtureRequest) -> Iterator[str]:
    mutant: Callable[..., Map] = request.param

    class Broken:
        """Broken on purpose."""

        def __call__(self, model: Model, x: Tensor, target: Any, rng: Any) -> Map:
            return mutant(model, x, target, rng)

    details = {"title": "Broken", "family": "gradient", "paper": "none", "cost": "none", "starts": "input"}
    method("broken", Need.GRADIENT, reduce="max", sign="absolute", **details)(Broken)  # type: ignore[arg-type]
    yield "broken"
    del registry._TABLE["broken"]


@pytest.mark.parametrize("broken", MUTANTS, indirect=True, ids=lambda mutant: mutant.__name__)
def test_a_broken_method_breaks_a_promise(broken: str, planted: Tensor) -> None:
    from conftest import MEAN, STD, Bright

    state = torch.get_rng_state()
    kept = []
    for promise in contract.promises:
        model = Model(Bright(), mean=MEAN, std=STD, size=(32, 40), classes=["dark", "red", "green"])
        try:
            promise(broken, model, planted)
            kept.append(promise.__name__)
        except Exception:
            continue
    torch.set_rng_state(state)
    assert len(kept) < len(contract.promises), "this mutant passes for a sound method"
