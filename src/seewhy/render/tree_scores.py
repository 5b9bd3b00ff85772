"""The report of a tree on photos: lines of text, a figure, and a folder with both and the numbers."""

import io
import json
from collections.abc import Iterator
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from seewhy.lang import class_name, note, text
from seewhy.render.document import written
from seewhy.render.panels import ACCENT, BAR, INK, MUTED, canvas, lettering, shorten
from seewhy.results.tree_scores import RULES, Judged, NodeScore, TreeScores

COLOURS = ("#5f6b7a", "#0f4c81", "#c2410c")  # of the network, and the soft and hard rules
WHOLE = 24  # classes that a confusion is drawn of
MISTAKES = 10


def save(found: TreeScores, folder: str | PathLike[str], lang: str = "en") -> Path:
    """tree.json, tree.txt and tree.png in a folder."""
    path = Path(folder)
    file = io.BytesIO()
    figure(found, lang).savefig(file, format="png")
    written(path / "tree.png", file.getvalue())
    written(path / "tree.txt", ("\n".join(lines(found, lang)) + "\n").encode())
    written(path / "tree.json", (json.dumps(found.as_data(), ensure_ascii=False, indent=1) + "\n").encode())
    return path


def lines(found: TreeScores, lang: str = "en") -> list[str]:
    """The report."""
    said = [text("tree_scores_of", lang, model=_model(found, lang), photos=len(found))]
    if found.of_classes:
        said.append(text("tree_scores_accuracy", lang, **_percents(found.accuracy), photos=len(found.of_classes)))
        said.append(text("tree_scores_depths", lang, shares=" ".join(f"{share:.0%}" for share in found.depths)))
    most = f"{np.log2(len(found.classes)):.2f}"
    said.append(text("tree_scores_entropy", lang, bits=f"{found.entropy:.2f}", most=most))
    for key, listed in (
        ("kinds", _kinds(found, lang)),
        ("doubtful", (_node(found, one, lang) for one in found.doubtful)),
        ("mistakes", _mistakes(found, lang)),
        ("least", (_photo(found, one, lang) for one in found.least_sure)),
        ("most", (_photo(found, one, lang) for one in found.most_sure)),
        ("failed", (f"{name}: {problem}" for name, problem in found.failed)),
    ):
        rows = [f"  {one}" for one in listed]
        said += ["", text(f"tree_scores_{key}", lang), *rows] if rows else []
    return [*said, *([""] if found.notes else []), *(text("note", lang, note=note(one, lang)) for one in found.notes)]


def figure(found: TreeScores, lang: str = "en") -> Figure:
    """Accuracies, accuracy by depth, the most doubtful nodes, and the confusion where classes are few."""
    whole = len(found.classes) <= WHOLE and bool(found.of_classes)
    drawn = canvas(11, 7.5 if whole else 4.2)
    mosaic: list[Any] = [["accuracy", "depths", "doubt"]] + ([["confusion", "confusion", "doubt"]] if whole else [])
    panels = drawn.subplot_mosaic(mosaic, width_ratios=[1, 1, 1.2], height_ratios=[1, 1.6] if whole else None)
    _accuracies(panels["accuracy"], found, lang)
    _depths(panels["depths"], found, lang)
    _doubts(panels["doubt"], found, lang)
    if whole:
        _confusion(panels["confusion"], found, lang)
    title = text("tree_scores_of", lang, model=_model(found, lang), photos=len(found))
    drawn.suptitle(title, x=0.01, ha="left", **lettering(title, lang, 11))
    return drawn


def _accuracies(ax: Axes, found: TreeScores, lang: str) -> None:
    rows = [(text("tree_scores_classes", lang), tuple(found.accuracy.values()))] if found.of_classes else []
    rows += [(one.name, one.accuracy) for one in found.superclasses[:6]]
    _titled(ax, text("tree_scores_right", lang), lang)
    for at, (name, shares) in enumerate(rows):
        for i, share in enumerate(shares):
            ax.barh(at + 0.26 * (i - 1), share, 0.24, color=COLOURS[i])
            ax.text(share + 0.01, at + 0.26 * (i - 1), f"{share:.0%}", va="center", **lettering("", lang, 7, MUTED))
        said = shorten(name, 24)
        ax.text(0, at - 0.45, said, va="bottom", **lettering(said, lang, 8))
    for i, rule in enumerate(RULES):
        said = text(f"tree_scores_{rule}", lang)
        ax.text(i / 3, -0.06, said, transform=ax.transAxes, va="top", **lettering(said, lang, 8, COLOURS[i]))
    ax.set(xlim=(0, 1.12), ylim=(max(len(rows), 2) - 0.5, -0.75), xticks=[], yticks=[])
    ax.spines[:].set_visible(False)


