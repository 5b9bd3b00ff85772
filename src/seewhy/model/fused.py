"""One call of attention, and what the fused functions are in its terms: scaled_dot_product_attention's, torch's own
multi-head's."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Literal, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from seewhy.model.attention import AttentionArgs
from seewhy.model.linear import Layer


@dataclass(frozen=True)
class Axes:
    """How a call's tensors lie: "heads" (b,m,n,e), or (b,n,e) of one head; "folded" (b*m,n,e) of `heads` heads, as
    products of matrices want it; with windows on an axis of their own "windows" (b,w,m,n,e) or "within" (b,m,w,n,e)."""

    kind: Literal["heads", "folded", "windows", "within"] = "heads"
    heads: int = 1

    def headed(self, one: Tensor) -> Tensor:
        """As (b*windows,m,n,e)."""
        if self.kind == "within":
            return one.transpose(1, 2).flatten(0, 1)
        if self.kind == "windows":
            return one.flatten(0, 1)
        return one.unflatten(0, (-1, self.heads)) if one.ndim == 3 else one


@dataclass(frozen=True, eq=False)
class Attention:
    """One call: out (b,m,n,e) = weights (b,m,n,n') @ value (b,m,n',e), of m heads, n queries and n' keys.

    layer: the module it ran in. query, key: what the weights came from, where that was seen. shown: the weights, where
    the network computed them itself; a fused call's are computed again when asked for, and are in no graph.
    """

    layer: str
    value: Tensor
    out: Tensor
    query: Tensor | None = None
    key: Tensor | None = None
    bias: Tensor | None = None  # added before the softmax
    scale: float = 1.0
    shown: Tensor | None = None
    axes: Axes = Axes()

    def weights(self) -> Tensor:
        """(b,m,n,n'); rows add up to one unless the network mixed them afterwards."""
        if self.shown is not None:
            return self.shown.detach()
        assert self.query is not None and self.key is not None  # a fused call has both
        scores = self.scale * self.query.detach() @ self.key.detach().transpose(-2, -1)
        return (scores if self.bias is None else scores + self.bias.detach()).softmax(-1)

    def headed(self) -> "Attention":
        """The same call as (b*windows,m,n,e)."""
        if self.axes.kind == "heads" and self.out.ndim != 3:
            return self
        bias = self.bias if self.bias is None else self.bias.expand(*self.out.shape[:-1], self.value.shape[-2])
        given = (self.value, self.out, self.query, self.key, bias, self.shown)
        value, out, query, key, bias, shown = (None if one is None else self.axes.headed(one) for one in given)
        assert value is not None and out is not None
        return Attention(self.layer, value, out, query, key, bias, self.scale, shown)

    def of_heads(self, some: slice) -> "Attention":
        """The same call, of some of its heads."""

        def cut(one: Tensor | None) -> Tensor | None:
            return one if one is None or one.ndim < 4 or one.shape[-3] == 1 else one[:, some]

        query, key, bias, shown = (cut(one) for one in (self.query, self.key, self.bias, self.shown))
        return Attention(self.layer, self.value[:, some], self.out[:, some], query, key, bias, self.scale, shown)

    def weights_gradient(self, of_out: Tensor) -> Tensor:
        """The score's gradient with respect to the weights (b,m,n,n'), from that with respect to `out`."""
        return of_out @ self.value.detach().transpose(-2, -1)


class FusedArgs(NamedTuple):
    """Of torch.nn.functional.scaled_dot_product_attention."""

    query: Tensor
    key: Tensor
    value: Tensor
    attn_mask: Tensor | None = None
    dropout_p: float = 0.0
    is_causal: bool = False
    scale: float | None = None
    enable_gqa: bool = False


def twice_differentiable() -> AbstractContextManager[None]:
    """A `with` block in which fused attention runs by plain products, whose gradient has a gradient."""
    return sdpa_kernel(SDPBackend.MATH)


def fused(own: FusedArgs, out: Tensor) -> Attention:
    """A call of scaled_dot_product_attention, which returned `out`."""
    scale = own.query.shape[-1] ** -0.5 if own.scale is None else own.scale
    key, value = own.key, own.value
    if own.enable_gqa:
        shared = own.query.shape[-3] // key.shape[-3]
        key, value = (one.repeat_interleave(shared, -3) for one in (key, value))
    return Attention("", value, out, own.query, key, _bias(own), scale)


def _bias(own: FusedArgs) -> Tensor | None:
    """What is added before the softmax."""
    if own.is_causal:
        allowed = own.query.new_ones(own.query.shape[-2], own.key.shape[-2], dtype=torch.bool).tril()
        return _added(allowed, own.query, hides=False)
    return _added(own.attn_mask, own.query, hides=False)


def multi_head(
    own: AttentionArgs, keep: Callable[[Attention], Tensor], linear: Layer = F.linear
) -> tuple[Tensor, Tensor | None]:
    """torch's multi_head_attention_forward (n,b,e); `keep` is given its attention and says what goes on. linear:
    multiplies with its weights."""
    query, key, value = _projected(own, linear)
    masks = _masks(own, query)
    call = fused(FusedArgs(query, key, value, masks), F.scaled_dot_product_attention(query, key, value, masks))
    joined = keep(call).permute(2, 0, 1, 3).flatten(2)
    weights = call.weights() if own.need_weights else None
    output = linear(joined, own.out_proj_weight, own.out_proj_bias)
    return output, weights.mean(1) if weights is not None and own.average_attn_weights else weights


def _projected(own: AttentionArgs, linear: Layer) -> list[Tensor]:
    """Queries, keys and values (b,m,n,e)."""
    separate = own.use_separate_proj_weight
    weights = (own.q_proj_weight, own.k_proj_weight, own.v_proj_weight) if separate else own.in_proj_weight.chunk(3)
    biases = own.in_proj_bias.chunk(3) if own.in_proj_bias is not None else (None,) * 3
    given = (own.query, own.key, own.value)
    made = [linear(x, weight, bias) for x, weight, bias in zip(given, weights, biases, strict=True)]
    return [one.unflatten(-1, (own.num_heads, -1)).permute(1, 2, 0, 3) for one in made]


def _masks(own: AttentionArgs, query: Tensor) -> Tensor | None:
    """Both of its masks as one that is added, (b,m,n,n') or what broadcasts to it. True hides in them."""
    mask = _added(own.attn_mask, query, hides=True)
    if mask is not None and mask.ndim == 3:
        mask = mask.unflatten(0, (-1, query.shape[1]))
    padding = _added(own.key_padding_mask, query, hides=True)
    if padding is None:
        return mask
    return padding[:, None, None] if mask is None else mask + padding[:, None, None]


def _added(mask: Tensor | None, query: Tensor, *, hides: bool) -> Tensor | None:
    """A mask as what is added before the softmax; one of truths says what it hides, or what it leaves."""
    if mask is None or mask.dtype != torch.bool:
        return mask
    return query.new_zeros(mask.shape).masked_fill(mask if hides else ~mask, float("-inf"))
