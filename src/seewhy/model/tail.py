"""The network from one layer on: for maps that take the place of what the layer returned."""

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor

from seewhy.errors import Unsupported
from seewhy.model.layouts import Layout
from seewhy.model.replay import Replay, gives_the_same, recorded
from seewhy.model.rules import Rule, ruled
from seewhy.model.trace import inputs, override, record
from seewhy.model.variants import Variants

if TYPE_CHECKING:
    from seewhy.model.network import Network

SHORTER = 4  # a tail without a graph holds few activations, and linear layers read their weights once for all rows


class Tail(Variants):
    """Called with maps (n,d,r,q) and the image of each (n,): model outputs (n,k), differentiable in the maps.

    Of a layer that runs several times it is the last run that is read and replaced. layout: how maps become what the
    layer returns; other tokens stay the image's own.
    """

    def __init__(
        self, model: "Network", x: Tensor, layer: str, at: Literal["output", "input"], layout: Layout | None = None
    ) -> None:
        self._model, self._x, self._layer, self._at, self._layout = model, x, layer, at, layout
        self._like: Tensor | None = None
        self._last = max([one.calls for one in model.census(x).layers if one.name == layer], default=1) - 1
        self.meter = model.meter
        programs = model.programs(x)
        self._parts = programs.tail(layer, at, self._whole) if programs else None
        self._crossing: list[Tensor] = []  # what else is read behind the layer, (b,...) each
        replays = not self._parts and model.fast and len(x) <= model._rows(x, narrow=True)
        self._replay = self._replayed() if replays else None

    @property
    def how(self) -> str:
        """Which of the network runs for each variant."""
        if self._parts is not None:
            return f"the network from {self._layer!r} on"
        replayed = f"the network without the modules that end before {self._layer!r}"
        return "the whole network" if self._replay is None else replayed

    def _replayed(self) -> Replay | None:
        """The images' forward to be played again, once that has given what the whole network gives for others."""
        key, model = ("replay", self._layer, self._at, *self._x.shape[2:]), self._model
        record = partial(recorded, model.module, model._forward, layer=self._layer, at=self._at)
        if key not in model._known:
            probe = model.probe(self._x.shape[2:])
            model._known[key] = gives_the_same(record(probe), self._given(probe), self._whole)
        return record(self._x) if model._known[key] else None

    def maps(self, x: Tensor | None = None) -> Tensor:
        """What the layer returns (or is given) for pixels x, by default those the tail was made for: (b,d,r,q)."""
        given = self._given(self._x if x is None else x)
        return self._layout.maps(given) if self._layout else given

    def _given(self, x: Tensor) -> Tensor:
        """The same as the layer returns it (or is given it), (b,...)."""
        if self._at == "output" and self._model.layout(x, self._layer) is None:
            return self._model.maps(x, (self._layer,))[0]

        def run(part: Tensor, _rows: Tensor) -> Tensor:
            if self._parts is not None:
                return self._parts.crossing(part)[0]
            seen = self._returned(part) if self._at == "output" else self._taken(part)
            if not seen:
                raise Unsupported(
                    f"layer {self._layer!r} is not used in a forward", "see `seewhy doctor` for those that are"
                )
            return seen[-1]

        return next(self._model._stream([x], run))

    def _taken(self, part: Tensor) -> list[Tensor]:
        with torch.no_grad(), inputs(self._model.module, self._layer) as seen:
            self._model(part)
        return seen

    def _returned(self, part: Tensor) -> list[Tensor]:
        with torch.no_grad(), record(self._model.module, (self._layer,), cut=False) as seen:
            self._model(part)
        return seen[self._layer]

    def __call__(self, maps: Tensor, rows: Tensor) -> Tensor:
        if self._layout:
            self._like = self._given(self._x) if self._like is None else self._like
            maps = self._layout.output(maps, self._like[rows])
        if self._parts is None:
            found = self._replay(maps, rows) if self._replay else self._whole(self._x[rows], maps)
            return self._model._counted(found)
        if len(self._parts.cut.crossing) > 1 and not self._crossing:
            chunks = [self._parts.crossing(one)[1:] for one in self._x.split(self._model._rows(self._x))]
            self._crossing = [torch.cat(parts) for parts in zip(*chunks, strict=True)]
        others = [one[rows] for one in self._crossing]  # copies, as the maps': the network may work in place
        run = self._parts.behind if torch.is_grad_enabled() else self._parts.alone
        own = maps.clone(memory_format=torch.channels_last if maps.ndim == 4 else torch.preserve_format)
        return self._model._counted(run([own, *others], len(maps))[0])

    def _whole(self, x: Tensor, maps: Tensor) -> Tensor:
        with override(self._model.module, self._layer, maps, at=self._at, call=self._last):
            found: Tensor = self._model._forward(x)
        return found

    def _outputs(self, values: Tensor, rows: Tensor) -> Tensor:
        return self(values, rows)

    def _differentiable(self, values: Tensor, rows: Tensor, rules: Mapping[str, Rule] | None = None) -> Tensor:
        with ruled(rules):
            return self(values, rows)

    def _rows(self, values: Tensor, *, backward: bool = False, besides: int = 0) -> int:
        rows = self._model._rows(self._x, backward=backward, besides=besides)
        return rows if backward or self._parts is None else SHORTER * rows
