"""Score-CAM beside grad-cam, which resizes masks corner to corner, and torchcam, which scales before it resizes."""

from typing import Any

import pytest
import pytorch_grad_cam
import torch
from pytorch_grad_cam.utils.model_targets import ClassifierOutputSoftmaxTarget
from torch import Tensor
from torchcam.methods import ScoreCAM

from comparing import in_float64, pixels, relative
from peers import for_peer, grad_cam, maps_of, shown, torchcam
from seewhy import Model, explain

TARGETS = [1, 3]


@pytest.mark.parametrize("layer", ["act3", "act2", "bn1"])
def test_it_is_grad_cams(layer: str, small: Model, x: Tensor) -> None:
    values = explain(small, x, "scorecam", TARGETS, layer=layer).values
    wanted = grad_cam(pytorch_grad_cam.ScoreCAM, small, x, [layer], TARGETS)
    assert relative(shown(values, x.shape[2:]), wanted) < 1e-5


def test_it_is_grad_cams_for_probabilities_too(small: Model, x: Tensor) -> None:
    values = explain(small, x, "scorecam", TARGETS, layer="act2", score="probability").values
    targets = [ClassifierOutputSoftmaxTarget(one) for one in TARGETS]
    wanted = grad_cam(pytorch_grad_cam.ScoreCAM, small, x, ["act2"], targets)
    assert relative(shown(values, x.shape[2:]), wanted) < 1e-5


def test_it_is_torchcams_where_the_grid_is_the_inputs(small: Model, x: Tensor) -> None:
    """On the input's own grid nothing is resized, so the peers do not differ; in float64 this one keeps all digits."""
    wanted = torchcam(ScoreCAM, for_peer(small, torch.float64), "conv1", x.double(), TARGETS)
    found = in_float64("scorecam", small, x, TARGETS, layer="conv1").values
    assert relative(found.relu(), wanted) < 1e-7  # its min-max adds 1e-8


@pytest.mark.parametrize("align_corners", [False, True])
def test_it_is_the_papers_formula_word_by_word(align_corners: bool, small: Model, x: Tensor) -> None:
    wide, net = x.double(), for_peer(small, torch.float64)
    maps = maps_of(net, "act2", wide)
    wanted = torch.zeros_like(maps[:, :1])
    for i, index in enumerate(TARGETS):
        scores = []
        for channel in maps[i]:
            mask = torch.nn.functional.interpolate(
                channel[None, None], x.shape[2:], mode="bilinear", align_corners=align_corners
            )
            mask = (mask - mask.min()) / (mask.max() - mask.min()) if mask.max() > mask.min() else 0 * mask
            scores.append(net(wide[i : i + 1] * mask)[0, index])
        wanted[i, 0] = (torch.stack(scores).softmax(0)[:, None, None] * maps[i]).sum(0)
    found = in_float64("scorecam", small, x, TARGETS, layer="act2", align_corners=align_corners).values
    assert relative(found, wanted) < 1e-9


def test_channels_with_the_same_mask_are_scored_once(small: Model, x: Tensor) -> None:
    class Sparse(torch.nn.Module):
        """Six channels: two dead, two alive in the same cell by different amounts, two different ones."""

        def __init__(self) -> None:
            super().__init__()
            self.maps = torch.nn.Identity()
            self.fc = torch.nn.Linear(6, 4)

        def forward(self, x: Tensor) -> Tensor:
            grey = torch.nn.functional.avg_pool2d(x.mean(1, keepdim=True), 4)
            dot = torch.zeros_like(grey)
            dot[:, :, 1, 2] = grey[:, :, 1, 2]
            return self.fc(self.maps(torch.cat([0 * grey, dot, grey, 0 * grey, 3 * dot, grey**2], 1)).mean((2, 3)))

    torch.manual_seed(0)
    model = Model(Sparse(), mean=(0.5,) * 3, std=(0.2,) * 3, size=(16, 20))
    made = explain(model, x, "scorecam", TARGETS, layer="maps")
    assert made.passes.forward == 2 + 4 * 2, "the clean images, and four masks instead of six for each"
    wanted = grad_cam(pytorch_grad_cam.ScoreCAM, model, x, ["maps"], TARGETS)
    assert relative(shown(made.values, x.shape[2:]), wanted) < 1e-5


def test_it_is_grad_cams_on_the_default_model(default_model: Model, chelsea: Any) -> None:
    x = pixels(default_model, chelsea)
    values = explain(default_model, x, "scorecam", 281, layer="blocks.0").values
    wanted = grad_cam(pytorch_grad_cam.ScoreCAM, default_model, x, ["blocks.0"], [281])
    assert relative(shown(values, x.shape[2:]), wanted) < 1e-5
