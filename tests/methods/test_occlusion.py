"""Occlusion beside captum's."""

from contextlib import nullcontext
from typing import Any
from unittest import mock

import captum.attr as captum
import numpy as np
import pytest
import torch
from torch import Tensor, nn

from comparing import direct, part_of, relative
from conftest import MEAN, STD, Precise
from peers import for_peer
from seewhy import Model, compare, explain, get_method
from seewhy.errors import BadOption, Unsupported
from seewhy.registry import parse

TARGETS = [1, 3]
HOWS = [pytest.param("always", marks=pytest.mark.engine), "never", "auto"]


def by_captum(model: Model, x: Tensor, target: Any, window: Any, stride: Any, baseline: Any = 0.0) -> Tensor:
    peer = captum.Occlusion(for_peer(model))
    target = torch.tensor(target) if isinstance(target, list) else target
    channels = x.shape[1]
    wide = mock.patch.object(Tensor, "float", Tensor.double) if x.dtype == torch.float64 else nullcontext()
    with wide:  # it would round its sums to float32
        found: Tensor = peer.attribute(
            x, (channels, *window), (channels, *stride), baseline, target, perturbations_per_eval=3
        )
    assert found.dtype == x.dtype
    assert (found == found[:, :1]).all()
    return found[:, :1]


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize(
    ("window", "stride"), [((5, 5), (2, 2)), ((3, 7), (3, 4)), ((1, 2), (1, 1)), ((16, 20), (9, 1))]
)
def test_it_is_captums(window: Any, stride: Any, how: str, precise: Precise) -> None:
    model, x, tolerance = precise
    if how == "always" and window == (16, 20):
        pytest.skip("a window over all reaches all")
    found = direct("occlusion", model, x, TARGETS, window=window, stride=stride, incremental=how)
    assert relative(found.values, by_captum(model, x, TARGETS, window, stride)) < tolerance


@pytest.mark.parametrize(("precision", "tolerance"), [("float32", 1e-5), ("float64", 1e-9)])
@pytest.mark.parametrize("how", HOWS[:2])
def test_it_is_captums_on_the_default_model(
    how: str, precision: str, tolerance: float, default_model: Model, chelsea: np.ndarray
) -> None:
    model = default_model.at(precision)
    x = part_of(chelsea, default_model).to(model.dtype)
    x = torch.cat([x, x.flip(3)])
    found = direct("occlusion", model, x, [282, 285], window=(24, 40), stride=(20, 30), incremental=how)
    assert relative(found.values, by_captum(model, x, [282, 285], (24, 40), (20, 30))) < tolerance


@pytest.mark.parametrize("how", HOWS)
def test_any_baseline_is_captums(how: str, small: Model, x: Tensor, dark: Tensor) -> None:
    asked = {"window": (4, 6), "stride": 4, "incremental": how}
    mean = torch.tensor(small.mean)[:, None, None].expand_as(x)
    for ours, theirs in ((0.7, 0.7), ("mean", mean), (dark, dark)):
        found = explain(small, x, "occlusion", TARGETS, baseline=ours, **asked)
        assert relative(found.values, by_captum(small, x, TARGETS, (4, 6), (4, 4), theirs)) < 1e-5


def test_several_baselines_are_averaged_and_how_far_apart_they_are_is_told(small: Model, x: Tensor) -> None:
    asked = {"window": 5, "stride": 3}
    alone = [explain(small, x, "occlusion", 1, baseline=one, **asked) for one in (0.0, "blur", 1.0)]
    found = explain(small, x, "occlusion", 1, baseline=(0.0, "blur", 1.0), **asked)
    maps = np.stack([one.values for one in alone])
    assert relative(found.values, maps.mean(0)) < 1e-5
    assert relative(found.extras["baseline_spread"], maps.max(0) - maps.min(0)) < 1e-5
    assert found.extras["window_scores"].shape == (2, 3, 5, 6)
    np.testing.assert_allclose(found.extras["window_scores"][:, 1], alone[1].extras["window_scores"][:, 0], atol=1e-6)
    apart = (maps.max(0) - maps.min(0)).max((1, 2, 3)) / abs(found.values).max((1, 2, 3))
    said = "the mean over 3 baselines, whose maps are up to {:.0%} of its largest value apart; the least rank "
    assert any(one.startswith(said.format(apart.max())) for one in found.notes), found.notes
    assert "baseline_spread" not in alone[0].extras and len(alone[0].notes) == len(found.notes) - 1


def test_noise_follows_the_seed(small: Model, x: Tensor) -> None:
    one, again, other = (
        explain(small, x, "occlusion", 1, window=5, baseline="noise", seed=seed).values for seed in (1, 1, 2)
    )
    assert np.array_equal(one, again) and not np.allclose(one, other)


