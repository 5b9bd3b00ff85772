"""CAMs beside captum, torchcam and grad-cam, each given a copy of the network and the same pixels."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import captum.attr
import numpy as np
import pytest
import pytorch_grad_cam
import torch
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch import Tensor, nn
from torchcam.methods import GradCAM, GradCAMpp, LayerCAM, SmoothGradCAMpp, XGradCAM

from comparing import in_float64, pixels, relative
from peers import for_peer, grad_cam, maps_and_gradient, shown, torchcam
from seewhy import Model, explain
from seewhy.rng import Rng

GRAD_CAM = {
    "gradcam": pytorch_grad_cam.GradCAM,
    "gradcam++": pytorch_grad_cam.GradCAMPlusPlus,
    "xgradcam": pytorch_grad_cam.XGradCAM,
    "hirescam": pytorch_grad_cam.HiResCAM,
    "gradcam_elementwise": pytorch_grad_cam.GradCAMElementWise,
    "layercam": pytorch_grad_cam.LayerCAM,
    "eigencam": pytorch_grad_cam.EigenCAM,
    "eigengradcam": pytorch_grad_cam.EigenGradCAM,
    "kpcacam": pytorch_grad_cam.KPCA_CAM,
    "segeigencam": pytorch_grad_cam.SegEigenCAM,
    "fem": pytorch_grad_cam.FEM,
}
WEIGHTED = ["gradcam", "gradcam++", "xgradcam", "hirescam", "gradcam_elementwise", "layercam"]
SIGNLESS = {"eigencam", "eigengradcam", "kpcacam"}  # the peer leaves the sign to the decomposition
TARGETS = [1, 3]


def relative_up_to_sign(values: Any, wanted: Any, size: Sequence[int]) -> float:
    """The largest over images, each turned as it fits best."""
    both = shown(values, size), shown(-values, size)
    return max(min(relative(one[i], wanted[i]) for one in both) for i in range(len(values)))


@pytest.mark.parametrize("layer", ["act3", "act2", "pool"])
@pytest.mark.parametrize("id", GRAD_CAM)
def test_a_cam_is_grad_cams_once_it_is_post_processed_alike(id: str, layer: str, small: Model, x: Tensor) -> None:
    values = explain(small, x, id, TARGETS, layer=layer).values
    wanted = grad_cam(GRAD_CAM[id], small, x, [layer], TARGETS)
    size = x.shape[2:]
    off = relative_up_to_sign(values, wanted, size) if id in SIGNLESS else relative(shown(values, size), wanted)
    assert off < 1e-5


@pytest.mark.parametrize("layer", ["bn2", "blocks.4"])
@pytest.mark.parametrize("id", GRAD_CAM)
def test_a_cam_of_the_default_model_is_grad_cams(id: str, layer: str, default_model: Model, chelsea: Any) -> None:
    x = pixels(default_model, chelsea)
    values = explain(default_model, x, id, 285, layer=layer).values
    wanted = grad_cam(GRAD_CAM[id], default_model, x, [layer], [285])
    size = x.shape[2:]
    off = relative_up_to_sign(values, wanted, size) if id in SIGNLESS else relative(shown(values, size), wanted)
    assert off < 1e-5


@pytest.mark.parametrize("layer", ["act3", "act2", "bn1"])
@pytest.mark.parametrize("eigen_smooth", [False, True])
@pytest.mark.parametrize("id", WEIGHTED)
def test_a_weighted_cam_is_grad_cams_before_any_post_processing(
    id: str, eigen_smooth: bool, layer: str, small: Model, x: Tensor
) -> None:
    """grad-cam's inner step keeps float64 and the sign; its principal components come back as float32."""
    net, wide = for_peer(small, torch.float64), x.double()
    with GRAD_CAM[id](net, [net[1].get_submodule(layer)]) as peer:
        peer(wide, [ClassifierOutputTarget(one) for one in TARGETS])
        seen = peer.activations_and_grads
        maps, grads = seen.activations[0].numpy(), seen.gradients[0].numpy()
        wanted = peer.get_cam_image(wide, None, None, maps, grads, eigen_smooth)
    found = in_float64(id, small, x, TARGETS, layer=layer, eigen_smooth=eigen_smooth).values[:, 0]
    if not eigen_smooth:
        assert relative(found, wanted) < 1e-9
        return
    for mine, theirs in zip(found, wanted, strict=True):
        assert min(relative(mine, theirs), relative(-mine, theirs)) < 1e-6
    plain = in_float64(id, small, x, TARGETS, layer=layer).values[:, 0]
    assert ((found * (plain - plain.mean((1, 2), keepdim=True))).sum((1, 2)) > 0).all(), "it grows where the sum does"


