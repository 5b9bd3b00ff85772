"""Feature ablation against captum's."""

from typing import Any

import numpy as np
import pytest
import torch
from captum.attr import FeatureAblation
from torch import Tensor

from comparing import direct, relative
from conftest import Precise
from peers import for_peer
from seewhy import Model, SeewhyError, compare, explain

ID = "feature_ablation"
ROWS, COLUMNS = np.arange(16)[:, None], np.arange(20)
GROUPS = np.stack([ROWS // 4 * 5 + COLUMNS // 4, ROWS // 8 + 0 * COLUMNS])


@pytest.mark.parametrize("baseline", [0.0, 0.7])
def test_it_is_captums(precise: Precise, baseline: float) -> None:
    model, x, tolerance = precise
    found = direct(ID, model, x, 2, segments=3 * GROUPS - 7, baseline=baseline)
    assert found.extras["superpixels"].tolist() == [20, 2]
    for i in (0, 1):
        mask = torch.from_numpy(GROUPS[i]).expand(1, 3, -1, -1)
        peer = FeatureAblation(for_peer(model))
        with torch.no_grad():
            wanted = peer.attribute(x[i : i + 1], target=2, baselines=baseline, feature_mask=mask)
        assert relative(found.values[i], wanted[0, :1]) <= 5 * tolerance
        own = found.extras["effects"][i][torch.from_numpy(GROUPS[i])]
        assert torch.equal(own, found.values[i, 0])


def test_a_group_of_far_apart_pixels_is_hidden_together(small: Model, x: Tensor) -> None:
    labels = np.zeros((16, 20), int)
    labels[:3, :4] = labels[-3:, -4:] = 9
    found = explain(small, x[:1], ID, 1, segments=labels)
    hidden = x[:1].clone()
    hidden[:, :, :3, :4] = hidden[:, :, -3:, -4:] = 0
    with torch.no_grad():
        wanted = float((for_peer(small)(x[:1]) - for_peer(small)(hidden))[0, 1])
    assert found.values[0, 0, 0, 0] == pytest.approx(wanted, rel=5e-5)
    assert found.values[0, 0, 0, 0] == found.values[0, 0, -1, -1]


def test_it_costs_a_forward_a_superpixel_whatever_the_classes(small: Model, x: Tensor) -> None:
    asked: Any = {ID: {"segments": GROUPS}}
    assert {one.passes.forward for one in compare(small, x, [ID], [0, 1, 2], options=asked)} == {2 + 22}


def test_other_baselines_are_known_and_others_refused(small: Model, x: Tensor) -> None:
    found = [explain(small, x, ID, 1, segments=GROUPS, baseline=one).values for one in ("mean", "blur", "own")]
    assert len({one.tobytes() for one in found}) == 3
    with pytest.raises(SeewhyError, match="baseline"):
        explain(small, x, ID, 1, segments=GROUPS, baseline="nought")
