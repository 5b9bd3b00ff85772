"""Owen values against shap's partition explainer and against their definition."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import seewhy
from comparing import direct, in_float64, relative
from conftest import MEAN, STD
from ops.test_owen import by_definition
from peers import for_peer, partition_shap
from seewhy import Model, SeewhyError, compare, explain
from seewhy.held import is_made
from seewhy.model.course import Course
from seewhy.targets import Region
from seewhy.types import Map
from test_sampling import stops_after

ID = "partition_shap"
ALL = 10**6  # masks: to the last pixel


class Mixed(nn.Module):
    """A smooth function of all pixels together, of any size of picture."""

    def __init__(self, pixels: int, classes: int = 3) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.first, self.last = nn.Linear(3 * pixels, 24), nn.Linear(24, classes)
        with torch.no_grad():
            for p in self.parameters():
                p.copy_(torch.randn(p.shape, generator=generator) * (0.3 if p is self.first.weight else 1.0))

    def forward(self, x: Tensor) -> Tensor:
        return self.last(torch.tanh(self.first(x.flatten(1))))


def mixed(*size: int, classes: int = 3) -> Model:
    return Model(Mixed(size[0] * size[1], classes), mean=MEAN, std=STD, size=size)


def picture(*size: int, n: int = 1) -> Tensor:
    """Of bytes, as the peer takes them."""
    return torch.randint(256, (n, 3, *size), generator=torch.Generator().manual_seed(5)).double() / 255


def test_on_four_by_four_pixels_it_is_the_mean_over_all_orders() -> None:
    model, x = mixed(4, 4), picture(4, 4)
    inside = (torch.arange(2**16)[:, None] >> torch.arange(16)) & 1
    masks = inside.view(-1, 1, 4, 4).double()
    net = for_peer(model, torch.float64)
    with torch.no_grad():
        game = net(x.double() * masks + 0.2 * (1 - masks)).softmax(1)[:, 2].numpy()
    found = in_float64(ID, model, x, 2, score="probability", fill=0.2, max_evals=ALL)
    assert relative(found.values[0, 0], by_definition(game)) <= 1e-9
    assert found.extras["evals"] == 2 * (4**4 - 1) // 3 + 2  # two for each of 4^d regions and contexts at depth d


MASKERS = [
    ({"fill": "blur", "kernel": 3}, "blur(3,3)"),
    ({"fill": "blur", "kernel": (2, 4)}, "blur(4,2)"),
    ({"fill": "inpaint_telea"}, "inpaint_telea"),
    ({"fill": "inpaint_ns"}, "inpaint_ns"),
    ({"fill": 0.2}, 51.0),
]


@pytest.mark.parametrize(("options", "masker"), MASKERS, ids=lambda one: str(one))
def test_to_the_last_pixel_it_is_shaps(options: dict[str, Any], masker: Any) -> None:
    """Of values that shap has for each channel: their sum, since it splits the channels of a pixel last."""
    model, x = mixed(5, 6), picture(5, 6)
    wanted = partition_shap(model, x, masker, [0, 1, 2], max_evals=ALL, batch_size=64)
    for target in range(3):
        found = in_float64(ID, model, x, target, score="probability", max_evals=ALL, **options)
        assert relative(found.values[0, 0], wanted[target]) <= 1e-9


@pytest.mark.parametrize(("options", "masker"), MASKERS[::2], ids=lambda one: str(one))
@pytest.mark.parametrize(("max_evals", "batch_size"), [(60, 10), (150, 50), (300, 24)])
def test_at_a_budget_it_is_shaps_whose_order_is_the_same(
    options: dict[str, Any], masker: Any, max_evals: int, batch_size: int
) -> None:
    model, x, budget = mixed(32, 24), picture(32, 24), {"max_evals": max_evals, "batch_size": batch_size}
    every = partition_shap(model, x, masker, [0, 1, 2], **budget)
    alone = partition_shap(model, x, masker, [1], **budget)[0]
    asked: Any = {"score": "probability", **options, **budget}
    found = in_float64(ID, model, x, 1, **asked)
    own = in_float64(ID, model, x, 1, **asked, order="targets")
    assert relative(found.values[0, 0], every[1]) <= 1e-9
    assert relative(own.values[0, 0], alone) <= 1e-9
    assert relative(alone, every[1]) > 1e-3, "the order makes no difference here, so nothing was compared"
    assert found.extras["evals"] == own.extras["evals"] == max_evals


def test_targets_asked_for_together_order_as_shaps_outputs_do() -> None:
    model, x, budget = mixed(32, 24, classes=6), picture(32, 24), {"max_evals": 200, "batch_size": 50}
    wanted = partition_shap(model, x, "blur(3,3)", [4, 2], **budget)
    options = {ID: {"fill": "blur", "kernel": 3, "order": "targets", **budget}}
    found = compare(model, x, [ID], [4, 2], options=options, precision="float64")
    for one, its in zip(found, wanted, strict=True):
        assert relative(one.values[0, 0], its) <= 1e-6  # kept in float32


@pytest.mark.parametrize("fill", ["smooth", "inpaint_telea", "blur", "mean", "own_mean", "noise", "background", 1.0])
@pytest.mark.parametrize("max_evals", [4, 77, 400])
def test_the_values_sum_to_the_score_less_that_of_nothing(small: Model, x: Tensor, fill: Any, max_evals: int) -> None:
    found = direct(ID, small, x, score="probability", fill=fill, max_evals=max_evals)
    assert (found.extras["completeness_gap"].abs() <= 1e-6).all()
    assert (found.extras["evals"] == max_evals - max_evals % 2).all()
    shown = explain(small, x, ID, 1, fill=fill, max_evals=max_evals)
    hidden = {"mean": torch.tensor(MEAN)[:, None, None].expand_as(x), 1.0: torch.ones_like(x)}.get(fill)
    if hidden is not None:
        net = for_peer(small)
        with torch.no_grad():
            wanted = (net(x).softmax(1) - net(hidden).softmax(1))[:, 1].numpy()
        np.testing.assert_allclose(shown.values.sum((1, 2, 3)), wanted, atol=1e-6)


def test_a_background_is_the_mean_over_its_pictures(x: Tensor) -> None:
    model, x, others = mixed(4, 5), picture(4, 5), picture(4, 5, n=3).flip(2)
    asked: Any = {"score": "probability", "max_evals": ALL}
    found = in_float64(ID, model, x, fill="background", background=others, **asked)
    each = [in_float64(ID, model, x, fill=one, **asked).values for one in others]
    assert relative(found.values, torch.stack(each).mean(0)) <= 1e-9
    told = explain(model, x, ID, 1, fill="background", max_evals=10)
    assert told.passes.forward == 1 + 5 * 9 and any("no background was given" in one for one in told.notes)


def test_a_picture_of_few_pixels_ends_before_its_budget(small: Model) -> None:
    heard: list[tuple[int, int]] = []
    model = replace(mixed(2, 2), course=Course(tell=lambda done, total: heard.append((done, total))))
    found = explain(model, picture(2, 2, n=2), ID, 1)
    assert found.extras["evals"].tolist() == [12, 12] and found.passes.forward == 2 * 12
    assert heard[-1] == (24, 24)
    assert found.extras["smallest_region"].tolist() == found.extras["median_region"].tolist() == [1, 1]


def test_what_it_tells_of_its_regions() -> None:
    found = explain(mixed(32, 24), picture(32, 24), ID, 1, max_evals=30, order="targets")
    areas = [np.count_nonzero(found.values == one) for one in np.unique(found.values)]
    assert found.extras["smallest_region"] <= min(areas)
    assert any("half of the credit lies in regions of at most" in one for one in found.notes)
    share = abs(found.values)[0, 0].ravel()
    assert share.sum() > 0 and int(found.extras["median_region"][0]) <= 32 * 24


def test_a_class_that_others_drown_out_is_told(x: Tensor) -> None:
    model = mixed(16, 20)
    with torch.no_grad():
        model.module.last.weight[0] *= 1e-3
    asked: Any = {"score": "logit", "max_evals": 100}
    said = "regions were split where other outputs change"
    assert any(said in one for one in explain(model, x, ID, 0, **asked).notes)
    assert not any(said in one for one in explain(model, x, ID, 1, **asked).notes)
    assert not any(said in one for one in explain(model, x, ID, 0, order="targets", **asked).notes)


class Segmenting(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 2, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x).relu()


def test_a_region_of_a_segmentation_is_explained() -> None:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = Model(Segmenting(), mean=MEAN, std=STD)
    mask = torch.zeros(16, 20, dtype=torch.bool)
    mask[2:6, 3:9] = True
    asked: Any = {"score": "logit", "fill": "mean", "order": "targets", "max_evals": 600}
    found = explain(model, picture(16, 20), ID, Region(mask, 1), **asked)
    by_outputs = explain(model, picture(16, 20), ID, Region(mask, 1), **{**asked, "order": "outputs"})
    assert (by_outputs.values != found.values).any() and (abs(by_outputs.extras["completeness_gap"]) <= 1e-5).all()
    near = np.zeros((16, 20), bool)
    near[1:7, 2:10] = True
    assert abs(found.values[0, 0][near]).sum() > 0.8 * abs(found.values).sum() > 0


def test_ten_classes_cost_the_passes_of_one() -> None:
    model, x = mixed(16, 20, classes=12), picture(16, 20, n=2)
    one = explain(model, x, ID, 0, max_evals=100)
    ten = compare(model, x, [ID], list(range(10)), options={ID: {"max_evals": 100}})
    assert [each.passes.forward for each in ten] == [one.passes.forward] * 10 == [200] * 10


def test_maps_of_many_classes_are_made_when_they_are_read(tmp_path: Path) -> None:
    model, x = mixed(16, 20, classes=60), picture(16, 20, n=2)
    asked: Any = {"options": {ID: {"max_evals": 100}}}
    many, few = compare(model, x, [ID], list(range(60)), **asked), compare(model, x, [ID], [7, 59], **asked)
    for kept in few:
        made = many[ID, kept.target]
        assert is_made(made, "values") and not is_made(kept, "values")
        assert np.array_equal(made.values, kept.values) and made.values is not made.values
        assert np.array_equal(made[1].values, kept.values[1:]) and made.blank == kept.blank and len(made) == 2
        assert np.array_equal(replace(made, notes=()).values, kept.values)
        assert np.array_equal(seewhy.open(made.save(tmp_path / kept.target)).values, kept.values)


def test_a_thousand_outputs_take_less_than_200_mb() -> None:
    """Where shap was seen to take 9.8 GB."""
    root = Path(__file__).parents[2]
    paths = {"PYTHONPATH": os.pathsep.join(str(root / one) for one in ("src", "tests", "."))}
    given_back = dict.fromkeys(("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_"), "131072")  # else glibc keeps some
    words, own = [sys.executable, "-m", "thousand"], os.environ | paths | given_back
    done = subprocess.run(words, cwd=root, env=own, capture_output=True, text=True, check=True)
    assert 0 < int(done.stdout) < 200e6, "with their maps, which would take 201 MB if they were kept"


def test_what_is_stopped_and_gone_on_with_is_what_was_never_stopped(small: Model, x: Tensor, tmp_path: Path) -> None:
    asked: Any = {"max_evals": 200, "batch_size": 30}
    whole = explain(small, x, ID, 1, **asked)
    part = explain(small, x, ID, 1, **asked, stop=stops_after(9))
    done = part.extras["evals"].tolist()
    assert min(done) > 2 and max(done) < 200 and f"stopped after {min(done)} of 200 samples" in part.notes
    assert (abs(part.extras["completeness_gap"]) <= 1e-6).all()
    part.save(tmp_path / "part")
    for earlier in (part, tmp_path / "part"):
        found = explain(small, x, ID, 1, **asked, resume=earlier)
        assert relative(found.values, whole.values) <= 1e-6 and found.extras["evals"].tolist() == [200, 200]
        assert found.passes.forward == whole.passes.forward - (sum(done) - 2)


def test_more_masks_go_on_from_fewer_for_each_class(small: Model, x: Tensor) -> None:
    asked: Any = {"methods": [ID], "targets": [1, 2, None]}
    first = compare(small, x, **asked, options={ID: {"max_evals": 61}})
    found = compare(small, x, **asked, options={ID: {"max_evals": 150}}, resume=first)
    whole = compare(small, x, **asked, options={ID: {"max_evals": 150}})
    for one, wanted in zip(found, whole, strict=True):
        assert relative(one.values, wanted.values) <= 1e-6
        assert one.passes.forward < wanted.passes.forward - 100
    mixed_up = [first.table[0][0], explain(small, x, ID, 2, max_evals=33)]
    each = compare(small, x, [ID], [1, 2], options={ID: {"max_evals": 150}}, resume=mixed_up)
    for one, wanted in zip(each, whole, strict=False):
        assert relative(one.values, wanted.values) <= 1e-6


def test_what_is_not_the_same_is_not_gone_on_with(small: Model, x: Tensor) -> None:
    first = explain(small, x, ID, 1, max_evals=40)
    for change, problem in (
        ({"image": 0.5 * x}, "other pictures"),
        ({"fill": "mean"}, "another fill"),
        ({"target": 2}, "explains probability of 1"),
        ({"order": "targets"}, "another order"),
    ):
        asked: Any = {"target": 1, "image": x, **change}
        with pytest.raises(SeewhyError, match=problem):
            explain(small, asked.pop("image"), ID, asked.pop("target"), max_evals=60, resume=first, **asked)
    both = compare(small, x, [ID], [1, 2], options={ID: {"max_evals": 40, "order": "targets"}})
    with pytest.raises(SeewhyError, match="ordered by other targets"):
        explain(small, x, ID, 1, max_evals=60, order="targets", resume=both)


def test_stopped_at_once_there_is_no_map(small: Model, x: Tensor) -> None:
    with pytest.raises(SeewhyError, match="before the picture with all hidden"):
        explain(small, x, ID, 1, stop=lambda: True)


def test_a_score_that_never_moves_is_told(small: Model, x: Tensor) -> None:
    found = explain(small, x, ID, lambda outputs: torch.full((len(outputs),), 0.5), max_evals=20)
    assert found.blank == (True, True)


def test_its_map_is_of_the_precision_asked_for(small: Model, x: Tensor) -> None:
    wide: Map = in_float64(ID, small, x, max_evals=100)
    assert wide.values.dtype == torch.float64
    assert relative(direct(ID, small, x, max_evals=100).values, wide.values) <= 1e-4
