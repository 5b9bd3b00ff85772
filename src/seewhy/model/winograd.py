"""Convolutions of 3x3 windows with a quarter of the multiplications: Winograd's F(4x4, 3x3), arXiv:1509.09308.

A tile of 4x4 outputs reads 6x6 inputs. Tile and kernel are polynomials, each known by its values at five points and at
infinity: there they are multiplied value by value, which over the channels is a matrix product for each of 36 pairs of
points. With the points 0, ±√½ and ±√2 (arXiv:1803.10986 has why they matter) float32 rounds as it does in oneDNN's
channels-last convolutions; with the usual 0, ±1 and ±2 it loses twice as much.
"""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

TILE, WINDOW = 4, 6  # outputs and inputs of a tile, a side
PAIRS = WINDOW * WINDOW
# What is not a product, in products of a matrix multiplication: to make a kernel's number, and to move a tile's in or
# out. A direct convolution is nearer to what a processor can do than a matrix product. All by AVX-512.
MAKING, MOVING, DIRECT = 40, 115, 1.3
AT_ONCE = 2**24  # bytes of tiles: as many as stay in a cache, and enough rows for a product
PART = 2**23  # bytes of kernels: made, used and still in a cache; large memory comes from the system anew each time


def suits(images: int, size: tuple[int, ...], weight: Tensor) -> bool:
    """Whether a convolution of so many images (h,w) with padding and stride 1 takes less time this way."""
    if weight.shape[2:] != (3, 3) or weight.dtype != torch.float32 or weight.device.type != "cpu":
        return False
    outputs, inputs = weight.shape[:2]
    cells, tiles = images * size[0] * size[1], images * -(-size[0] // TILE) * -(-size[1] // TILE)
    own = outputs * inputs * (tiles + MAKING) + (outputs + inputs) * tiles * MOVING
    return PAIRS * own * DIRECT < 9 * outputs * inputs * cells


def convolved(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """torch.nn.functional.conv2d(x, weight, bias, padding=1) of (n,i,h,w) with a weight (o,i,3,3): (n,o,h,w), the
    channels last in memory."""
    return _multiplied(x, weight, bias, KERNEL, back=False)


def transposed(c: Tensor, weight: Tensor) -> Tensor:
    """The gradient at that convolution's input, (n,i,h,w), of the gradient at its output (n,o,h,w)."""
    return _multiplied(c, weight, None, KERNEL.flip(1), back=True)


def _multiplied(x: Tensor, weight: Tensor, bias: Tensor | None, kernel: Tensor, *, back: bool) -> Tensor:
    (images, channels, *size), outputs = x.shape, weight.shape[1 if back else 0]
    high, wide = (-(-side // TILE) for side in size)
    margins = (0, 0, 1, TILE * wide - size[1] + 1, 1, TILE * high - size[0] + 1)
    padded = F.pad(x.permute(0, 2, 3, 1), margins).contiguous()
    tiles = padded.unfold(1, WINDOW, TILE).unfold(2, WINDOW, TILE).permute(4, 5, 0, 1, 2, 3)
    found = x.new_empty(images, TILE * high, TILE * wide, outputs)
    places = found.unflatten(1, (high, TILE)).unflatten(3, (wide, TILE)).permute(2, 4, 0, 1, 3, 5)
    chunks = list(_chunks(images, high, wide * (channels + outputs)))
    kernels = _kernels(weight, kernel) if len(chunks) == 1 else list(_kernels(weight, kernel))
    for some, rows in chunks:
        here = places[:, :, some, rows]
        values = torch.mm(INPUT, tiles[:, :, some, rows].reshape(PAIRS, -1)).view(PAIRS, -1, channels)
        products = values.new_empty(PAIRS, values.shape[1], outputs)
        for pairs, own in kernels:
            torch.bmm(values[pairs], own if back else own.transpose(1, 2), out=products[pairs])
        made = torch.mm(OUTPUT, products.view(PAIRS, -1)).view(here.shape)
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
            yield slice(start, start + some), slice(first, first + each)


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
