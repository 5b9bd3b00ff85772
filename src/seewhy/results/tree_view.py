"""What a page of a tree shows: the tree, a photo's decisions on it, and pictures of its classes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path

from seewhy.results.decisions import Decisions
from seewhy.results.hierarchy import Hierarchy
from seewhy.types import ModelCard


@dataclass(frozen=True, eq=False)
class TreeView:
    """labels: of the classes. pictures: small WebP files of classes, by number. marked: classes whose way is marked."""

    tree: Hierarchy
    labels: tuple[str, ...]
    model: ModelCard = ModelCard("")
    found: Decisions | None = None
    pictures: Mapping[int, tuple[bytes, ...]] = field(default_factory=dict)
    marked: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()

    def save(self, file: "str | PathLike[str]", lang: str = "en") -> Path:
        """Write the page, one HTML file that opens from disk. Raises BadInput where the disk refuses."""
        from seewhy.render.tree_page import save  # the one look upwards, as Explanation.save's

        saved: Path = save(self, file, lang)
        return saved
