"""CRAFT's page opens from disk: a card a concept, with pictures that are there, in both languages."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmarks.textures.network import load, pixels
from benchmarks.textures.scenes import draw
from seewhy.concepts import craft
from seewhy.results.craft import FoundConcepts


@pytest.fixture(scope="module")
def found() -> FoundConcepts:
    return craft(load(), pixels(draw(14, 3, "striped").pixels), "striped", "stage3", concepts=4, samples=8)


@pytest.mark.parametrize(("lang", "title"), [("en", "Concepts of striped in stage3"), ("zh", "中“striped”的概念")])
def test_every_concept_has_its_crops_and_places(
    found: FoundConcepts, lang: str, title: str, opened: Callable[..., Any], tmp_path: Path
) -> None:
    tab = opened((found.save(tmp_path / "out", lang) / "craft.html").read_text("utf-8"))
    assert title in tab.get_by_test_id("title").inner_text()
    cards = tab.get_by_test_id("concept")
    assert cards.count() == 4
    assert cards.first.locator(".crops img").count() == 8 and cards.first.locator(".maps img").count() == 12
    assert tab.evaluate("[...document.images].every(one => one.complete && one.naturalWidth > 0)")
    assert f"{found[0].importance:.3g} ± {found[0].error:.3g}" in cards.first.inner_text()
    assert not tab.get_by_test_id("stamp").is_visible()
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
