"""The one way from a layer to a class activation map; a CAM method only says how it weighs."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor, nn

from seewhy.errors import BadOption, Unsupported
from seewhy.model import Model
from seewhy.ops.maps import first_component, fused, min_max
from seewhy.registry import option
from seewhy.rng import Rng
from seewhy.targets import Pinned
from seewhy.together import Together, passing
from seewhy.types import Map, Need, Pixels

Layers = str | Sequence[str] | nn.Module | Sequence[nn.Module] | None
VIEWS = [(mirrored, factor) for mirrored in (False, True) for factor in (0.9, 1.0, 1.1)]


@dataclass(frozen=True, kw_only=True)
class Augmented(Together):
    """Maps of one or several layers, of the picture alone or of six views of it.

    One layer's map of the picture alone is (b,1,r,q), signed, before any final ReLU. Several layers give the mean of
    their rectified, min-max scaled maps at the finest of the grids; six views the mean of such maps, each scaled
    again. Hence neither holds anything negative.
    """

    aug_smooth: bool = option(False, "mean over 6 views: mirrored or not, times 0.9, 1 and 1.1")

    def one(self, model: Model, x: Pixels, target: Pinned, layers: Sequence[str], rng: Rng) -> list[Tensor]:
        """A map (b,1,r,q) for each layer."""
        raise NotImplementedError  # not abstract: some give all targets at once, by of_targets

    def of_targets(
        self, model: Model, x: Pixels, targets: Sequence[Pinned], layers: Sequence[str], rng: Rng
    ) -> list[list[Tensor]]:
        """The same for each target: one after the other, unless a method knows better."""
        draws = rng.alike(len(targets))
        return [self.one(model, x, target, layers, own) for target, own in zip(targets, draws, strict=True)]

    def said(self, model: Model, x: Pixels, layers: Sequence[str]) -> list[str]:
        """What a method has to say of how it was computed."""
        return []

    def for_targets(self, model: Model, x: Pixels, targets: Sequence[Pinned], rng: Rng) -> list[Map]:
        layers = of_layers(self)
        notes = [*repeated(model, x, layers), *unproved(model, x, layers), *self.said(model, x, layers)]
        if self.aug_smooth:
            return [Map(one, notes=notes) for one in self._of_views(model, x, targets, layers, rng)]
        each = self.of_targets(model, x, targets, layers, rng)
        return [Map(found[0] if len(found) == 1 else fused(found), notes=notes) for found in each]

    def _of_views(
        self, model: Model, x: Pixels, targets: Sequence[Pinned], layers: Sequence[str], rng: Rng
    ) -> list[Tensor]:
        totals: list[Any] = [0] * len(targets)
        for mirrored, factor in VIEWS:
            view = (x.flip(3) if mirrored else x) * factor
            each = self.of_targets(passing(model, targets), view, targets, layers, rng)
            for i, found in enumerate(each):
                merged = min_max(fused(found))
                totals[i] = totals[i] + (merged.flip(3) if mirrored else merged)
        return [total / len(VIEWS) for total in totals]


@dataclass(frozen=True, kw_only=True)
class Layered:
    """The option of every method that reads layers of the user's choice."""

    layer: Layers = option(None, "layer or layers to read; default the last maps")


@dataclass(frozen=True, kw_only=True)
class Summed(Augmented):
    """A map is a sum of terms over channels, or the terms' first principal component."""

    eigen_smooth: bool = option(False, "first principal component of the weighted maps instead of their sum")

    def summed(self, terms: Tensor) -> Tensor:
        return first_component(terms) if self.eigen_smooth else terms.sum(1, keepdim=True)


@dataclass(frozen=True, kw_only=True)
class CAM(Summed, Layered):
    """Maps weighted by the score's gradients with respect to them."""

    def weigh(self, maps: Tensor, grads: Tensor) -> Tensor:
        """From a layer's maps and the score's gradients there, (b,d,r,q) each: the terms whose sum is the map."""
        raise NotImplementedError  # not abstract: a ChannelCAM weighs without gradients

    def one(self, model: Model, x: Pixels, target: Pinned, layers: Sequence[str], rng: Rng) -> list[Tensor]:
        pairs = zip(*model.map_and_gradient(x, target, layers), strict=True)
        return [self.summed(self.weigh(maps, grads)) for maps, grads in pairs]


