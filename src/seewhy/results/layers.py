"""Every layer of a network: what it is, what it returns and sees, and how often it runs."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from seewhy.results.receptive import Receptive
from seewhy.types import ModelCard

Part = tuple[str, tuple[int, ...]]  # where in what a layer returns, and the shape there, of one image


@dataclass(frozen=True)
class LayerRow:
    """outputs, receptive: one a run. The receptive field is None where a layer mixes all places, or the calls don't
    tell. parameters: with those of the layers inside."""

    name: str
    kind: str
    outputs: tuple[tuple[Part, ...], ...]
    parameters: int
    receptive: tuple[Receptive | None, ...]

    @property
    def calls(self) -> int:
        return len(self.outputs)

    @property
    def used(self) -> Literal["never", "once", "several"]:
        return "never" if not self.calls else "once" if self.calls == 1 else "several"

    @property
    def output(self) -> str:
        """The shapes it returns, as text: each once."""
        return " | ".join(dict.fromkeys(", ".join(map(_shape, one)) for one in self.outputs))

    def as_data(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "type": self.kind,
            "used": self.used,
            "calls": self.calls,
            "outputs": [[{"part": part, "shape": list(shape)} for part, shape in one] for one in self.outputs],
            "parameters": self.parameters,
            "receptive_field": [one._asdict() if one else None for one in self.receptive],
        }


@dataclass(frozen=True)
class Layers:
    """All named layers, in the order in which the module holds them. size: (h,w) of the input that was looked at."""

    rows: tuple[LayerRow, ...]
    size: tuple[int, int]
    parameters: int
    model: ModelCard
    notes: tuple[str, ...] = ()

    def find(self, text: str) -> "Layers":
        """Those whose name or type holds every word of the text, capitals or not."""
        words = text.lower().split()
        return replace(
            self, rows=tuple(one for one in self.rows if all(w in f"{one.name} {one.kind}".lower() for w in words))
        )

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[LayerRow]:
        return iter(self.rows)

    def __getitem__(self, name: str) -> LayerRow:
        """A layer by its name. Raises KeyError."""
        found = {one.name: one for one in self.rows}
        return found[name]


def _shape(part: Part) -> str:
    name, shape = part
    said = " x ".join(map(str, shape)) or "1"
    return f"{name} {said}" if name else said
