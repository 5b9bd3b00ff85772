"""Functions of many inputs written out in pieces that the rescale rule knows: single inputs, sums and products.

Each takes the pieces, and then what the function itself takes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from seewhy.errors import Unsupported


@dataclass(frozen=True)
class Pieces:
    """single: (function, x) and product: (bilinear function, a, b), each with the rule's backward."""

    single: Callable[..., Tensor]
    product: Callable[..., Tensor]


def softmax(pieces: Pieces, x: Tensor, dim: int, *_args: Any, **_kwargs: Any) -> Tensor:
    powers = pieces.single(torch.exp, x - _largest(x, dim))
    return pieces.product(torch.mul, powers, pieces.single(torch.reciprocal, powers.sum(dim, keepdim=True)))


def log_softmax(pieces: Pieces, x: Tensor, dim: int, *_args: Any, **_kwargs: Any) -> Tensor:
    x = x - _largest(x, dim)
    return x - pieces.single(torch.log, pieces.single(torch.exp, x).sum(dim, keepdim=True))


def layer_norm(
    pieces: Pieces, x: Tensor, shape: Any, weight: Any = None, bias: Any = None, eps: float = 1e-5, **_kwargs: Any
) -> Tensor:
    axes = tuple(range(-len(tuple(shape)), 0))
    x = x - x.mean(axes, keepdim=True)
    spread = pieces.single(torch.rsqrt, pieces.single(torch.square, x).mean(axes, keepdim=True) + eps)
    x = pieces.product(torch.mul, x, spread)
    x = x if weight is None else x * weight
    return x if bias is None else x + bias


def group_norm(
    pieces: Pieces, x: Tensor, groups: int, weight: Any = None, bias: Any = None, eps: float = 1e-5, **_kwargs: Any
) -> Tensor:
    cells = x.reshape(len(x), groups, -1)
    x = layer_norm(pieces, cells, cells.shape[2:], eps=eps).view_as(x)
    column = (-1, *[1] * (x.ndim - 2))
    x = x if weight is None else x * weight.view(column)
    return x if bias is None else x + bias.view(column)


def attention(
    pieces: Pieces,
    q: Tensor,
    k: Tensor,
    v: Tensor,
    attn_mask: Any = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    **_kwargs: Any,
) -> Tensor:
    if is_causal or (attn_mask is not None and attn_mask.dtype == torch.bool) or q.shape[-3] != k.shape[-3]:
        raise Unsupported("its attention is causal, masked or grouped", "use integrated_gradients")
    dots = pieces.product(torch.matmul, q * (q.shape[-1] ** -0.5 if scale is None else scale), k.transpose(-1, -2))
    dots = dots if attn_mask is None else dots + attn_mask
    return pieces.product(torch.matmul, softmax(pieces, dots, -1), v)


def _largest(x: Tensor, dim: int) -> Tensor:
    """Of an image and its baseline together: a shift both share leaves their difference as it is."""
    image, baseline = x.detach().chunk(2)
    return torch.maximum(image, baseline).amax(dim, keepdim=True).repeat(2, *[1] * (x.ndim - 1))


COMPOSED: Mapping[str, Callable[..., Tensor]] = {
    "softmax": softmax,
    "log_softmax": log_softmax,
    "layer_norm": layer_norm,
    "group_norm": group_norm,
    "scaled_dot_product_attention": attention,
}
