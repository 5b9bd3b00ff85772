"""CAM's identity: the map's mean plus the bias is the logit, on every kind of pooled head."""

from typing import Any

import pytest
import torch
import torchvision.models
from torch import Tensor, nn
from torchcam.methods import CAM

from comparing import relative
from conftest import MEAN, STD
from peers import for_peer, torchcam
from seewhy import Model, SeewhyError, explain, list_methods
from seewhy.targets import Contrast

HEADS = {  # name: (input size, the layer whose maps are pooled)
    "resnet18": ((64, 96), "layer4"),
    "densenet121": ((64, 96), "input of the global pooling"),  # a functional ReLU stands before the pooling
    "squeezenet1_1": ((64, 96), "classifier.2"),
    "mobilenet_v2": ((64, 96), "features"),
    "googlenet": ((64, 96), "inception5b"),
    "inception_v3": ((107, 139), "Mixed_7c"),
}


def built(name: str) -> Model:
    more = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        module = torchvision.models.get_model(name, weights=None, num_classes=7, **more)
    return Model(module, mean=MEAN, std=STD, size=HEADS[name][0])


def biases(model: Model) -> Tensor:
    head = model.census().head
    assert head is not None
    return head.bias


@pytest.mark.parametrize("name", HEADS)
def test_the_mean_of_the_map_plus_the_bias_is_the_logit(name: str) -> None:
    model = built(name)
    size, layer = HEADS[name]
    x = torch.rand(2, 3, *size, generator=torch.Generator().manual_seed(1))
    targets = [2, 5]
    made = explain(model, x, "cam", targets)
    assert made.layers == (layer,) and made.values.shape[2] != made.values.shape[3]
    with torch.no_grad(), model.frozen():
        logits = model(x)[range(2), targets]
    assert relative(made.values.mean((1, 2, 3)) + biases(model)[targets].numpy(), logits) < 1e-5


def test_the_identity_holds_on_the_default_model(default_model: Model, chelsea: Any) -> None:
    made = explain(default_model, chelsea, "cam")
    assert made.layers == ("bn2",)
    bias = biases(default_model)[list(made.classes)].numpy()
    assert relative(made.values.mean((1, 2, 3)) + bias, made.scores) < 1e-5


def test_gradcam_times_the_cells_is_cam_behind_a_pooled_head(default_model: Model, chelsea: Any) -> None:
    cam, grad, hires = (explain(default_model, chelsea, id).values for id in ("cam", "gradcam", "hirescam"))
    assert relative(grad * 49, cam) < 1e-5
    assert relative(hires, grad) < 1e-5


def test_hirescam_is_not_gradcam_on_an_earlier_layer(small: Model, x: Tensor) -> None:
    grad, hires = (explain(small, x, id, 1, layer="act2").values for id in ("gradcam", "hirescam"))
    assert relative(hires, grad) > 0.1


def test_xgradcam_has_the_total_of_hirescam(small: Model, x: Tensor) -> None:
    axiom, hires = (explain(small, x, id, 1, layer="act2").values.sum((1, 2, 3)) for id in ("xgradcam", "hirescam"))
    assert relative(axiom, hires) < 1e-5


def test_cam_is_torchcams(small: Model, x: Tensor) -> None:
    wanted = torchcam(CAM, for_peer(small), "act3", x, [1, 3], fc_layer="1.fc")
    made = explain(small, x, "cam", [1, 3])
    assert made.layers == ("act3",)
    assert relative(made.values, wanted) < 1e-5


def test_a_contrast_shares_out_the_difference_of_two_logits(small: Model, x: Tensor) -> None:
    this, other = (explain(small, x, "cam", target).values for target in (1, 3))
    made = explain(small, x, "cam", Contrast(1, 3))
    assert relative(made.values, this - other) < 1e-5


@pytest.mark.parametrize("score", ["probability", "log_probability"])
def test_what_is_no_sum_of_logits_is_refused(score: Any, small: Model, x: Tensor) -> None:
    with pytest.raises(SeewhyError, match="score='logit', or gradcam"):
        explain(small, x, "cam", 1, score=score)


class Flattened(nn.Module):
    """A head that sees where things are, as VGG's does."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.fc = nn.Conv2d(3, 4, 3, stride=4), nn.Linear(4 * 4 * 5, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.conv(x).relu().flatten(1))


def test_a_head_that_is_not_linear_on_pooled_maps_is_refused_before_the_first_pass(x: Tensor) -> None:
    model = Model(Flattened(), mean=MEAN, std=STD, size=(16, 20))
    offered = {one.id: one for one in list_methods(model)}
    assert not offered["cam"].offered and "POOLED_HEAD" in offered["cam"].reason and offered["gradcam"].offered
    with pytest.raises(SeewhyError, match="not linear in the mean of its last maps"):
        explain(model, x, "cam")


def test_maps_of_one_cell_are_refused(small: Model) -> None:
    with pytest.raises(SeewhyError, match="one cell"):
        explain(small, torch.rand(1, 3, 4, 4), "cam", 1)
