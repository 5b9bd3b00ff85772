"""Tokenizers seen alike: texts become rows of numbers, and each token knows its characters."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.nn.functional import pad

from seewhy.errors import BadInput, Unsupported, first_line
from seewhy.texts.words import Word, words


@dataclass(frozen=True, eq=False)
class Row:
    """A text as the network reads it.

    ids, mask (l,): mask is 1 where a token stands; None where the network is not told how far a row is filled up.
    cut: tokens that did not fit. unknown: tokens in whose place one stands for all that is unknown.
    """

    text: str
    ids: Tensor
    mask: Tensor | None
    length: int  # tokens of the whole text, those that begin and end it included
    cut: int = 0
    unknown: int = 0
    clean: str = ""  # the text as it was taken apart
    spans: tuple[tuple[int, int, int], ...] = ()  # place, start and end in `clean`, of tokens that stand for characters

    @property
    def words(self) -> tuple[Word, ...]:
        return tuple(words(self.clean, self.spans))

    def without(self, places: Sequence[int], filler: int) -> "Row":
        """The row with some tokens left out; the others move up, and it is filled up behind them."""
        kept = [place for place in range(len(self.ids)) if place not in places]
        filled = pad(self.ids[kept], (0, len(places)), value=filler)
        mask = None if self.mask is None else pad(self.mask[kept], (0, len(places)))
        return replace(self, ids=filled, mask=mask, clean="", spans=())


class Tokenizer(Protocol):
    filler: int  # the number that fills a row up

    def row(self, text: str) -> Row:
        """Raises BadInput for a text without a token."""
        ...


def tokenizer(given: Any, length: int | None = None, *, full: bool = False) -> Tokenizer:
    """open_clip's tokenizers, those of transformers, or any function of a list of texts that gives ids (k,l).

    length: tokens that the network reads; full: whether rows are always filled up to it, and the network is not told.
    Raises Unsupported for anything else.
    """
    if all(hasattr(given, name) for name in ("encode", "byte_decoder", "context_length", "clean_fn", "pat")):
        return BytePairs(given)
    inner = getattr(given, "tokenizer", None)
    if hasattr(inner, "convert_ids_to_tokens"):
        return Wrapped(given, inner)
    if hasattr(given, "convert_ids_to_tokens"):
        return HuggingFace(given, _length(given, length), full)
    if callable(given) and not isinstance(given, type):
        return Plain(given)
    raise Unsupported(
        f"{given!r} is no tokenizer", "give open_clip.get_tokenizer(...), transformers' AutoTokenizer, or a function"
    )


def _length(given: Any, length: int | None) -> int:
    own = int(getattr(given, "model_max_length", 0) or 0)
    return min(one for one in (own or 10**9, length or 10**9))


def _checked(text: str, length: int, special: int) -> None:
    if length <= special or not text.strip():
        raise BadInput(f"the text {text!r} has no token", "give a text with words in it")


class BytePairs:
    """CLIP's own, as open_clip ships it: pieces of UTF-8, so that no text is unknown."""

    filler = 0

    def __init__(self, given: Any) -> None:
        self.given = given

    def row(self, text: str) -> Row:
        own, clean = self.given, self.given.clean_fn(text)
        pieces = [
            (match.start(), piece)
            for match in own.pat.finditer(clean)
            for piece in own.bpe("".join(own.byte_encoder[one] for one in match.group().encode())).split(" ")
        ]
        _checked(text, len(pieces), 0)
        (ids,) = own([text])
        fitting = pieces[: own.context_length - 2]
        length, cut = len(pieces) + 2, len(pieces) - len(fitting)
        return Row(text, ids, None, length, cut, clean=clean, spans=tuple(self._spans(fitting)))

    def _spans(self, pieces: Sequence[tuple[int, str]]) -> list[tuple[int, int, int]]:
        """A piece may end within a character, which it then shares with the next."""
        spans, begun, seen = [], -1, b""
        for place, (start, piece) in enumerate(pieces, 1):
            if start != begun:
                begun, seen = start, b""
            first = len(seen.decode(errors="ignore"))
            seen += bytes(self.given.byte_decoder[one] for one in piece.removesuffix("</w>"))
            last = len(seen.decode(errors="replace"))
            spans.append((place, start + first, start + last))
        return spans


