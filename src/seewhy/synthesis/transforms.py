"""How a picture is moved, turned and zoomed before each look, so that no network is fooled by single pixels.

All that is drawn for a look is one affine map from the network's input back to the picture, and is sampled once.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from seewhy.asked import number, whole
from seewhy.errors import BadOption

Size = tuple[int, int]
Draws = Sequence[torch.Generator]  # one a picture

SCALES = tuple(1 + (i - 5) / 50 for i in range(11))
ANGLES = (*range(-10, 11), 0, 0, 0, 0, 0)


@dataclass(frozen=True)
class Transforms:
    """Lucid's: pad, jitter, scale, rotate, jitter again, each drawn anew in every step.

    pad: pixels of grey `fill` around the picture; what lies beyond them is of that grey, too, not black. jitter, last:
    moved by 0 to so many pixels less one. scales, angles (degrees): one of each is drawn; as often as it stands there.
    """

    pad: int = 12
    fill: float = 0.5
    jitter: int = 8
    scales: Sequence[float] = SCALES
    angles: Sequence[float] = ANGLES
    last: int = 4

    def __post_init__(self) -> None:
        for name in ("pad", "jitter", "last"):
            whole(getattr(self, name), name, 0)
        number(self.fill, "fill", 0, 1)
        for name in ("scales", "angles"):
            if not list(getattr(self, name)):
                raise BadOption(f"{name} is empty", "give at least one: scales=(1,), angles=(0,)")
        for one in self.scales:
            number(one, "a scale", 1e-3)
        for one in self.angles:
            number(one, "an angle")

    def canvas(self, size: Size) -> Size:
        """The picture with its margin."""
        return size[0] + 2 * self.pad, size[1] + 2 * self.pad

    def drawn(self, size: Size, draws: Draws) -> Tensor:
        """For each picture a map (n,2,3) from places on the network's input to places on the picture, both (x,y) from
        -1 to 1 between the outer edges."""
        return torch.stack([self._drawn(size, one) for one in draws])

    def _drawn(self, size: Size, draw: torch.Generator) -> Tensor:
        first, last = (self._moved(side, draw) for side in (self.jitter, self.last))
        scale, angle = (_one(of, draw) for of in (self.scales, self.angles))
        return composed(size, self.canvas(size), first, scale, angle, last)

    def _moved(self, most: int, draw: torch.Generator) -> tuple[int, int]:
        """Right and down, whole pixels about no move at all."""
        if most < 2:
            return 0, 0
        across, down = torch.randint(most, (2,), generator=draw).tolist()
        return across - most // 2, down - most // 2

    def __call__(self, pixels: Tensor, maps: Tensor, out: Size) -> Tensor:
        """What the network is given (n,c,*out) of pictures (n,c,h,w) by maps (k,2,3): of the first k each by its own,
        of the next k again, and so on."""
        channels, grid = pixels.shape[1], places(maps, out, pixels)
        # Beyond the picture 0 is sampled: what is taken off before and added behind is the grey. Pictures that are
        # moved alike are channels of one, so that places are looked up once.
        alike = (pixels - self.fill).unflatten(0, (-1, len(maps))).transpose(0, 1).flatten(1, 2)
        seen: Tensor = F.grid_sample(alike, grid, mode="bilinear", align_corners=False) + self.fill
        made: Tensor = seen.unflatten(1, (-1, channels)).transpose(0, 1).flatten(0, 1)
        return made


NONE = Transforms(pad=0, jitter=0, scales=(1.0,), angles=(0.0,), last=0)


def composed(
    size: Size, canvas: Size, first: tuple[float, float], scale: float, angle: float, last: tuple[float, float]
) -> Tensor:
    """(2,3): a picture in the middle of a canvas moved by `first` pixels (x,y), scaled, turned counter-clockwise by
    `angle` degrees, and moved by `last`; as the way back, in halves of the sides, from the canvas to the picture."""
    half = torch.tensor([canvas[1] / 2, canvas[0] / 2], dtype=torch.float64)
    turn = torch.deg2rad(torch.tensor(angle, dtype=torch.float64))
    cos, sin = turn.cos(), turn.sin()
    # On the canvas y points down: counter-clockwise there is (cos, sin; -sin, cos), and this is its inverse.
    back = torch.stack([torch.stack([cos, -sin]), torch.stack([sin, cos])]) / scale
    moved = -back @ torch.tensor(last, dtype=torch.float64) - torch.tensor(first, dtype=torch.float64)
    own = torch.tensor([size[1] / 2, size[0] / 2], dtype=torch.float64)
    return torch.cat([back * half, moved[:, None]], 1) / own[:, None]


def places(maps: Tensor, out: Size, like: Tensor) -> Tensor:
    """Where each pixel of the network's input lies on the picture, (k,*out,2) of the kind of `like`, by maps (k,2,3):
    `affine_grid`'s, as a sum of what its row and its column say."""
    down, across = ((2 * torch.arange(side, dtype=maps.dtype, device=maps.device) + 1) / side - 1 for side in out)
    rows = maps[:, None, :, 1] * down[:, None] + maps[:, None, :, 2]
    columns = maps[:, None, :, 0] * across[:, None]
    return rows.to(like)[:, :, None] + columns.to(like)[:, None]


def _one(of: Sequence[float], draw: torch.Generator) -> float:
    return float(of[int(torch.randint(len(of), (1,), generator=draw))])
