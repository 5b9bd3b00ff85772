"""The promises as functions of a method's id, so that `test_mutants.py` can show that each can fail."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from seewhy import Explanation, Model, compare, explain, list_methods

Promise = Callable[[str, Model, Tensor], None]
promises: list[Promise] = []

BOXES = np.repeat(range(4), (8, 4, 8, 12))[:, None] * 4 + np.repeat(range(4), (20, 8, 4, 8))  # superpixels (32,40)
GREY = 0.35  # as grey as the noise around the planted square
QUICK: dict[str, dict[str, Any]] = {  # options that make a slow method quick on tiny images: id -> options
    "blur_integrated_gradients": {"n_steps": 12},
    "expected_gradients": {"n_samples": 40},
    "guided_integrated_gradients": {"n_steps": 12},
    "integrated_gradients": {"n_steps": 10},
    "occlusion": {"window": 4, "stride": 4},
    "kernel_shap": {"n_samples": 720, "segments": BOXES, "baseline": GREY},
    "shapley_sampling": {"n_samples": 960, "segments": BOXES, "baseline": GREY},
    "feature_ablation": {"segments": BOXES, "baseline": GREY},
    "lime": {"n_samples": 800, "segments": BOXES, "baseline": GREY},
    "partition_shap": {"max_evals": 600, "fill": "mean"},
    "rise": {"n_samples": 400},
    "sscam": {"n_samples": 8},
    "xrai": {"n_steps": 8, "scales": (20, 60), "min_size": 12, "dilation": 1, "min_pixels": 6},
}
CELL, SQUARE = 4, 12  # pixels: of a cell of the tiny network's maps, and of the planted square
BLIND = {"randomcam"}  # nulls, which must not find the evidence
CLASSLESS = {
    "eigencam",
    "kpcacam",
    "fem",
    "randomcam",
    "attention_rollout",
    "raw_attention",
}  # the same map for every class, by design


def promise(check: Promise) -> Promise:
    promises.append(check)
    return check


def run(id: str, model: Model, x: Tensor, target: Any = 1, seed: int = 0, **more: Any) -> Explanation:
    made: Explanation = explain(model, x, id, target, seed=seed, **{**QUICK.get(id, {}), **more})
    return made


def shown(found: Explanation) -> np.ndarray:
    """The heat map (b,h,w) as it is drawn, none of it negative."""
    heat = np.maximum(found.heatmap(), 0) if found.sign == "positive" else np.abs(found.heatmap())
    assert (heat.sum((1, 2)) > 0).all(), "a blank map"
    return heat


def state(model: Model) -> Any:
    module = model.module
    hooks = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    return (
        {name: value.clone() for name, value in module.state_dict().items()},
        [
            (name, id(one), one.training, [len(getattr(one, kind)) for kind in hooks])
            for name, one in module.named_modules()
        ],
        [(name, id(p), p.requires_grad, p.grad is None) for name, p in module.named_parameters()],
        [sorted(vars(one)) for one in module.modules()],
    )


def assert_same_state(before: Any, after: Any) -> None:
    assert before[0].keys() == after[0].keys()
    assert all(torch.equal(value, after[0][name]) for name, value in before[0].items()), "weights or buffers changed"
    assert before[1:] == after[1:], "modules, modes, hooks or gradients changed"


@promise
def has_the_right_shape_and_is_finite(id: str, model: Model, x: Tensor) -> None:
    found = run(id, model, x)
    assert found.values.dtype == np.float32 and found.values.ndim == 4 and len(found.values) == len(x)
    assert np.isfinite(found.values).all()
    assert found.heatmap().shape == (len(x), *x.shape[2:])
    assert all(len(extra) == len(x) for extra in found.extras.values()), "extras have one row an image"


@promise
def looks_at_the_planted_evidence(id: str, model: Model, x: Tensor) -> None:
    """All evidence lies top right, in a ninth of the picture: a map that is transposed or of other things misses it."""
    if id in BLIND:
        return
    heat = shown(run(id, model, x))
    h, w = heat.shape[1:]
    corner = heat[:, : math.ceil(h * 0.5), math.floor(w * 0.6) :].sum((1, 2)) / heat.sum((1, 2))
    assert (corner > 0.5).all(), f"only {corner} of the map lies where the evidence is; by chance .2"
    rows, columns = np.unravel_index(heat.reshape(len(heat), -1).argmax(1), (h, w))
    assert (rows < 16).all() and (columns >= 24).all(), f"the maximum is at {list(zip(rows, columns, strict=True))}"


@promise
def lies_on_the_evidence_to_the_cell(id: str, model: Model, x: Tensor) -> None:
    """The square is brought inside the picture: its place holds more than the places one cell off in any direction."""
    if id in BLIND:
        return
    heat = shown(run(id, model, x.roll((CELL * 2, -CELL * 2), (2, 3))))
    top, left = CELL * 2, x.shape[3] - SQUARE - CELL * 2
    held = {
        (down, right): heat[:, top + down :, left + right :][:, :SQUARE, :SQUARE].sum((1, 2))
        for down in (-CELL, 0, CELL)
        for right in (-CELL, 0, CELL)
    }
    own = held.pop((0, 0))
    for step, beside in held.items():
        assert (beside < 0.9 * own).all(), f"{step} pixels off there is {beside / own} of what lies on the evidence"


@promise
def explains_the_class_asked_for(id: str, model: Model, x: Tensor) -> None:
    found = run(id, model, x, target=1)
    assert found.classes == (1,) * len(x)
    other = run(id, model, x, target=2)
    if id not in CLASSLESS:
        assert other.classes == (2,) * len(x)
        assert not np.allclose(found.values, other.values, rtol=1e-3), "two classes, one map"
    mixed = run(id, model, x, target=[1, 2, 1])
    for i, wanted in enumerate((found, other, found)):
        scale = abs(wanted.values).max()
        np.testing.assert_allclose(mixed.values[i], wanted.values[i], rtol=1e-3, atol=1e-5 * scale)


@promise
def sees_colour(id: str, model: Model, x: Tensor) -> None:
    """The evidence is red. On the picture with red and blue swapped there is none, so the map must differ."""
    if id in BLIND:
        return
    found, swapped = run(id, model, x).values, run(id, model, x.flip(1)).values
    assert not np.allclose(found, swapped, rtol=1e-2)


@promise
def leaves_no_trace(id: str, model: Model, x: Tensor) -> None:
    model.module.train()
    next(model.module.parameters()).requires_grad_(False)
    before, pixels = state(model), x.clone()
    run(id, model, x)
    assert_same_state(before, state(model))
    assert torch.equal(x, pixels) and not x.requires_grad and x.grad is None


@promise
def leaves_no_trace_when_the_model_fails(id: str, model: Model, x: Tensor) -> None:
    forward, calls, fails_at = model.module.forward, [], math.inf

    def failing(*args: Any) -> Any:
        calls.append(1)
        if len(calls) >= fails_at:
            raise KeyError("boom")
        return forward(*args)

    model.module.forward = failing
    model = replace(model, fast=False)  # else what was written down of it runs in the place of the network
    model.census(x)
    before = state(model)
    for fails_at in (1, 2):
        calls.clear()
        try:
            run(id, model, x)
            assert len(calls) < fails_at, "the model's failure was swallowed"
        except Exception as error:
            assert "boom" in str(error) and getattr(error, "hint", ""), f"not told as a problem: {error!r}"
        finally:
            assert_same_state(before, state(model))
    del model.module.forward


@promise
def gives_the_same_map_for_the_same_seed(id: str, model: Model, x: Tensor) -> None:
    before = torch.get_rng_state()
    numpy_before = np.random.get_state()[1].copy()
    first = run(id, model, x, seed=1).values
    assert torch.equal(before, torch.get_rng_state()) and (numpy_before == np.random.get_state()[1]).all()
    torch.rand(1), np.random.rand()  # who draws from these draws something else now
    again = run(id, model, x, seed=1).values
    assert np.array_equal(first, again)
    if {one.id: one for one in list_methods()}[id].info.random:
        assert not np.array_equal(first, run(id, model, x, seed=2).values), "random, and yet the seed does nothing"


@promise
def does_not_depend_on_batch_or_chunk(id: str, model: Model, x: Tensor) -> None:
    whole = run(id, model, x).values
    scale = abs(whole).max()
    alone = np.concatenate([run(id, model, x[i : i + 1]).values for i in (2, 1, 0)])[::-1]
    np.testing.assert_allclose(whole, alone, rtol=0, atol=1e-5 * scale)
    tight = run(id, model, x, memory=1).values  # one image at a time
    np.testing.assert_allclose(whole, tight, rtol=0, atol=1e-5 * scale)


@promise
def is_the_same_alone_and_together(id: str, model: Model, x: Tensor) -> None:
    """Targets that share forwards share no more than these: of random methods, each sees the draws it sees alone."""
    targets = [2, 1, None]
    together = compare(model, x, [id], targets, options={id: QUICK.get(id, {})})[id]
    for target, found in zip(targets, together, strict=True):
        alone = run(id, model, x, target)
        scale = abs(alone.values).max()
        np.testing.assert_allclose(found.values, alone.values, rtol=0, atol=1e-5 * scale)
        assert found.extras.keys() == alone.extras.keys()
        assert [len(one) for one in found.extras.values()] == [len(x)] * len(found.extras)


@promise
def takes_any_float(id: str, model: Model, x: Tensor) -> None:
    found, wide = run(id, model, x[:1]), run(id, model, x[:1].double())
    assert wide.values.dtype == np.float32
    np.testing.assert_allclose(wide.values, found.values, rtol=0, atol=2e-4 * abs(found.values).max())


@promise
def changes_with_the_weights(id: str, model: Model, x: Tensor) -> None:
    """Adebayo et al., arXiv:1810.03292: a map that stays when the weights are drawn anew explains no network."""
    found = run(id, model, x).values
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for p in model.module.parameters():
            p.copy_(p.flatten()[torch.randperm(p.numel(), generator=generator)].view_as(p))
    assert not np.allclose(found, run(id, model, x).values, rtol=1e-2)