class HuggingFace:
    """One of transformers'."""

    def __init__(self, given: Any, length: int, full: bool) -> None:
        self.given, self.most, self.full = given, length, full
        self.filler = int(given.pad_token_id or 0)

    def row(self, text: str) -> Row:
        return self.of(text, text)

    def of(self, text: str, clean: str) -> Row:
        """text: as it was given; clean: what is taken apart."""
        ids, spans, total = self._encoded(clean)
        special = self.given.num_special_tokens_to_add()
        _checked(text, total, special)
        unknown = self._unknown(ids, [place for place, _, _ in spans])
        if unknown and unknown == len(spans):
            raise BadInput(
                f"its tokenizer knows nothing in the text {text!r}", "write it in a language that the model was taught"
            )
        mask = None if self.full else torch.ones_like(ids)
        return Row(text, ids, mask, total, max(0, total - self.most), unknown, clean, tuple(spans))

    def _encoded(self, clean: str) -> tuple[Tensor, list[tuple[int, int, int]], int]:
        """ids (l,), (place, start, end) of each token that stands for characters, and how many the whole text has."""
        how: dict[str, Any] = {"return_special_tokens_mask": True, "max_length": self.most, "truncation": True}
        how |= {"padding": "max_length"} if self.full else {}
        offsets = bool(getattr(self.given, "is_fast", False))
        made = self.given(clean, return_offsets_mapping=offsets, **how)
        spans = []
        if offsets:
            plain = zip(made["offset_mapping"], made["special_tokens_mask"], strict=True)
            spans = [(i, int(a), int(b)) for i, ((a, b), special) in enumerate(plain) if b > a and not special]
        return torch.tensor(made["input_ids"]), spans, len(self.given(clean, verbose=False)["input_ids"])

    def _unknown(self, ids: Tensor, places: Sequence[int]) -> int:
        unknown = self.given.unk_token_id
        if unknown is None or unknown == self.given.eos_token_id:  # bytes: nothing is unknown
            return 0
        return int((ids[list(places)] == unknown).sum()) if places else 0


class Wrapped:
    """One of transformers' in open_clip's clothes: its own rows, and the inner one's characters."""

    def __init__(self, given: Any, inner: Any) -> None:
        self.given = given
        self.inner = HuggingFace(inner, int(given.context_length), full=True)
        self.filler = self.inner.filler

    def row(self, text: str) -> Row:
        clean = getattr(self.given, "clean_fn", str)(text)
        found = self.inner.of(text, clean)
        (ids,) = self.given([text])
        same = ids.shape == found.ids.shape and torch.equal(ids, found.ids)
        return replace(found, ids=ids, spans=found.spans if same else ())


class Plain:
    """A function of a list of texts: ids (k,l). Nothing is known of its tokens."""

    filler = 0

    def __init__(self, given: Callable[[list[str]], Tensor]) -> None:
        self.given = given

    def row(self, text: str) -> Row:
        try:
            ids = torch.as_tensor(self.given([text]))
        except Exception as error:  # whatever a function of the user's does
            raise BadInput(
                f"the tokenizer raised {type(error).__name__}: {first_line(error)}", f"it was given [{text!r}]"
            ) from error
        if ids.ndim != 2 or len(ids) != 1 or ids.is_floating_point():
            raise BadInput(f"the tokenizer returned {tuple(ids.shape)} for one text", "return whole numbers (k,l)")
        return Row(text, ids[0], None, int(ids.shape[1]))
