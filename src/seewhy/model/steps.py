"""One convolution of a stretch (fused_chain.py)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from seewhy.model.chain import Affine
from seewhy.model.fold import ConvArgs
from seewhy.model.packed import Convolution
from seewhy.model.sums import Summed


@dataclass(frozen=True, eq=False)
class Step:
    """out = rectifier(conv(x) + other), values by their numbers. turned: the convolution's backward. channels: those of
    `other` that are added, by their numbers (k,), where the convolution makes no more than these."""

    function: Convolution | Summed
    x: int
    other: int | None
    out: int
    turned: Affine
    channels: Tensor | None = None

    @classmethod
    def of(cls, function: Convolution | Summed, x: int, other: int | None, out: int) -> "Step":
        conv = function.conv if isinstance(function, Summed) else function
        args = ConvArgs(None, conv.weight, None, conv.stride, conv.padding, conv.dilation, conv.groups)
        return cls(function, x, other, out, Affine((), args, by_tiles=conv.by_tiles))

    def by(self, conv: Convolution) -> "Step":
        """The same by another convolution."""
        function = replace(self.function, conv=conv) if isinstance(self.function, Summed) else conv
        return replace(Step.of(function, self.x, self.other, self.out), channels=self.channels)

    def narrowed(self, channels: Sequence[int]) -> "Step | None":
        """The same with these channels of what it makes and no others; None where it works group by group."""
        if self.conv.groups != 1:
            return None
        some = torch.tensor(channels, device=self.conv.weight.device)
        return replace(self.by(self.conv.some(some)), channels=None if self.other is None else some)

    def __call__(self, x: Tensor, other: Tensor | None) -> Tensor:
        more = () if other is None else (self._picked(other),)
        return self.function(x, *more)

    def _picked(self, other: Tensor) -> Tensor:
        if self.channels is None:
            return other
        if not other.is_contiguous(memory_format=torch.channels_last):
            return other.index_select(1, self.channels)
        return other.permute(0, 2, 3, 1)[..., self.channels].permute(0, 3, 1, 2)  # no copy of all in another layout

    @property
    def reads(self) -> tuple[int, ...]:
        return (self.x,) if self.other is None else (self.x, self.other)

    @property
    def conv(self) -> Convolution:
        return self.function.conv if isinstance(self.function, Summed) else self.function
