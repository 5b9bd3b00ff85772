"""The picture of factors: each place in the colour of its strongest factor, and what the network calls each."""

import io
import json
from os import PathLike
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from seewhy.lang import class_name, note, text
from seewhy.render.concept_tiles import coloured
from seewhy.render.document import written
from seewhy.render.panels import canvas, lettering, picture, shorten
from seewhy.results.factors import ActivationFactors, Factor

ACROSS = 4  # pictures side by side


def save(found: ActivationFactors, folder: str | PathLike[str], lang: str = "en") -> Path:
    """factors.png, factors.json and factors.npz in a folder."""
    path = Path(folder)
    file, arrays = io.BytesIO(), io.BytesIO()
    figure(found, lang).savefig(file, format="png")
    maps, directions = (np.stack([getattr(one, what) for one in found]) for what in ("maps", "direction"))
    np.savez_compressed(arrays, maps=maps, directions=directions)
    written(path / "factors.png", file.getvalue())
    written(path / "factors.npz", arrays.getvalue())
    written(path / "factors.json", (json.dumps(found.as_data(), ensure_ascii=False, indent=1) + "\n").encode())
    return path


def lines(found: ActivationFactors, lang: str = "en") -> list[str]:
    said = [text("factors_of", lang, count=len(found), layer=found.layer, model=found.model.name)]
    said += [f"  {i + 1}  {called(one, lang)}" for i, one in enumerate(found)]
    said.append("  " + text("factors_lost", lang, share=f"{found.lost:.0%}"))
    return [*said, *(f"  {text('note', lang, note=note(one, lang))}" for one in found.notes)]


def called(one: Factor, lang: str) -> str:
    """A factor's classes with their probabilities."""
    each = [f"{shorten(class_name(p.label, lang, p.index), 24)} {p.probability:.0%}" for p in one.classes]
    return ", ".join(each)


def figure(found: ActivationFactors, lang: str = "en") -> Figure:
    """A panel a picture, and the factors' colours with their classes."""
    across = min(ACROSS, len(found.photos))
    rows = -(-len(found.photos) // across)
    colours = palette(len(found))
    legend = 0.24 * len(found) + 0.2
    drawn = canvas(max(4.6, 2.4 * across), 2.6 * rows + legend + 0.5)
    grid = drawn.add_gridspec(rows + 1, across, height_ratios=[*[2.6] * rows, legend])
    maps = np.stack([one.maps for one in found], 1)  # (b,k,r,q)
    for i, photo in enumerate(found.photos):
        ax = drawn.add_subplot(grid[i // across, i % across])
        picture(ax, coloured(photo, maps[i], colours), shorten(photo.name, 28), lang)
    ax = drawn.add_subplot(grid[rows, :])
    ax.set(xlim=(0, 1), ylim=(len(found), 0))
    ax.set_axis_off()
    for i, one in enumerate(found):
        ax.add_patch(Rectangle((0, i + 0.15), 0.035, 0.7, color=colours[i]))
        said = called(one, lang)
        ax.text(0.05, i + 0.5, said, va="center", **lettering(said, lang, 8.5))
    model = found.model.name + (f", {text('random_weights', lang).upper()}" if found.model.weights == "random" else "")
    title = text("factors_title", lang, model=model, layer=found.layer)
    drawn.suptitle(title, x=0.01, ha="left", **lettering(title, lang, 11))
    return drawn


def palette(k: int) -> NDArray[np.float32]:
    """Colours (k,3) as far apart as there are hues."""
    named = matplotlib.colormaps["tab10" if k <= 10 else "gist_rainbow"]
    return np.asarray([named(i if k <= 10 else i / k)[:3] for i in range(k)], np.float32)
