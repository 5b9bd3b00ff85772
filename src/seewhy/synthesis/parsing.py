"""Objectives as text.

    layer4:12                a channel
    layer4:12:3,4            a neuron, by row and column; layer4:12:center the one in the middle
    class:tabby              what the network answers for a class
    deepdream:layer4         the mean square of a layer
    direction:layer4:v.npy   the cosine with a vector; :3,4 and :center as above
    weighted:layer4:v.npy    channels times their weights; :3,4 and :center, and a group of 2 rows, 5 columns: :3,4:2,5
    style:layer4:photo.jpg   caricature:layer4:photo.jpg   difference:photo.jpg
    tv   l1   l2   l1:0.5   blur
    diversity:layer4   alignment:layer4   interpolate:layer4:12:layer4:30     of a batch

They add, subtract and scale: layer4:12 + 0.5*layer4:30 - 1e-3*tv. A name with other signs than letters, digits, _ . and
/ stands in double quotes; a class's name may hold anything but " + " and " - ".
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from seewhy.errors import BadInput, BadOption
from seewhy.synthesis import objectives as of
from seewhy.synthesis.objectives import Objective

EXAMPLE = "for example layer4:12, layer4:12:3,4, class:tabby or layer4:12 + 0.5*layer4:30 - 1e-3*tv"
NUMBER = re.compile(r"(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
NAME, CLASS = re.compile(r'"[^"]+"|[\w./]+'), re.compile(r'"[^"]+"|.+?(?=\s+[+-]\s|\s*$)')
ALONE = re.compile(r"(?:tv|l1|l2|blur)(?![\w.])")
FILE = re.compile(r'"[^"]+"|[^\s":]+(?::[\\/][^\s":]+)?')


class Unreadable(BadOption):
    """text: what was to be read; at: where it can't be."""

    def __init__(self, text: str, at: int, expected: str) -> None:
        self.text, self.at = text, at
        super().__init__(f"the objective can't be read at ^: {text[:at]}^{text[at:]}", f"{expected}; {EXAMPLE}")


def parse(text: str) -> Objective:
    """The objective that a text says. Raises Unreadable, its place marked by ^."""
    return _Reader(text).whole().named(" ".join(text.split()))


