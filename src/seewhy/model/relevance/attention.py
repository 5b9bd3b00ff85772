"""Relevance through attention, fused or spelled out: AttnLRP, Achtibat et al., arXiv:2402.05602.

The products of weights and values, and of queries and keys, give half to each side; the softmax is linearised.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from seewhy.errors import Unsupported
from seewhy.model.attention import AttentionArgs
from seewhy.model.relevance.contraction import contracted
from seewhy.model.relevance.operators import Linear
from seewhy.model.relevance.products import shared
from seewhy.model.relevance.run import Run, inner
from seewhy.model.relevance.structure import ELSE
from seewhy.model.relevance.sums import added, masked


def softmax(run: Run, x: Tensor, dim: int | None = None, *args: Any, dtype: Any = None, **_kwargs: Any) -> Tensor:
    dtype = next((one for one in args if isinstance(one, torch.dtype)), dtype)
    if dim is None:
        raise Unsupported("lrp has no rule for a softmax over an axis that is not named", "name it: softmax(x, dim)")
    found: Tensor = _Softmax.apply(x if dtype is None else x.to(dtype), run.sink("softmax"), dim)
    run.gates[found] = True  # of a signal that it multiplies number by number
    return found


class _Softmax(torch.autograd.Function):
    """s = softmax(x) as its expansion at x, whose gradient gives x_i (R_i - s_i sum R); the rest is absorbed.

    What is absorbed does not depend on the shift of x, which is log s but for one.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, sink: Tensor, dim: int) -> Tensor:
        s = x.softmax(dim)
        ctx.s, ctx.dim, ctx.images = s.clone(), dim, len(sink)
        return s

    @staticmethod
    def backward(ctx: Any, c: Tensor) -> tuple[Any, ...]:
        s, dim = ctx.s, ctx.dim
        logs = torch.xlogy(s, s)
        kept = inner(c, s - logs + s * logs.sum(dim, keepdim=True), ctx.images)
        return s * (c - (s * c).sum(dim, keepdim=True)), kept, None


@dataclass(frozen=True)
class Pieces:
    """What attention is made of, each with the rule's backward."""

    linear: Callable[..., Tensor]  # (run, x, weight, bias)
    product: Callable[..., Tensor]  # (run, a, b)
    softmax: Callable[..., Tensor]  # (run, x, dim)
    added: Callable[..., Tensor]  # (run, x, constant or not)
    masked: Callable[..., Tensor]  # (run, x, mask, value)
    scaled: Callable[..., Tensor]  # (x, number)


def attend(
    pieces: Pieces,
    run: Run,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """scaled_dot_product_attention (b,m,n,d), with its matrix of weights in the graph."""
    q, k, v = query, key, value
    if enable_gqa:
        k, v = (one.repeat_interleave(q.shape[-3] // one.shape[-3], -3) for one in (k, v))
    scaled = pieces.scaled(q, q.shape[-1] ** -0.5 if scale is None else scale)
    dots = pieces.product(run, scaled, k.transpose(-1, -2))
    if is_causal:
        attn_mask = torch.ones(dots.shape[-2:], dtype=torch.bool, device=dots.device).tril()
    if attn_mask is not None:
        is_bool = attn_mask.dtype == torch.bool
        dots = pieces.masked(run, dots, ~attn_mask, -torch.inf) if is_bool else pieces.added(run, dots, attn_mask)
    return pieces.product(run, pieces.softmax(run, dots, -1) if dots.requires_grad else dots.softmax(-1), v)


def product(_run: Run, a: Tensor, b: Tensor) -> Tensor:
    return shared(torch.matmul, a, b) if a.requires_grad and b.requires_grad else torch.matmul(a, b)


def multi_head(pieces: Pieces, run: Run, *args: Any, **kwargs: Any) -> tuple[Tensor, Tensor | None]:
    """multi_head_attention_forward of tokens (l,b,e); the weights, for whoever asks, are constants."""
    own = AttentionArgs(*args, **kwargs)
    odd = (own.bias_k, own.bias_v, own.static_k, own.static_v, own.key_padding_mask)
    if any(one is not None for one in odd) or own.add_zero_attn or own.query.ndim != 3:
        raise Unsupported("lrp has no rule for an nn.MultiheadAttention that adds keys or masks some", ELSE)
    q, k, v = (_heads(one, own.num_heads) for one in _projected(pieces, run, own))
    found = attend(pieces, run, q, k, v, own.attn_mask, is_causal=own.is_causal and own.attn_mask is None)
    tokens = pieces.linear(run, found.transpose(1, 2).flatten(2), own.out_proj_weight, own.out_proj_bias)
    return tokens.transpose(0, 1), _told(own, q, k) if own.need_weights else None


def _projected(pieces: Pieces, run: Run, own: AttentionArgs) -> list[Tensor]:
    """Queries, keys and values (b,l,e)."""
    if own.use_separate_proj_weight:
        weights = (own.q_proj_weight, own.k_proj_weight, own.v_proj_weight)
    elif own.query is own.key and own.key is own.value:
        found = pieces.linear(run, own.query.transpose(0, 1), own.in_proj_weight, own.in_proj_bias)
        return list(found.chunk(3, -1))
    else:
        weights = own.in_proj_weight.chunk(3)
    biases = (None,) * 3 if own.in_proj_bias is None else own.in_proj_bias.chunk(3)
    given = (own.query.transpose(0, 1), own.key.transpose(0, 1), own.value.transpose(0, 1))
    return [pieces.linear(run, *one) for one in zip(given, weights, biases, strict=True)]


def linear(run: Run, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    with torch.no_grad():
        z = F.linear(x, weight, bias)
    return contracted(run, run.preset.linear, Linear.of(weight, bias), x, z) if x.requires_grad else z


PIECES = Pieces(linear, product, softmax, added, masked, torch.mul)


def _heads(tokens: Tensor, heads: int) -> Tensor:
    """(b,l,e) -> (b,m,l,d)."""
    parted: Tensor = tokens.unflatten(2, (heads, -1))
    return parted.transpose(1, 2)


def _told(own: AttentionArgs, q: Tensor, k: Tensor) -> Tensor:
    with torch.no_grad():
        dots = q @ k.transpose(-1, -2) * q.shape[-1] ** -0.5
        dots = dots if own.attn_mask is None else dots + own.attn_mask
        weights: Tensor = dots.softmax(-1)
    return weights.mean(1) if own.average_attn_weights else weights
