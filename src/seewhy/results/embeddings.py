"""Where a network puts many photos: a row of numbers each, and which lie next to which."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seewhy.asked import whole
from seewhy.errors import BadInput, BadOption, Unsupported
from seewhy.types import ModelCard, Passes

Array = NDArray[np.float32]
Pool = Literal["mean", "cls", "flatten"]
POOLS = ("mean", "cls", "flatten")
BLOCK = 512  # rows compared at a time


class Neighbour(NamedTuple):
    """number: of the photo. similarity: the cosine."""

    number: int
    similarity: float


@dataclass(frozen=True, eq=False)
class Embeddings:
    """values (n,d), a row a photo, in the order of `names`. failed: (name, problem) of what could not be used.

    layer: whose output they are. pool: how maps and tokens became a row. thumbs: small WebP pictures, if asked for.
    points (n,2): where a map puts them, `how` it was made; see `seewhy.inspect.project`.
    """

    values: Array
    names: tuple[str, ...]
    layer: str
    pool: str
    model: ModelCard
    passes: Passes
    failed: tuple[tuple[str, str], ...] = ()
    thumbs: tuple[bytes, ...] = ()
    points: Array | None = None
    how: str = ""
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.names)

    def nearest(self, query: "Array | int", most: int = 10) -> tuple[Neighbour, ...]:
        """The photos most like a row (d,), or like the photo of that number, which is left out: by the cosine."""
        own = query if isinstance(query, int) else None
        row = self.values[whole(query, "query", 0, len(self) - 1)] if own is not None else np.asarray(query)
        if row.shape != self.values.shape[1:]:
            raise BadOption(f"a query of shape {row.shape} among rows of {self.values.shape[1:]}", "embed it alike")
        return _first(unit(self.values) @ unit(row[None])[0], own, most)

    def neighbours(self, most: int = 10) -> list[tuple[Neighbour, ...]]:
        """Of each photo, the photos most like it."""
        units, found = unit(self.values), []
        for at in range(0, len(units), BLOCK):
            rows = units[at : at + BLOCK] @ units.T
            found += [_first(row, at + i, most) for i, row in enumerate(rows)]
        return found

    def save_values(self, file: "str | PathLike[str]") -> Path:
        """Write names and values: .npz, or .parquet with pyarrow, a row a photo.

        Raises BadInput where the disk refuses, Unsupported where pyarrow is missing, BadOption for another suffix.
        """
        from seewhy.render.document import written  # the one look upwards, as Explanation.save's

        suffix = Path(file).suffix.lower()
        if suffix not in WRITERS:
            raise BadOption(f"{Path(file).name} is no table's name", f"end it in {', '.join(WRITERS)}")
        saved: Path = written(file, WRITERS[suffix](self))
        return saved

    def save(self, file: "str | PathLike[str]", *, query: Any = None, most: int = 12, lang: str = "en") -> Path:
        """Write the map, one HTML file that opens from disk. query: another photo's Embeddings of one row.

        Raises BadInput where the disk refuses, BadOption where there are no points yet.
        """
        from seewhy.render.embeddings_page import save

        saved: Path = save(self, file, query=query, most=most, lang=lang)
        return saved


def unit(rows: Array) -> Array:
    """Rows (n,d) of length 1; one of zeros stays."""
    wide = rows.astype(np.float64)
    lengths = np.linalg.norm(wide, axis=1, keepdims=True)
    return np.asarray(wide / np.where(lengths == 0, 1, lengths), np.float32)


def _first(similar: Array, own: int | None, most: int) -> tuple[Neighbour, ...]:
    count = min(len(similar), whole(most, "most", low=1) + (own is not None))
    best = np.argpartition(-similar, count - 1)[:count]
    order = sorted(best.tolist(), key=lambda i: (-similar[i], i))
    return tuple(Neighbour(i, float(similar[i])) for i in order if i != own)[:most]


def _npz(found: Embeddings) -> bytes:
    held = io.BytesIO()
    points = {} if found.points is None else {"points": found.points}
    named: dict[str, Any] = {"names": np.array(found.names), "values": found.values, **points}
    np.savez(held, **named, layer=np.array(found.layer), pool=np.array(found.pool), model=np.array(found.model.name))
    return held.getvalue()


def _parquet(found: Embeddings) -> bytes:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise Unsupported("Parquet needs pyarrow", "pip install 'seewhy[tables]', or write .npz") from error
    count, width = found.values.shape
    flat = pyarrow.array(np.ascontiguousarray(found.values).reshape(-1))
    columns = {
        "name": pyarrow.array(list(found.names)),
        "embedding": pyarrow.FixedSizeListArray.from_arrays(flat, width),
        **({} if found.points is None else {"x": found.points[:, 0], "y": found.points[:, 1]}),
    }
    told = {"layer": found.layer, "pool": found.pool, "model": found.model.name, "rows": str(count)}
    held = io.BytesIO()
    parquet.write_table(pyarrow.table(columns).replace_schema_metadata(told), held)
    return held.getvalue()


WRITERS = {".npz": _npz, ".parquet": _parquet}


def checked(names: Sequence[str], failed: Sequence[tuple[str, str]]) -> None:
    """Raises BadInput where not one photo could be used."""
    if not names:
        first = f": {failed[0][1]}" if failed else ""
        raise BadInput(f"none of {len(failed)} photos could be used{first}", "pass JPEG, PNG or other image files")
