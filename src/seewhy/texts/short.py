"""Texts of open_clip, read up to their end: it fills each up to 77 tokens, of which few say anything, and what reads
tokens in order alone never looks at those behind."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

from seewhy.model.trace import frozen

POOLS = ("argmax", "eos")  # ways of finding the token that a text ends with
ALIKE = 1e-4  # of the largest number of a vector: how far apart both ways may round


def shortens(network: Any, filler: int) -> bool:
    """Whether a text without what it is filled up with has the same vector, tried on one of four tokens."""
    own = _reader(network)
    if own is None:
        return False
    most = max(one.num_embeddings for one in network.modules() if isinstance(one, nn.Embedding))
    row = [1, 2, 3, getattr(network, "text_eos_id", None) or getattr(own, "eos_id", None) or most - 1]
    row += [filler] * (len(own.positional_embedding) - len(row))
    ids = torch.tensor([row], device=next(network.parameters()).device)
    try:
        with frozen(network), torch.no_grad():
            vectors = network.encode_text(ids), short_vectors(network, cut(ids, filler))
        full, short = (nn.functional.normalize(one, dim=-1) for one in vectors)
    except Exception:  # a text tower of another kind: it is given all tokens
        return False
    return full.shape == short.shape and bool((full - short).abs().max() <= ALIKE * full.abs().max())


def cut(ids: Tensor, filler: int) -> Tensor:
    """Rows of tokens (k,l) up to where the last of them ends."""
    return ids[:, : int(ids.ne(filler).any(0).nonzero().max()) + 1]


def short_vectors(network: Any, ids: Tensor) -> Tensor:
    """Vectors (k,e) of rows of tokens (k,l), of which there may be fewer than the network reads."""
    own, until = _reader(network), ids.shape[1]
    assert own is not None  # asked before
    parts = {"positional_embedding": own.positional_embedding[:until], "attn_mask": own.attn_mask[:until, :until]}
    if own is not network:
        return _only(functional_call(own, parts, ids))
    return _only(functional_call(network, parts, (), {"text": ids}))


def _reader(network: Any) -> Any:
    """What adds places to tokens and hides those behind each: open_clip's CLIP itself, or its tower of texts."""
    for one, pool in ((network, "text_pool_type"), (getattr(network, "text", None), "pool_type")):
        mask, places = (getattr(one, name, None) for name in ("attn_mask", "positional_embedding"))
        if isinstance(mask, Tensor) and isinstance(places, Tensor) and getattr(one, pool, None) in POOLS:
            return one if _causal(mask, len(places)) and getattr(one, "cls_emb", None) is None else None
    return None


def _causal(mask: Tensor, length: int) -> bool:
    behind = torch.ones_like(mask, dtype=torch.bool).triu(1)
    return mask.shape == (length, length) and bool((mask[behind] == -torch.inf).all() and (mask[~behind] == 0).all())


def _only(found: Any) -> Tensor:
    """The vectors of texts in what a network or a tower returns."""
    if isinstance(found, dict):
        found = found["text_features"]
    elif isinstance(found, tuple):
        found = found[1]
    vectors: Tensor = found
    return vectors
