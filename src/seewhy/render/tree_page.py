"""A tree as a page: one self-contained HTML file to open, close, search and mark branches in."""

from collections.abc import Mapping, Sequence
from html import escape
from os import PathLike
from pathlib import Path
from typing import Any

from PIL import Image

from seewhy.lang import class_name, note, text
from seewhy.lang.catalog import messages
from seewhy.render.document import base64, document, embed, webp, written
from seewhy.render.embeddings_page import ACROSS, CELL, sheets
from seewhy.render.naming import notes, share, verdict
from seewhy.render.scene import smaller
from seewhy.results.decisions import Decisions
from seewhy.results.tree_view import TreeView

WORDS = ("tree_below", "tree_depth", "tree_share", "tree_all_way", "tree_found", "tree_opened", "tree_closed",
         "tree_classes")  # fmt: skip
SCRIPTS = ("maps.js", "tree_layout.js", "tree_draw.js", "tree_panel.js", "tree_input.js", "tree.js")
ROWS = 26  # nodes under each other, at most, that are open at first
PHOTO = 640  # pixels of the photo's longer side


def save(view: TreeView, file: str | PathLike[str], lang: str = "en") -> Path:
    """Write the page, whole or not at all. Raises BadInput where the disk refuses."""
    return written(file, tree_page(view, lang).encode())


def tree_page(view: TreeView, lang: str = "en") -> str:
    """An HTML document that opens from disk and asks nothing of any network."""
    parts = {"title": escape(_title(view, lang)), "data": embed(bundle(view, lang))}
    styles = ["page.css", "embeddings.css", "tree.css"]
    return document("tree.html", styles, SCRIPTS, parts, lang)


def bundle(view: TreeView, lang: str) -> dict[str, Any]:
    """All the page knows, as plain data. Probabilities are float32, one a node."""
    tree, found = view.tree, view.found
    placed, made = _pictures(view)
    labels = [""] * len(tree)
    for number, node in enumerate(tree.leaves):
        labels[node] = class_name(view.labels[number], lang, number)
    return {
        "title": _title(view, lang),
        "lead": text("tree_of", lang, count=len(tree.leaves), inner=len(tree.inner)),
        "words": {key: messages(lang)[key] for key in WORDS},
        "random": view.model.weights == "random",
        "ids": list(tree.ids),
        "names": list(tree.names),
        "labels": labels,
        "parents": list(tree.parents),
        "shares": None if found is None else base64(found.shares.astype("<f4")),
        "reached": None if found is None else base64(found.reached.astype("<f4")),
        "path": [] if found is None else [0, *(step.node for step in found.steps)],
        "photo": None if found is None else _photo(found, lang),
        "marked": [tree.leaves[number] for number in dict.fromkeys(view.marked)],
        "pictures": placed,
        "sheets": [webp(one, 76) for one in made],
        "cell": CELL,
        "across": ACROSS,
        "rows": ROWS,
        "details": _details(view, lang),
        "notes": [note(one, lang) for one in (*view.notes, *(notes(found) if found else ()))],
    }


def _title(view: TreeView, lang: str) -> str:
    if view.found is not None:
        return text("tree_prediction", lang, label=class_name(view.found.label, lang, view.found.index))
    return text("tree_title", lang, model=view.model.name) if view.model.name else text("tree_alone", lang)


def _photo(found: Decisions, lang: str) -> dict[str, str]:
    said = f"{class_name(found.label, lang, found.index)} {share(found.probability)}: {verdict(found, lang)}"
    pixels = smaller(found.photo.pixels, PHOTO)
    return {"src": webp(Image.fromarray(pixels)), "name": found.photo.name, "says": said}


def _pictures(view: TreeView) -> tuple[Mapping[int, list[int]], Sequence[Image.Image]]:
    """Of each leaf the numbers of its pictures on the sheets, and these."""
    every: list[bytes] = []
    placed: dict[int, list[int]] = {}
    for number, own in sorted(view.pictures.items()):
        placed[view.tree.leaves[number]] = list(range(len(every), len(every) + len(own)))
        every += own
    return placed, sheets(every)


def _details(view: TreeView, lang: str) -> list[tuple[str, str]]:
    tree = view.tree
    named = sum(bool(tree.names[node]) for node in tree.inner)
    listed = {
        "model": view.model.name,
        "weights": text("random_weights", lang).upper() if view.model.weights == "random" else view.model.weights,
        "fingerprint": view.model.fingerprint[:16],
        "photo": view.found.photo.name if view.found else "",
        "tree_rule": text(f"tree_{view.found.rule}", lang) if view.found else "",
        "tree_inner": str(len(tree.inner)),
        "tree_named": str(named),
        "tree_deepest": str(max(tree.depths)),
    }
    return [(text(name, lang), said) for name, said in listed.items() if said]
