"""The folder of one photo's results: figure, page, and each explanation's values, manifest and photo."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from seewhy.cli.photos import distinct
from seewhy.cli.style import Style
from seewhy.lang import class_name, text
from seewhy.render import heading, strip
from seewhy.render.page import page
from seewhy.render.panels import amount, number
from seewhy.store import replacing, write
from seewhy.types import Explanation, ModelCard, Prediction

FIGURE, PLOTLY = "figure.png", "plotly.html"


def written(
    explanations: Sequence[Explanation], folder: Path, style: Style, plotly: bool = False
) -> tuple[list[Path], list[Path]]:
    """Write everything or nothing; returns the folder of each explanation, and the figures.

    A figure tells of one model: several have one each. The page tells of all. plotly: also a Plotly figure of each.
    """
    homes, names = _homes(explanations), _names(explanations)
    with replacing(folder) as fresh:
        for one, name in zip(explanations, names, strict=True):
            (fresh / name).mkdir(parents=True, exist_ok=True)
            write(one, fresh / name, photos_in=fresh / names[0] if name != names[0] else None)
            if plotly:
                style.plotly(one).write_html(fresh / name / PLOTLY, include_plotlyjs=True)
            if len(explanations) > len(homes) and style.single:
                _save(style.one(one), fresh / name / FIGURE)
        for model, home in homes.items():
            _save(style.all([one for one in explanations if one.model == model]), fresh / home / FIGURE)
        (fresh / "page.html").write_text(page(explanations, style.lang), encoding="utf-8")
    return [folder / name for name in names], [folder / home / FIGURE for home in homes.values()]


def as_data(explanation: Explanation, folder: Path) -> dict[str, Any]:
    """One explanation in a command's JSON document."""
    heat = explanation.values
    return {
        "method": explanation.method,
        "target": explanation.target,
        "class": explanation.classes[0],
        "label": explanation.labels[0],
        "score": explanation.score,
        "value": float(explanation.scores[0]),
        **{name: float(explanation.extras[name][0]) for name in ("similarity", "share") if name in explanation.extras},
        **({"words": strip.listed(explanation), "words_by": explanation.words_by} if explanation.words else {}),
        "model": explanation.model.name,
        "weights": explanation.model.weights,
        "layers": list(explanation.layers),
        "shape": list(heat.shape),
        "smallest": float(heat.min()),
        "largest": float(heat.max()),
        "blank": explanation.blank[0],
        "notes": list(explanation.notes),
        "seconds": explanation.seconds,
        "passes": {"forward": explanation.passes.forward, "backward": explanation.passes.backward},
        "folder": str(folder),
    }


def _homes(explanations: Sequence[Explanation]) -> dict[ModelCard, str]:
    """A folder a model, where there are several."""
    models = list(dict.fromkeys(one.model for one in explanations))
    names = distinct([_slug(one.spec or one.name) for one in models]) if len(models) > 1 else ["."]
    return dict(zip(models, names, strict=True))


def _names(explanations: Sequence[Explanation]) -> list[str]:
    """A folder an explanation, by what tells them apart: model, method, target. One alone needs none."""
    homes = _homes(explanations)
    told = [[one.method for one in explanations], [one.target for one in explanations]]
    differing = [part for part in told if len(set(part)) > 1]
    names = ["/".join(_slug(part[i]) for part in differing) for i in range(len(explanations))]
    return distinct([str(Path(homes[one.model], name)) for one, name in zip(explanations, names, strict=True)])


def _slug(text: str) -> str:
    return re.sub(r"[^\w.+-]+", "_", text).strip("._")[:60] or "x"


def _save(figure: Figure, path: Path) -> None:
    figure.savefig(path, format="png")


def prediction(one: Prediction) -> dict[str, Any]:
    said = {name: getattr(one, name) for name in ("probability", "score", "similarity")}
    return {"index": one.index, "label": one.label} | {name: value for name, value in said.items() if value is not None}


def says(photo: Path, model: ModelCard, lang: str) -> str:
    """The line over a photo's predictions."""
    stamp = f", {text('random_weights', lang).upper()}" if model.weights == "random" else ""
    return text("says", lang, photo=photo, model=model.name + stamp)


def predictions(listed: Sequence[Prediction], lang: str) -> list[str]:
    """A line a class, likeliest first; of a text its similarity, too."""
    cosines = [
        "" if one.similarity is None or one.probability is None else f"  {one.similarity:6.3f}" for one in listed
    ]
    names = [f"{class_name(one.label, lang, one.index)} ({one.index})" for one in listed]
    return [f"  {amount(one):>7}{c}  {name}" for one, c, name in zip(listed, cosines, names, strict=True)]


def line(one: Explanation, lang: str, model: str = "") -> str:
    """What was explained and what it took, in one line. model: its name, where there are several."""
    layers = f", {text('layer', lang).lower()} {', '.join(one.layers)}" if one.layers else ""
    passes = text("forward_backward", lang, forward=one.passes.forward, backward=one.passes.backward)
    time = text("seconds", lang, seconds=f"{one.seconds:.2f}")
    method = f"{model}, {one.method}" if model else one.method
    score = ", ".join([*heading.fit(one, lang), f"{text(one.score, lang)} {one.scores[0]:.3f}"])
    return f"  {method}: {heading.target(one, lang)}, {score}{layers}; {passes}, {time}"


def words(one: Explanation, lang: str) -> list[str]:
    """The words of a text and their scores, in a line."""
    if not strip.has_words(one):
        return []
    listed = "  ".join(f"{word} {number(score)}" for word, score in strip.listed(one))
    return [f"    {strip.title(one, lang)}: {listed}"]
