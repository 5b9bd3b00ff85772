"""A figure as a file, whole or not at all."""

import io
from os import PathLike
from pathlib import Path

from matplotlib.figure import Figure

from seewhy.errors import BadOption
from seewhy.render.document import written

FORMATS = (".png", ".svg", ".pdf", ".jpg", ".webp")


def saved(figure: Figure, file: str | PathLike[str]) -> Path:
    """Write a figure in the format its name ends in. Raises BadOption for another, BadInput where the disk refuses."""
    suffix = Path(file).suffix.lower()
    if suffix not in FORMATS:
        raise BadOption(f"{Path(file).name} is no picture's name", f"end it in {', '.join(FORMATS)}")
    held = io.BytesIO()
    figure.savefig(held, format=suffix[1:])
    return written(file, held.getvalue())
