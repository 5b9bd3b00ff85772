"""Concept activation vectors: directions in a layer that point towards a concept, kept without pickle."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from os import PathLike
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from seewhy.errors import BadInput, UnknownName

VECTORS, INDEX = "cavs.safetensors", "cavs.json"


@dataclass(frozen=True, eq=False)
class Cav:
    """One concept at one layer: a direction (r,d) of length 1 a run, of vectors pooled as `pool` says.

    against: what it was told from, "random" or other concepts. accuracies: held-out, a run each.
    """

    concept: str
    layer: str
    against: str
    pool: str
    directions: NDArray[np.float32]
    accuracies: tuple[float, ...]

    @property
    def mean(self) -> NDArray[np.float32]:
        """The runs' middle direction (d,), of length 1."""
        middle = self.directions.mean(0)
        return np.asarray(middle / max(float(np.linalg.norm(middle)), 1e-30), np.float32)


@dataclass(frozen=True, eq=False)
class Cavs:
    """All of one call. model: the fingerprint of the network they belong to."""

    each: tuple[Cav, ...]
    model: str = ""

    def __getitem__(self, key: tuple[str, str]) -> Cav:
        """The one of (concept, layer) that was told from random pictures, else the first. Raises UnknownName."""
        found = [one for one in self.each if (one.concept, one.layer) == key]
        if not found:
            known = ", ".join(dict.fromkeys(f"{one.concept} at {one.layer}" for one in self.each))
            raise UnknownName(f"there is no CAV of {key[0]!r} at {key[1]!r}", f"there are: {known}")
        return next((one for one in found if one.against == "random"), found[0])

    def __len__(self) -> int:
        return len(self.each)

    def save(self, folder: "str | PathLike[str]") -> Path:
        """cavs.safetensors and cavs.json; `load_cavs(folder)` reads them. Raises BadInput."""
        path = Path(folder)
        said = [{**asdict(one), "directions": None} for one in self.each]
        try:
            path.mkdir(parents=True, exist_ok=True)
            save_file({str(i): np.ascontiguousarray(one.directions) for i, one in enumerate(self.each)}, path / VECTORS)
            (path / INDEX).write_text(json.dumps({"model": self.model, "cavs": said}, indent=1) + "\n", "utf-8")
        except OSError as error:
            raise BadInput(f"{path} can't be written: {error.strerror or error}", "choose another folder") from error
        return path


def load_cavs(folder: "str | PathLike[str]") -> Cavs:
    """What `Cavs.save` wrote. Nothing in the files is run. Raises BadInput."""
    path = Path(folder)
    try:
        index, vectors = json.loads((path / INDEX).read_text("utf-8")), load_file(path / VECTORS)
        each = tuple(_read(one, vectors[str(i)]) for i, one in enumerate(index["cavs"]))
        return Cavs(each, str(index["model"]))
    except OSError as error:
        raise BadInput(f"{path} holds no CAVs: {error.strerror or error}", f"name a folder with {INDEX}") from error
    except (ValueError, KeyError, TypeError, SafetensorError) as error:
        raise BadInput(f"the CAVs in {path} are broken ({error})", "save them again") from error


def _read(one: dict[str, object], directions: NDArray[np.float32]) -> Cav:
    accuracies = one["accuracies"]
    if not isinstance(accuracies, Sequence) or directions.ndim != 2:
        raise ValueError("no accuracies, or no list of vectors")
    words = {key: str(one[key]) for key in ("concept", "layer", "against", "pool")}
    return Cav(**words, directions=directions, accuracies=tuple(map(float, accuracies)))
