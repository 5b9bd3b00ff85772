"""What each token of a picture attends to, in every call of attention: stored in bytes, with the error that costs."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seewhy.asked import one_of, whole
from seewhy.errors import BadOption
from seewhy.types import ModelCard, Photo

FUSIONS = ("mean", "max", "min")
Head = int | Literal["mean", "max", "min"]
Array = NDArray[np.float32]


class Other(NamedTuple):
    """A token beside the cells. kind: "cls", "distillation", "register", or "query" for one of the network's own."""

    kind: str
    number: int = 1

    def __str__(self) -> str:
        return self.kind if self.kind in ("cls", "distillation") else f"{self.kind}-{self.number}"


@dataclass(frozen=True, eq=False)
class Tokens:
    """at (r,q): where each cell of the picture stands among the tokens of all windows, w*n+i. others: the first ones
    of the only window."""

    at: NDArray[np.int64]
    others: tuple[Other, ...] = ()

    @property
    def cells(self) -> tuple[int, int]:
        rows, columns = self.at.shape
        return rows, columns


class Row(NamedTuple):
    """Of the matrix of weights, or a column: others (o,), cells (r,q), NaN for those of other windows."""

    others: Array
    cells: Array


@dataclass(frozen=True, eq=False)
class AttentionCall:
    """One call of attention: a weight is low + step * code, of m heads, n queries and n' keys in each window.

    codes (m,windows,n,n') are 0 to `levels`, low and step (m,windows,n) stand for a query's row. error: the most by
    which a stored weight differs from the network's. fused: how all heads were made into the one that is stored, or "".
    """

    number: int
    layer: str
    heads: int
    codes: NDArray[np.uint8]
    low: Array
    step: Array
    error: float
    queries: Tokens
    keys: Tokens
    levels: int = 255
    fused: str = ""

    def weights(self) -> Array:
        """(m,windows,n,n'), of one head where they are stored fused."""
        return np.asarray(self.low[..., None] + self.step[..., None] * self.codes.astype(np.float32))

    def attended(self, token: Any = "mean", head: Head = "mean", *, reverse: bool = False) -> Row:
        """What a token attends to, or with `reverse` what each query gives to it.

        token: a cell (row, column), the name of another token ("cls", "register-1"), or the "mean" of all cells.
        head: its number, or the "mean", "max" or "min" of all. Raises BadOption.
        """
        own, other = (self.keys, self.queries) if reverse else (self.queries, self.keys)
        weights = self._of(head)
        weights = weights.transpose(0, 2, 1) if reverse else weights
        chosen = _chosen(own, token)
        windows, rows = np.divmod(chosen, weights.shape[1])
        found = np.full((weights.shape[0], weights.shape[2]), np.nan)
        for window in np.unique(windows):
            found[window] = weights[window, rows[windows == window]].sum(0) / len(chosen)
        values = found.astype(np.float32).reshape(-1)
        return Row(values[: len(other.others)], values[other.at])

    def _of(self, head: Head) -> Array:
        """The weights (windows,n,n') of one head, or of all as one."""
        if self.fused and head != self.fused:
            raise BadOption(f"head is {head!r}, and only the {self.fused} was stored", "ask for heads='all'")
        if isinstance(head, str):
            return np.asarray(getattr(self.weights(), one_of(head, "head", FUSIONS))(0), dtype=np.float32)
        head = whole(head, "head", 0, self.heads - 1)
        return np.asarray(self.low[head][..., None] + self.step[head][..., None] * self.codes[head].astype(np.float32))

    def coarser(self, levels: int) -> "AttentionCall":
        """The same in fewer levels, and its error, which adds up."""
        if levels >= self.levels:
            return self
        codes = np.rint(self.codes * np.float32(levels / self.levels)).astype(np.uint8)
        made = replace(self, codes=codes, step=self.step * np.float32(self.levels / levels), levels=levels)
        return replace(made, error=self.error + float(np.abs(made.weights() - self.weights()).max(initial=0)))


def _chosen(tokens: Tokens, token: Any) -> NDArray[np.int64]:
    """Where the tokens asked for stand."""
    names = {str(one): i for i, one in enumerate(tokens.others)}
    if isinstance(token, str) and token in names:
        return np.array([names[token]])
    if isinstance(token, str) and token == "mean" and tokens.at.size:
        return tokens.at.reshape(-1)
    (rows, columns), known = tokens.cells, ", ".join([*["mean"] * bool(tokens.at.size), *names])
    hint = f"one of {known}" + (f", or (row, column) below {tokens.cells}" if tokens.at.size else "")
    if isinstance(token, str) or not isinstance(token, Sequence) or len(token) != 2 or not tokens.at.size:
        raise BadOption(f"no token is called {token!r}", hint)
    row, column = whole(token[0], "row", 0, rows - 1), whole(token[1], "column", 0, columns - 1)
    return np.array([tokens.at[row, column]])


@dataclass(frozen=True, eq=False)
class AttentionMaps:
    """The attention of one picture, a call after the other. It knows of no class."""

    calls: tuple[AttentionCall, ...]
    photo: Photo
    model: ModelCard
    notes: tuple[str, ...] = ()

    @property
    def error(self) -> float:
        """The most by which a stored weight differs from the network's."""
        return max(one.error for one in self.calls)

    def __len__(self) -> int:
        return len(self.calls)

    def __getitem__(self, number: int) -> AttentionCall:
        return self.calls[number]

    def save(self, file: "str | PathLike[str]", lang: str = "en") -> Path:
        """Write the viewer, one HTML file that opens from disk. Raises BadInput where the disk refuses."""
        from seewhy.render.attention_page import save  # the one look upwards, as Explanation.save's

        saved: Path = save(self, file, lang)
        return saved
