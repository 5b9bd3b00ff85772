"""Pictures made from layers' features beside the photo they come from, with the curves of what was minimised."""

import io
import json
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from seewhy.errors import BadInput
from seewhy.lang import text
from seewhy.render import panels
from seewhy.render.document import written
from seewhy.render.heading import titled
from seewhy.render.visualization import MANIFEST, NAME, NARROWEST, card, pixels, png, slug
from seewhy.results.inversion import Inversion, Inverted

TILE = 2.5  # inches
LOWEST = 1e-6  # of the curves that is drawn
COLORS = (panels.ACCENT, "#3b6ea5", "#4d8a4d")  # of the curves


def figure(result: Inversion, *, lang: str = "en") -> Figure:
    """The photo first, as the network saw it; under each layer's picture its curves, all on one scale."""
    columns = len(result) + 1
    height, width = result[0].image.shape[:2]
    made = panels.canvas(max(TILE * columns, NARROWEST), TILE * height / width + 2.3)
    grid = made.add_gridspec(2, columns, height_ratios=[TILE * height / width + 0.2, 1.6])
    panels.picture(made.add_subplot(grid[0, 0], label="photo"), result.seen, text("photo", lang), lang)
    first: Axes | None = None
    for at, one in enumerate(result.found, 1):
        ax = made.add_subplot(grid[0, at], label=f"layer-{at}")
        panels.picture(ax, pixels(one.image), panels.shorten(one.layer, 30), lang)
        below = made.add_subplot(grid[1, at], label=f"curve-{at}", sharey=first)
        first = first or below
        _curves(below, one, lang, named=at == 1)
    assert first is not None
    handles, labels = first.get_legend_handles_labels()
    beside = made.add_subplot(grid[1, 0], label="legend")
    beside.set_axis_off()
    legend = beside.legend(handles, labels, loc="upper left", frameon=False, prop=_font(labels, lang))
    for said in legend.get_texts():
        said.set_fontsize(7.5)
        said.set_parse_math(False)
    titled(
        made,
        result.model,
        lang,
        panels.shorten(result.model.name, NAME),
        text("inverted", lang),
        text("steps_taken", lang, steps=len(result[0].features) - 1),
    )
    return made


def _font(labels: Any, lang: str) -> Any:
    return panels.lettering(" ".join(labels), lang, 7.5)["font"]


def _curves(ax: Axes, one: Inverted, lang: str, *, named: bool) -> None:
    """Feature loss and regularisers by step, in logarithms."""
    parts = (("feature_loss", one.features), ("alpha_norm", one.alpha), ("total_variation", one.tv))
    for (key, values), color in zip(parts, COLORS, strict=True):
        if values.any():
            ax.semilogy(values, color=color, linewidth=1.2, label=text(key, lang) if named else None)
    ax.set_ylim(bottom=max(ax.get_ylim()[0], LOWEST))
    ax.tick_params(labelsize=7, length=2, color=panels.MUTED)
    ax.spines[["top", "right"]].set_visible(False)
    said = text("fell", lang, fall=panels.number(one.fall))
    ax.set_xlabel(said, labelpad=2, **panels.lettering(said, lang, 7.5, panels.MUTED))


def save(result: Inversion, folder: str | PathLike[str], lang: str = "en") -> Path:
    """The figure, a PNG a layer, the curves as CSV and the manifest. Raises BadInput where the disk refuses."""
    path = Path(folder)
    if path.is_file():
        raise BadInput(f"{path} is a file", "name a folder: -o results")
    files = [f"{at + 1:02}-{slug(one.layer)}.png" for at, one in enumerate(result.found)]
    for name, one in zip(files, result.found, strict=True):
        written(path / name, png(one.image))
        rows = np.stack([one.features, one.alpha, one.tv], 1)
        lines = [f"{step},{a:.7g},{b:.7g},{c:.7g}" for step, (a, b, c) in enumerate(rows)]
        written(path / name.replace(".png", ".csv"), "\n".join(["step,features,alpha,tv", *lines, ""]).encode())
    drawn = io.BytesIO()
    figure(result, lang=lang).savefig(drawn, format="png")
    written(path / "inversion.png", drawn.getvalue())
    written(path / MANIFEST, json.dumps(manifest(result, files), ensure_ascii=False, indent=1).encode())
    return path


def manifest(result: Inversion, files: list[str]) -> dict[str, Any]:
    """What was made of what, in plain values."""
    return {
        "kind": "inversion",
        "photo": result.photo.name,
        "model": card(result.model),
        "seed": result.seed,
        "options": dict(result.options),
        "seconds": round(result.seconds, 3),
        "versions": dict(result.versions),
        "notes": list(result.notes),
        "layers": [
            {
                "layer": one.layer,
                "file": name,
                "curve": name.replace(".png", ".csv"),
                "first": {"features": float(one.features[0]), "alpha": float(one.alpha[0]), "tv": float(one.tv[0])},
                "last": {"features": float(one.features[-1]), "alpha": float(one.alpha[-1]), "tv": float(one.tv[-1])},
                "fall": one.fall,
            }
            for one, name in zip(result.found, files, strict=True)
        ],
    }
