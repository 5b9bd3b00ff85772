"""The network from one layer on: for maps that take the place of what the layer returned."""

from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor

from seewhy.errors import Unsupported
from seewhy.model.trace import inputs, override
from seewhy.model.variants import Variants

if TYPE_CHECKING:
    from seewhy.model.network import Network


class Tail(Variants):
    """Called with maps (n,d,r,q) and the image of each (n,): model outputs (n,k), differentiable in the maps.

    Of a layer that runs several times it is the last run that is read and replaced.
    """

    def __init__(self, model: "Network", x: Tensor, layer: str, at: Literal["output", "input"]) -> None:
        self._model, self._x, self._layer, self._at = model, x, layer, at
        self._last = max([one.calls for one in model.census(x).layers if one.name == layer], default=1) - 1
        self.meter = model.meter

    def maps(self, x: Tensor | None = None) -> Tensor:
        """What the layer returns (or is given) for pixels x, by default those the tail was made for: (b,d,r,q)."""
        x = self._x if x is None else x
        if self._at == "output":
            return self._model.maps(x, (self._layer,))[0]

        def run(part: Tensor, _rows: Tensor) -> Tensor:
            with torch.no_grad(), inputs(self._model.module, self._layer) as seen:
                self._model(part)
            if not seen:
                raise Unsupported(
                    f"layer {self._layer!r} is not used in a forward", "see `seewhy doctor` for those that are"
                )
            return seen[-1]

        return next(self._model._stream([x], run))

    def __call__(self, maps: Tensor, rows: Tensor) -> Tensor:
        with override(self._model.module, self._layer, maps, at=self._at, call=self._last):
            return self._model(self._x[rows])

    def _outputs(self, values: Tensor, rows: Tensor) -> Tensor:
        return self(values, rows)

    def _differentiable(self, values: Tensor, rows: Tensor, *, rectifiers: bool = True) -> Tensor:
        return self(values, rows)

    def _rows(self, values: Tensor, *, backward: bool = False, besides: int = 0) -> int:
        return self._model._rows(self._x, backward=backward, besides=besides)
