"""What an objective sees in a step: the pictures, and what layers and the network make of them, as maps."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from seewhy.errors import BadOption, ModelFailed, Unsupported
from seewhy.images import load
from seewhy.model import Model
from seewhy.model.layouts import Layout
from seewhy.model.rules import Rule
from seewhy.types import Pixels, Preprocess

SMALL = 4  # cells a side of maps so small that no place can be told in them


@dataclass(frozen=True, eq=False)
class Look:
    """pictures (n,c,h,w) before transforms; layers: maps (n,d,r,q) each; outputs (n,k), where an objective reads
    them. channels: of layers of which only some are there, which."""

    pictures: Pixels
    layers: Mapping[str, Tensor] = field(default_factory=dict)
    outputs: Tensor | None = None
    channels: Mapping[str, Sequence[int]] = field(default_factory=dict)

    def channel(self, layer: str, index: int) -> Tensor:
        """One channel of a layer (n,r,q), by its number in the layer."""
        at = self.channels[layer].index(index) if layer in self.channels else index
        return self.layers[layer][:, at]

    def rows(self, which: slice) -> "Look":
        """The same of some of the pictures."""
        layers = {name: maps[which] for name, maps in self.layers.items()}
        outputs = None if self.outputs is None else self.outputs[which]
        return Look(self.pictures[which], layers, outputs, self.channels)


@dataclass(frozen=True)
class Reads:
    """What a step needs of the network: layers, of which `channels` alone (layer, number) or, in `whole`, all."""

    whole: tuple[str, ...] = ()
    outputs: bool = False
    channels: tuple[tuple[str, int], ...] = ()

    @property
    def layers(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys([*self.whole, *(layer for layer, _ in self.channels)]))

    def of(self, layer: str) -> tuple[int, ...]:
        """The channels, in their order; none for all."""
        return () if layer in self.whole else tuple(sorted(at for name, at in self.channels if name == layer))

    @classmethod
    def together(cls, each: Iterable["Reads"]) -> "Reads":
        """What all of them need."""
        whole, channels, outputs = dict[str, None](), dict[tuple[str, int], None](), False
        for one in each:
            whole.update(dict.fromkeys(one.whole))
            channels.update(dict.fromkeys(one.channels))
            outputs |= one.outputs
        return cls(tuple(whole), outputs, tuple(channels))


@dataclass(frozen=True, eq=False)
class Eye:
    """A model that looks at inputs of one size. Used inside `with model.frozen()`.

    size: of what the network is given. resized: it takes no other, so pictures are resized to it.
    """

    model: Model
    size: tuple[int, int]
    resized: bool = False

    def __post_init__(self) -> None:
        for name in ("shape", "layout", "channels"):
            object.__setattr__(self, name, cache(getattr(self, name)))

    def probe(self) -> Pixels:
        """Any picture of the size: censuses ask for no more."""
        model = self.model
        return torch.zeros(1, len(model.mean), *self.size, device=model.device, dtype=model.pixel_dtype)

    def layer(self, name: str) -> str:
        """A layer's full name, once it is known that it is run and returns what has channels."""
        found = self.model.layer(name, self.probe())
        self.shape(found)
        return found

    def shape(self, layer: str) -> tuple[int, int, int]:
        """Channels and cells (d,r,q) of a layer, by its name. Raises Unsupported where it has none."""
        shapes = {one.name: one.shape for one in self.model.census(self.probe()).layers if one.calls}
        if shapes.get(layer):
            values = torch.empty(1, *shapes[layer])
        else:
            (values,) = self.model.read(self.probe(), [layer])  # which says what is wrong with it
        d, r, q = self.maps(layer, values).shape[1:]
        return int(d), int(r), int(q)

    def proved(self, layer: str) -> bool:
        """Whether a layer's cells lie where they should on the picture, or there is but one."""
        found = self.model.census(self.probe()).layer(layer)
        return found.proved or found.spread or self.shape(layer)[1:] == (1, 1)

    def layout(self, layer: str) -> Layout | None:
        return self.model.census(self.probe()).layer(layer).layout

    def maps(self, layer: str, values: Tensor) -> Tensor:
        """What a layer returned, as maps (n,d,r,q): tokens beside the cells left out, a vector as one cell."""
        layout = self.layout(layer)
        if layout is not None:
            return layout.maps(values)
        if values.ndim == 2:
            return values[:, :, None, None]
        if values.ndim == 4 and max(values.shape[2:]) <= SMALL:
            return values
        raise Unsupported(
            f"layer {layer!r} returns {tuple(values.shape[1:])}, neither maps nor tokens on a grid nor a vector",
            "name another layer: `seewhy inspect layers` lists them",
        )

    def look(self, x: Pixels, reads: Reads, rules: Mapping[str, Rule] | None = None) -> Look:
        """x: what the network is given (n,c,*size), in whatever gradient mode is set."""
        values: Sequence[Tensor] = []
        channels = self.channels(reads)
        if reads.layers:
            values = self.model.upto(x, reads.layers, dict(rules) if rules else None, channels)
        outputs = self._outputs(x, rules) if reads.outputs else None
        if wrong := [name for name, one in zip(reads.layers, values, strict=True) if len(one) != len(x)]:
            raise Unsupported(f"layer {wrong[0]!r} does not return one row an image", "name a layer outside of windows")
        layers = {name: self.maps(name, one) for name, one in zip(reads.layers, values, strict=True)}
        return Look(x, layers, outputs, channels)

    def channels(self, reads: Reads) -> Mapping[str, Sequence[int]]:
        """Of layers whose channels are their second axis, those read, where these are few."""
        found = {}
        for name in reads.layers:
            some, layout = reads.of(name), self.layout(name)
            if 0 < len(some) <= self.shape(name)[0] / 2 and (layout is None or layout.axes == "first"):
                found[name] = some
        return found

    def at_once(self, reads: Reads) -> bool:
        """Whether several threads may look at a time, without rules."""
        return self.model.written(self.probe(), reads.layers, outputs=reads.outputs)

    def _outputs(self, x: Pixels, rules: Mapping[str, Rule] | None) -> Tensor:
        if not (torch.is_grad_enabled() and x.requires_grad):
            return self.model.scored(x)
        return self.model.differentiable(x, rules)

    def given(self, pictures: Pixels) -> Pixels:
        """Pictures as the network's input, where it takes one size only."""
        if tuple(pictures.shape[2:]) == self.size:
            return pictures
        return F.interpolate(pictures, size=self.size, mode="bilinear", align_corners=False, antialias=True)

    def photo(self, image: Any, size: tuple[int, int]) -> Pixels:
        """A photo's pixels (1,c,*size) on the model's device, its middle in the picture's shape."""
        usual = self.model.preprocess
        pixels, _ = load(image, Preprocess(usual.mean, usual.std, size, interpolation=usual.interpolation))
        if tuple(pixels.shape[2:]) != size:  # a tensor is taken as it is
            pixels = F.interpolate(pixels, size=size, mode="bilinear", align_corners=False, antialias=True)
        return self.model.checked(pixels)

    def features(self, layer: str, image: Any) -> Tensor:
        """A layer's maps (1,d,r,q) for a photo."""
        (values,) = self.model.read(self.photo(image, self.size), [layer])
        return self.maps(layer, values)


