"""The other side of a comparison: peers, each given a copy of the network and the same pixels."""

import copy
import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from unittest import mock

import cv2
import numpy as np
import torch
from captum.attr import NoiseTunnel, Saliency
from numpy.typing import NDArray
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch import Tensor, nn
from torchvision.transforms import Normalize

from seewhy import Model
from seewhy.rng import Rng


def for_peer(model: Model, dtype: torch.dtype | None = None) -> nn.Sequential:
    """What a peer gets: pixels in, and no in-place layer, which some peers can't follow."""
    net = copy.deepcopy(model.module).eval()
    net = net if dtype is None else net.to(dtype)
    for one in net.modules():
        if hasattr(one, "inplace"):
            one.inplace = False
    return nn.Sequential(Normalize(model.mean, model.std), net)


def replaced(net: nn.Module, kind: type[nn.Module], new: Callable[[], nn.Module]) -> nn.Module:
    """A copy with every module of a kind replaced."""
    net = copy.deepcopy(net)
    for one in list(net.modules()):
        for name, child in one.named_children():
            if isinstance(child, kind):
                setattr(one, name, new())
    return net


def split_batch_norms(net: nn.Sequential) -> nn.Sequential:
    """A copy in which each of timm's batch norms that hold their activation is a BatchNorm2d and an activation:
    grad-cam's FullGrad asks for BatchNorm2d to the letter."""
    net = copy.deepcopy(net)
    for name, one in list(net.named_modules()):
        if isinstance(one, nn.BatchNorm2d):
            plain = nn.BatchNorm2d(one.num_features, one.eps)
            plain.load_state_dict(one.state_dict())
            parent, _, child = name.rpartition(".")
            setattr(net.get_submodule(parent), child, nn.Sequential(plain, copy.deepcopy(one.act)).eval())
    return net


def maps_of(net: nn.Sequential, layer: str, x: Tensor) -> Tensor:
    """What a layer of a copied network returns: (b,d,r,q)."""
    with torch.no_grad():
        return _recorded(net, layer, x)[0]


def maps_and_gradient(net: nn.Sequential, layer: str, x: Tensor, targets: Any) -> tuple[Tensor, Tensor]:
    """A layer's maps and the gradient of each image's own class there."""
    maps, outputs = _recorded(net, layer, x.clone().requires_grad_())
    return maps.detach(), torch.autograd.grad(outputs[range(len(x)), targets].sum(), maps)[0]


def _recorded(net: nn.Sequential, layer: str, x: Tensor) -> tuple[Tensor, Tensor]:
    seen: list[Tensor] = []
    handle = net[1].get_submodule(layer).register_forward_hook(lambda _m, _args, output: seen.append(output))
    outputs = net(x)
    handle.remove()
    return seen[0], outputs


def grad_cam(
    kind: Any, model: Model, x: Tensor, layers: Iterable[str], targets: Iterable[Any], made: Any = None, **called: Any
) -> NDArray[Any]:
    """grad-cam's pictures (b,h,w). A target is a class or a callable on one image's outputs; `made`: how it is made."""
    net = for_peer(model)
    asked = [ClassifierOutputTarget(one) if isinstance(one, int) else one for one in targets]
    with kind(net, [net[1].get_submodule(one) for one in layers], **(made or {})) as peer:
        found: NDArray[Any] = peer(x, asked, **called)
    return found


def scaled(index: int, factor: float = 1e6) -> Callable[[Tensor], Tensor]:
    """A grad-cam target: a class's logit, so large that the 1e-7 in its min-max scaling is nothing."""
    return lambda outputs: factor * outputs[..., index]


def shown(values: Any, size: Sequence[int], *more: Any, epsilon: float = 1e-7) -> NDArray[Any]:
    """grad-cam's own way to a picture (b,h,w) from maps (b,1,r,q): rectified, min-max scaled and resized; the mean over
    layers (the first one's and `more`), scaled again. `epsilon` 0 for what it makes of a `scaled` target."""
    layers = [scaled_to(np.asarray(one)[:, 0], size, epsilon) for one in (values, *more)]
    return scaled_to(np.mean(layers, 0), size, epsilon)


