"""CAMs beside captum, torchcam and grad-cam, each given a copy of the network and the same pixels."""

import copy
from collections.abc import Callable, Sequence
from typing import Any

import captum.attr
import cv2
import numpy as np
import pytest
import pytorch_grad_cam
import torch
import torchcam.methods
from numpy.typing import NDArray
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch import Tensor, nn
from torchvision.transforms import Normalize

from seewhy import Model, explain, get_method
from seewhy.cams import pin_layers
from seewhy.images import load_all
from seewhy.rng import Rng
from seewhy.targets import as_target

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


def copied(model: Model, dtype: torch.dtype = torch.float32) -> nn.Sequential:
    """What a peer gets: pixels in, and no in-place layer, since two peers record what such a layer rewrites."""
    net = copy.deepcopy(model.module).eval().to(dtype)
    for one in net.modules():
        if hasattr(one, "inplace"):
            one.inplace = False
    return nn.Sequential(Normalize(model.mean, model.std), net)


def raw(model: Model, x: Tensor, id: str, target: Any, **options: Any) -> Tensor:
    """The method's own tensor: an Explanation is float32 whatever the model's precision."""
    run = model.at("float64").shared()
    x = x.double()
    with run.frozen():
        method = pin_layers(get_method(id, **options), run, x)
        pinned = as_target(target).pin(run.outputs(x), run.find)
        return method(run, x, pinned, Rng.for_images(0, x)).values


def shown(values: NDArray[Any], size: Sequence[int], *more: NDArray[Any]) -> NDArray[Any]:
    """grad-cam's own way to a picture (b,h,w): maps (b,r,q) rectified, min-max scaled and resized; the mean over
    layers (the first one's and `more`), scaled again."""
    layers = [scaled_to(one, size) for one in (values, *more)]
    return scaled_to(np.mean(layers, 0), size)


def scaled_to(maps: NDArray[Any], size: Sequence[int]) -> NDArray[Any]:
    maps = np.maximum(maps, 0)
    maps = maps - maps.min((1, 2), keepdims=True)
    maps = maps / (1e-7 + maps.max((1, 2), keepdims=True))
    return np.stack([cv2.resize(np.float32(one), (size[1], size[0])) for one in maps])


def grad_cam(
    id: str, model: Model, x: Tensor, targets: Sequence[int], layers: Sequence[str], **options: Any
) -> NDArray[Any]:
    net = copied(model)
    at = [net[1].get_submodule(layer) for layer in layers]
    with GRAD_CAM[id](net, at) as peer:
        found: NDArray[Any] = peer(x, [ClassifierOutputTarget(one) for one in targets], **options)
    return found


def relative(found: NDArray[Any], wanted: NDArray[Any]) -> float:
    assert found.shape == wanted.shape and abs(wanted).max() > 0
    return float(abs(found - wanted).max() / abs(wanted).max())


def relative_up_to_sign(values: NDArray[Any], wanted: NDArray[Any], size: Sequence[int]) -> float:
    """The largest over images, each turned as it fits best."""
    both = shown(values, size), shown(-values, size)
    return max(min(relative(one[i], wanted[i]) for one in both) for i in range(len(values)))


@pytest.mark.parametrize("layer", ["act3", "act2", "pool"])
@pytest.mark.parametrize("id", GRAD_CAM)
def test_a_cam_is_grad_cams_once_it_is_post_processed_alike(id: str, layer: str, small: Model, x: Tensor) -> None:
    values = explain(small, x, id, TARGETS, layer=layer).values[:, 0]
    wanted = grad_cam(id, small, x, TARGETS, [layer])
    size = x.shape[2:]
    off = relative_up_to_sign(values, wanted, size) if id in SIGNLESS else relative(shown(values, size), wanted)
    assert off < 1e-5


