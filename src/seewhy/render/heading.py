"""What a figure says in words: the class and its score, the model, method and layer, and the units of its numbers."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from seewhy.lang import class_name, text
from seewhy.render.panels import INK, MUTED, STAMP, lettering, number
from seewhy.types import Explanation


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
    random = explanation.model.weights == "random"
    stamped = (text("random_weights", lang).upper(),) if random else ()
    said = "  ·  ".join(part for part in (*parts, *stamped) if part)
    made.suptitle(said, x=0.008, ha="left", **lettering(said, lang, 10.5, STAMP if random else INK))


def named(explanation: Explanation, lang: str, row: int = 0) -> str:
    """The class explained of one image, in the reader's language."""
    return class_name(explanation.labels[row], lang, explanation.classes[row])


def target(explanation: Explanation, lang: str) -> str:
    """What is explained, as words: the class's name and number, or the target as it was asked for."""
    label, index = named(explanation, lang), explanation.classes[0]
    full = label if index is None or label == str(index) else f"{label} ({index})"
    plain = explanation.target in ("predicted", explanation.labels[0], str(index))
    return full if plain else f"{full}, {explanation.target}"


def score(explanation: Explanation, lang: str) -> str:
    """The explained score of the clean image, with its kind."""
    value = float(explanation.scores[0])
    shown = f"{value:.1%}" if explanation.score == "probability" else f"{value:.3f}"
    return f"{text(explanation.score, lang)} {shown}"


def source(explanation: Explanation) -> str:
    """Model, method and the layers really used."""
    layers = ", ".join(explanation.layers[:3]) + (", …" if len(explanation.layers) > 3 else "")
    return "  ·  ".join(part for part in (explanation.model.name, explanation.method, layers) if part)


def units(explanation: Explanation, largest: float, top: float, lang: str) -> str:
    """What the colour bar's numbers are, and the largest value where it was clipped."""
    said = text("evidence_units", lang, kind=text(explanation.score, lang))
    return said if largest <= top else f"{said}; {text('largest', lang, value=number(largest))}"
