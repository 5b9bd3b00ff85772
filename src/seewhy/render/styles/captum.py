"""Captum's five ways to show a map, with its four signs and its clipping of outliers."""

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from seewhy.errors import BadOption
from seewhy.render import heading, panels
from seewhy.render.normalize import limit, peak, scale
from seewhy.render.overlay import gray, heat, overlay
from seewhy.render.scene import Scene, scene
from seewhy.types import Explanation, Sign

Mode = Literal["original_image", "heat_map", "blended_heat_map", "masked_image", "alpha_scaling"]
COLORS: dict[Sign, str] = {"all": "redwhitegreen", "positive": "Greens", "negative": "Reds", "absolute": "Blues"}


def captum(
    explanation: Explanation,
    *,
    modes: Sequence[Mode] = ("original_image", "blended_heat_map"),
    sign: Sign = "absolute",
    outlier_perc: float = 2.0,
    cmap: str | None = None,
    alpha: float = 0.5,
    lang: str = "en",
) -> Figure:
    """One panel a mode, beside each other, a colour bar under those that have colours.

    Towhee's figure is the default modes with sign="positive", cmap="OrRd". BadOption for an unknown mode, and for
    masked_image and alpha_scaling with sign="all", which they can't show.
    """
    _check(modes, sign)
    drawn = scene(explanation)
    name = cmap or COLORS[sign]
    top = limit(drawn.heat, sign, outlier_perc)
    height, width = drawn.photo.shape[:2]
    tall = min(max(4.2 * height / width, 2.0), 6.5)
    made = panels.canvas(max(4.4 * len(modes), 6.0), tall + 1.25)
    heading.line(made, explanation, lang, heading.target(explanation, lang), heading.source(explanation))
    grid = made.add_gridspec(2, len(modes), height_ratios=[tall, 0.13])
    for column, mode in enumerate(modes):
        ax = made.add_subplot(grid[0, column], label=mode)
        panels.picture(ax, pixels(drawn, mode, sign, top, name, alpha), mode, lang)
        if mode == "original_image":
            continue
        if not top:
            panels.caption(ax, panels.nothing(sign, lang), lang)
        elif mode in ("heat_map", "blended_heat_map"):
            bar = made.add_subplot(grid[1, column], label=f"{mode} colorbar")
            panels.colorbar(bar, name, sign, top, heading.units(explanation, peak(drawn.heat, sign), top, lang), lang)
    return made


def pixels(drawn: Scene, mode: Mode, sign: Sign, top: float, name: str, alpha: float = 0.5) -> NDArray[np.uint8]:
    """One mode's picture: (h,w,3), or (h,w,4) for alpha_scaling. A map with nothing to show is the photo."""
    if mode == "original_image" or not top:
        return drawn.photo
    normed = scale(drawn.heat, sign, top)
    if mode == "heat_map":
        return heat(drawn.photo, normed, name, sign)
    if mode == "blended_heat_map":
        return overlay(gray(drawn.photo), normed, name, sign, alpha, fade=False)
    share = np.nan_to_num(normed)[..., None]
    if mode == "masked_image":
        return (drawn.photo * share).astype(np.uint8)
    return np.concatenate([drawn.photo, (255 * share).astype(np.uint8)], axis=2)


def _check(modes: Sequence[Mode], sign: Sign) -> None:
    unknown = [mode for mode in modes if mode not in get_args(Mode)]
    if unknown or not modes:
        raise BadOption(
            f"no mode {', '.join(map(repr, unknown)) or 'at all'}", f"modes are {', '.join(get_args(Mode))}"
        )
    if sign == "all" and {"masked_image", "alpha_scaling"} & set(modes):
        raise BadOption("masked_image and alpha_scaling can't show sign='all'", "choose positive, negative or absolute")
