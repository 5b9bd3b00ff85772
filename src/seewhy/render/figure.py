"""One explanation as a figure: photo, heat map, overlay, colour bar with numbers, predictions."""

import numpy as np
from matplotlib.figure import Figure

from seewhy.lang import text
from seewhy.render import heading, panels, strip
from seewhy.render.colors import default, table
from seewhy.render.normalize import limit, peak, scale
from seewhy.render.overlay import ground, heat, overlay
from seewhy.render.scene import scene
from seewhy.types import Explanation, Sign

WORDS, SIZE = 9.5 * 72, 11  # points: the width of a text under the pictures, and its letters


def figure(
    explanation: Explanation,
    *,
    sign: Sign | None = None,
    cmap: str | None = None,
    outlier_perc: float = 2.0,
    alpha: float = 0.8,
    fade: bool = True,
    lang: str = "en",
) -> Figure:
    """Photo, heat map and overlay of one image, with what the model says of it.

    sign: None shows the values as the method's paper does. cmap: None is uniform, and centred on white for both signs.
    outlier_perc: the share of the evidence drawn in the strongest colour. fade: weak values let the photo through;
    otherwise `alpha` everywhere. BadInput for a batch, BadOption for an unknown sign, colour map or language.
    """
    drawn = scene(explanation)
    sign = sign or explanation.sign
    name = cmap or default(sign)
    table(name)
    top = limit(drawn.heat, sign, outlier_perc)
    normed = scale(drawn.heat, sign, top)
    height, width = drawn.photo.shape[:2]
    tall = min(max(3.3 * height / width, 1.6), 5.5)
    words = strip.height(explanation, WORDS, SIZE, lang) / 72 if strip.has_words(explanation) else 0.0
    made = panels.canvas(13.0, tall + 1.75 + words)
    ratios = [0.55, tall, 0.14, *([words] if words else [])]
    grid = made.add_gridspec(len(ratios), 4, width_ratios=[1, 1, 1, 0.78], height_ratios=ratios)
    heading.draw(made.add_subplot(grid[0, :], label="heading"), explanation, lang)

    photo, hot, both = (
        made.add_subplot(grid[1, column], label=label) for column, label in enumerate(("photo", "heat", "both"))
    )
    panels.picture(photo, drawn.photo, text("photo", lang), lang)
    hot_pixels = heat(drawn.photo, normed, name, sign) if top else drawn.photo
    panels.picture(hot, hot_pixels, text("heat_map", lang), lang)
    both_pixels = (
        overlay(ground(drawn.photo, ~np.isnan(normed), sign), normed, name, sign, alpha, fade) if top else drawn.photo
    )
    panels.picture(both, both_pixels, text("overlay", lang), lang)
    for ax in (photo, hot, both):
        panels.outline(ax, drawn.frame)
    if top:
        bar = made.add_subplot(grid[2, 1:3], label="colorbar")
        panels.colorbar(bar, name, sign, top, heading.units(explanation, peak(drawn.heat, sign), top, lang), lang)
    else:
        panels.caption(hot, panels.nothing(sign, lang), lang)
    if words:
        below = made.add_subplot(grid[3, :3], label="words")
        strip.strip(below, explanation, WORDS, strip.largest([explanation]), lang, SIZE)
    beside = made.add_subplot(grid[1:3, 3], label="predictions")
    panels.predictions(beside, explanation.predictions[0], explanation.classes[0], lang)
    return made
