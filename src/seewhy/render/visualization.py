"""Optimised pictures as a grid under the names of what they are for, and as files."""

import io
import json
import re
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from seewhy.asked import whole
from seewhy.errors import BadInput
from seewhy.lang import text
from seewhy.render import panels
from seewhy.render.document import written
from seewhy.render.heading import titled
from seewhy.results.visualization import Visualization, Visualized

TILE, LARGE, FEW = 1.9, 3.4, 3  # inches of a picture, and of one of so few a row
MANIFEST = "manifest.json"
NARROWEST, NAME = 6.4, 36  # inches of a figure, and letters of a network's name, so that its heading fits
LETTERS = 14  # of a title, an inch of its picture
FULL = 80  # percent of the places of a see-through picture are less than fully seen


def figure(result: Visualization, *, columns: int = 6, lang: str = "en") -> Figure:
    """A tile a picture, or a row an objective where pictures were kept on the way or there are several each."""
    columns = whole(columns, "columns", 1)
    tiles = [
        (_title(result, one, t, n, lang), pixels(one.images[t, n], veil(result, one, n))) for one, t, n in _each(result)
    ]
    if result.photo is not None:
        tiles = [(text("photo", lang), result.photo), *tiles]
    across = len(result.steps) * result[0].images.shape[1]
    across = across if across > 1 else min(columns, len(tiles))
    down = -(-len(tiles) // across)
    height, width = tiles[0][1].shape[:2]
    side = LARGE if across <= FEW else TILE
    made = panels.canvas(max(side * across, NARROWEST), (side * height / width + 0.2) * down + 0.4)
    grid = made.add_gridspec(down, across)
    for at, (title, shown) in enumerate(tiles):
        ax = made.add_subplot(grid[at // across, at % across], label=f"tile-{at}")
        panels.picture(ax, shown, panels.shorten(title, int(LETTERS * side)), lang)
    steps = text("steps_taken", lang, steps=result.steps[-1])
    titled(made, result.model, lang, panels.shorten(result.model.name, NAME), text("optimised_for", lang), steps)
    return made


def _each(result: Visualization) -> list[tuple[Visualized, int, int]]:
    return [(one, t, n) for one in result.found for n in range(one.images.shape[1]) for t in range(len(result.steps))]


def _title(result: Visualization, one: Visualized, t: int, n: int, lang: str) -> str:
    name = one.name if one.images.shape[1] == 1 else f"{one.name} #{n + 1}"
    return name if len(result.steps) == 1 else text("at_step", lang, name=name, step=result.steps[t])


def save(result: Visualization, folder: str | PathLike[str], lang: str = "en") -> Path:
    """The grid, a PNG a picture and the manifest, which names them. Raises BadInput where the disk refuses."""
    path = Path(folder)
    if path.is_file():
        raise BadInput(f"{path} is a file", "name a folder: -o results")
    files: dict[tuple[int, int, int], str] = {}
    for one, t, n in _each(result):
        at = result.found.index(one)
        step = f"-step{result.steps[t]}" if len(result.steps) > 1 else ""
        number = f"-{n + 1}" if one.images.shape[1] > 1 else ""
        name = f"{at + 1:02}-{slug(one.name)}{number}{step}.png"
        written(path / name, png(one.images[t, n], veil(result, one, n)))
        files[at, t, n] = name
    drawn = io.BytesIO()
    figure(result, lang=lang).savefig(drawn, format="png")
    written(path / "grid.png", drawn.getvalue())
    written(path / MANIFEST, json.dumps(manifest(result, files), ensure_ascii=False, indent=1).encode())
    return path


def manifest(result: Visualization, files: dict[tuple[int, int, int], str]) -> dict[str, Any]:
    """What was made of what, in plain values."""
    return {
        "kind": "visualization",
        "model": card(result.model),
        "seed": result.seed,
        "steps": list(result.steps),
        "options": dict(result.options),
        "seconds": round(result.seconds, 3),
        "versions": dict(result.versions),
        "notes": list(result.notes),
        "objectives": [
            {
                "objective": one.name,
                "files": [name for (at, _, _), name in files.items() if result.found[at] is one],
                "first_value": one.values[0].tolist(),
                "last_value": one.values[-1].tolist(),
            }
            for one in result.found
        ],
    }


def card(model: Any) -> dict[str, Any]:
    named = ("name", "spec", "weights", "fingerprint", "licence")
    return {name: getattr(model, name) for name in named if getattr(model, name)}


def veil(result: Visualization, one: Visualized, n: int) -> NDArray[np.float32] | None:
    """How much of each place (h,w) is to be seen, from 0 to 1, where the parametrization has it so."""
    if not result.options.get("see_through"):
        return None
    asked = one.transparency[n]
    return np.asarray(np.clip(asked / max(float(np.percentile(asked, FULL)), 1e-12), 0, 1), np.float32)


def pixels(image: NDArray[np.float32], seen: NDArray[np.float32] | None = None) -> NDArray[np.uint8]:
    """(h,w,c) in [0,1] as (h,w,3), grey ones in grey; on white where they are seen through."""
    shown = np.clip(image if image.shape[2] == 3 else np.repeat(image.mean(2, keepdims=True), 3, axis=2), 0, 1)
    shown = shown if seen is None else shown * seen[:, :, None] + 1 - seen[:, :, None]
    return np.asarray(np.rint(255 * shown), np.uint8)


def png(image: NDArray[np.float32], seen: NDArray[np.float32] | None = None) -> bytes:
    """A PNG file; seen (h,w): how much of each place, else all."""
    shown = pixels(image)
    if seen is not None:
        shown = np.concatenate([shown, np.rint(255 * seen[:, :, None]).astype(np.uint8)], 2)
    file = io.BytesIO()
    Image.fromarray(shown).save(file, "PNG")
    return file.getvalue()


def slug(name: str) -> str:
    """A name as part of a file's."""
    return re.sub(r"[^\w.]+", "-", name).strip("-.")[:60] or "objective"
