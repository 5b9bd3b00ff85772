"""What a picture is made of while it is optimised: pixels, waves, waves of a photo's strengths, or a small network.

A parametrization draws where to start, `start`, and makes the picture, `image`, of that. Nothing crosses from one
picture of a batch to another but in `Shared`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from seewhy.asked import one_of
from seewhy.errors import BadOption
from seewhy.synthesis.colors import to_rgb
from seewhy.synthesis.spectrum import magnitudes

Shape = tuple[int, int, int]  # channels, height, width
Draws = Sequence[torch.Generator]  # one a picture


class Parametrization(Protocol):
    """lr: the step size of Adam that suits it. couples: whether pictures of one batch share parameters. see_through:
    whether places that nothing was asked of are shown transparent."""

    @property
    def lr(self) -> float: ...

    @property
    def couples(self) -> bool: ...

    @property
    def see_through(self) -> bool: ...

    def start(self, shape: Shape, draws: Draws) -> list[Tensor]:
        """Parameters to begin with, float32 on the CPU, a row a picture in each."""

    def image(self, parameters: Sequence[Tensor], size: tuple[int, int]) -> Tensor:
        """Pixels (n,c,h,w) in [0,1]."""


def normal(shape: Sequence[int], draws: Draws) -> Tensor:
    """Standard normal numbers (n, *shape), each picture's from its own generator."""
    return torch.stack([torch.randn(tuple(shape), generator=one) for one in draws])


