"""Image-text networks, and the texts that come with a call."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from torch import nn

from seewhy.asked import MINUS, RANK, TOP, listed
from seewhy.errors import BadOption
from seewhy.model import Model
from seewhy.model.identity import unwrapped
from seewhy.targets import Contrast, Negative, Rest
from seewhy.texts.model import TextModel
from seewhy.texts.prompts import as_templates
from seewhy.texts.towers import towers

__all__ = ["TextModel", "image_text", "texts_in", "texts_typed", "with_texts"]

HINT = "name some as targets, or to compare with: target='a photo of a dog', texts=[...] (--target, --text)"


def image_text(
    network: Any,
    tokenizer: Any,
    *,
    mean: Any = None,
    std: Any = None,
    size: Any = None,
    texts: Sequence[str] = (),
    templates: Any = None,
    **how: Any,
) -> TextModel:
    """A Model of an image-text network of one's own: CLIP, SigLIP and alike, of open_clip or of transformers.

    tokenizer: open_clip's, one of transformers, or a function of a list of texts that gives ids (k,l). mean, std, size
    and others: as seewhy.Model has them; what an open_clip network says of itself need not be given. texts: what
    pictures are compared with, where that is not left to the targets. templates: "imagenet", or sentences with {}.
    Raises Unsupported for a network or a tokenizer of another kind.
    """
    module = unwrapped(network) if isinstance(network, nn.Module) else network
    visual = getattr(module, "visual", None)
    own = getattr(visual, "preprocess_cfg", None) or {}
    given: dict[str, Any] = {"mean": mean or own.get("mean"), "std": std or own.get("std"), **how}
    given |= {"size": size or getattr(visual, "image_size", None), "templates": as_templates(templates)}
    return TextModel(module, classes=tuple(texts), towers=towers(module, tokenizer), **given)


def with_texts(model: Model, targets: Iterable[Any], texts: Any = None, templates: Any = None) -> Model:
    """The model; where it takes texts, with these and, where it has none yet, those among the targets for its classes.

    Raises BadOption for texts that the model does not take, and where it has none to compare with.
    """
    extra = [] if texts is None else listed(texts, "texts", "give a list of texts: texts=['a cat', 'a dog']")
    if not isinstance(model, TextModel):
        if texts is not None or templates is not None:
            raise BadOption(f"texts for {model.name}, which takes none", "load openclip:ViT-B-32, or another CLIP")
        return model
    if model.classes and not extra and templates is None:
        return model
    found = list(model.classes) or [text for target in targets for text in texts_in(target)]
    every = tuple(found) + tuple(text for text in dict.fromkeys(extra) if text not in found)
    if not every:
        raise BadOption(f"{model.name} compares pictures with texts, and there is none", HINT)
    return model.bound(every if model.classes else dict.fromkeys(every), templates)


def texts_in(target: Any) -> Iterator[str]:
    """The texts that a target names."""
    if isinstance(target, str):
        yield target
    elif isinstance(target, list | tuple):
        for one in target:
            yield from texts_in(one)
    elif isinstance(target, Contrast):
        yield from texts_in(target.this)
        yield from texts_in(target.other)
    elif isinstance(target, Negative | Rest):
        yield from texts_in(target.of)


def texts_typed(target: str, known: Sequence[str] = ()) -> list[str]:
    """The texts in a target as it is typed, both of a contrast. known: texts, in which " - " is part of the text."""
    plain = target.strip()
    if plain.lower() in TOP or plain.lower().startswith(RANK):
        return []
    this, minus, other = plain.partition(MINUS)
    return [*texts_typed(this, known), *texts_typed(other, known)] if minus and plain not in known else [plain]
