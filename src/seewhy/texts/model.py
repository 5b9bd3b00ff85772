"""A Model of an image-text network: a classifier whose classes are texts."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from seewhy.errors import BadInput
from seewhy.model import Model
from seewhy.model.census import Census
from seewhy.scores import Outputs
from seewhy.texts.prompts import HOLE, as_templates
from seewhy.texts.tokens import Row
from seewhy.texts.towers import CHUNK, Towers
from seewhy.types import Need, Pixels

ALL = -1  # in the place of a text's number


@dataclass(frozen=True)
class Prompts:
    """Texts, the templates they were put into, and a row of tokens for each of both: rows[text][template]."""

    texts: tuple[str, ...]
    templates: tuple[str, ...]
    rows: tuple[tuple[Row, ...], ...]


@dataclass(frozen=True, eq=False)
class TextModel(Model):
    """A network that scores texts against pictures; its classes are the texts, and there may be none yet.

    Scores are the network's own logits: scale times cosine, and the bias that SigLIP has. templates: each is filled
    with the text, and the mean of their vectors counts; () is the text alone.
    Raises BadInput for a text without a word.
    """

    towers: Towers = field(kw_only=True)
    templates: Sequence[str] = field(default=(), kw_only=True)
    # What is made of them: rows of tokens, vectors and the weights that made them, and in one call pictures' vectors.
    prompts: Prompts | None = field(default=None, kw_only=True, repr=False)
    encoded: dict[tuple[int, int], tuple[Any, Tensor]] = field(default_factory=dict, kw_only=True, repr=False)
    seen: list[tuple[Pixels, Tensor]] | None = field(default=None, kw_only=True, repr=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        asked = tuple(self.classes), as_templates(self.templates)
        self._set(templates=asked[1])
        if self.prompts is None or (self.prompts.texts, self.prompts.templates) != asked:
            self._set(prompts=Prompts(*asked, tuple(self._rows_of(text) for text in self.classes)))
        told = {**dict(self.card.overrides), "classes": asked[0], "templates": asked[1]}
        overrides = tuple(
            (name, value) for name, value in told.items() if value or name not in ("classes", "templates")
        )
        self._set(card=replace(self.card, overrides=overrides))  # which texts a result compared is on record

    def bound(self, texts: Iterable[str], templates: Any = None) -> "TextModel":
        """The same network with these texts for classes."""
        own = self.templates if templates is None else as_templates(templates)
        return replace(self, classes=tuple(texts), templates=own, memo=None, encoded={})

    @property
    def judges(self) -> bool:
        """Whether each text is a yes or no of its own, as SigLIP has it; else the texts share the picture."""
        return getattr(self.module, "logit_bias", None) is not None

    @property
    def alone(self) -> bool:
        """Whether there is one text only, whose share would be all."""
        return len(self.classes) == 1 and not self.judges

    @property
    def rows(self) -> tuple[tuple[Row, ...], ...]:
        """The tokens of each text, a row a template."""
        assert self.prompts is not None
        return self.prompts.rows

    def offers_for(self, x: Pixels | None) -> Need:
        return super().offers_for(x) | Need.TEXT

    @property
    def kind(self) -> Outputs:
        """What its scores are."""
        return "binary" if self.judges else "logit"

    def census(self, x: Pixels | None = None) -> Census:
        """What the probe told; its outputs were vectors, in which no text's score is linear."""
        return replace(super().census(x), outputs=self.kind, output_shape=(len(self.classes),), head=None)

    def find(self, label: str) -> int:
        """A text as it stands, else by a part of it or its number, as other classes are."""
        texts = list(self.classes)
        return texts.index(label) if texts.count(label) == 1 else super().find(label)

    def similarity(self, outputs: Tensor) -> Tensor:
        """The cosines (b,k) in outputs (b,k)."""
        return self.towers.cosines(self.module, outputs)

    def shared(self) -> Self:
        made = super().shared()
        made._set(seen=[])
        return made

    def vectors(self, x: Pixels) -> Tensor:
        """Of pictures (b,c,h,w), of length 1: (b,e). Inside `with model.frozen()`; in one call one forward."""
        for known, found in self.seen or ():
            if known is x:
                return found
        programs = self.programs(x)
        run = (programs.scoring() if programs else None) or self._forward
        with torch.no_grad():
            parts = [super(TextModel, self)._counted(run(one)) for one in x.split(self._rows(x))]
        found = F.normalize(torch.cat(parts), dim=-1)
        if self.seen is not None:
            self.seen.append((x, found))
        return found

    def without_each(self, text: int) -> Tensor:
        """Vectors (m,e) of a text, of length 1, from which one of its words was left out; made once."""
        key = id(self.module), text
        made_of, made = self.encoded.get(key, (None, None))
        if made is None or made_of != self._known["weights"]:
            (row,) = self.rows[text]
            made = self._vectors([row.without(word.places, self.towers.tokens.filler) for word in row.words])
            self.encoded[key] = (self._known["weights"], made)
        return made

    def _run(self, x: Tensor) -> Tensor:
        """Vectors (b,e): what was found of the network, and its programs, are the same for all texts."""
        return self.towers.image(self.module, x)

    def _forward(self, x: Tensor) -> Any:
        return super().through(self.normalised(x))

    def through(self, normalised: Tensor) -> Any:
        return self._logits(super().through(normalised))

    def _counted(self, out: Any) -> Tensor:
        return self._logits(super()._counted(out))

    def _logits(self, vectors: Tensor) -> Tensor:
        texts = self.encoded[id(self.module), ALL][1]
        return self.towers.logits(self.module, F.normalize(vectors, dim=-1) @ texts.T)

    @contextmanager
    def frozen(self) -> Iterator[nn.Module]:
        with super().frozen() as module:
            key = id(module), ALL
            if self.encoded.get(key, (None,))[0] != self._known["weights"]:
                self.encoded[key] = (self._known["weights"], self._encode())
            yield module

    def _encode(self) -> Tensor:
        """Vectors (k,e) of the texts, of length 1."""
        if not self.rows:
            return self._vectors(self._rows_of("a"))[:0]
        every = self._vectors([row for rows in self.rows for row in rows])
        return F.normalize(every.unflatten(0, (len(self.rows), -1)).mean(1), dim=-1) if self.templates else every

    def _vectors(self, rows: Sequence[Row]) -> Tensor:
        with torch.no_grad():
            parts = [self.towers.text(self.module, rows[at : at + CHUNK]) for at in range(0, len(rows), CHUNK)]
        return F.normalize(torch.cat(parts), dim=-1).to(self.pixel_dtype)

    def _rows_of(self, text: str) -> tuple[Row, ...]:
        if not text.strip():
            raise BadInput("a text is empty", "give texts with words in them")
        return tuple(self.towers.tokens.row(one.replace(HOLE, text)) for one in self.templates or (HOLE,))