def repeated(model: Model, x: Pixels, layers: Sequence[str]) -> list[str]:
    """What must be said of layers that a forward runs more than once."""
    calls = {one.name: one.calls for one in model.census(x).layers}
    return [
        f"layer {name!r} runs {calls[name]} times: its last output is read" for name in layers if calls.get(name, 0) > 1
    ]


@dataclass(frozen=True, kw_only=True)
class ChannelCAM(CAM):
    """Maps weighted channel by channel, each by one number that no gradient gave."""

    @abstractmethod
    def weights(self, model: Model, x: Pixels, targets: Sequence[Pinned], layer: str, maps: Tensor, rng: Rng) -> Tensor:
        """For each target, the weights of the layer's maps (b,d,r,q): (k,b,d)."""

    def of_targets(
        self, model: Model, x: Pixels, targets: Sequence[Pinned], layers: Sequence[str], rng: Rng
    ) -> list[list[Tensor]]:
        found = []
        for layer, maps in zip(layers, model.maps(x, layers), strict=True):
            weights = self.weights(model, x, targets, layer, maps, rng).to(maps)
            found.append([self.summed(one[:, :, None, None] * maps) for one in weights])
        return [list(of_target) for of_target in zip(*found, strict=True)]


def unproved(model: Model, x: Pixels, layers: Sequence[str]) -> list[str]:
    """What must be said of layers whose cells may not lie on the picture as their shape suggests."""
    known = {one.name: one for one in model.census(x).layers}
    say = "a change of a corner of the picture shows elsewhere in it, or nowhere"
    found = [known[name] for name in layers if name in known]
    return [
        *(f"the grid of layer {one.name!r} is unproved: {say}" for one in found if not one.proved),
        *(
            f"places are told less well by layer {one.name!r}: {one.locality:.0%} of a change stays there"
            for one in found
            if one.spread
        ),
    ]


def layer_names(layer: Layers) -> tuple[str, ...]:
    """The names in a method's `layer` option once `pin_layers` has resolved it."""
    if layer is None or isinstance(layer, nn.Module):
        raise TypeError("resolve the layer with pin_layers first")
    return (layer,) if isinstance(layer, str) else tuple(str(one) for one in layer)


def pin_layers(method: Any, model: Model, x: Pixels) -> Any:
    """The method with the layers it will really read, by name. Where it reads maps, they must have a place to them."""
    if not hasattr(method, "layer"):
        return method
    asked = method.layer
    if asked is None and hasattr(method, "own_layers"):
        asked = method.own_layers(model, x)
    if asked is None and Need.MAPS not in method.info.needs:
        return method  # it reads the pixels unless told otherwise
    if isinstance(asked, tuple | list):
        if not asked:
            raise BadOption("an empty list of layers", "name one, or leave layer= out for the last maps")
        method = replace(method, layer=tuple(dict.fromkeys(model.layer(one, x) for one in asked)))
    else:
        method = replace(method, layer=model.layer(asked, x))
    if Need.MAPS in method.info.needs:
        _refuse_placeless(model, x, of_layers(method))
    return method


def _refuse_placeless(model: Model, x: Pixels, layers: Sequence[str]) -> None:
    known = {one.name: one for one in model.census(x).layers}
    for name in layers:
        if name not in known:
            raise Unsupported(f"layer {name!r} is not used in a forward", "see `seewhy doctor` for those that are")
        shape = known[name].shape  # () where the output is no tensor: recording it says more
        if shape and known[name].grid is None:
            raise Unsupported(
                f"layer {name!r} returns {shape} for an image, not maps (d,r,q) of several cells",
                "name a layer that does: channels first, before the pooling",
            )
        if known[name].disproved:
            raise Unsupported(
                f"the cells of layer {name!r} do not lie on the picture: a change of its corner shows elsewhere",
                "see `seewhy doctor --layers` for layers with maps",
            )


def of_layers(method: Any) -> tuple[str, ...]:
    """The layers a pinned method names, none where it reads none."""
    return layer_names(method.layer) if getattr(method, "layer", None) is not None else ()


def only_layer(method: Any) -> str:
    """The layer of a pinned method that reads one alone."""
    names = layer_names(method.layer)
    if len(names) != 1:
        raise BadOption(f"{method.info.id} reads one layer, not {len(names)}", "explain each layer on its own")
    return names[0]
