"""A tree as a page to look around in."""

import io
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps

from seewhy.asked import listed, whole
from seewhy.errors import BadInput, UnknownName
from seewhy.images import decoded, expand
from seewhy.images.files import is_photo
from seewhy.labels import find
from seewhy.model import Model
from seewhy.results.decisions import Decisions
from seewhy.results.hierarchy import Hierarchy
from seewhy.results.tree_view import TreeView
from seewhy.sources import as_model
from seewhy.trees.deciding import decide
from seewhy.trees.inducing import induce
from seewhy.types import ModelCard, Preprocess

EACH, THUMB = 3, 64  # pictures of a class, and pixels of a side


def view(
    model: Model | str | None = "default",
    photo: Any = None,
    hierarchy: Hierarchy | None = None,
    rule: str = "soft",
    *,
    images: "str | os.PathLike[str] | None" = None,
    marked: Sequence[int | str] = (),
) -> TreeView:
    """A tree, with a photo's probabilities where there is one; `save` writes the page.

    model: whose classes the leaves are; None for a tree alone. photo: as `decide` takes it. images: a folder with a
    folder, or a picture, for each class, called as the class or as the leaf's id ("n02123045", "n02123045_tabby.jpg").
    marked: classes whose way from the root is marked. Raises BadInput where no picture belongs to a class.
    """
    run = None if model is None else as_model(model)
    found: Decisions | None = None
    if photo is not None:
        if run is None:
            raise BadInput("a photo and no model to look at it", "name the model")
        found = decide(run, photo, hierarchy, rule)
    if hierarchy is None and run is None:
        raise BadInput("no tree to look at", "give a hierarchy or a model")
    tree = found.tree if found else induce(run) if hierarchy is None else hierarchy
    labels = _labels(tree, run)
    card = ModelCard("") if run is None else replace(run.card, fingerprint=run.fingerprint)
    pictures, notes = leaf_pictures(images, tree, labels)
    asked = listed(marked, "marked", "give a list of classes")
    numbers = tuple(_number(one, labels) for one in asked)
    return TreeView(tree, labels, card, found, pictures, numbers, notes)


def _labels(tree: Hierarchy, model: Model | None) -> tuple[str, ...]:
    if model is None or not model.classes:
        return tuple(map(tree.called, tree.leaves))
    if len(model.classes) != len(tree.leaves):
        raise BadInput(
            f"a tree of {len(tree.leaves)} classes for {model.name}, which has {len(model.classes)}",
            "give the tree of this model's classes",
        )
    return tuple(model.classes)


def _number(asked: int | str, labels: Sequence[str]) -> int:
    if isinstance(asked, str):
        return find(asked, labels)
    number = whole(asked, "a marked class")
    if not 0 <= number < len(labels):
        raise UnknownName(f"class {number} of a tree with {len(labels)} classes", f"classes are 0 to {len(labels) - 1}")
    return number


def leaf_pictures(
    folder: "str | os.PathLike[str] | None", tree: Hierarchy, labels: Sequence[str]
) -> tuple[Mapping[int, tuple[bytes, ...]], tuple[str, ...]]:
    """Small pictures of classes, at most three each, and what must be said of those left out."""
    if folder is None:
        return {}, ()
    root = Path(folder)
    if not root.is_dir():
        raise BadInput(f"no such folder: {root}", "name one with a folder or a picture for each class")
    known = _by_name(tree, labels)
    chosen: dict[int, list[Path]] = {}
    strange: list[str] = []
    for entry in sorted(root.iterdir()):
        if entry.name.startswith(".") or not (entry.is_dir() or is_photo(entry)):
            continue
        number = _class(entry.name if entry.is_dir() else entry.stem, known)
        if number is None:
            strange.append(entry.name)
        else:
            chosen.setdefault(number, []).extend(expand([entry]))
    if not chosen:
        raise BadInput(
            f"no picture in {root} is called as a class", f"call folders or pictures {labels[0]!r}, {labels[-1]!r}, ..."
        )
    paths = [(number, path) for number, own in sorted(chosen.items()) for path in own[:EACH]]
    made: dict[int, tuple[bytes, ...]] = {}
    plain = Preprocess((0.0,) * 3, (1.0,) * 3, (8, 8))
    for (number, path), one in zip(paths, decoded([path for _, path in paths], plain, thumb=2 * THUMB), strict=True):
        if one.error is None:
            made[number] = (*made.get(number, ()), _square(one.thumb))
        else:
            strange.append(path.name)
    few = ", ".join(strange[:3])
    return made, (f"pictures left out: {len(strange)}, such as {few}",) if strange else ()


def _square(thumb: bytes) -> bytes:
    """The middle of a picture, as WebP."""
    held = io.BytesIO()
    with Image.open(io.BytesIO(thumb)) as picture:
        ImageOps.fit(picture.convert("RGB"), (THUMB, THUMB)).save(held, "WEBP", quality=85)
    return held.getvalue()


def _by_name(tree: Hierarchy, labels: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for number, (label, leaf) in enumerate(zip(labels, tree.leaves, strict=True)):
        for name in (label, tree.ids[leaf], tree.names[leaf]):
            found.setdefault(_plain(name), number)
    return found


def _class(name: str, known: Mapping[str, int]) -> int | None:
    """The class that a file's name tells: all of it, or the id before its first underscore, or the rest."""
    before, _, after = name.partition("_")
    return next((known[one] for one in map(_plain, (name, before, after)) if one in known), None)


def _plain(name: str) -> str:
    return " ".join(name.replace("_", " ").casefold().split())
