"""Many explanations of one photo in one figure: a row a method, a column a target."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec

from seewhy.errors import BadInput
from seewhy.lang import text
from seewhy.render import heading, panels, strip
from seewhy.render.colors import default, table
from seewhy.render.normalize import limit, scale
from seewhy.render.overlay import ground, overlay
from seewhy.render.scene import Scene, only, scenes
from seewhy.types import Explanation, Sign

Part = tuple[Explanation, Scene, str]
WORDS = 40  # characters that fit over a map
ROOM, SIZE = 3.0 * 72, 8  # points: the width of a text under a map, and its letters
FAINT = 0.2  # of a row's strongest colour: a map below it would look empty, and has a scale of its own
WIDEST = 4  # maps beside each other, where one target leaves the arrangement free


@dataclass(frozen=True, eq=False)
class Cell:
    explanation: Explanation
    drawn: Scene
    sign: Sign
    top: float
    also: str  # what tells it apart besides method and target
    weaker: float = 1.0  # so many times than the strongest of its row, where it has a scale of its own


def grid(
    explanations: Sequence[Explanation],
    *,
    sign: Sign | None = None,
    cmap: str | None = None,
    outlier_perc: float = 2.0,
    alpha: float = 0.8,
    fade: bool = True,
    lang: str = "en",
) -> Figure:
    """The photo, its predictions, and one overlay for each method and target, each with its numbers.

    The targets of one method share one scale, so their maps can be compared; one that would look empty on it has its
    own, and says by how much it is weaker. Methods differ in their units and can't be compared.
    BadInput for no explanations, a batch, or explanations of different photos.
    """
    table(cmap or default(sign or "all"))
    same_photo(explanations)
    rows = arrange(explanations, sign, outlier_perc)
    wide = max(len(row) for row in rows)
    height, width = rows[0][0].drawn.photo.shape[:2]
    tall = min(max(3.0 * height / width, 1.5), 4.5)
    models = {one.model: one for one in reversed(explanations)}
    columns = max(wide, 1 + len(models))
    words = [_words(row, lang) for row in rows]
    made = panels.canvas(3.3 * columns, (tall + 0.65) + len(rows) * (tall + 0.75) + sum(words))
    ratios = [tall]
    firsts = []  # of each row, the line of its maps
    for high in words:
        firsts.append(len(ratios))
        ratios += [tall, 0.1, *([high] if high else [])]
    places = made.add_gridspec(len(ratios), columns, height_ratios=ratios)
    _lead(made, places, rows[0][0].drawn, list(reversed(models.values())), lang)
    for r, row in enumerate(rows):
        for c, cell in enumerate(row):
            ax, bar = (made.add_subplot(places[firsts[r] + i, c]) for i in (0, 1))
            ax.set_label(f"{cell.explanation.method}/{cell.explanation.labels[0]}")
            name = cmap or default(cell.sign)
            normed = scale(cell.drawn.heat, cell.sign, cell.top)
            under = ground(cell.drawn.photo, ~np.isnan(normed), cell.sign) if cell.top else cell.drawn.photo
            pixels = overlay(under, normed, name, cell.sign, alpha, fade)
            panels.picture(ax, pixels, _caption(cell, lang), lang)
            panels.outline(ax, cell.drawn.frame)
            if cell.top:
                panels.colorbar(bar, name, cell.sign, cell.top, "", lang)
            else:
                bar.set_axis_off()
            if strip.has_words(cell.explanation):
                below = made.add_subplot(places[firsts[r] + 2, c], label=f"words/{cell.explanation.labels[0]}")
                top = strip.largest([one.explanation for one in row])
                strip.strip(below, cell.explanation, ROOM, top, lang, SIZE)
            if not limit(cell.drawn.heat, cell.sign, outlier_perc):
                panels.caption(ax, panels.nothing(cell.sign, lang), lang)
    return made


def _words(row: list[Cell], lang: str) -> float:
    """The height of a row's words in inches, 0 where there are none."""
    found = [cell.explanation for cell in row if strip.has_words(cell.explanation)]
    return max((strip.height(one, ROOM, SIZE, lang) for one in found), default=0.0) / 72


def same_photo(explanations: Sequence[Explanation]) -> None:
    """Refuse what can't stand on one page: nothing, batches, several photos."""
    if not explanations:
        raise BadInput("no explanations to draw", "give at least one")
    first = only(explanations[0]).photos[0].pixels
    others = (only(one).photos[0].pixels for one in explanations)
    if not all(other is first or np.array_equal(other, first) for other in others):
        raise BadInput("explanations of different photos", "draw each photo's explanations by themselves")


def arrange(explanations: Sequence[Explanation], sign: Sign | None, outlier_perc: float) -> list[list[Cell]]:
    """A row a method, on one scale but for faint maps; with one map a method, several methods a row, a scale each."""
    methods: dict[tuple[object, ...], list[Part]] = {}
    for part in zip(explanations, scenes(explanations), heading.differences(explanations), strict=True):
        one = part[0]
        methods.setdefault((one.method, one.layers, str(one.options), one.model, one.score), []).append(part)
    rows = [_row(group, sign, outlier_perc) for group in methods.values()]
    if max(map(len, rows)) > 1:
        return rows
    flat = [row[0] for row in rows]
    return [flat[at : at + WIDEST] for at in range(0, len(flat), WIDEST)]


def _row(group: list[Part], sign: Sign | None, outlier_perc: float) -> list[Cell]:
    shown = sign or group[0][0].sign
    own = [limit(drawn.heat, shown, outlier_perc) for _, drawn, _ in group]
    top = max(own)
    faint = [0 < one < FAINT * top for one in own]
    return [
        Cell(one, drawn, shown, mine if alone else top, also, top / mine if alone else 1.0)
        for (one, drawn, also), mine, alone in zip(group, own, faint, strict=True)
    ]


def _lead(made: Figure, places: GridSpec, drawn: Scene, models: Sequence[Explanation], lang: str) -> None:
    """The photo, and what each model says of it."""
    photo = made.add_subplot(places[0, 0], label="photo")
    panels.picture(photo, drawn.photo, models[0].photos[0].name, lang)
    names = heading.differences(models) if len(models) > 1 else [""]
    for column, (one, name) in enumerate(zip(models, names, strict=True), 1):
        listed = made.add_subplot(places[0, column], label=f"predictions {name}".strip())
        panels.predictions(listed, one.predictions[0], None, lang, name)
    stamped = next((one for one in models if one.model.weights == "random"), models[0])
    heading.line(made, stamped, lang, ", ".join(dict.fromkeys(one.model.name for one in models)))


def _caption(cell: Cell, lang: str) -> str:
    """Method and target, and under them how well a text fits, and what else tells this map apart."""
    said = heading.target(cell.explanation, lang)
    line = f"{cell.explanation.method}  ·  {panels.shorten(said, max(WORDS - len(cell.explanation.method), 12))}"
    below = "  ·  ".join(
        [*heading.fit(cell.explanation, lang), *([cell.also] if cell.also else []), *_weaker(cell, lang)]
    )
    return f"{line}\n{panels.shorten(below, WORDS)}" if below else line


def _weaker(cell: Cell, lang: str) -> list[str]:
    return [text("own_scale", lang, times=panels.number(cell.weaker))] if cell.weaker > 1 else []
