"""TCAV's report: lines of text, grouped bars by layer, and a folder with both, the numbers and the CAVs."""

import io
import json
from os import PathLike
from pathlib import Path
from textwrap import fill
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from seewhy.lang import class_name, note, text
from seewhy.render.document import written
from seewhy.render.panels import INK, MUTED, canvas, lettering, number, shorten
from seewhy.results.tcav import ConceptScore, ConceptScores

COLOURS = ("#0f4c81", "#c2410c", "#3f7d3a", "#8a4fbf", "#b7912a", "#3aa0a8", "#9b2c4c", "#5f6b7a")
PALE = "#c9c7c1"
ACROSS = 3  # layers side by side


def save(found: ConceptScores, folder: str | PathLike[str], lang: str = "en") -> Path:
    """tcav.json, tcav.txt, tcav.png and the CAVs in a folder."""
    path = Path(folder)
    file = io.BytesIO()
    figure(found, lang).savefig(file, format="png")
    written(path / "tcav.png", file.getvalue())
    written(path / "tcav.txt", ("\n".join(lines(found, lang)) + "\n").encode())
    written(path / "tcav.json", (json.dumps(found.as_data(), ensure_ascii=False, indent=1) + "\n").encode())
    found.cavs.save(path)
    return path


def lines(found: ConceptScores, lang: str = "en") -> list[str]:
    """The report: for each layer and concept its score, that of chance, accuracy, p, and what it comes to."""
    label = class_name(found.target, lang, found.index)
    head = text("tcav_of", lang, label=label, model=_model(found, lang), images=found.images)
    ways = {"bonferroni": "Bonferroni", "holm": "Holm", "none": text("uncorrected", lang)}
    test = text("tcav_test", lang, tests=found.tests, correction=ways[found.correction], level=number(found.level))
    said = [head, test]
    for layer in found.layers:
        said += ["", layer, *(f"  {_line(one, found, lang)}" for one in found if one.layer == layer)]
    return [*said, *([""] if found.notes else []), *(text("note", lang, note=note(one, lang)) for one in found.notes)]


def verdict(one: ConceptScore, lang: str) -> str:
    return text("tcav_" + one.verdict.replace(" ", "_"), lang)


def figure(found: ConceptScores, lang: str = "en") -> Figure:
    """A panel a layer: a bar a concept beside that of random sets, with the standard deviation over runs; a star where
    the difference is significant, and words where it is not."""
    each = [one for one in found if one.against == "random"]
    rows = -(-len(found.layers) // ACROSS)
    across = min(ACROSS, len(found.layers))
    width = max(2.4, 0.7 * len(found.concepts) + 0.7)
    drawn = canvas(max(5.0, width * across), 3.5 * rows + 0.7)
    panels = drawn.subplots(rows, across, squeeze=False, sharey=True).ravel()
    for ax, layer in zip(panels, found.layers, strict=False):
        _panel(ax, [one for one in each if one.layer == layer], layer, lang)
    for ax in panels[len(found.layers) :]:
        ax.set_axis_off()
    for ax in panels[: len(found.layers) : across]:
        ax.set_ylabel(text("tcav_score", lang), **lettering(text("tcav_score", lang), lang, 8, MUTED))
    label = class_name(found.target, lang, found.index)
    title = text("tcav_title", lang, label=shorten(label, 30), model=_model(found, lang))
    title = fill(title, int(drawn.get_figwidth() * 11))
    drawn.suptitle(title, x=0.01, ha="left", **lettering(title, lang, 11))
    legend = fill(text("tcav_legend", lang), int(drawn.get_figwidth() * (8 if lang == "zh" else 15)))
    drawn.supxlabel(legend, x=0.01, ha="left", **lettering(legend, lang, 7.5, MUTED))
    return drawn


def _panel(ax: Axes, each: list[ConceptScore], layer: str, lang: str) -> None:
    ax.set_title(layer, loc="left", pad=6, **lettering(layer, lang, 9, MUTED))
    ax.axhline(0.5, color=PALE, linewidth=0.8, zorder=0)
    for at, one in enumerate(each):
        if one.random is None or one.verdict == "undefined":
            ax.text(
                at, 0.5, verdict(one, lang), rotation=90, ha="center", va="center", **lettering("", lang, 7.5, MUTED)
            )
            continue
        strong = one.verdict == "significant"
        colour = COLOURS[at % len(COLOURS)]
        bars: dict[str, Any] = {"ecolor": INK, "capsize": 2, "error_kw": {"elinewidth": 0.8}}
        height = one.score or 0.004  # a bar of nothing is still seen
        ax.bar(at - 0.2, height, 0.38, yerr=_inside(one.score, one.runs.deviation), color=colour,
               alpha=1.0 if strong else 0.35, **bars)  # fmt: skip
        random = one.random
        ax.bar(at + 0.2, random.score, 0.38, yerr=_inside(random.score, random.deviation), color=PALE, **bars)
        if strong:
            ax.text(at - 0.2, 1.03, "*", ha="center", va="bottom", **lettering("*", lang, 15, colour))
        else:
            said = verdict(one, lang)
            ax.text(at, 1.05, said.replace(" ", "\n"), ha="center", va="bottom", **lettering(said, lang, 6, MUTED))
    ax.set(xlim=(-0.6, len(each) - 0.4), ylim=(0, 1.22))
    ax.set_xticks(range(len(each)), [""] * len(each))
    for at, one in enumerate(each):
        name = shorten(one.concept, 12)
        ax.text(at, -0.04, name, ha="center", va="top", **lettering(name, lang, 8))
        accuracy = f"{one.runs.accuracy:.0%}"
        ax.text(at, -0.12, accuracy, ha="center", va="top", **lettering(accuracy, lang, 7, MUTED))
    ax.set_yticks([0, 0.25, 0.5, 0.75, 1])
    ax.tick_params(length=2, labelsize=7.5, color=MUTED)
    ax.spines[["top", "right"]].set_visible(False)


def _inside(score: float, deviation: float) -> "np.ndarray[tuple[int, int], np.dtype[np.float64]]":
    """The error bar (2,1): no score is below 0 or above 1."""
    return np.array([[min(deviation, score)], [min(deviation, 1 - score)]])


def _line(one: ConceptScore, found: ConceptScores, lang: str) -> str:
    accuracy = text("tcav_accuracy", lang, share=f"{one.runs.accuracy:.0%}")
    name = one.concept.ljust(max(map(len, found.concepts)))
    if one.random is None:
        return f"{name}  {one.score:.2f}, {text('tcav_relative', lang, others=one.against)}, {accuracy}"
    if one.verdict == "undefined":
        return f"{name}  {verdict(one, lang)}, {accuracy}"
    score = f"{one.score:.2f} (±{one.runs.deviation:.2f})"
    random = text("tcav_random", lang, score=f"{one.random.score:.2f} (±{one.random.deviation:.2f})")
    return f"{name}  {score}, {random}, {accuracy}, p {one.corrected:.2g}: {verdict(one, lang)}"


def _model(found: ConceptScores, lang: str) -> str:
    name = found.model.name
    return f"{name}, {text('random_weights', lang).upper()}" if found.model.weights == "random" else name
