"""How an image-text network is called: its two towers, and what turns a cosine into its logit."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from seewhy.errors import Unsupported, first_line
from seewhy.model.trace import frozen, inputs
from seewhy.texts.short import cut, short_vectors, shortens
from seewhy.texts.tokens import Row, Tokenizer, tokenizer

CHUNK = 32  # texts at a time
KNOWN = "CLIP, SigLIP and Chinese-CLIP are known to work"


@dataclass(frozen=True, eq=False)
class Towers:
    """The calls of one kind of network: open_clip's, unless `hub` says that it is one of transformers'.

    embedding: the layer, by its name, that turns tokens into vectors. short: texts may be given without what they are
    filled up with.
    """

    tokens: Tokenizer
    embedding: str = ""
    hub: bool = False
    short: bool = False

    def image(self, network: Any, x: Tensor) -> Tensor:
        """Vectors (b,e) of normalised pixels (b,c,h,w)."""
        return vector(network.get_image_features(pixel_values=x) if self.hub else network.encode_image(x))

    def text(self, network: Any, rows: Sequence[Row]) -> Tensor:
        """Vectors (k,e) of texts."""
        ids, mask = self.batch(rows, next(network.parameters()).device)
        return self.of_ids(network, ids, mask)

    def of_ids(self, network: Any, ids: Tensor, mask: Tensor | None) -> Tensor:
        """Vectors (k,e) of rows of tokens (k,l)."""
        if not self.hub:
            return vector(short_vectors(network, ids) if self.short else network.encode_text(ids))
        known = {} if mask is None else {"attention_mask": mask}
        return vector(network.get_text_features(input_ids=ids, **known))

    def batch(self, rows: Sequence[Row], device: torch.device) -> tuple[Tensor, Tensor | None]:
        """ids and mask (k,l), filled up to the longest, or cut to it."""
        length = max(len(row.ids) for row in rows)
        ids = torch.stack([_filled(row.ids, length, self.tokens.filler) for row in rows]).to(device)
        if self.short:
            return cut(ids, self.tokens.filler), None
        masks = [_filled(row.mask, length, 0) for row in rows if row.mask is not None]
        return ids, torch.stack(masks).to(device) if masks else None

    def logits(self, network: Any, cosines: Tensor) -> Tensor:
        bias = getattr(network, "logit_bias", None)
        scaled: Tensor = network.logit_scale.exp() * cosines
        return scaled if bias is None else scaled + bias

    def cosines(self, network: Any, logits: Tensor) -> Tensor:
        """What `logits` were made of."""
        bias = getattr(network, "logit_bias", None)
        found: Tensor = (logits if bias is None else logits - bias) / network.logit_scale.exp()
        return found


def towers(network: Any, given: Any) -> Towers:
    """How to call this network. given: its tokenizer. Raises Unsupported where that is not known."""
    if not isinstance(network, nn.Module):
        raise Unsupported(f"{type(network).__name__} is no nn.Module", "give an open_clip or a transformers CLIP model")
    names = ("encode_image", "encode_text"), ("get_image_features", "get_text_features")
    kinds = [all(hasattr(network, name) for name in both) for both in names]
    scale = getattr(network, "logit_scale", None)
    if not any(kinds) or not isinstance(scale, Tensor) or scale.numel() != 1:
        raise Unsupported(
            f"{type(network).__name__} is no image-text network of a kind known here",
            "CLIP, SigLIP and others with two towers and a logit_scale are, of open_clip and of transformers",
        )
    length, full = _reads(network)
    made = Towers(tokenizer(given, length, full=full), hub=not kinds[0])
    if made.hub:
        _agree(made, network)
    made = replace(made, embedding=_embedding(made, network))
    return made if made.hub else replace(made, short=shortens(network, made.tokens.filler))


def _reads(network: Any) -> tuple[int | None, bool]:
    """Tokens that a network of transformers reads, and whether it was trained on rows filled up to that."""
    config = getattr(network, "config", None)
    length = getattr(getattr(config, "text_config", None), "max_position_embeddings", None)
    return length, str(getattr(config, "model_type", "")).startswith("siglip")


def _embedding(made: Towers, network: nn.Module) -> str:
    """The layer that is given the tokens themselves, and not their places or kinds."""
    length = getattr(network, "context_length", 4)
    ids = nn.functional.pad(torch.arange(1, 5), (0, length - 4))[None].to(next(network.parameters()).device)
    layers = [name for name, one in network.named_modules() if isinstance(one, nn.Embedding)]
    try:
        with frozen(network), torch.no_grad(), ExitStack() as stack:
            seen = {name: stack.enter_context(inputs(network, name)) for name in layers}
            made.of_ids(network, ids, torch.ones_like(ids) if made.hub else None)
    except Exception as error:  # a text tower that asks for more than tokens
        raise Unsupported(f"{type(network).__name__} can't read a text: {first_line(error)}", KNOWN) from error
    for name, given in seen.items():
        if given and torch.equal(given[0], ids):
            return str(name)
    raise Unsupported(f"{type(network).__name__} has no embedding of tokens", "give a network with a text tower")


def vector(found: Any) -> Tensor:
    """The vectors in what a tower returns."""
    found = found if isinstance(found, Tensor) else getattr(found, "pooler_output", None)
    if not isinstance(found, Tensor) or found.ndim != 2:
        raise Unsupported("a tower of the network returns no vector for each image or text", "give a CLIP-like network")
    return found


def _agree(made: Towers, network: Any) -> None:
    """Raise Unsupported where a network of transformers makes other logits of a picture and a text than we do."""
    where, side = next(network.parameters()).device, network.config.vision_config.image_size
    height, width = (side, side) if isinstance(side, int) else side
    x = torch.rand((1, 3, height, width), generator=torch.Generator().manual_seed(0)).to(where, network.dtype)
    ids = torch.arange(1, 5, device=where)[None]  # whatever they stand for
    try:
        with frozen(network), torch.no_grad():
            wanted = network(input_ids=ids, pixel_values=x, attention_mask=torch.ones_like(ids)).logits_per_image
            vectors = made.image(network, x), made.of_ids(network, ids, torch.ones_like(ids))
            image, text = (nn.functional.normalize(one, dim=-1) for one in vectors)
            found = made.logits(network, image @ text.T)
    except Exception as error:  # whatever networks of other kinds ask for
        raise Unsupported(
            f"{type(network).__name__} can't compare a picture with a text: {first_line(error)}", KNOWN
        ) from error
    if found.shape != wanted.shape or (found - wanted).abs().max() > 1e-3 * wanted.abs().max().clamp_min(1e-3):
        raise Unsupported(f"{type(network).__name__} compares pictures and texts in another way than CLIP does", KNOWN)


def _filled(row: Tensor, length: int, filler: int) -> Tensor:
    return nn.functional.pad(row, (0, length - len(row)), value=filler)