def scaled_to(maps: NDArray[Any], size: Sequence[int], epsilon: float = 1e-7) -> NDArray[Any]:
    maps = np.maximum(maps, 0)
    maps = unit(maps, epsilon)
    return np.stack([cv2.resize(np.float32(one), (size[1], size[0])) for one in maps])


def unit(maps: Any, epsilon: float = 0.0) -> NDArray[Any]:
    """Each of maps (b,r,q) from 0 to 1; all zero where it is the same everywhere."""
    maps = np.asarray(maps)
    maps = maps - maps.min((1, 2), keepdims=True)
    return maps / np.maximum(maps.max((1, 2), keepdims=True) + epsilon, np.finfo(maps.dtype).tiny)


class Injected:
    """Stands in for torchcam's noise distribution."""

    def __init__(self, noise: Iterable[Tensor]) -> None:
        self.draws = iter(noise)

    def sample(self, size: Any) -> Tensor:
        found = next(self.draws)
        assert found.shape == size
        return found


def torchcam(
    kind: Any,
    net: nn.Sequential,
    layer: str,
    x: Tensor,
    targets: Any,
    noise: Iterable[Tensor] | None = None,
    **made: Any,
) -> Tensor:
    """torchcam's map (b,1,r,q), rectified and not scaled. `noise`: draws to take for its own."""
    with kind(net, f"1.{layer}", **made) as peer:
        if noise is not None:
            peer._distrib = Injected(noise)
        scores = net(x.clone().requires_grad_())
        (found,) = peer(targets, scores, normalized=False)
    return found[:, None].detach()


def noise_tunnel(
    model: Model,
    x: Tensor,
    kind: str,
    n: int,
    stdev: float,
    target: Any = 1,
    *,
    abs: bool = True,
    at_once: int | None = None,
) -> Tensor:
    """captum's NoiseTunnel over its Saliency, with the draws that seewhy makes; `at_once` draws for a single image."""
    with mock.patch.object(torch, "normal", _noise_for_captum(x, n, stdev)):
        tunnel = NoiseTunnel(Saliency(for_peer(model)))
        return tunnel.attribute(
            x, nt_type=kind, nt_samples=n, stdevs=stdev, target=target, abs=abs, nt_samples_batch_size=at_once
        )


def _noise_for_captum(x: Tensor, n: int, stdev: float, seed: int = 0) -> Callable[..., Tensor]:
    """`torch.normal` with our own draws in the order in which captum asks: image by image."""
    rng = Rng.for_images(seed, x)
    draws = iter(torch.stack([rng.normal(*x.shape[1:]) for _ in range(n)], 1).flatten(0, 1).to(x))

    def normal(mean: Any, deviations: Tensor) -> Tensor:
        assert (len(x) == 1 or len(deviations) == n * len(x)) and (deviations == stdev).all()
        return stdev * torch.stack([next(draws) for _ in deviations])

    return normal


def partition_shap(
    model: Model, x: Tensor, masker: Any, outputs: Sequence[int], *, score: str = "probability", **budget: Any
) -> NDArray[Any]:
    """shap's Owen values (k,h,w) of one image, summed over its channels, in float64. masker: as shap calls it, or a
    grey level up to 255. Its queue breaks ties by numpy's global generator, which is left as it was."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what shap imports
        import shap

    net, state = for_peer(model, torch.float64), np.random.get_state()

    def scores(pictures: NDArray[Any]) -> NDArray[Any]:
        with torch.no_grad():
            found = net(torch.from_numpy(np.float64(pictures)).permute(0, 3, 1, 2) / 255)
        return np.asarray(found.softmax(1) if score == "probability" else found)

    image = np.rint(x[0].permute(1, 2, 0).double().numpy() * 255)
    masker = np.full(image.shape, masker) if isinstance(masker, float) else masker
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its own affairs
        explainer = shap.Explainer(scores, shap.maskers.Image(masker, image.shape), algorithm="partition")
        found = explainer(image[None], outputs=list(outputs), silent=True, **budget)
    np.random.set_state(state)
    return np.moveaxis(found.values[0].sum(2), -1, 0)
