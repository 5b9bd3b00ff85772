"""The figure of decisions: nothing lies on anything else, for three steps and for sixteen."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
import torch

from seewhy.geometry import Geometry
from seewhy.render.decisions import lines
from seewhy.render.decisions_figure import figure
from seewhy.render.decisions_page import bundle
from seewhy.render.naming import share
from seewhy.results.decisions import Decisions
from seewhy.results.hierarchy import Hierarchy
from seewhy.trees import SoftRules
from seewhy.types import Explanation, ModelCard, Passes, Photo, Prediction, Sign


def chain(steps: int) -> Hierarchy:
    """A tree that goes down so many steps, with long names."""
    ids = [f"f{i}" for i in range(steps)] + [f"c{i}" for i in range(steps + 1)]
    edges = [(f"f{i}", f"f{i + 1}") for i in range(steps - 1)] + [(f"f{i}", f"c{i}") for i in range(steps)]
    names = [f"a branch with quite a long name {i}" for i in range(steps)] + [""] * (steps + 1)
    classes = [f"c{i}" for i in range(steps + 1)]
    return Hierarchy.of(ids, [*edges, (f"f{steps - 1}", f"c{steps}")], classes, names)


def decided(steps: int, height: int = 60, width: int = 80, sign: Sign = "positive") -> Decisions:
    tree, rules = chain(steps), SoftRules(chain(steps))
    scores = torch.zeros(1, steps + 1)
    scores[0, -1] = 30
    _, (way,) = rules.forward_with_decisions(scores)
    rng = np.random.default_rng(0)
    geometry = Geometry.identity(height, width)
    photo = Photo(rng.integers(0, 256, (height, width, 3), np.uint8), geometry, "a photo with a long name")
    labels = tuple(f"the class of number {i}, also called otherwise" for i in range(steps + 1))
    map_ = Explanation(
        values=rng.random((1, 1, 4, 4), np.float32), method="gradcam", options={}, target="", classes=(None,),
        labels=("",), score="logit", scores=np.zeros(1, np.float32),
        predictions=((),), model=ModelCard("net"), layers=(),
        photos=(photo,), seed=0, seconds=0.0, passes=Passes(), precision="float32", versions={}, sign=sign,
    )  # fmt: skip
    shares = rules.log_shares(scores).exp().numpy()[0]
    network = Prediction(0, labels[0], 0.5)
    card = ModelCard("net", weights="random")
    return Decisions(way, steps, labels[-1], 0.9, network, "soft", tree, labels, shares, photo, card,
                     maps=(map_,) * len(way))  # fmt: skip


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize(
    ("steps", "height", "width"), [(3, 60, 80), (16, 60, 80), (16, 300, 60), (7, 40, 300), (1, 60, 80)]
)
def test_words_and_pictures_lie_beside_each_other(steps: int, height: int, width: int, lang: str) -> None:
    made = figure(decided(steps, height, width), lang)
    made.canvas.draw()
    boxes = [one.get_window_extent() for one in [*made.texts, *made.axes]]
    for one, other in combinations(boxes, 2):
        wide = min(one.x1, other.x1) - max(one.x0, other.x0)
        high = min(one.y1, other.y1) - max(one.y0, other.y0)
        assert min(wide, high) < 2, (one, other)  # pixels
    whole = made.bbox
    assert all(one.x0 >= 0 and one.x1 <= whole.x1 and one.y0 >= 0 and one.y1 <= whole.y1 for one in boxes)
    assert len(made.axes) == steps + 2, "the photo, a map a step, a colour bar"


def test_without_maps_there_are_steps_alone() -> None:
    made = figure(replace(decided(5), maps=()))
    assert len(made.axes) == 1


def test_lines_and_page_say_the_same() -> None:
    found = decided(3, sign="all")
    said, told = lines(found), bundle(found, "title", "en")
    assert [one["said"] for one in told["steps"]] == [share(one.share) for one in found.shown]
    assert all(one["said"] in line for one, line in zip(told["steps"], said[1:], strict=False))
    assert told["random"] and not told["agrees"] and told["steps"][0]["map"]["sign"] == "all"
    assert said[-1].startswith("  note: the tree says the class of number 3") and said[-2] == "  RANDOM WEIGHTS"


@pytest.mark.parametrize(
    ("value", "said"), [(1.0, "100.0%"), (0.99991, ">99.9%"), (0.0, "0.0%"), (0.0002, "<0.1%"), (0.123, "12.3%")]
)
def test_shares_never_round_to_all_or_nothing(value: float, said: str) -> None:
    assert share(value) == said