@pytest.mark.parametrize("layer", ["bn2", "blocks.4"])
@pytest.mark.parametrize("id", GRAD_CAM)
def test_a_cam_of_the_default_model_is_grad_cams(id: str, layer: str, default_model: Model, chelsea: Any) -> None:
    (batch,) = load_all(chelsea, default_model.preprocess)
    x = batch.pixels
    values = explain(default_model, x, id, 285, layer=layer).values[:, 0]
    wanted = grad_cam(id, default_model, x, [285], [layer])
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
    net, wide = copied(small, torch.float64), x.double()
    with GRAD_CAM[id](net, [net[1].get_submodule(layer)]) as peer:
        peer(wide, [ClassifierOutputTarget(one) for one in TARGETS])
        seen = peer.activations_and_grads
        maps, grads = seen.activations[0].numpy(), seen.gradients[0].numpy()
        wanted = peer.get_cam_image(wide, None, None, maps, grads, eigen_smooth)
    found = raw(small, x, id, TARGETS, layer=layer, eigen_smooth=eigen_smooth)[:, 0].numpy()
    if not eigen_smooth:
        assert relative(found, wanted) < 1e-9
        return
    for mine, theirs in zip(found, wanted, strict=True):
        assert min(relative(mine, theirs), relative(-mine, theirs)) < 1e-6
    plain = raw(small, x, id, TARGETS, layer=layer)[:, 0].numpy()
    assert ((found * (plain - plain.mean((1, 2), keepdims=True))).sum((1, 2)) > 0).all(), "it grows where the sum does"


@pytest.mark.parametrize("id", [*WEIGHTED, "segeigencam", "fem"])
def test_several_layers_are_grad_cams_where_the_finest_grid_is_the_inputs(id: str, small: Model, x: Tensor) -> None:
    layers = ["conv1", "act2", "act3"]  # 16x20, 8x10 and 4x5 cells
    made = explain(small, x, id, TARGETS, layer=layers)
    assert made.layers == tuple(layers) and made.values.shape == (2, 1, 16, 20)
    assert relative(shown(made.values[:, 0], x.shape[2:]), grad_cam(id, small, x, TARGETS, layers)) < 1e-5


@pytest.mark.parametrize("layers", [["conv1"], ["conv1", "act2"]], ids=["one layer", "two layers"])
@pytest.mark.parametrize("id", [*WEIGHTED, "segeigencam", "fem"])
def test_augmentation_smoothing_is_grad_cams_where_the_grid_is_the_inputs(
    id: str, layers: list[str], small: Model, x: Tensor
) -> None:
    """On a coarser grid grad-cam averages maps that it has resized and scaled once more; ours averages cells."""
    made = explain(small, x, id, TARGETS, layer=layers, aug_smooth=True)
    assert relative(made.values[:, 0], grad_cam(id, small, x, TARGETS, layers, aug_smooth=True)) < 1e-5


@pytest.mark.parametrize("layer", ["act3", ["act2", "act3"]], ids=["one layer", "two layers"])
def test_augmentation_smoothing_is_grad_cams_on_its_own_views(layer: Any, small: Model, x: Tensor) -> None:
    """The six views are the same; only where the mean is taken differs, so it is taken as grad-cam does."""
    x = 0.9 * x  # a user's pixels end at 1, and so must the brighter view's
    layers = [layer] if isinstance(layer, str) else layer
    total, cells = 0, 0
    for mirrored in (False, True):
        for factor in (0.9, 1.0, 1.1):
            view = (x.flip(3) if mirrored else x) * factor
            maps = [explain(small, view, "gradcam", TARGETS, layer=one).values[:, 0] for one in layers]
            pictures = shown(maps[0], x.shape[2:], *maps[1:])
            total = total + (pictures[:, :, ::-1] if mirrored else pictures) / 6
            grid = maps[0].shape[1:]  # the finer one comes first
            merged = scaled_to(np.mean([scaled_to(one, grid) for one in maps], 0), grid)
            cells = cells + (merged[:, :, ::-1] if mirrored else merged) / 6
    assert relative(total, grad_cam("gradcam", small, x, TARGETS, layers, aug_smooth=True)) < 1e-5
    made = explain(small, x, "gradcam", TARGETS, layer=layer, aug_smooth=True)
    assert relative(made.values[:, 0], cells) < 1e-5


def captum_gradcam(net: nn.Sequential, layer: str, x: Tensor, targets: list[int]) -> Tensor:
    return captum.attr.LayerGradCam(net, net[1].get_submodule(layer)).attribute(x, target=targets).detach()


def torchcam_map(kind: Callable[..., Any]) -> Callable[..., Tensor]:
    def found(net: nn.Sequential, layer: str, x: Tensor, targets: list[int]) -> Tensor:
        with kind(net, f"1.{layer}") as extractor:
            scores = net(x.clone().requires_grad_())
            (map,) = extractor(targets, scores, normalized=False)
        return map[:, None].detach()

    return found


