"""Methods broken on purpose: each must break the promises that are there for it, or the contract proves nothing."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate

import contract
from conftest import MEAN, STD, Bright
from seewhy import Model, registry
from seewhy.registry import get_method, method
from seewhy.types import Map, Need

Mutant = Callable[[Model, Tensor, Any, Any], Map]
good = get_method("saliency")
good_cam = get_method("hirescam", layer="mix")
breaks: dict[Mutant, set[str]] = {}  # mutant -> the promises it breaks, at the least


def mutant(*promises: Callable[..., None]) -> Callable[[Mutant], Mutant]:
    def add(broken: Mutant) -> Mutant:
        breaks[broken] = {one.__name__ for one in promises}
        return broken

    return add


def coarse(model: Model, x: Tensor, target: Any, rng: Any) -> Tensor:
    """A sound CAM of 4x5 cells, 8 pixels each."""
    return avg_pool2d(good_cam(model, x, target, rng).values, 2)


@mutant(contract.looks_at_the_planted_evidence, contract.lies_on_the_evidence_to_the_cell)
def transposed(model: Model, x: Tensor, target: Any, rng: Any) -> Map:
    return Map(interpolate(good(model, x, target, rng).values.transpose(2, 3), x.shape[2:]))


@mutant(contract.looks_at_the_planted_evidence, contract.lies_on_the_evidence_to_the_cell)
def with_rows_for_columns(model: Model, x: Tensor, target: Any, rng: Any) -> Map:
    """Right in shape: what a wrong reshape of (columns, rows) makes."""
    values = good(model, x, target, rng).values
    return Map(values.transpose(2, 3).reshape(values.shape))


@mutant(contract.looks_at_the_planted_evidence, contract.lies_on_the_evidence_to_the_cell)
def a_cam_transposed(model: Model, x: Tensor, target: Any, rng: Any) -> Map:
    return Map(coarse(model, x, target, rng).transpose(2, 3))


@mutant(contract.lies_on_the_evidence_to_the_cell)
def a_cam_shifted_down_by_a_cell(model: Model, x: Tensor, target: Any, rng: Any) -> Map:
    return Map(coarse(model, x, target, rng).roll(1, 2))


@mutant(contract.lies_on_the_evidence_to_the_cell)
def a_cam_shifted_up_by_a_cell(model: Model, x: Tensor, target: Any, rng: Any) -> Map:
    return Map(coarse(model, x, target, rng).roll(-1, 2))


@mutant(contract.lies_on_the_evidence_to_the_cell)
def a_fine_cam_shifted_left_by_a_cell(model: Model, x: Tensor, target: Any, rng: Any) -> Map:
    return Map(good_cam(model, x, target, rng).values.roll(-1, 3))


@mutant(contract.lies_on_the_evidence_to_the_cell)
def shifted_right_by_a_cell(model: Model, x: Tensor, target: Any, rng: Any) -> Map:
    return Map(good(model, x, target, rng).values.roll(contract.CELL, 3))


@mutant(contract.explains_the_class_asked_for)
def of_the_wrong_class(model: Model, x: Tensor, target: Any, rng: Any) -> Map:
    wrong = replace(target, read=lambda scores, rows: scores[:, 0], key="wrong")
    return good(model, x, wrong, rng)


@mutant(contract.explains_the_class_asked_for)
def of_the_first_images_class(model: Model, x: Tensor, target: Any, rng: Any) -> Map:
    wrong = replace(target, read=lambda scores, rows: scores[:, int(target.index[0])], key="first")
    return good(model, x, wrong, rng)


@mutant(contract.leaves_no_trace)
def leaving_a_hook(model: Model, x: Tensor, target: Any, rng: Any) -> Map:
    model.module.register_forward_hook(lambda *_: None)
    return good(model, x, target, rng)


@mutant(contract.leaves_no_trace_when_the_model_fails)
def leaving_a_hook_where_the_model_fails(model: Model, x: Tensor, target: Any, rng: Any) -> Map:
    handle = model.module.register_forward_hook(lambda *_: None)
    model.module(x)
    handle.remove()
    return good(model, x, target, rng)


@mutant(contract.leaves_no_trace)
def leaving_weight_gradients(model: Model, x: Tensor, target: Any, rng: Any) -> Map:
    found = good(model, x, target, rng)
    for p in model.module.parameters():
        p.grad = torch.zeros_like(p)
    return found


@mutant(contract.leaves_no_trace)
def writing_on_the_picture(model: Model, x: Tensor, target: Any, rng: Any) -> Map:
    found = good(model, x, target, rng)
    x.clamp_(max=0.5)
    return found


@mutant(contract.leaves_no_trace, contract.does_not_depend_on_batch_or_chunk)
def in_training_mode(model: Model, x: Tensor, target: Any, rng: Any) -> Map:
    """Batch norm moves its averages and mixes the batch; dropout draws from the global generator."""
    model.module.train()
    return good(replace(model, memo=[], fast=False), x, target, rng)


@mutant(contract.gives_the_same_map_for_the_same_seed)
def with_the_global_generator(model: Model, x: Tensor, target: Any, rng: Any) -> Map:
    return Map(good(model, x, target, rng).values + 1e-3 * torch.rand(1))


@mutant(contract.looks_at_the_planted_evidence)
def of_swapped_colours(model: Model, x: Tensor, target: Any, rng: Any) -> Map:
    return good(replace(model, memo=[]), x.flip(1), target, rng)


@mutant(contract.sees_colour)
def of_grey(model: Model, x: Tensor, target: Any, rng: Any) -> Map:
    """Darkness finds the planted square too, so place alone can't tell."""
    grey = x.mean(1, keepdim=True)
    return Map((x.mean((1, 2, 3), keepdim=True) - grey).square())


