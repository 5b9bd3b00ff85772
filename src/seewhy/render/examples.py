"""What excites channels most, as a figure: a row a channel, composed as one array."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image

from seewhy.errors import BadOption
from seewhy.lang import text
from seewhy.render import heading, panels
from seewhy.render.panels import ACCENT
from seewhy.render.tiles import BETWEEN, Picture, composed, drawn
from seewhy.results.examples import Crop, Examples

TILE, GAP = 128, 6  # pixels


def figure(found: Examples, lang: str) -> Figure:
    """Each tile is what a cell sees; the frame in it is where the cell lies."""
    if not found.shown:
        raise BadOption("no channel is shown", "name channels, or leave them out for those that respond most")
    columns = max(len(found.crops[channel]) for channel in found.shown)
    tiles = np.full((len(found.shown) * columns, TILE, TILE, 3), BETWEEN, np.uint8)
    for row, channel in enumerate(found.shown):
        for column, one in enumerate(found.crops[channel]):
            tiles[row * columns + column] = letterboxed(one.pixels)
    step = TILE + GAP
    made = panels.canvas(max(6.0, 0.95 * columns + 1.4), 0.96 * len(found.shown) + 0.6)
    ax = made.add_subplot(label="examples")
    drawn(ax, composed(tiles, columns, GAP))
    middles = [GAP + step * row + TILE / 2 for row in range(len(found.shown))]
    ax.set_yticks(middles, [text("channel_number", lang, number=one) for one in found.shown], fontsize=8)
    ax.tick_params(length=0)
    for label in ax.get_yticklabels():
        label.set(**panels.lettering(label.get_text(), lang, 8))
    for row, channel in enumerate(found.shown):
        for column, (crop, example) in enumerate(zip(found.crops[channel], found[channel], strict=True)):
            left, top = GAP + step * column, GAP + step * row
            box = {"facecolor": "white", "edgecolor": "none", "pad": 0.8, "alpha": 0.75}
            ax.text(left, top, panels.number(example.value), va="top", fontsize=5.5, color=panels.INK, bbox=box)
            x, y, wide, high = marked(crop)
            ax.add_patch(Rectangle((left + x, top + y), wide, high, fill=False, edgecolor=ACCENT, linewidth=0.8))
    size = "x".join(map(str, found.receptive.size)) if found.receptive else text("all_of_input", lang)
    said = text("sees", lang, size=size)
    heading.titled(made, found.model, lang, text("examples_of", lang, layer=found.layer), found.model.name, said)
    return made


def letterboxed(pixels: Picture) -> Picture:
    """A picture in the middle of a tile, as large as fits."""
    scale = TILE / max(pixels.shape[:2])
    size = max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale))
    tile = np.full((TILE, TILE, 3), BETWEEN, np.uint8)
    left, top = (TILE - size[0]) // 2, (TILE - size[1]) // 2
    resized = Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR if scale < 4 else Image.Resampling.NEAREST)
    tile[top : top + size[1], left : left + size[0]] = np.asarray(resized)
    return tile


def marked(crop: Crop) -> tuple[float, float, float, float]:
    """Left, top, width, height of the cell's own part on its tile."""
    top, left, bottom, right = crop.box
    scale = TILE / max(bottom - top, right - left)
    x0, y0 = (TILE - (right - left) * scale) / 2, (TILE - (bottom - top) * scale) / 2
    first = [x0 + (max(crop.mark[1], left) - left) * scale, y0 + (max(crop.mark[0], top) - top) * scale]
    last = [x0 + (min(crop.mark[3], right) - left) * scale, y0 + (min(crop.mark[2], bottom) - top) * scale]
    return first[0] - 0.5, first[1] - 0.5, last[0] - first[0], last[1] - first[1]
