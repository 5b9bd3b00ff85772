"""Decisions as a figure: the photo and what came of it, and a panel a step with what spoke for it."""

from textwrap import fill
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from seewhy.lang import class_name, text
from seewhy.render.colors import default
from seewhy.render.naming import share, taken, turned_down
from seewhy.render.normalize import limit, scale
from seewhy.render.overlay import Picture, ground, overlay
from seewhy.render.panels import ACCENT, INK, MUTED, STAMP, colorbar, lettering, number, outline
from seewhy.render.panels import nothing as without
from seewhy.render.scene import Scene, scene, smaller
from seewhy.results.decisions import Decisions, Step
from seewhy.types import Explanation

WIDTH, GAP, EDGE = 2.3, 0.3, 0.3  # inches of a panel, between two, and around all
HEAD, ABOVE, BELOW, FOOT = 0.95, 0.92, 0.32, 0.55  # heights: of the title, over and under a picture, of the colour bar
ACROSS = 6  # panels of a row
TRACK = "#efeeea"
LEAST, MOST = 1.1, 3.4  # inches a picture is high


class Drawing:
    """A figure on which things lie at inches from its top left corner."""

    def __init__(self, width: float, height: float, lang: str) -> None:
        self.made = Figure(figsize=(width, height), dpi=150, facecolor="white")
        FigureCanvasAgg(self.made)
        self.width, self.height, self.lang = width, height, lang

    def write(
        self, x: float, y: float, said: str, size: float, color: str = INK, room: float = 99, **more: Any
    ) -> float:
        """Words with their top at y, cut to the room; returns their width."""
        drawn = self.made.text(x / self.width, 1 - y / self.height, said, va="top", **more,
                               **lettering(said, self.lang, size, color))  # fmt: skip
        while (wide := drawn.get_window_extent().width / self.made.dpi) > room and len(said) > 1:
            said = said[:-1].rstrip() if not said.endswith("…") else said[:-2].rstrip()
            said += "…"
            drawn.set_text(said)
        return wide

    def axes(self, x: float, y: float, width: float, height: float) -> Axes:
        return self.made.add_axes(
            (x / self.width, 1 - (y + height) / self.height, width / self.width, height / self.height)
        )

    def bar(self, x: float, y: float, width: float, part: float, color: str) -> None:
        for wide, shade in ((1.0, TRACK), (part, color)):
            place = (x / self.width, 1 - (y + 0.07) / self.height)
            self.made.patches.append(
                Rectangle(place, wide * width / self.width, 0.07 / self.height, color=shade, linewidth=0,
                          transform=self.made.transFigure, figure=self.made)
            )  # fmt: skip


