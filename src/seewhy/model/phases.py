"""Back through a strided convolution to a picture: one convolution of stride 1 that makes a block of pixels for each
place, instead of a window for each of which many are added up.

With a stride of 2 every second pixel meets the same part of a kernel: a picture's pixels have four phases, and those
of a colour are four channels (sub-pixel convolution, arXiv:1609.05158).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from seewhy.model import columns
from seewhy.model.packed import Convolution, Pair

LANES = 16  # channels that a processor makes at once
ADDED = 2  # what a number of a window costs that is made and added up, in numbers that are made


@dataclass(frozen=True, eq=False)
class Phased:
    """conv: its outputs are colours by rows by columns of a block of stride x stride pixels. first: so many of its
    places are above and left of the picture. behind: so many more blocks than places, a side, come of it."""

    conv: Convolution
    stride: int
    first: int
    behind: int

    def __call__(self, grad: Tensor, shape: Sequence[int]) -> Tensor:
        """The gradient (n,i,h,w) at an input of this shape, of that at the output."""
        high, wide = (-(-side // self.stride) for side in shape[2:])
        more = [max(0, has - side - self.behind) for has, side in zip((high, wide), grad.shape[2:], strict=True)]
        if any(more):  # pixels behind the last whole window
            grad = F.pad(grad, (0, more[1], 0, more[0])).contiguous(memory_format=torch.channels_last)
        blocks = self.conv(grad)[:, :, self.first : self.first + high, self.first : self.first + wide]
        return F.pixel_shuffle(blocks, self.stride)[:, :, : shape[2], : shape[3]]


def phased(weight: Tensor, stride: Pair, padding: Pair, dilation: Pair, groups: int) -> Phased | None:
    """For a convolution with a weight (o,i,k,k); None where it takes no less time than columns.py."""
    square = weight.shape[2] == weight.shape[3] and stride[0] == stride[1] and padding[0] == padding[1]
    step, margin, side = stride[0], padding[0], weight.shape[2]
    if not (columns.suits(weight, groups) and square and step > 1 and dilation == (1, 1)):
        return None
    # Pixel r of block a is at place r + margin - step * (y - a) of window y. near: y - a of windows that reach a pixel.
    reach = range(margin - side + 1, margin + step)
    near = [at for at in range(-side, margin + 1) if step * at in reach]
    colours, made = weight.shape[1], weight.shape[1] * step * step
    if -(-made // LANES) * LANES * len(near) ** 2 >= ADDED * colours * side * side:
        return None
    own = weight.new_zeros(colours, step, step, len(weight), len(near), len(near))
    for row in range(step):
        for column in range(step):
            for down, above in enumerate(near):
                for across, left in enumerate(near):
                    t, u = row + margin - step * above, column + margin - step * left
                    if 0 <= t < side and 0 <= u < side:
                        own[:, row, column, :, down, across] = weight[:, :, t, u].t()
    around = max(-near[0], near[-1], 0)
    conv = Convolution.of(own.flatten(0, 2), None, (1, 1), (around, around), (1, 1), 1)
    return Phased(conv, step, around + near[0], around - near[-1])
