"""One convolution of a stretch (fused_chain.py)."""

from dataclasses import dataclass, replace

from seewhy.model.chain import Affine
from seewhy.model.fold import ConvArgs
from seewhy.model.packed import Convolution
from seewhy.model.sums import Summed


@dataclass(frozen=True, eq=False)
class Step:
    """out = rectifier(conv(x) + other), values by their numbers. turned: the convolution's backward."""

    function: Convolution | Summed
    x: int
    other: int | None
    out: int
    turned: Affine

    @classmethod
    def of(cls, function: Convolution | Summed, x: int, other: int | None, out: int) -> "Step":
        conv = function.conv if isinstance(function, Summed) else function
        args = ConvArgs(None, conv.weight, None, conv.stride, conv.padding, conv.dilation, conv.groups)
        return cls(function, x, other, out, Affine((), args))

    def by(self, conv: Convolution) -> "Step":
        """The same by another convolution."""
        function = replace(self.function, conv=conv) if isinstance(self.function, Summed) else conv
        return Step.of(function, self.x, self.other, self.out)

    @property
    def reads(self) -> tuple[int, ...]:
        return (self.x,) if self.other is None else (self.x, self.other)

    @property
    def conv(self) -> Convolution:
        return self.function.conv if isinstance(self.function, Summed) else self.function