def _depths(ax: Axes, found: TreeScores, lang: str) -> None:
    _titled(ax, text("tree_scores_by_depth", lang), lang)
    ax.plot(range(1, len(found.depths) + 1), found.depths, color=COLOURS[2], marker="o", markersize=3)
    if found.of_classes:
        ax.axhline(found.accuracy["network"], color=COLOURS[0], linewidth=0.9, linestyle=(0, (4, 3)))
    ax.set(ylim=(0, 1.04), xlim=(0.5, len(found.depths) + 0.5))
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.tick_params(length=2, labelsize=7.5, color=MUTED)
    ax.spines[["top", "right"]].set_visible(False)
    said = text("tree_scores_steps", lang)
    ax.set_xlabel(said, **lettering(said, lang, 8, MUTED))


def _doubts(ax: Axes, found: TreeScores, lang: str) -> None:
    title = text("tree_scores_doubt", lang)
    _titled(ax, title, lang)
    listed, total = found.doubtful, found.entropy or 1.0
    for at, one in enumerate(listed):
        said = shorten(found.called(one.node), 52)
        ax.barh(at + 0.2, one.doubt / total, 0.34, color=ACCENT)
        ax.text(0, at - 0.05, said, va="bottom", **lettering(said, lang, 7.5))
        share = f"{one.doubt / total:.0%}"
        ax.text(one.doubt / total, at + 0.2, f" {share}", va="center", **lettering(share, lang, 7, MUTED))
    widest = max((one.doubt / total for one in listed), default=1.0)
    ax.set(xlim=(0, 1.2 * widest), ylim=(max(len(listed), 6) - 0.3, -0.8), xticks=[], yticks=[])
    ax.spines[:].set_visible(False)


def _confusion(ax: Axes, found: TreeScores, lang: str) -> None:
    order = list(found.tree.classes[0])
    counts = found.confusion()[np.ix_(order, order)]
    shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    _titled(ax, text("tree_scores_confusion", lang), lang)
    ax.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for (row, column), count in np.ndenumerate(counts):
        if count:
            ink = "white" if shares[row, column] > 0.5 else INK
            ax.text(column, row, str(count), ha="center", va="center", **lettering("", lang, 7.5, ink))
    names = [shorten(class_name(found.classes[one], lang, one), 14) for one in order]
    ax.set_xticks(range(len(order)), names, rotation=0 if len(order) <= 8 else 90)
    ax.set_yticks(range(len(order)), names)
    for label, name in zip([*ax.get_xticklabels(), *ax.get_yticklabels()], [*names, *names], strict=True):
        label.set(**{key: value for key, value in lettering(name, lang, 7.5).items() if key != "font"})
        label.set_fontproperties(lettering(name, lang, 7.5)["font"])
        label.set_fontsize(7.5)
    ax.tick_params(length=0)
    ax.spines[:].set_color(BAR)


def _titled(ax: Axes, said: str, lang: str) -> None:
    ax.set_title(said, loc="left", pad=6, **lettering(said, lang, 9, MUTED))


def _kinds(found: TreeScores, lang: str) -> Iterator[str]:
    for one in found.superclasses:
        shares = _percents(dict(zip(RULES, one.accuracy, strict=True)))
        yield text("tree_scores_kind", lang, name=one.name, photos=one.photos, classes=one.classes, **shares)


def _node(found: TreeScores, one: NodeScore, lang: str) -> str:
    share = f"{one.doubt / found.entropy:.0%}" if found.entropy else "0%"
    said = text(
        "tree_scores_node", lang, name=found.called(one.node), share=share, entropy=f"{one.entropy:.2f}",
        reached=one.reached, right=one.right, seen=one.seen,
    )  # fmt: skip
    names = ", ".join(_file(found, found.photos[number]) for number, _ in one.images)
    return f"{said}; {text('tree_scores_images', lang, names=names)}" if names else said


def _mistakes(found: TreeScores, lang: str) -> Iterator[str]:
    for label, said, count in found.mistakes()[:MISTAKES]:
        names = (class_name(found.classes[one], lang, one) for one in (label, said))
        yield text("tree_scores_mistake", lang, count=count, **dict(zip(("label", "said"), names, strict=True)))


def _photo(found: TreeScores, one: Judged, lang: str) -> str:
    said = class_name(found.classes[one.said[1]], lang, one.said[1])
    return text(
        "tree_scores_photo", lang, name=_file(found, one), said=said,
        probability=f"{one.probability:.1%}", label=one.label, entropy=f"{one.entropy:.2f}", spread=f"{one.spread:.2f}",
        ahead=f"{one.ahead:.2f}",
    )  # fmt: skip


def _file(found: TreeScores, one: Judged) -> str:
    """A photo's file; with its folder where another has the same name."""
    path = Path(one.name)
    return path.name if found.files[path.name] == 1 else f"{path.parent.name}/{path.name}"


def _percents(shares: dict[str, float]) -> dict[str, str]:
    return {name: f"{share:.1%}" for name, share in shares.items()}


def _model(found: TreeScores, lang: str) -> str:
    name = found.model.name
    return f"{name}, {text('random_weights', lang).upper()}" if found.model.weights == "random" else name
