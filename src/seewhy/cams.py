"""The one way from a layer to a class activation map; a CAM method only says how it weighs."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor, nn

from seewhy.model import Model
from seewhy.ops.maps import first_component, fused, min_max
from seewhy.registry import option
from seewhy.rng import Rng
from seewhy.targets import Pinned
from seewhy.types import Map, Pixels

Layers = str | Sequence[str] | nn.Module | Sequence[nn.Module] | None


@dataclass(frozen=True, kw_only=True)
class CAM:
    """Options and steps that all class activation maps share.

    The plain map (b,1,r,q) is the weighted sum before its final ReLU, at the layer's resolution. With `aug_smooth`
    (mean over mirrored and dimmed copies) or several layers it is the mean of rectified, min-max scaled maps at the
    finest of the grids, hence not negative.
    """

    layer: Layers = option(None, "layer or layers to read; default the last maps")
    aug_smooth: bool = option(False, "mean over 6 views: mirrored or not, times 0.9, 1 and 1.1")
    eigen_smooth: bool = option(False, "first principal component of the weighted maps instead of their sum")

    def weigh(self, maps: Tensor, grads: Tensor) -> Tensor:
        """From a layer's maps and the score's gradients there, (b,d,r,q) each: the terms whose sum is the map."""
        raise NotImplementedError

    def one(self, model: Model, x: Pixels, target: Pinned, layers: Sequence[str], rng: Rng) -> list[Tensor]:
        """A map (b,1,r,q) for each layer."""
        pairs = zip(*model.map_and_gradient(x, target, layers), strict=True)
        return [self.summed(self.weigh(maps, grads)) for maps, grads in pairs]

    def summed(self, terms: Tensor) -> Tensor:
        return first_component(terms) if self.eigen_smooth else terms.sum(1, keepdim=True)

    def __call__(self, model: Model, x: Pixels, target: Pinned, rng: Rng) -> Map:
        layers = layer_names(self.layer)
        if not self.aug_smooth:
            found = self.one(model, x, target, layers, rng)
            return Map(found[0] if len(found) == 1 else fused(found))
        views = [(flip, factor) for flip in (False, True) for factor in (0.9, 1.0, 1.1)]
        total: Any = 0
        for flip, factor in views:
            view = (x.flip(3) if flip else x) * factor
            found = [min_max(one.relu()) for one in self.one(model, view, target, layers, rng)]
            merged = found[0] if len(found) == 1 else fused(found)
            total = total + (merged.flip(3) if flip else merged)
        return Map(total / len(views))


def layer_names(layer: Layers) -> tuple[str, ...]:
    """The names in a method's `layer` option once `pin_layers` has resolved it."""
    if layer is None or isinstance(layer, nn.Module):
        raise TypeError("resolve the layer with pin_layers first")
    return (layer,) if isinstance(layer, str) else tuple(str(one) for one in layer)


def pin_layers(method: Any, model: Model, x: Pixels) -> Any:
    """The method with the layers it will really read, by name."""
    if not hasattr(method, "layer"):
        return method
    asked = method.layer
    if isinstance(asked, tuple | list):
        names = tuple(dict.fromkeys(model.layer(one, x) for one in asked))
        return replace(method, layer=names)
    return replace(method, layer=model.layer(asked, x))


def of_layers(method: Any) -> tuple[str, ...]:
    """The layers a pinned method names, none where it reads none."""
    return layer_names(method.layer) if getattr(method, "layer", None) is not None else ()
