"""What a figure says in words: the class and its score, the model, method and layer, and the units of its numbers."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from seewhy.lang import class_name, text
from seewhy.render.panels import INK, MUTED, STAMP, lettering, number
from seewhy.types import Explanation, Function, ModelCard

FIT = {"similarity": "{:.3f}", "share": "{:.1%}"}


def draw(ax: Axes, explanation: Explanation, lang: str) -> None:
    """Two lines over a figure, and a stamp on the right if the model's weights are random."""
    ax.set_axis_off()
    subject = f"{target(explanation, lang)}  ·  {score(explanation, lang)}"
    below = source(explanation)
    ax.text(0, 0.98, subject, va="top", **lettering(subject, lang, 13))
    ax.text(0, 0.30, below, va="top", **lettering(below, lang, 9.5, MUTED))
    stamp(ax, explanation, lang)


def stamp(ax: Axes, explanation: Explanation, lang: str) -> None:
    """Says in red that nobody trained this network."""
    if explanation.model.weights != "random":
        return
    box = {"boxstyle": "round,pad=0.5", "facecolor": "white", "edgecolor": STAMP, "linewidth": 1.6}
    said = text("random_weights", lang).upper()
    ax.text(0.995, 0.85, said, ha="right", va="top", bbox=box, **lettering(said, lang, 12, STAMP))


def line(made: Figure, explanation: Explanation, lang: str, *parts: str) -> None:
    """One line over a figure, in red and with the stamp's words if the model's weights are random."""
    titled(made, explanation.model, lang, *parts)


def titled(made: Figure, model: ModelCard, lang: str, *parts: str) -> None:
    """The same over a figure of a model's own."""
    random = model.weights == "random"
    stamped = (text("random_weights", lang).upper(),) if random else ()
    said = "  ·  ".join(part for part in (*parts, *stamped) if part)
    made.suptitle(said, x=0.008, ha="left", **lettering(said, lang, 10.5, STAMP if random else INK))


def named(explanation: Explanation, lang: str, row: int = 0) -> str:
    """The class explained of one image, in the reader's language."""
    return class_name(explanation.labels[row], lang, explanation.classes[row])


def target(explanation: Explanation, lang: str) -> str:
    """What is explained, as words: the class's name and number, or the target as it was asked for."""
    if explanation.decided[:1] == ("contrast",):
        return _contrast(explanation, lang)
    label, index = named(explanation, lang), explanation.classes[0]
    plainly = index is None or label == str(index) or "similarity" in explanation.extras  # a text's number says nothing
    full = label if plainly else f"{label} ({index})"
    plain = explanation.target in ("predicted", explanation.labels[0], str(index))
    return full if plain else f"{full}, {explanation.target}"


def _contrast(explanation: Explanation, lang: str) -> str:
    sides, decided = explanation.target.split(" - "), explanation.decided[1:]
    if len(sides) != 2 or any(side[0] != "class" for side in decided):
        return explanation.target
    return " - ".join(class_name(side, lang, key[1][0]) for side, key in zip(sides, decided, strict=True))


def differences(explanations: Sequence[Explanation]) -> list[str]:
    """What method and target leave open: the model where there are several, and what else differs within one method."""
    models = {one.model: one.model.name for one in explanations}
    if len(set(models.values())) < len(models):
        models = {card: f"{name} {card.fingerprint[:8]}" for card, name in models.items()}
    alike: dict[tuple[object, ...], list[Mapping[str, str]]] = {}
    for one in explanations:
        alike.setdefault((one.model, one.method), []).append(_settings(one))
    said = []
    for one in explanations:
        group, own = alike[one.model, one.method], _settings(one)
        differing = [text for name, text in own.items() if any(other.get(name) != text for other in group)]
        said.append("  ·  ".join([models[one.model]] * (len(models) > 1) + differing))
    return said


def _settings(explanation: Explanation) -> dict[str, str]:
    """All that may tell two maps of one method apart, as it is said."""
    options = {name: option(name, value) for name, value in explanation.options.items() if name != "layer"}
    return {
        " layers": ", ".join(explanation.layers),
        **options,
        " score": explanation.score,
        " seed": f"seed={explanation.seed}",
        " precision": explanation.precision,
    }


def option(name: str, value: Any) -> str:
    """An option as it is said, a function by its name."""
    return f"{name}={Function.of(value) if callable(value) else value}"


def score(explanation: Explanation, lang: str) -> str:
    """The explained score of the clean image, with its kind; of a text its similarity and share, too."""
    value = float(explanation.scores[0])
    shown = f"{value:.1%}" if explanation.score == "probability" else f"{value:.3f}"
    return "  ·  ".join([*fit(explanation, lang), f"{text(explanation.score, lang)} {shown}"])


def fit(explanation: Explanation, lang: str) -> list[str]:
    """How well a text fits the picture: its similarity, and its share where there are others."""
    found = {name: float(explanation.extras[name][0]) for name in FIT if name in explanation.extras}
    return [f"{text(name, lang)} {FIT[name].format(value)}" for name, value in found.items()]


def source(explanation: Explanation) -> str:
    """Model, method and the layers really used."""
    layers = ", ".join(explanation.layers[:3]) + (", …" if len(explanation.layers) > 3 else "")
    return "  ·  ".join(part for part in (explanation.model.name, explanation.method, layers) if part)


def raw(explanation: Explanation, lang: str) -> str:
    """Whose numbers they are. Each method has its own unit, so none is named."""
    return text("evidence_units", lang, method=explanation.method, kind=text(explanation.score, lang))


def units(explanation: Explanation, largest: float, top: float, lang: str) -> str:
    """What the colour bar's numbers are, and the largest value where it was clipped."""
    said = raw(explanation, lang)
    return said if largest <= top else f"{said}; {text('largest', lang, value=number(largest))}"