PEERS = pytest.mark.parametrize(
    ("id", "peer"),
    [
        ("gradcam", captum_gradcam),
        ("gradcam", torchcam_map(torchcam.methods.GradCAM)),
        ("xgradcam", torchcam_map(torchcam.methods.XGradCAM)),
        ("layercam", torchcam_map(torchcam.methods.LayerCAM)),
    ],
    ids=["captum gradcam", "torchcam gradcam", "torchcam xgradcam", "torchcam layercam"],
)


@pytest.mark.parametrize("layer", ["act3", "act2", "conv2"])
@PEERS
def test_a_cam_is_the_peers_to_the_last_digits_of_float64(
    id: str, peer: Any, layer: str, small: Model, x: Tensor
) -> None:
    found = raw(small, x, id, TARGETS, layer=layer)
    wanted = peer(copied(small, torch.float64), layer, x.double(), TARGETS)
    found = found if peer is captum_gradcam else found.relu()
    if id == "xgradcam":  # its epsilon is 1e-8 where grad-cam's, and ours, is 1e-7
        assert relative(found.numpy(), wanted.numpy()) < 1e-5
    else:
        assert relative(found.numpy(), wanted.numpy()) < 1e-9


@pytest.mark.parametrize("layer", ["bn2", "blocks.4"])
@PEERS
def test_a_cam_of_the_default_model_is_the_peers(
    id: str, peer: Any, layer: str, default_model: Model, chelsea: Any
) -> None:
    (batch,) = load_all(chelsea, default_model.preprocess)
    found = explain(default_model, batch.pixels, id, 285, layer=layer).values
    found = found if peer is captum_gradcam else np.maximum(found, 0)
    assert relative(found, peer(copied(default_model), layer, batch.pixels, [285]).numpy()) < 1e-5


class Injected:
    """Stands in for torchcam's noise distribution."""

    def __init__(self, noise: Tensor) -> None:
        self.draws = iter(noise)

    def sample(self, size: Any) -> Tensor:
        return next(self.draws)


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
    wide, net = x.double(), copied(small, torch.float64)
    rng = Rng.for_images(0, x)
    noise = torch.stack([rng.normal(*x.shape[1:]) for _ in range(samples)]).double() * 0.3
    maps = gradient(net, layer, wide)[0]
    copies = [gradient(net, layer, wide + one) for one in noise]
    grads = torch.stack([grad for _, grad in copies])

    with torchcam.methods.SmoothGradCAMpp(net, f"1.{layer}", num_samples=samples) as peer:
        peer._distrib = Injected(noise)
        net(wide)
        (theirs,) = peer(TARGETS, normalized=False)
    slips = plusplus_reference(maps, grads, copies[-1][0], as_torchcam=True)
    assert relative(slips.relu()[:, 0].numpy(), theirs.numpy()) < 1e-9

    found = raw(small, x, "smoothgradcam++", TARGETS, layer=layer, n_samples=samples)
    assert relative(found.numpy(), plusplus_reference(maps, grads, maps, as_torchcam=False).numpy()) < 1e-9


def test_gradcam_plusplus_is_the_papers_and_torchcam_divides_by_nothing(small: Model, x: Tensor) -> None:
    """torchcam divides a copy that boolean indexing made, so its alpha stays the squared gradient."""
    net = copied(small, torch.float64)
    maps, grads = gradient(net, "act2", x.double())
    with torchcam.methods.GradCAMpp(net, "1.act2") as peer:
        scores = peer.model(x.double().requires_grad_())
        (theirs,) = peer(TARGETS, scores, normalized=False)
    undivided = (grads**2 * grads.relu()).sum((2, 3), keepdim=True) * maps
    assert relative(undivided.sum(1).relu().numpy(), theirs.detach().numpy()) < 1e-9

    alpha = 1 / (2 + (maps.sum((2, 3), keepdim=True) * grads) + 1e-6 / grads**2)  # zero where the gradient is
    wanted = ((alpha * grads.relu()).sum((2, 3), keepdim=True) * maps).sum(1)
    found = raw(small, x, "gradcam++", TARGETS, layer="act2")[:, 0]
    assert relative(found.numpy(), wanted.numpy()) < 1e-9


def gradient(net: nn.Sequential, layer: str, x: Tensor) -> tuple[Tensor, Tensor]:
    seen: list[Tensor] = []
    handle = net[1].get_submodule(layer).register_forward_hook(lambda _m, _a, output: seen.append(output))
    score = net(x.clone().requires_grad_())[range(len(x)), TARGETS].sum()
    handle.remove()
    return seen[0].detach(), torch.autograd.grad(score, seen[0])[0]