@pytest.mark.parametrize("id", [*WEIGHTED, "segeigencam", "fem"])
def test_several_layers_are_grad_cams_where_the_finest_grid_is_the_inputs(id: str, small: Model, x: Tensor) -> None:
    """Grad-CAM++ divides by what may be near zero on the signed maps of conv1, so that float32's rounding shows."""
    layers = ["conv1", "act2", "act3"]  # 16x20, 8x10 and 4x5 cells
    model = small.at("float64") if id == "gradcam++" else small
    made = explain(model, x, id, TARGETS, layer=layers)
    assert made.layers == tuple(layers) and made.values.shape == (2, 1, 16, 20)
    wanted = grad_cam(GRAD_CAM[id], model, x.to(model.dtype), layers, TARGETS)
    assert relative(shown(made.values, x.shape[2:]), wanted) < 1e-5


@pytest.mark.parametrize("layers", [["conv1"], ["conv1", "act2"]], ids=["one layer", "two layers"])
@pytest.mark.parametrize("id", [*WEIGHTED, "segeigencam", "fem"])
def test_augmentation_smoothing_is_grad_cams_where_the_grid_is_the_inputs(
    id: str, layers: list[str], small: Model, x: Tensor
) -> None:
    """On a coarser grid grad-cam averages maps that it has resized and scaled once more; ours averages cells."""
    made = explain(small, x, id, TARGETS, layer=layers, aug_smooth=True)
    assert relative(made.values[:, 0], grad_cam(GRAD_CAM[id], small, x, layers, TARGETS, aug_smooth=True)) < 1e-5


@pytest.mark.parametrize("layer", ["act3", ["act2", "act3"]], ids=["one layer", "two layers"])
def test_augmentation_smoothing_is_grad_cams_on_its_own_views(layer: Any, small: Model, x: Tensor) -> None:
    """The six views are the same; only where the mean is taken differs, so it is taken as grad-cam does."""
    x = 0.9 * x  # a user's pixels end at 1, and so must the brighter view's
    layers = [layer] if isinstance(layer, str) else layer
    total, cells = 0, 0
    for mirrored in (False, True):
        for factor in (0.9, 1.0, 1.1):
            view = (x.flip(3) if mirrored else x) * factor
            maps = [explain(small, view, "gradcam", TARGETS, layer=one).values for one in layers]
            pictures = shown(maps[0], x.shape[2:], *maps[1:])
            total = total + (pictures[:, :, ::-1] if mirrored else pictures) / 6
            merged = shown(maps[0], maps[0].shape[2:], *maps[1:])  # the finer one comes first
            cells = cells + (merged[:, :, ::-1] if mirrored else merged) / 6
    assert relative(total, grad_cam(GRAD_CAM["gradcam"], small, x, layers, TARGETS, aug_smooth=True)) < 1e-5
    made = explain(small, x, "gradcam", TARGETS, layer=layer, aug_smooth=True)
    assert relative(made.values[:, 0], cells) < 1e-5


def captum_gradcam(net: nn.Sequential, layer: str, x: Tensor, targets: list[int]) -> Tensor:
    return captum.attr.LayerGradCam(net, net[1].get_submodule(layer)).attribute(x, target=targets).detach()


PEERS = pytest.mark.parametrize(
    ("id", "peer"),
    [
        ("gradcam", captum_gradcam),
        ("gradcam", partial(torchcam, GradCAM)),
        ("xgradcam", partial(torchcam, XGradCAM)),
        ("layercam", partial(torchcam, LayerCAM)),
    ],
    ids=["captum gradcam", "torchcam gradcam", "torchcam xgradcam", "torchcam layercam"],
)


