"""Terms between the pictures of one objective's batch."""

from dataclasses import dataclass, replace
from typing import Self

import torch
import torch.nn.functional as F
from torch import Tensor

from seewhy.synthesis.looking import Eye, Look, Reads
from seewhy.synthesis.terms import Channel, OfLayer, Place, Term, gram, quoted


@dataclass(frozen=True, eq=False)
class Diversity(OfLayer):
    """How little the pictures of a batch look alike: minus the cosine of each two's Gram matrices at a layer, over the
    number of pictures. Lucid's has the other sign, and is subtracted."""

    couples = True

    def __str__(self) -> str:
        return f"diversity:{quoted(self.layer)}"

    def value(self, look: Look) -> Tensor:
        flat = F.normalize(gram(self.maps(look)).flatten(1), dim=1)
        alike = flat @ flat.T
        return (alike.diagonal().sum() - alike.sum()) / len(flat)


@dataclass(frozen=True, eq=False)
class Alignment(OfLayer):
    """How near neighbours in a batch are at a layer: minus the mean squares of the differences of pictures 1 to 4
    apart, each over `decay` to the power of that distance."""

    decay: float = 2.0
    couples = True

    def __str__(self) -> str:
        return f"alignment:{quoted(self.layer)}" + (f":{self.decay:g}" if self.decay != 2 else "")

    def value(self, look: Look) -> Tensor:
        maps = self.maps(look)
        apart = [
            (maps[d:] - maps[:-d]).square().mean((1, 2, 3)).sum() / self.decay**d for d in range(1, min(5, len(maps)))
        ]
        return -torch.stack(apart).sum() if apart else maps.new_zeros(())


@dataclass(frozen=True, eq=False)
class Interpolation(Term):
    """From one channel to another across a batch: the first picture is all of the one, the last all of the other."""

    one: Channel
    other: Channel
    couples = True

    def __str__(self) -> str:
        return f"interpolate:{self.one}:{self.other}"

    @property
    def reads(self) -> Reads:
        return Reads.together([self.one.reads, self.other.reads])

    def bound(self, eye: Eye, size: Place) -> Self:
        return replace(self, one=self.one.bound(eye, size), other=self.other.bound(eye, size))

    def value(self, look: Look) -> Tensor:
        share = torch.linspace(0, 1, len(look.pictures)).to(look.pictures)
        return ((1 - share) * self.one.value(look) + share * self.other.value(look)).sum()
