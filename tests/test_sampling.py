"""Sampling: one image and one class at a time, in blocks, with an error that is one, stopped and gone on with."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from comparing import relative
from seewhy import Model, SeewhyError, compare, explain
from seewhy import open as open_folder
from seewhy.model.course import Course

ID = "rise"


def stops_after(calls: int) -> Any:
    left = iter(range(calls))
    return lambda: next(left, None) is None


def test_what_is_stopped_and_gone_on_with_is_what_was_never_stopped(small: Model, x: Tensor, tmp_path: Path) -> None:
    whole = explain(small, x, ID, 1, n_samples=100)
    part = explain(small, x, ID, 1, n_samples=100, stop=stops_after(5))
    done = int(part.extras["samples"][0])
    assert 16 <= done < 100 and f"stopped after {done} of 100 samples" in part.notes
    part.save(tmp_path / "part")
    for earlier in (part, tmp_path / "part"):
        found = explain(small, x, ID, 1, n_samples=100, resume=earlier)
        assert relative(found.values, whole.values) <= 1e-6 and found.extras["samples"].tolist() == [100, 100]
        assert relative(found.extras["standard_error"], whole.extras["standard_error"]) <= 1e-5
        assert found.passes.forward == whole.passes.forward - 2 * done
    stored = open_folder(tmp_path / "part")
    assert stored.state.keys() == part.state.keys() and np.array_equal(stored.state["seen"], part.state["seen"])


def test_what_goes_on_from_a_folder_is_what_goes_on_from_memory_to_the_last_bit(
    small: Model, x: Tensor, tmp_path: Path
) -> None:
    part = explain(small, x, ID, 1, n_samples=40)
    folder = part.save(tmp_path / "part")
    for name, own in open_folder(folder).state.items():
        assert own.dtype == part.state[name].dtype and own.tobytes() == part.state[name].tobytes(), name
    one, other = (explain(small, x, ID, 1, n_samples=100, resume=earlier) for earlier in (part, folder))
    assert np.array_equal(one.values, other.values)
    assert all(one.state[name].tobytes() == other.state[name].tobytes() for name in one.state)
    assert one.state["seen"].nbytes > 80_000 and (folder / "values.npz").stat().st_size < 0.6 * sum(
        own.nbytes for own in part.state.values()
    )


def test_several_baselines_stop_go_on_and_end_as_one_does(small: Model, x: Tensor, tmp_path: Path) -> None:
    asked: Any = {"baseline": [0.0, "blur"]}
    whole = explain(small, x, ID, 1, n_samples=100, **asked)
    part = explain(small, x, ID, 1, n_samples=100, stop=stops_after(5), **asked)
    done = int(part.extras["samples"][0])
    assert 16 <= done < 100 and part.passes.forward == 2 + 2 * 2 * done
    found = explain(small, x, ID, 1, n_samples=100, resume=part.save(tmp_path / "part"), **asked)
    for name in ("standard_error", "baseline_maps", "baseline_spread"):
        assert relative(found.extras[name], whole.extras[name]) <= 1e-5
    assert relative(found.values, whole.values) <= 1e-6 and found.notes == whole.notes
    with pytest.raises(SeewhyError, match="another baseline"):
        explain(small, x, ID, 1, n_samples=100, resume=part)
    near = explain(small, x, ID, 1, n_samples=3000, tolerance=0.3, **asked)
    share = np.sqrt((near.extras["standard_error"] ** 2).mean((1, 2, 3))) / abs(near.values).max((1, 2, 3))
    assert (near.extras["samples"] < 3000).all() and (share <= 0.3).all()


def test_more_samples_go_on_in_the_middle_of_a_block(small: Model, x: Tensor) -> None:
    first = explain(small, x, ID, 1, n_samples=27)
    found = explain(small, x, ID, 1, n_samples=60, resume=first)
    assert relative(found.values, explain(small, x, ID, 1, n_samples=60).values) <= 1e-6


def test_each_class_goes_on_from_its_own(small: Model, x: Tensor) -> None:
    asked: Any = {"methods": [ID], "targets": [1, 2, None]}
    first = compare(small, x, **asked, options={ID: {"n_samples": 40}})
    found = compare(small, x, **asked, options={ID: {"n_samples": 80}}, resume=first)
    whole = compare(small, x, **asked, options={ID: {"n_samples": 80}})
    for one, wanted in zip(found, whole, strict=True):
        assert relative(one.values, wanted.values) <= 1e-6


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"seed": 1}, "other pictures or of another seed"),
        ({"target": 2}, "explains probability of 1"),
        ({"keep": 0.3}, "another keep"),
        ({"score": "logit"}, "explains probability"),
        ({"method": "saliency"}, "samples nothing"),
        ({"image": 0.5}, "other pictures"),
    ],
)
def test_what_is_not_the_same_is_not_gone_on_with(
    small: Model, x: Tensor, change: dict[str, Any], problem: str
) -> None:
    first = explain(small, x, ID, 1, n_samples=20)
    image = x if "image" not in change else 0.5 * x
    asked = {"method": ID, "target": 1, **{name: one for name, one in change.items() if name != "image"}}
    more = {} if asked["method"] == "saliency" else {"n_samples": 30}
    with pytest.raises(SeewhyError, match=problem):
        explain(small, image, **asked, **more, resume=first)


def test_other_weights_are_not_gone_on_with(small: Model, x: Tensor) -> None:
    first = explain(small, x, ID, 1, n_samples=20)
    with torch.no_grad():
        small.module.fc.weight.add_(1)
    with pytest.raises(SeewhyError, match="other weights"):
        explain(small, x, ID, 1, n_samples=30, resume=first)


def test_too_few_samples_are_no_map(small: Model, x: Tensor) -> None:
    with pytest.raises(SeewhyError, match="too few"):
        explain(small, x, ID, 1, n_samples=100, stop=lambda: True)


def test_each_image_and_class_ends_once_it_is_near_enough(small: Model, x: Tensor) -> None:
    asked: Any = {"n_samples": 3000, "tolerance": 0.2}
    together = compare(small, x, [ID], [1, 2, 3], options={ID: asked})
    counts = np.stack([one.extras["samples"] for one in together])
    assert len(set(counts.ravel().tolist())) > 1, "some are harder than others"
    for found, target in zip(together, (1, 2, 3), strict=True):
        share = np.sqrt((found.extras["standard_error"] ** 2).mean((1, 2, 3))) / abs(found.values).max((1, 2, 3))
        near = found.extras["samples"] < 3000
        assert (share[near] <= 0.2).all() and (share[~near] > 0.2).all()
        for i in range(2):
            alone = explain(small, x[i : i + 1], ID, target, memory=1, **asked)
            assert relative(found.values[i], alone.values[0]) <= 1e-5
            assert alone.extras["samples"][0] == found.extras["samples"][i]


def test_the_error_told_is_the_scatter_of_maps_from_other_seeds(small: Model, x: Tensor) -> None:
    found = [explain(small, x, ID, 1, n_samples=160, seed=seed) for seed in range(40)]
    scatter = np.stack([one.values for one in found]).std(0, ddof=1)
    told = np.sqrt(np.stack([one.extras["standard_error"] ** 2 for one in found]).mean(0))
    ratio = np.sqrt((told**2).mean() / (scatter**2).mean())
    assert 0.85 < ratio < 1.15, ratio


def test_ten_classes_cost_the_passes_of_one_and_a_batch_fills_its_chunks(small: Model, x: Tensor) -> None:
    one = explain(small, x, ID, 1, n_samples=48)
    both = compare(small, x, [ID], [0, 1, 2, 3, None, [2, 0]], options={ID: {"n_samples": 48}})
    assert {made.passes.forward for made in both} == {one.passes.forward} == {2 + 2 * 48}
    sizes: list[int] = []
    model = replace(small, fast=False)
    handle = small.module.register_forward_hook(lambda module, args, output: sizes.append(len(output)))
    explain(model, x, ID, 1, n_samples=48)
    handle.remove()
    assert sizes[-3:] == [32, 32, 32], "of two photos"


def test_progress_is_told_and_a_model_that_fails_midway_raises(small: Model, x: Tensor) -> None:
    heard: list[tuple[int, int]] = []
    model = replace(small, course=Course(tell=lambda done, total: heard.append((done, total))))
    explain(model, x, ID, 1, n_samples=50)
    assert heard[-1] == (100, 100) and heard == sorted(heard) and len(heard) == 7