@cache
def frequencies(height: int, width: int) -> Tensor:
    """Of a real picture's waves (h, w//2+1), in cycles a pixel; one column more where the width is odd, as Lucid's."""
    across = torch.fft.fftfreq(width, dtype=torch.float64)[: width // 2 + 1 + width % 2]
    down = torch.fft.fftfreq(height, dtype=torch.float64)[:, None]
    return torch.hypot(down.expand(-1, len(across)), across.expand(height, -1))


@dataclass(frozen=True)
class Pixels:
    """Each pixel by itself. sd: of the noise at the start."""

    sd: float = 0.01
    decorrelate: bool = True
    lr: float = 0.05
    couples = see_through = False

    def start(self, shape: Shape, draws: Draws) -> list[Tensor]:
        return [self.sd * normal(shape, draws)]

    def image(self, parameters: Sequence[Tensor], size: tuple[int, int]) -> Tensor:
        return to_rgb(parameters[0], decorrelate=self.decorrelate)


@dataclass(frozen=True)
class Fourier:
    """Waves of all frequencies, the low ones louder (Olah et al., Feature Visualization, 2017).

    decay: 1/frequency to this power, as photos have it with 1.
    """

    sd: float = 0.01
    decay: float = 1.0
    decorrelate: bool = True
    lr: float = 0.05
    couples = see_through = False

    def start(self, shape: Shape, draws: Draws) -> list[Tensor]:
        channels, height, width = shape
        return [self.sd * normal((channels, *frequencies(height, width).shape, 2), draws)]

    def image(self, parameters: Sequence[Tensor], size: tuple[int, int]) -> Tensor:
        return to_rgb(self.free(parameters[0], size), decorrelate=self.decorrelate)

    def free(self, spectrum: Tensor, size: tuple[int, int]) -> Tensor:
        """The picture (n,c,h,w) before its colours. spectrum (n,c,h,f,2): real and imaginary parts."""
        loudness = frequencies(*size).clamp_min(1 / max(size)) ** -self.decay
        waves = torch.view_as_complex((loudness[..., None].to(spectrum) * spectrum).contiguous())
        free: Tensor = torch.fft.irfftn(waves, s=size, dim=(-2, -1), norm="ortho")
        return free / 4  # Lucid's 4, against saturated colours


@dataclass(frozen=True)
class Shared:
    """Waves of each picture's own, and coarse ones, which all of a batch share, so that what they have in common lies
    in the same place (Mordvintsev et al., Differentiable Image Parameterizations, 2018).

    coarser: how many times smaller than the picture the shared ones are.
    """

    own: Fourier = Fourier()
    coarser: tuple[int, ...] = (4, 8, 16)
    sd: float = 0.01
    lr: float = 0.05
    couples, see_through = True, False

    def start(self, shape: Shape, draws: Draws) -> list[Tensor]:
        channels, height, width = shape
        first = draws[:1]
        sizes = [(max(1, height // one), max(1, width // one)) for one in self.coarser]
        return [*self.own.start(shape, draws), *(self.sd * normal((channels, *one), first) for one in sizes)]

    def image(self, parameters: Sequence[Tensor], size: tuple[int, int]) -> Tensor:
        own, *coarse = parameters
        free = self.own.free(own, size)
        for one in coarse:
            free = free + F.interpolate(one, size=size, mode="bilinear", align_corners=True)
        return to_rgb(free, decorrelate=self.own.decorrelate)


@dataclass(frozen=True)
class CPPN:
    """A small network from a place to its colour (Stanley 2007, with Lucid's activations), one a picture.

    hidden: numbers between its layers. It has no resolution of its own, and the same picture at any.
    """

    hidden: int = 24
    layers: int = 8
    lr: float = 0.005
    couples = see_through = False

    def start(self, shape: Shape, draws: Draws) -> list[Tensor]:
        widths = [2, *[2 * self.hidden] * (self.layers - 1)]
        made: list[Tensor] = []
        for at, given in enumerate(widths):
            last = at == len(widths) - 1
            gives = shape[0] if last else self.hidden
            weight = normal((gives, given), draws) * given**-0.5
            made += [0 * weight if last else weight, torch.zeros(len(draws), gives, 1)]
        return made

    def image(self, parameters: Sequence[Tensor], size: tuple[int, int]) -> Tensor:
        x = self._places(size).to(parameters[0])
        for at in range(0, len(parameters), 2):
            x = torch.baddbmm(parameters[at + 1], parameters[at], x.expand(len(parameters[at]), -1, -1))
            if at < len(parameters) - 2:
                x = x.atan()
                x = torch.cat([x / 0.67, x * x / 0.6], 1)
        made: Tensor = x.unflatten(2, size)
        return made.sigmoid()

    def _places(self, size: tuple[int, int]) -> Tensor:
        """(1,2,h*w), the square root of 3 at the end of the longer side: so a side has the variance 1."""
        down, across = (torch.linspace(-1, 1, side) * 3**0.5 * side / max(size) for side in size)
        return torch.stack(torch.meshgrid(down, across, indexing="ij")).flatten(1)[None]


@dataclass(frozen=True)
class MaCo:
    """Waves as loud as photos' are; only their phases move (Fel et al., arXiv:2306.06805).

    lr: in radians. The paper's steps of 1 are of NAdam on crops; with Adam on a whole picture they jump about. The
    strengths are those of `spectrum.py`'s table. What the gradient asked for on the way is its transparency.
    """

    lr: float = 0.1
    couples, see_through = False, True

    def start(self, shape: Shape, draws: Draws) -> list[Tensor]:
        channels, height, width = shape
        places = (channels, height, width // 2 + 1)
        return [torch.stack([2 * torch.pi * torch.rand(places, generator=one) for one in draws])]

    def image(self, parameters: Sequence[Tensor], size: tuple[int, int]) -> Tensor:
        (phase,) = parameters
        loud = magnitudes(*size, phase.shape[1]).to(phase)
        return to_rgb(torch.fft.irfftn(torch.polar(loud.expand_as(phase), phase), s=size, dim=(-2, -1), norm="ortho"))


NAMED: Mapping[str, Callable[[], Parametrization]] = {
    "fourier": Fourier,
    "pixels": Pixels,
    "shared": Shared,
    "cppn": CPPN,
    "maco": MaCo,
    "fourier-correlated": partial(Fourier, decorrelate=False),
    "pixels-correlated": partial(Pixels, decorrelate=False),
}


def parametrization(asked: Any) -> Parametrization:
    """The parametrization of a name, or one itself. Raises BadOption."""
    if isinstance(asked, str):
        return NAMED[one_of(asked, "parametrization", tuple(NAMED))]()
    if not callable(getattr(asked, "start", None)) or not callable(getattr(asked, "image", None)):
        raise BadOption(f"parametrization is {asked!r}", f"one of {', '.join(NAMED)}, or one that has start and image")
    found: Parametrization = asked
    return found
