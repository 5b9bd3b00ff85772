"""What a comparison with a peer library needs on both sides."""

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torchvision.transforms import Normalize

from seewhy import Model, get_method
from seewhy.cams import pin_layers
from seewhy.images import load_all
from seewhy.rng import Rng
from seewhy.targets import as_target, transform


def copied(model: Model, dtype: torch.dtype = torch.float32) -> nn.Sequential:
    """What a peer gets: pixels in, and no in-place layer, since some peers record what such a layer rewrites."""
    net = copy.deepcopy(model.module).eval().to(dtype)
    for one in net.modules():
        if hasattr(one, "inplace"):
            one.inplace = False
    return nn.Sequential(Normalize(model.mean, model.std), net)


def raw(model: Model, x: Tensor, id: str, target: Any, *, score: Any = "logit", **options: Any) -> Any:
    """The method's own Map in float64; an Explanation is float32."""
    run = model.at("float64").shared()
    x = x.double()
    with run.frozen():
        method = pin_layers(get_method(id, **options), run, x)
        pinned = as_target(target).pin(run.outputs(x), run.find)
        pinned = replace(pinned, transform=transform(score, run.census(x).outputs), key=(score, pinned.key))
        return method(run, x, pinned, Rng.for_images(0, x))


def part_of(photo: Any, model: Model) -> Tensor:
    """96 x 128 pixels of a photo as the model's input: not square, and quicker than all of it."""
    return load_all(photo, model.preprocess)[0].pixels[:, :, 40:136, 40:168]


def scaled(index: int, factor: float = 1e6) -> Callable[[Tensor], Tensor]:
    """A grad-cam target: a class's logit, so large that the 1e-7 in its min-max scaling is nothing."""
    return lambda outputs: factor * outputs[..., index]


def shown(values: Any, size: Any) -> NDArray[Any]:
    """grad-cam's picture (b,h,w) of signed maps (b,1,r,q): rectified, min-max scaled, resized, scaled again."""
    maps = np.maximum(np.asarray(values, np.float64)[:, 0], 0)
    maps = np.stack([cv2.resize(np.float32(one), (size[1], size[0])) for one in unit(maps)])
    return unit(maps)


def unit(maps: Any) -> NDArray[Any]:
    maps = np.asarray(maps)
    low, high = maps.min((1, 2), keepdims=True), maps.max((1, 2), keepdims=True)
    return (maps - low) / np.maximum(high - low, np.finfo(maps.dtype).tiny)


def relative(found: Any, wanted: Any) -> float:
    found, wanted = (np.asarray(one.detach() if isinstance(one, Tensor) else one) for one in (found, wanted))
    assert found.shape == wanted.shape and abs(wanted).max() > 0
    return float(abs(found - wanted).max() / abs(wanted).max())


def maps_of(net: nn.Sequential, layer: str, x: Tensor) -> Tensor:
    """What a layer of a copied network returns: (b,d,r,q)."""
    seen: list[Tensor] = []
    handle = net[1].get_submodule(layer).register_forward_hook(lambda _m, _args, output: seen.append(output))
    with torch.no_grad():
        net(x)
    handle.remove()
    return seen[0]