def eye(model: Model, canvas: tuple[int, int], at: tuple[int, int] | None = None, *, enlarge: bool = True) -> Eye:
    """How a model looks at pictures of a size, margins included.

    at: the size of the network's input. By default smaller pictures are enlarged to the size that the model was made
    for, larger ones are looked at as they are; where the network takes no size but its own, they are resized to that.
    Raises Unsupported for a model that nothing can be optimised through.
    """
    if model.opaque is not None:
        raise Unsupported(f"nothing can be optimised through {model.name}: {model.opaque.why}", "load a torch network")
    own = model.size
    wanted = at or (canvas if own is None or not enlarge else _enlarged(canvas, own))
    found = Eye(model, wanted)
    try:
        census = model.census(found.probe())
    except ModelFailed:
        if own is None or at is not None or wanted == own:
            raise
        found = Eye(model, own, resized=True)
        census = model.census(found.probe())
    if not census.differentiable:
        raise Unsupported(f"{model.name} gives no gradient of its input", "its forward detaches or rounds it")
    return found


def _enlarged(canvas: tuple[int, int], own: tuple[int, int]) -> tuple[int, int]:
    """The canvas, enlarged in its proportions until it is nowhere smaller than the model's own size."""
    factor = max(1.0, *(side / length for side, length in zip(own, canvas, strict=True)))
    return round(canvas[0] * factor), round(canvas[1] * factor)


def unknown_channel(layer: str, channel: int, channels: int) -> BadOption:
    return BadOption(f"channel {channel} of layer {layer!r}, which has {channels}", f"channels are 0 to {channels - 1}")
