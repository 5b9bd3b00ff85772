"""What the figures of concepts say: stars where it is significant, words where it is not, each place in its colour."""

from typing import Any

import numpy as np
import pytest

from handmade import RANDOM, plain, said
from seewhy.geometry import Geometry
from seewhy.render import craft, factors, tcav
from seewhy.render.concept_tiles import coloured, tile
from seewhy.results.cavs import Cavs
from seewhy.results.craft import Crop, FoundConcept, FoundConcepts
from seewhy.results.factors import ActivationFactors, Factor
from seewhy.results.tcav import ConceptScore, ConceptScores, Runs
from seewhy.types import ModelCard, Passes, Photo, Prediction


def runs(*scores: float) -> Runs:
    each = np.array(scores)
    return Runs(each, each - 0.5, 0 * each, *[np.full(len(each), 0.8)] * 3)


def scores(model: ModelCard = RANDOM) -> ConceptScores:
    random = runs(0.4, 0.6)
    each = (
        ConceptScore(
            "stripes", "a.b", "random", runs(1, 1), random, 0.001, 0.002, 0.003, 0.003, 0.001, 0.012, "significant"
        ),
        ConceptScore(
            "$red$", "a.b", "random", runs(0.2, 0.9), random, 0.4, 0.5, 0.6, 0.6, 0.001, 1.0, "not significant"
        ),
        ConceptScore("stripes", "c", "random", runs(np.nan, np.nan), random, verdict="undefined"),
        ConceptScore(
            "$red$", "c", "random", runs(0, 0), random, 0.001, 0.002, 0.003, 0.003, 0.001, 0.012, "significant"
        ),
        ConceptScore("stripes", "c", "$red$", runs(0.75)),
    )
    known: dict[str, Any] = {"pool": "mean", "classifier": "ridge", "correction": "bonferroni", "level": 0.05}
    return ConceptScores(
        target="zebra", index=340, each=each, layers=("a.b", "c"), concepts=("stripes", "$red$"), sizes={}, images=50,
        predicted=0.9, tests=4, seed=0, model=model, passes=Passes(), cavs=Cavs(()), notes=("a note",), **known,
    )  # fmt: skip


def test_stars_stand_for_significant_and_words_for_what_is_not() -> None:
    figure = tcav.figure(scores())
    words = said(figure).splitlines()
    assert words.count("*") == 2 and "undefined" in words and "not" in words and "a.b" in words
    assert any("RANDOM WEIGHTS" in one for one in words) and "$red$" in words
    bars = [bar.get_height() for ax in figure.axes for bar in ax.patches]
    np.testing.assert_allclose(bars, [1, 0.5, 0.55, 0.5, 0.004, 0.5])
    assert "不显著" in said(tcav.figure(scores(), "zh")) and "斑马" in said(tcav.figure(scores(), "zh"))


def test_the_report_says_it_in_words() -> None:
    assert tcav.lines(scores(ModelCard("Net"))) == [
        "TCAV of zebra in Net, 50 pictures of the class",
        "4 tests, Bonferroni: significant below 0.05",
        "",
        "a.b",
        "  stripes  1.00 (±0.00), random 0.50 (±0.14), held-out accuracy 80%, p 0.012: significant",
        "  $red$    0.55 (±0.49), random 0.50 (±0.14), held-out accuracy 80%, p 1: not significant",
        "",
        "c",
        "  stripes  undefined, held-out accuracy 80%",
        "  $red$    0.00 (±0.00), random 0.50 (±0.14), held-out accuracy 80%, p 0.012: significant",
        "  stripes  0.75, relative to $red$, held-out accuracy 80%",
        "",
        "note: a note",
    ]


GREY = Photo(plain(40, 60, 100, 100, 100), Geometry.identity(40, 60), "grey")
CROPPED = Photo(plain(40, 60, 100, 100, 100), Geometry((40, 60), (40, 40), (1, 1), (0, -10)), "cropped")


def test_each_place_has_the_colour_of_its_strongest_factor_and_what_was_not_seen_is_the_photo() -> None:
    maps = np.zeros((2, 4, 4), np.float32)
    maps[0, :, :2], maps[1, :, 2:] = 1, 1
    found = coloured(CROPPED, maps, np.array([[1, 0, 0], [0, 0, 1]], np.float32))
    assert (found[:, :9] == 100).all() and (found[:, 51:] == 100).all()
    assert found[20, 14, 0] > 180 > 100 > found[20, 14, 2] and found[20, 46, 2] > 180 > 100 > found[20, 46, 0]
    assert tile(CROPPED, maps[0], 1.0)[20, 14].sum() > tile(CROPPED, maps[0], 1.0)[20, 46].sum() - 1


def test_factors_are_named_with_their_classes() -> None:
    maps = np.random.default_rng(0).random((2, 4, 4)).astype(np.float32)
    each = tuple(
        Factor(np.ones(3, np.float32), maps, (Prediction(i, name, 0.9), Prediction(3, "d$g", 0.05)))
        for i, name in enumerate(("tench", "goldfish"))
    )
    found = ActivationFactors("c", each, (GREY, CROPPED), ((), ()), 0.25, RANDOM, Passes())
    words = said(factors.figure(found))
    assert "tench 90%, d$g 5%" in words and "RANDOM WEIGHTS" in words and "cropped" in words
    assert factors.lines(found)[-1] == "  not in the factors: 25% of the activations"
    assert len(factors.palette(5)) == 5 and len(np.unique(factors.palette(16), axis=0)) == 16


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_row_a_concept_and_a_bar_as_long_as_it_is_important(lang: str) -> None:
    maps = np.random.default_rng(0).random((2, 4, 4)).astype(np.float32)
    crops = (Crop(0, (0, 0, 10, 10), 2.0, plain(40, 60, 9, 9, 9)),)
    each = tuple(FoundConcept(value, 0.01, np.ones(3, np.float32), maps, crops) for value in (0.8, 0.2))
    found = FoundConcepts("zebra", 340, "c", each, (GREY, CROPPED), 10, 6, 0.1, RANDOM, Passes(), 0, 1.0, ("a note",))
    figure = craft.figure(found, lang)
    bars = [patch.get_width() for ax in figure.axes for patch in ax.patches if patch.get_width() < 0.95 - 1e-9]
    assert bars == [pytest.approx(0.95 * 0.25)] and "0.8 ± 0.01" in said(figure)
    assert ("Concept 1" if lang == "en" else "概念 1") in said(figure)
    assert len(craft.lines(found, lang)) == 5
