"""Convolutions of 3x3 windows with a quarter of the multiplications: Winograd's F(4x4, 3x3), arXiv:1509.09308.

A tile of 4x4 outputs reads 6x6 inputs. Tile and kernel are polynomials, each known by its values at five points and at
infinity: there they are multiplied value by value, which over the channels is a matrix product for each of 36 pairs of
points. With the points 0, ±√½ and ±√2 (arXiv:1803.10986 has why they matter) float32 rounds as it does in oneDNN's
channels-last convolutions; with the usual 0, ±1 and ±2 it loses twice as much.
"""

from collections.abc import Iterable, Iterator, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

TILE, WINDOW = 4, 6  # outputs and inputs of a tile, a side
PAIRS = WINDOW * WINDOW
# What is not a product, in products of a matrix multiplication: to make a kernel's number, to read one that was made,
# and to move a tile's in or out, where a cache holds them and where it doesn't. A direct convolution is nearer to what
# a processor can do than a matrix product. All by AVX-512.
MAKING, READING, NEAR, FAR, DIRECT = 40, 30, 70, 80, 1.3
CACHED = 2**23  # bytes
KEPT = 10 * 2**20  # bytes of values of a kernel, which are four times its weights: 256 by 256 channels
AT_ONCE = 2**23  # bytes of tiles: as many as stay in a cache, and enough rows for a product
PART = 2**23  # bytes of kernels: made, used and still in a cache; large memory comes from the system anew each time


def suits(images: int, size: Sequence[int], weight: Tensor, *, again: bool = False) -> bool:
    """Whether a convolution of so many images (h,w) with padding and stride 1 takes less time this way.

    again: with the same weights many times, so that `values` are made once, which not so large kernels have kept.
    """
    if weight.shape[2:] != (3, 3) or weight.dtype != torch.float32 or weight.device.type != "cpu":
        return False
    outputs, inputs = weight.shape[:2]
    if again and 4 * PAIRS * outputs * inputs > KEPT:
        return False
    cells, tiles = images * size[0] * size[1], images * -(-size[0] // TILE) * -(-size[1] // TILE)
    moving = NEAR if 4 * cells * (outputs + inputs) <= CACHED else FAR
    own = outputs * inputs * (tiles + (READING if again else MAKING)) + (outputs + inputs) * tiles * moving
    return PAIRS * own * DIRECT < 9 * outputs * inputs * cells


def convolved(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """torch.nn.functional.conv2d(x, weight, bias, padding=1) of (n,i,h,w) with a weight (o,i,3,3): (n,o,h,w), the
    channels last in memory."""
    kernels = ((pairs, own.transpose(1, 2)) for pairs, own in _kernels(weight, KERNEL))
    return _multiplied(x, kernels, len(weight), bias)


def transposed(c: Tensor, weight: Tensor) -> Tensor:
    """The gradient at that convolution's input, (n,i,h,w), of the gradient at its output (n,o,h,w)."""
    return _multiplied(c, _kernels(weight, KERNEL.flip(1)), weight.shape[1])


def values(weight: Tensor) -> Tensor:
    """A weight's, (36,i,o): for `by_values`."""
    return torch.cat([own for _, own in _kernels(weight, KERNEL)]).transpose(1, 2).contiguous()


def by_values(x: Tensor, own: Tensor, bias: Tensor | None = None) -> Tensor:
    """What `convolved` returns for the weight whose values these are."""
    return _multiplied(x, [(slice(0, PAIRS), own)], own.shape[2], bias)


def _multiplied(x: Tensor, kernels: Iterable[tuple[slice, Tensor]], outputs: int, bias: Tensor | None = None) -> Tensor:
    """kernels: some of the pairs of points, and the kernels' values there (pairs,i,o), all of them once."""
    (images, channels, *size), rows_last = x.shape, x.permute(0, 2, 3, 1)
    high, wide = (-(-side // TILE) for side in size)
    found = x.new_empty(images, TILE * high, TILE * wide, outputs)
    chunks = list(_chunks(images, high, wide * (channels + outputs)))
    kernels = kernels if len(chunks) == 1 else list(kernels)
    for some, rows in chunks:
        first, last = TILE * rows.start - 1, TILE * rows.stop + 1
        margins = (0, 0, 1, TILE * wide - size[1] + 1, max(-first, 0), max(last - size[0], 0))
        padded = F.pad(rows_last[some, max(first, 0) : last], margins)
        tiles = padded.unfold(1, WINDOW, TILE).unfold(2, WINDOW, TILE).permute(4, 5, 0, 1, 2, 3)
        here = found[some, first + 1 : last - 1].unflatten(1, (-1, TILE)).unflatten(3, (wide, TILE))
        given = torch.mm(INPUT, tiles.reshape(PAIRS, -1)).view(PAIRS, -1, channels)
        products = given.new_empty(PAIRS, given.shape[1], outputs)
        for pairs, own in kernels:
            torch.bmm(given[pairs], own, out=products[pairs])
        made = torch.mm(OUTPUT, products.view(PAIRS, -1)).view(TILE, TILE, -1, rows.stop - rows.start, wide, outputs)
        here = here.permute(2, 4, 0, 1, 3, 5)
        here.copy_(made) if bias is None else torch.add(made, bias, out=here)
    return found[:, : size[0], : size[1]].contiguous().permute(0, 3, 1, 2)


def _kernels(weight: Tensor, kernel: Tensor) -> Iterator[tuple[slice, Tensor]]:
    """Some of the pairs of points, and the kernels' values there (pairs,o,i)."""
    own, step = weight.reshape(-1, 9).t(), max(1, PART // (4 * weight[..., 0, 0].numel()))
    for start in range(0, PAIRS, step):
        pairs = slice(start, start + step)
        yield pairs, torch.mm(kernel[pairs], own).view(-1, *weight.shape[:2])


def _chunks(images: int, rows: int, width: int) -> Iterator[tuple[slice, slice]]:
    """Images, and rows of tiles in them, of which so many numbers at a time are held for each pair of points."""
    each = max(1, AT_ONCE // (4 * PAIRS * width))  # rows
    some = max(1, each // rows)
    for start in range(0, images, some):
        for first in range(0, rows, min(each, rows)):
            yield slice(start, start + some), slice(first, min(first + each, rows))


def _matrices() -> tuple[Tensor, Tensor, Tensor]:
    """Of a tile's inputs (36,36), a kernel's numbers (36,9) and a tile's outputs (16,36): values at pairs of points."""
    a, b = 0.5**0.5, 2**0.5
    given = [  # all points' polynomial x (x² - ½) (x² - 2), without one of them
        *([1, 0, -2.5, 0, 1, 0], [0, -2 * a, -2, a, 1, 0], [0, 2 * a, -2, -a, 1, 0]),
        *([0, -b / 2, -0.5, b, 1, 0], [0, b / 2, -0.5, -b, 1, 0], [0, 1, 0, -2.5, 0, 1]),
    ]
    slopes = ((0.0, 1.0), (a, -1.5), (-a, -1.5), (b, 6.0), (-b, 6.0))  # of that polynomial, at each point
    kernel = [[1 / slope, point / slope, point**2 / slope] for point, slope in slopes] + [[0.0, 0.0, 1.0]]
    output = [[point**power for point, _ in slopes] + [float(power == TILE - 1)] for power in range(TILE)]
    each = (torch.tensor(one, dtype=torch.float64, device="cpu") for one in (given, kernel, output))
    given_, kernel_, output_ = (torch.kron(one, one).float() for one in each)
    return given_, kernel_, output_


INPUT, KERNEL, OUTPUT = _matrices()
