"""Terms of the picture alone, most of which are subtracted."""

from dataclasses import dataclass, field, replace
from typing import Any, Self

import torch
import torch.nn.functional as F
from torch import Tensor

from seewhy.synthesis.looking import Eye, Look
from seewhy.synthesis.terms import Place, Term, named, quoted


@dataclass(frozen=True, eq=False)
class Difference(Term):
    """How far the picture is from a photo: the root of the mean square, in pixels from 0 to 1."""

    photo: Any
    wanted: Tensor = field(default_factory=lambda: torch.empty(0), repr=False)

    def __str__(self) -> str:
        return f"difference:{quoted(named(self.photo))}"

    def bound(self, eye: Eye, size: Place) -> Self:
        return replace(self, wanted=eye.photo(self.photo, size))

    def value(self, look: Look) -> Tensor:
        return ((look.pictures - self.wanted).square().mean((1, 2, 3)) + 1e-12).sqrt()


@dataclass(frozen=True, eq=False)
class TotalVariation(Term):
    """The sum of the absolute differences between neighbouring pixels, down and across."""

    def __str__(self) -> str:
        return "tv"

    def value(self, look: Look) -> Tensor:
        return total_variation(look.pictures)


@dataclass(frozen=True, eq=False)
class L1(Term):
    """The sum of the pixels' absolute differences from a value. Lucid's penalties: they are subtracted."""

    constant: float = 0.0

    def __str__(self) -> str:
        return "l1" if not self.constant else f"l1:{self.constant:g}"

    def value(self, look: Look) -> Tensor:
        return (look.pictures - self.constant).abs().sum((1, 2, 3))


@dataclass(frozen=True, eq=False)
class L2(Term):
    """The Euclidean length of the pixels' differences from a value."""

    constant: float = 0.0

    def __str__(self) -> str:
        return "l2" if not self.constant else f"l2:{self.constant:g}"

    def value(self, look: Look) -> Tensor:
        return ((look.pictures - self.constant).square().sum((1, 2, 3)) + 1e-6).sqrt()


@dataclass(frozen=True, eq=False)
class Blur(Term):
    """Half the squared distance from the blurred picture: subtracted k times, a plain gradient step of length 1 makes
    of the picture 1-k of itself and k of it blurred (Nguyen et al., arXiv:1412.1897)."""

    def __str__(self) -> str:
        return "blur"

    def value(self, look: Look) -> Tensor:
        own = look.pictures
        return 0.5 * (own - blurred(own.detach())).square().sum((1, 2, 3))


def blurred(pictures: Tensor) -> Tensor:
    """Each pixel's mean with its 8 neighbours, which weigh half as much."""
    kernel = pictures.new_full((3, 3), 0.5)
    kernel[1, 1] = 1.0
    weight = kernel.expand(pictures.shape[1], 1, 3, 3)
    ones = F.conv2d(torch.ones_like(pictures[:1, :1]), weight[:1], padding=1)
    return F.conv2d(pictures, weight, padding=1, groups=pictures.shape[1]) / ones


def total_variation(pictures: Tensor) -> Tensor:
    down, across = pictures.diff(dim=2), pictures.diff(dim=3)
    return down.abs().sum((1, 2, 3)) + across.abs().sum((1, 2, 3))
