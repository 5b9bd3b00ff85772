"""The names of the 1000 ImageNet classes in Chinese, made for seewhy: there is no official translation."""

import json
from functools import cache
from pathlib import Path

from seewhy.lang.catalog import known

# Releases of torchvision differ here: some call two classes "crane" and two "maillot", others tell them apart.
_ALSO = {134: "crane", 639: "maillot"}


def class_name(label: str, lang: str = "en", index: int | None = None) -> str:
    """`label` in `lang`, or `label` as it is where no translation is sure.

    label: an ImageNet class as torchvision writes it. index: its place among the network's classes; it tells apart
    the classes that share a label, and a label at another place than ImageNet's belongs to another network, whose
    "kite" may be no bird. Raises BadOption for a language there are no words for.
    """
    if known(lang) == "en":
        return label
    rows = [row for row in _rows().get(label, ()) if index is None or row == index]
    return table()[rows[0]][1] if len(rows) == 1 else label


@cache
def table() -> list[tuple[str, str]]:
    """(English, Chinese) of the 1000 classes, in the order of ImageNet."""
    path = Path(__file__).with_name("imagenet_zh.json")
    return [(english, chinese) for english, chinese in json.loads(path.read_text(encoding="utf-8"))]


@cache
def _rows() -> dict[str, list[int]]:
    rows: dict[str, list[int]] = {}
    for row, (english, _) in enumerate(table()):
        for label in {english, _ALSO.get(row, english)}:
            rows.setdefault(label, []).append(row)
    return rows
