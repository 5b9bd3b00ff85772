"""CRAFT's picture: a row a concept, with its importance, the crops that show it most and where it is."""

import io
import json
from os import PathLike
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from seewhy.lang import class_name, note, text
from seewhy.render.concept_tiles import tile
from seewhy.render.craft_page import craft_page, importance
from seewhy.render.document import written
from seewhy.render.panels import ACCENT, INK, MUTED, canvas, colorbar, lettering, shorten
from seewhy.results.craft import FoundConcepts

CROPS, PLACES, ROWS = 5, 4, 6  # of a row, and rows
SIDE = 1.05  # inches of a tile


def save(found: FoundConcepts, folder: str | PathLike[str], lang: str = "en") -> Path:
    """craft.html, craft.png, craft.json and craft.npz in a folder."""
    path = Path(folder)
    file, arrays = io.BytesIO(), io.BytesIO()
    figure(found, lang).savefig(file, format="png")
    maps, directions = (np.stack([getattr(one, what) for one in found]) for what in ("maps", "direction"))
    np.savez_compressed(arrays, maps=maps, directions=directions)
    written(path / "craft.png", file.getvalue())
    written(path / "craft.html", craft_page(found, file.getvalue(), lang).encode())
    written(path / "craft.npz", arrays.getvalue())
    written(path / "craft.json", (json.dumps(found.as_data(), ensure_ascii=False, indent=1) + "\n").encode())
    return path


def lines(found: FoundConcepts, lang: str = "en") -> list[str]:
    label = class_name(found.target, lang, found.index)
    said = [text("craft_of", lang, label=label, model=found.model.name, layer=found.layer, crops=found.count)]
    for i, one in enumerate(found):
        said.append("  " + text("craft_concept", lang, number=i + 1, importance=importance(one)))
    said.append("  " + text("factors_lost", lang, share=f"{found.lost:.0%}"))
    return [*said, *(f"  {text('note', lang, note=note(one, lang))}" for one in found.notes)]


def figure(found: FoundConcepts, lang: str = "en") -> Figure:
    """At most six concepts; each one's places in the pictures that hold most of it, in one scale a concept."""
    rows, columns = min(len(found), ROWS), 1 + CROPS + PLACES
    drawn = canvas(SIDE * (columns + 0.6), (SIDE + 0.22) * rows + 1.25)
    grid = drawn.add_gridspec(
        rows + 1, columns, width_ratios=[1.6, *[1] * (columns - 1)], height_ratios=[*[1] * rows, 0.12]
    )
    top = max(one.importance for one in found) or 1.0
    for i in range(rows):
        one = found[i]
        ax = drawn.add_subplot(grid[i, 0])
        ax.set(xlim=(0, 1), ylim=(0, 1))
        ax.set_axis_off()
        name = text("concept_number", lang, number=i + 1)
        ax.text(0, 0.72, name, **lettering(name, lang, 10))
        ax.add_patch(Rectangle((0, 0.5), 0.95, 0.09, color="#efeeea"))
        ax.add_patch(Rectangle((0, 0.5), max(0.0, 0.95 * one.importance / top), 0.09, color=ACCENT))
        said = importance(one)
        ax.text(0, 0.28, said, **lettering(said, lang, 8, MUTED))
        for at, crop in enumerate(one.crops[:CROPS]):
            ax = drawn.add_subplot(grid[i, 1 + at])
            ax.imshow(crop.pixels)
            ax.set_axis_off()
        most = one.maps.reshape(len(one.maps), -1).sum(1).argsort()[::-1][:PLACES]
        for at, image in enumerate(most):
            ax = drawn.add_subplot(grid[i, 1 + CROPS + at])
            ax.imshow(tile(found.photos[image], one.maps[image], float(one.maps.max())))
            ax.set_axis_off()
    bar = drawn.add_subplot(grid[rows, 1 + CROPS :])
    strongest = text("craft_strength", lang)
    colorbar(bar, "inferno", "positive", 1.0, strongest, lang)
    label = shorten(class_name(found.target, lang, found.index), 30)
    model = found.model.name + (f", {text('random_weights', lang).upper()}" if found.model.weights == "random" else "")
    title = text("craft_title", lang, label=label, model=model, layer=found.layer)
    drawn.suptitle(title, x=0.01, ha="left", **lettering(title, lang, 11, INK))
    return drawn
