"""Sets of pictures: of a concept, random ones, of a class. Each picture is known by its content."""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path, PurePath
from typing import Any

import numpy as np
from torch import Tensor

from seewhy.errors import BadInput
from seewhy.images import expand, load, rows_of
from seewhy.types import Pixels, Preprocess

FEWEST = 10  # pictures a set: with fewer a direction is a few pictures' own
PAIRS = 10  # random sets, at least


@dataclass(frozen=True, eq=False)
class Picture:
    """A file that is read when it is needed, or pixels (1,c,h,w). sha256: of the file, or of the pixels."""

    source: Any
    sha256: str
    name: str

    def pixels(self, preprocess: Preprocess) -> Pixels:
        return self.source if isinstance(self.source, Tensor) else load(self.source, preprocess)[0]


@dataclass(frozen=True, eq=False)
class Pictures:
    """A set of pictures and its name."""

    name: str
    each: tuple[Picture, ...]

    def __len__(self) -> int:
        return len(self.each)

    @property
    def content(self) -> frozenset[str]:
        return frozenset(one.sha256 for one in self.each)


def pictures(name: str, asked: Any, preprocess: Preprocess, fewest: int = FEWEST) -> Pictures:
    """A set from a folder, a list of what `seewhy.explain` takes, or a tensor (n,c,h,w) or array (n,H,W,3).

    A picture that is there twice counts once. Raises BadInput for a folder without photos and for fewer than `fewest`.
    """
    found = _rows(asked, preprocess) if isinstance(asked, Tensor) else [_picture(o, preprocess) for o in _listed(asked)]
    each = tuple({one.sha256: one for one in found}.values())
    if len(each) < fewest:
        raise BadInput(f"{name} has {len(each)} different pictures", f"give at least {fewest}")
    return Pictures(name, each)


def randoms(asked: Any, preprocess: Preprocess, count: int | None, size: int) -> list[Pictures]:
    """Random sets of about `size` pictures: several folders or lists as they are, or one large one, cut into `count`.

    count: by default as many as there are, or as one folder gives, from 10 to 50. Raises BadInput where there are
    fewer than 10 sets.
    """
    parts = _apart(asked)
    if len(parts) > 1:
        found = [pictures(f"random {i}", one, preprocess) for i, one in enumerate(parts)]
        if len(found) < PAIRS:
            raise BadInput(f"there are {len(found)} random sets", f"give at least {PAIRS}: chance shows in many alone")
        return found
    every = pictures("the random pictures", parts[0], preprocess, 1).each
    size = min(size, len(every) // PAIRS) if count is None else len(every) // count
    if size < FEWEST:
        wanted = FEWEST * (count or PAIRS)
        raise BadInput(f"{len(every)} random pictures make no {count or PAIRS} sets", f"give at least {wanted}")
    count = count or min(50, len(every) // size)
    order = np.random.default_rng(0).permutation(len(every))
    chosen = (order[i * size : (i + 1) * size] for i in range(count))
    return [Pictures(f"random {i}", tuple(every[j] for j in part)) for i, part in enumerate(chosen)]


def check_apart(concepts: Sequence[Pictures], others: Sequence[Pictures]) -> None:
    """Raises BadInput where two sets are the same pictures, or share more than half of them."""
    sets = [(one.name, one.content) for one in (*concepts, *others)]
    for (name, content), (other, its) in combinations(sets, 2):
        both = len(content & its)
        if both * 2 > min(len(content), len(its)):
            what = "are the same pictures" if content == its else f"share {both} pictures"
            raise BadInput(f"{name} and {other} {what}", "what tells them apart is nothing: give other pictures")


def _apart(asked: Any) -> list[Any]:
    """The random sets that were given: several, or one large one."""
    if isinstance(asked, list | tuple) and asked and all(_is_set(one) for one in asked):
        return [part for one in asked for part in _apart(one)]
    if _is_path(asked) and Path(asked).is_dir():
        inner = sorted(one for one in Path(asked).iterdir() if one.is_dir() and not one.name.startswith("."))
        return list(inner) if inner else [asked]
    return [asked]


def _is_set(one: Any) -> bool:
    if _is_path(one):
        return Path(one).is_dir()
    return isinstance(one, list | tuple) or (getattr(one, "ndim", 0) == 4 and len(one) > 1)


def _is_path(one: Any) -> bool:
    return isinstance(one, str | os.PathLike)


def _listed(asked: Any) -> list[Any]:
    if _is_path(asked):
        return list(expand([asked]))
    if getattr(asked, "ndim", 0) == 4:
        return list(asked)
    return list(asked) if isinstance(asked, list | tuple) else [asked]


def _rows(asked: Tensor, preprocess: Preprocess) -> list[Picture]:
    """Pictures of a tensor (n,c,h,w), which is looked at once."""
    pixels, digests = rows_of(asked, preprocess)
    return [Picture(pixels[i : i + 1], one, f"image-{i}") for i, one in enumerate(digests)]


def _picture(one: Any, preprocess: Preprocess) -> Picture:
    if not _is_path(one):
        pixels, photo = load(one, preprocess)
        return Picture(pixels, photo.sha256, photo.name)
    try:
        with Path(one).open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        load(one, preprocess)  # says what is wrong with it
        raise
    return Picture(str(one), digest, PurePath(one).stem)