@pytest.mark.parametrize("layer", ["act3", "act2", "conv2"])
@PEERS
def test_a_cam_is_the_peers_to_the_last_digits_of_float64(
    id: str, peer: Any, layer: str, small: Model, x: Tensor
) -> None:
    found = in_float64(id, small, x, TARGETS, layer=layer).values
    wanted = peer(for_peer(small, torch.float64), layer, x.double(), TARGETS)
    found = found if peer is captum_gradcam else found.relu()
    if id == "xgradcam":  # its epsilon is 1e-8 where grad-cam's, and ours, is 1e-7
        assert relative(found, wanted) < 1e-5
    else:
        assert relative(found, wanted) < 1e-9


@pytest.mark.parametrize("layer", ["bn2", "blocks.4"])
@PEERS
def test_a_cam_of_the_default_model_is_the_peers(
    id: str, peer: Any, layer: str, default_model: Model, chelsea: Any
) -> None:
    x = pixels(default_model, chelsea)
    found = explain(default_model, x, id, 285, layer=layer).values
    found = found if peer is captum_gradcam else np.maximum(found, 0)
    assert relative(found, peer(for_peer(default_model), layer, x, [285])) < 1e-5


def plusplus_reference(maps: Tensor, grads: Tensor, weighed: Tensor, *, as_torchcam: bool) -> Tensor:
    """Smooth Grad-CAM++, word by word, from gradients (n,b,d,r,q) of n noisy copies.

    torchcam differs from the paper three times: it sums A times the cubes where the paper multiplies the sum of A by
    each cell's cube, it rectifies the last copy's gradient where the paper takes the mean over the copies, and it
    weighs the last copy's maps (`weighed`) where the paper weighs the picture's own.
    """
    squares, cubes = (grads**2).mean(0), (grads**3).mean(0)
    b, d, _, _ = maps.shape
    found = torch.zeros_like(maps[:, :1])
    for i in range(b):
        for k in range(d):
            a, g2, g3 = maps[i, k], squares[i, k], cubes[i, k]
            rest = (a * g3).sum() if as_torchcam else a.sum() * g3
            first = grads[-1, i, k] if as_torchcam else grads[:, i, k].mean(0)
            found[i, 0] += (g2 / (2 * g2 + rest + 1e-8) * first.relu()).sum() * weighed[i, k]
    return found


@pytest.mark.parametrize("layer", ["act3", "act2"])
@pytest.mark.parametrize("samples", [1, 4])
def test_smoothgradcam_is_the_papers_and_torchcams_but_for_three_slips_of_torchcam(
    samples: int, layer: str, small: Model, x: Tensor
) -> None:
    wide, net = x.double(), for_peer(small, torch.float64)
    rng = Rng.for_images(0, x)
    noise = torch.stack([rng.normal(*x.shape[1:]) for _ in range(samples)]).double() * 0.3
    maps = maps_and_gradient(net, layer, wide, TARGETS)[0]
    copies = [maps_and_gradient(net, layer, wide + one, TARGETS) for one in noise]
    grads = torch.stack([grad for _, grad in copies])

    theirs = torchcam(SmoothGradCAMpp, net, layer, wide, TARGETS, noise, num_samples=samples)
    slips = plusplus_reference(maps, grads, copies[-1][0], as_torchcam=True)
    assert relative(slips.relu(), theirs) < 1e-9

    found = in_float64("smoothgradcam++", small, x, TARGETS, layer=layer, n_samples=samples).values
    assert relative(found, plusplus_reference(maps, grads, maps, as_torchcam=False)) < 1e-9


def test_gradcam_plusplus_is_the_papers_and_torchcam_divides_by_nothing(small: Model, x: Tensor) -> None:
    """torchcam divides a copy that boolean indexing made, so its alpha stays the squared gradient."""
    net = for_peer(small, torch.float64)
    maps, grads = maps_and_gradient(net, "act2", x.double(), TARGETS)
    theirs = torchcam(GradCAMpp, net, "act2", x.double(), TARGETS)
    undivided = (grads**2 * grads.relu()).sum((2, 3), keepdim=True) * maps
    assert relative(undivided.sum(1, keepdim=True).relu(), theirs) < 1e-9

    alpha = 1 / (2 + (maps.sum((2, 3), keepdim=True) * grads) + 1e-6 / grads**2)  # zero where the gradient is
    wanted = ((alpha * grads.relu()).sum((2, 3), keepdim=True) * maps).sum(1)
    found = in_float64("gradcam++", small, x, TARGETS, layer="act2").values[:, 0]
    assert relative(found, wanted) < 1e-9