def test_a_window_by_hand(small: Model, x: Tensor) -> None:
    found = explain(small, x, "occlusion", 2, window=(6, 8), stride=(5, 4))
    with small.frozen(), torch.no_grad():
        hidden = x.clone()
        hidden[:, :, 5:11, 4:12] = 0
        lost = (small(x) - small(hidden))[:, 2]
    assert relative(found.extras["window_scores"][:, 0, 1, 1], lost) < 1e-5
    assert found.notes[0] == "12 windows of 6 x 8 pixels every 5 x 4"


@pytest.mark.parametrize(
    ("size", "window", "stride", "wanted"),
    [
        ((224, 224), None, None, ((32, 32), (16, 16))),
        ((224, 320), 48, None, ((48, 48), (24, 24))),
        ((32, 40), None, None, ((4, 4), (2, 2))),
        ((5, 9), None, None, ((1, 1), (1, 1))),
        ((224, 224), (20, 31), (10, 7), ((20, 31), (10, 7))),
    ],
)
def test_usual_windows_go_by_the_input(size: Any, window: Any, stride: Any, wanted: Any) -> None:
    found = get_method("occlusion", window=window, stride=stride).windows(torch.zeros(1, 3, *size))
    assert (found.window, found.stride) == wanted


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"window": 17}, "windows of 17 x 17 for an input of 16 x 20"),
        ({"window": 4, "stride": (4, 5)}, "a stride of 4 x 5 leaves pixels between windows of 4 x 4"),
        ({"window": "large"}, "occlusion.window"),
        ({"window": (1, 2, 3)}, "occlusion.window"),
        ({"window": 0}, "occlusion.window"),
        ({"stride": 1.5}, "occlusion.stride"),
        ({"baseline": "black"}, "baseline 'black'"),
        ({"incremental": "maybe"}, "occlusion.incremental"),
    ],
)
def test_what_makes_no_sense_is_refused(options: Any, what: str, small: Model, x: Tensor) -> None:
    with pytest.raises(BadOption, match=what):
        explain(small, x, "occlusion", **options)


@pytest.mark.parametrize(
    ("texts", "wanted"),
    [
        ({"window": "32"}, {"window": 32}),
        ({"window": "32,48", "stride": "8"}, {"window": (32, 48), "stride": 8}),
        ({"baseline": "blur"}, {"baseline": "blur"}),
        ({"baseline": "0,mean,0.5"}, {"baseline": (0, "mean", 0.5)}),
    ],
)
def test_options_as_text(texts: dict[str, str], wanted: dict[str, Any]) -> None:
    assert parse("occlusion", texts) == wanted


@pytest.mark.engine
def test_what_was_skipped_is_told_and_is_the_same_for_all_targets(small: Model, x: Tensor) -> None:
    asked = {"window": 4, "incremental": "always"}
    one, other = compare(small, x, ["occlusion"], [1, 2], options={"occlusion": asked})["occlusion"]
    share = one.extras["multiplications_skipped"]
    assert share.shape == (2,) and 0 < share[0] < 1
    said = f"{share[0]:.0%} of the multiplications were skipped: only what a window reaches was computed"
    assert said in one.notes and said in other.notes
    assert one.passes.forward == 2 + 2 + 2 * 63
    whole = explain(small, x, "occlusion", 1, window=4, incremental="never")
    assert relative(one.values, whole.values) < 1e-5
    assert (whole.extras["multiplications_skipped"] == 0).all() and len(whole.notes) == 1


class BlackBox(nn.Module):
    """Scores alone, from code that no tape shows."""

    def forward(self, x: Tensor) -> Tensor:
        numbers = x.detach().numpy()
        return torch.from_numpy(np.stack([numbers[:, 0, 2, 3], numbers.mean((1, 2, 3))], 1))


def test_a_black_box_will_do(x: Tensor) -> None:
    model = Model(BlackBox(), mean=MEAN, std=STD, size=(16, 20))
    found = explain(model, x, "occlusion", 0, window=2, stride=2)
    lost = (x[:, 0, 2, 3] - 0.0) / STD[0]
    np.testing.assert_allclose(found.values[:, 0, 2:4, 2:4], lost[:, None, None].expand(2, 2, 2), rtol=1e-5)
    assert np.count_nonzero(found.values) == 8
    assert found.notes[-1] == "every window was scored by the whole network: its forward can't be written down"
    with pytest.raises(Unsupported):
        explain(model, x, "occlusion", 0, window=2, incremental="always")


def test_it_is_not_offered_in_bfloat16(default_model: Model, x: Tensor) -> None:
    with pytest.raises(Unsupported, match="not offered in bfloat16"):
        explain(default_model.at("bfloat16"), torch.rand(1, 3, 64, 64), "occlusion")
