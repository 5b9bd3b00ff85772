"""Attention in calls that are run again."""

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import torch.nn.functional as F
from torch import Tensor

from seewhy.model.fold import taken
from seewhy.model.linear import Layer
from seewhy.model.tape import Call, Slot


class AttentionArgs(NamedTuple):
    """Of torch.nn.functional.multi_head_attention_forward."""

    query: Any
    key: Any
    value: Any
    embed_dim_to_check: Any
    num_heads: Any
    in_proj_weight: Any
    in_proj_bias: Any
    bias_k: Any
    bias_v: Any
    add_zero_attn: Any
    dropout_p: Any
    out_proj_weight: Any
    out_proj_bias: Any
    training: Any = True
    key_padding_mask: Any = None
    need_weights: Any = True
    attn_mask: Any = None
    use_separate_proj_weight: Any = False
    q_proj_weight: Any = None
    k_proj_weight: Any = None
    v_proj_weight: Any = None
    static_k: Any = None
    static_v: Any = None
    average_attn_weights: Any = True
    is_causal: Any = False

    @property
    def plain(self) -> bool:
        """Whether tokens attend to each other and to nothing else, and nobody asks how much."""
        asked = (self.bias_k, self.bias_v, self.key_padding_mask, self.attn_mask, self.static_k, self.static_v)
        drops = self.training and self.dropout_p
        others = (self.add_zero_attn, self.need_weights, self.use_separate_proj_weight, self.is_causal, drops)
        tokens = isinstance(self.query, Slot) and self.query == self.key == self.value
        return tokens and all(one is None for one in asked) and not any(others)

    @property
    def followed(self) -> bool:
        """Whether it is attention among a batch of tokens, to none that no token stands behind."""
        added = self.bias_k is not None or self.bias_v is not None or self.add_zero_attn
        given = self.static_k is not None or self.static_v is not None
        return not added and not given and self.query.ndim == 3


@dataclass(frozen=True, eq=False)
class Attention:
    """nn.MultiheadAttention of a batch of tokens (l,b,e) with themselves.

    The module transposes a batch that comes first, and torch multiplies what lies so image by image where weights take
    no gradient. Here it is turned back and each product is one of all images. linear: multiplies with its weights.
    """

    own: AttentionArgs
    linear: Layer = F.linear

    __name__ = "multi_head_attention_forward"

    def __call__(self, query: Tensor) -> tuple[Tensor, None]:
        own, tokens = self.own, query.transpose(0, 1).contiguous()
        shape = *tokens.shape[:2], 3, own.num_heads, tokens.shape[2] // own.num_heads
        query, key, value = self.linear(tokens, own.in_proj_weight, own.in_proj_bias).view(shape).permute(2, 0, 3, 1, 4)
        found = F.scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2)
        return self.linear(found, own.out_proj_weight, own.out_proj_bias).transpose(0, 1), None


def batched(call: Call, linear: Layer = F.linear) -> Call:
    """nn.MultiheadAttention's function, in products for all images at once; any other call as it is."""
    own = taken(call, AttentionArgs) if call.function is F.multi_head_attention_forward else None
    return replace(call, function=Attention(own, linear), args=(own.query,), kwargs={}) if own and own.plain else call