@dataclass
class _Reader:
    text: str
    at: int = 0

    def whole(self) -> Objective:
        made = self._signed(first=True)
        while self._skip() < len(self.text):
            made = made + self._signed(first=False)
        return made

    def _signed(self, *, first: bool) -> Objective:
        self._skip()
        sign = self._take("+", "-")
        if not sign and not first:
            raise self._wrong("+ or - is expected")
        one = self._scaled()
        return -one if sign == "-" else one

    def _scaled(self) -> Objective:
        self._skip()
        start, factor = self.at, 1.0
        if found := NUMBER.match(self.text, self.at):
            self.at = found.end()
            self._skip()
            if self._take("*"):
                factor = float(found[0])
                self._skip()
            else:
                self.at = start
        made = self._atom()
        self._skip()
        if self._take("/"):
            made = made / self._number()
        elif self._take("*"):
            made = made * self._number()
        return made if factor == 1 else factor * made

    def _atom(self) -> Objective:
        if found := ALONE.match(self.text, self.at):
            self.at = found.end()
            return KINDS[found[0]](self)
        bare = not self._peek('"')
        name = self._name("a layer, or one of " + ", ".join(KINDS))
        if bare and name in KINDS:
            return KINDS[name](self)
        if not self._take(":"):
            raise self._wrong(f"':' and a channel are expected behind layer {name!r}")
        if self._skip() == len(self.text) or not self.text[self.at].isdigit():
            raise self._wrong("the number of a channel is expected")
        return self._channel(name)

    def _channel(self, layer: str) -> Objective:
        index = self._whole("the number of a channel")
        if not self._take(":"):
            return of.channel(layer, index)
        return of.neuron(layer, index, *self._place())

    def _place(self) -> tuple[int, int] | tuple[None, None]:
        if self.text.startswith("center", self.at):
            self.at += len("center")
            return None, None
        return self._pair("a row", "a column")

    def _pair(self, first: str, second: str) -> tuple[int, int]:
        one = self._whole(first)
        if not self._take(","):
            raise self._wrong(f"',' and {second} are expected")
        return one, self._whole(second)

    def layer(self) -> str:
        self._colon("a layer")
        return self._name("a layer")

    def file(self) -> str:
        self._colon("a file")
        return self._match(FILE, "a file").strip('"')

    def label(self) -> str:
        self._colon("a class")
        self._skip()
        return self._match(CLASS, "a class").strip('"')

    def constant(self) -> float:
        return self._number() if self._take(":") else 0.0

    def vector(self) -> Any:
        start = self.at + 1
        return _vector(self.file(), lambda why: Unreadable(self.text, start, why))

    def direction(self) -> Objective:
        layer, vector = self.layer(), self.vector()
        if not self._take(":"):
            return of.direction(layer, vector)
        return of.direction_neuron(layer, vector, *self._place())

    def weighted(self) -> Objective:
        layer, vector = self.layer(), self.vector()
        if not self._take(":"):
            return of.weighted(layer, vector)
        place = self._place()
        if not self._take(":"):
            return of.weighted_neuron(layer, vector, *place)
        rows, columns = self._pair("a number of rows", "a number of columns")
        return of.weighted_neuron(layer, vector, *place, rows=rows, columns=columns)

    def alignment(self) -> Objective:
        layer = self.layer()
        return of.alignment(layer, self._number() if self._take(":") else 2.0)

    def interpolation(self) -> Objective:
        ends: list[Any] = []
        for _ in range(2):
            ends.append(self.layer())
            self._colon("a channel")
            ends.append(self._whole("the number of a channel"))
        return of.interpolation(*ends)

    def _colon(self, what: str) -> None:
        if not self._take(":"):
            raise self._wrong(f"':' and {what} are expected")

    def _name(self, what: str) -> str:
        return self._match(NAME, what).strip('"')

    def _match(self, pattern: re.Pattern[str], what: str) -> str:
        found = pattern.match(self.text, self.at)
        if not found:
            raise self._wrong(f"{what} is expected")
        self.at = found.end()
        return found[0]

    def _whole(self, what: str) -> int:
        found = re.compile(r"\d+(?![\w.])").match(self.text, self.at)
        if not found:
            raise self._wrong(f"{what} is expected")
        self.at = found.end()
        return int(found[0])

    def _number(self) -> float:
        self._skip()
        return float(self._match(NUMBER, "a number"))

    def _take(self, *signs: str) -> str:
        found = self.text[self.at : self.at + 1]
        if found and found in signs:
            self.at += 1
            return found
        return ""

    def _peek(self, sign: str) -> bool:
        return self.text.startswith(sign, self.at)

    def _skip(self) -> int:
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1
        return self.at

    def _wrong(self, expected: str) -> Unreadable:
        return Unreadable(self.text, self.at, expected)


def _vector(file: str, wrong: Callable[[str], Exception]) -> Any:
    if not Path(file).is_file():
        raise wrong("an .npy file with a vector is expected")
    try:
        return np.load(file, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise BadInput(f"{file} holds no array: {error}", "write one by numpy.save") from error


KINDS: Mapping[str, Callable[[_Reader], Objective]] = {
    "class": lambda own: of.logit(own.label()),
    "deepdream": lambda own: of.deepdream(own.layer()),
    "direction": _Reader.direction,
    "weighted": _Reader.weighted,
    "style": lambda own: of.style(own.layer(), own.file()),
    "caricature": lambda own: of.caricature(own.layer(), own.file()),
    "difference": lambda own: of.difference(own.file()),
    "tv": lambda own: of.total_variation(),
    "l1": lambda own: of.l1(own.constant()),
    "l2": lambda own: of.l2(own.constant()),
    "blur": lambda own: of.blur(),
    "diversity": lambda own: of.diversity(own.layer()),
    "alignment": _Reader.alignment,
    "interpolate": _Reader.interpolation,
}