@mutant(contract.changes_with_the_weights, contract.explains_the_class_asked_for)
def of_the_picture_alone(model: Model, x: Tensor, target: Any, rng: Any) -> Map:
    return Map((x - x.mean((2, 3), keepdim=True)).abs())


@mutant(
    contract.looks_at_the_planted_evidence,
    contract.lies_on_the_evidence_to_the_cell,
    contract.explains_the_class_asked_for,
    contract.sees_colour,
)
def constant(model: Model, x: Tensor, target: Any, rng: Any) -> Map:
    return Map(torch.ones_like(x))


@mutant(contract.does_not_depend_on_batch_or_chunk)
def of_the_first_image_only(model: Model, x: Tensor, target: Any, rng: Any) -> Map:
    return Map(good(model, x, target, rng).values[:1].expand_as(x))


@mutant(contract.does_not_depend_on_batch_or_chunk)
def scaled_by_the_batch(model: Model, x: Tensor, target: Any, rng: Any) -> Map:
    values = good(model, x, target, rng).values
    return Map(values / (1 + values.amax()))


@mutant(contract.is_the_same_alone_and_together)
def of_the_target_asked_for_first(model: Model, x: Tensor, target: Any, rng: Any) -> Map:
    if not hasattr(model.meter, "first"):  # one meter a call
        model.meter.first = good(model, x, target, rng)
    return model.meter.first


@mutant(contract.has_the_right_shape_and_is_finite)
def with_a_row_of_extras_too_few(model: Model, x: Tensor, target: Any, rng: Any) -> Map:
    found = good(model, x, target, rng)
    return replace(found, extras={"gap": torch.zeros(1)})


@pytest.fixture
def broken(request: pytest.FixtureRequest) -> Iterator[str]:
    run: Mutant = request.param

    class Broken:
        """Broken on purpose."""

        def __call__(self, model: Model, x: Tensor, target: Any, rng: Any) -> Map:
            return run(model, x, target, rng)

    details = {"title": "Broken", "family": "gradient", "paper": "none", "cost": "none", "starts": "input"}
    random = run is with_the_global_generator
    method("broken", Need.GRADIENT, reduce="max", sign="absolute", random=random, **details)(Broken)
    yield "broken"
    del registry._TABLE["broken"]


def broken_promises(id: str, planted: Tensor) -> set[str]:
    """Those broken, not those that could not be tried: only an assertion counts."""
    found = set()
    for promise in contract.promises:
        model = Model(Bright(), mean=MEAN, std=STD, size=(32, 40), classes=["dark", "red", "green"])
        with torch.random.fork_rng():
            try:
                promise(id, model, planted.clone())
            except AssertionError:
                found.add(promise.__name__)
    return found


@pytest.mark.parametrize(
    ("broken", "promises"),
    [pytest.param(one, names, id=one.__name__) for one, names in breaks.items()],
    indirect=["broken"],
)
def test_a_broken_method_breaks_the_promises_made_for_it(broken: str, promises: set[str], planted: Tensor) -> None:
    assert promises <= broken_promises(broken, planted)


def test_each_promise_has_a_mutant_that_breaks_it() -> None:
    kept_by_the_model = {contract.takes_any_float.__name__}  # pixels and values are cast outside of methods
    assert set().union(*breaks.values()) == {one.__name__ for one in contract.promises} - kept_by_the_model


def test_values_left_in_float64_break_a_promise(bright: Model, planted: Tensor, monkeypatch: Any) -> None:
    monkeypatch.setattr("seewhy.explaining._values", lambda made: made.values.detach().double().numpy())
    with pytest.raises(AssertionError):
        contract.takes_any_float("saliency", bright, planted)


@pytest.mark.parametrize("id", ["saliency", "hirescam"])
def test_what_the_mutants_are_made_of_breaks_none(id: str, planted: Tensor) -> None:
    assert not broken_promises(id, planted)