def figure(found: Decisions, lang: str = "en") -> Figure:
    """A panel for the photo and one for each step shown, at most six a row. Each map has a scale of its own, whose
    strongest value is written under it."""
    shown = found.shown
    photo = smaller(found.photo.pixels)
    tall = min(max(WIDTH * photo.shape[0] / photo.shape[1], LEAST), MOST)
    across = _across(len(shown) + 1)
    rows = -(-(len(shown) + 1) // across)
    mapped = any(found.maps)
    high = ABOVE + tall + BELOW + 0.12 if mapped else ABOVE + 0.1
    first = ABOVE + tall + BELOW + 0.12
    height = HEAD + EDGE + first + (rows - 1) * high + (FOOT if mapped else 0)
    drawn = Drawing(2 * EDGE + across * WIDTH + (across - 1) * GAP, height, lang)
    _title(drawn, found)
    maps = found.maps or (None,) * len(shown)
    for at in range(len(shown) + 1):
        row, column = divmod(at, across)
        x, y = EDGE + column * (WIDTH + GAP), HEAD + EDGE + (first + (row - 1) * high if row else 0)
        if at:
            _step(drawn, x, y, tall, at, shown[at - 1], maps[at - 1], found)
        else:
            _photo(drawn, x, y, tall, photo, found)
    if mapped:
        _foot(drawn, next(one for one in found.maps if one), height, odds=found.rule == "marginal")
    return drawn.made


def _across(panels: int) -> int:
    """Rows of about the same length."""
    rows = -(-panels // ACROSS)
    return max(3, -(-panels // rows))


def _title(drawn: Drawing, found: Decisions) -> None:
    lang, label = drawn.lang, class_name(found.label, drawn.lang, found.index)
    said, room = text("tree_prediction", lang, label=label), drawn.width - 2 * EDGE
    stamped = 0.0
    if found.model.weights == "random":
        stamp = text("random_weights", lang).upper()
        stamped = drawn.write(drawn.width - EDGE, EDGE, stamp, 11, STAMP, ha="right") + GAP
    drawn.write(EDGE, EDGE, said, 16, room=room - stamped, weight="bold")
    model = found.model.name
    way = text(f"tree_{found.rule}", lang)
    network = class_name(found.network.label, lang, found.network.index)
    own = share(found.network.probability or 0.0)
    key = "tree_network_too" if found.agrees else "tree_network_says"
    line = "  ·  ".join([model, way, text(key, lang, network=network, own=own)])
    drawn.write(EDGE, EDGE + 0.36, line, 10, MUTED if found.agrees else STAMP, room)


def _photo(drawn: Drawing, x: float, y: float, tall: float, photo: Picture, found: Decisions) -> None:
    root = found.tree.names[0] or text("tree_root", drawn.lang)
    drawn.write(x, y, text("photo", drawn.lang), 8.5, MUTED)
    drawn.write(x, y + 0.17, root, 11.5, room=WIDTH)
    drawn.write(x, y + 0.58, text("tree_classes", drawn.lang, count=len(found.tree.leaves)), 8.5, MUTED, WIDTH)
    _picture(drawn.axes(x, y + ABOVE, WIDTH, tall), photo)
    drawn.write(x, y + ABOVE + tall + 0.05, found.photo.name, 7.5, MUTED, WIDTH)


def _step(
    drawn: Drawing, x: float, y: float, tall: float, at: int, step: Step, map_: Explanation | None, found: Decisions
) -> None:
    lang = drawn.lang
    drawn.write(x, y, text("tree_step", lang, number=at), 8.5, MUTED)
    reached = text("tree_reached", lang, share=share(step.reached))
    drawn.write(x + WIDTH, y, reached, 8.5, MUTED, ha="right")
    amount = share(step.share)
    wide = drawn.write(x + WIDTH, y + 0.17, amount, 11.5, ACCENT, ha="right")
    drawn.write(x, y + 0.17, taken(step, lang), 11.5, room=WIDTH - wide - 0.12)
    drawn.bar(x, y + 0.43, WIDTH, step.share, ACCENT)
    if step.rejected:
        first = step.rejected[0]
        amount = share(first.share)
        wide = drawn.write(x + WIDTH, y + 0.56, amount, 8.5, MUTED, ha="right")
        said = text("tree_not", lang, sides=turned_down(first, step, found, lang))
        drawn.write(x, y + 0.56, said, 8.5, MUTED, WIDTH - wide - 0.1)
        if len(step.rejected) > 1:
            rest = share(sum(one.share for one in step.rejected[1:]))
            said = text("tree_more_branches", lang, count=len(step.rejected) - 1)
            wide = drawn.write(x + WIDTH, y + 0.72, rest, 8.5, MUTED, ha="right")
            drawn.write(x, y + 0.72, said, 8.5, MUTED, WIDTH - wide - 0.1)
    if map_ is not None:
        seen = scene(map_)
        top = limit(seen.heat, map_.sign)
        ax = drawn.axes(x, y + ABOVE, WIDTH, tall)
        _picture(ax, painted(map_, seen, top), seen.frame)
        said = text("largest", lang, value=number(top)) if top else without(map_.sign, lang)
        drawn.write(x, y + ABOVE + tall + 0.05, said, 7.5, MUTED, WIDTH)


def painted(map_: Explanation, seen: Scene, top: float) -> Picture:
    """A map over its photo (h,w,3); top: what is drawn strongest."""
    normed = scale(seen.heat, map_.sign, top)
    under = ground(seen.photo, normed == normed, map_.sign) if top else seen.photo
    return overlay(under, normed, default(map_.sign), map_.sign)


def _picture(ax: Axes, pixels: Picture, frame: tuple[float, float, float, float] | None = None) -> None:
    ax.imshow(pixels, interpolation="antialiased")
    ax.set_axis_off()
    ax.set_anchor("NW")
    outline(ax, frame)


def _foot(drawn: Drawing, map_: Explanation, height: float, *, odds: bool) -> None:
    """One bar for all maps: parts of each one's strongest value."""
    bar = drawn.axes(EDGE, height - FOOT + 0.02, WIDTH, 0.1)
    colorbar(bar, default(map_.sign), map_.sign, 1.0, "", drawn.lang)
    said, room = (
        text("tree_odds" if odds else "tree_maps", drawn.lang, method=map_.method),
        drawn.width - WIDTH - GAP - 2 * EDGE,
    )
    drawn.write(EDGE + WIDTH + GAP, height - FOOT, fill(said, int(room * (8 if drawn.lang == "zh" else 16))), 8, MUTED)
