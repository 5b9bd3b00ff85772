"""Weights of Keras models from files of one's own, fitted exactly."""

import re
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from seewhy.errors import BadOption, first_line
from seewhy.sources.built import Ask

FILES = (".keras", ".h5", ".hdf5")
BESIDES = re.compile(r"^optimizer/|(^|/)seed_generator(_\d+)?/|^_?(compile_)?metrics?/")  # not a model's weights
FIT = "name the architecture it is of, and for other classes give classes=[one name an output]"


def check(ask: Ask) -> None:
    """Refuse what is no file of weights, before anything is built."""
    path = Path(str(ask.weights)).expanduser()
    if not path.name.endswith((".weights.h5", ".keras")) and not (ask.trust and path.suffix in FILES):
        raise BadOption(
            f"'{path.name}' is no file of Keras weights that is safe to read",
            "save them with model.save_weights('name.weights.h5'), or a model as .keras; others with --trust",
        )
    if not path.is_file():
        raise BadOption(f"there is no weights file '{path}'", "give a .weights.h5 or .keras file, or 'random'")


def fill(model: Any, ask: Ask) -> None:
    """Load a file into a model; "random" leaves it as it was made. Raises BadOption where it does not fit.

    Keras itself notices what a file lacks, and not what it has besides.
    """
    if ask.weights == "random":
        return
    path = Path(str(ask.weights)).expanduser()
    try:
        held = _held(path)
        model.load_weights(path)
    except Exception as error:  # a broken file breaks in any way
        raise BadOption(f"'{path.name}' does not fit: {first_line(error)}", FIT) from error
    if held not in (None, len(model.weights)):
        raise BadOption(f"'{path.name}' does not fit: it holds {held} tensors for {len(model.weights)}", FIT)


def _held(path: Path) -> int | None:
    """How many tensors of weights a file holds; None in the old format, which is loaded by order."""
    if not path.name.endswith((".weights.h5", ".keras")):
        return None
    h5py: Any = import_module("h5py")
    inside = BytesIO(ZipFile(path).read("model.weights.h5")) if path.suffix == ".keras" else path
    names: list[str] = []
    with h5py.File(inside, "r") as file:
        file.visititems(lambda name, one: names.append(name) if isinstance(one, h5py.Dataset) else None)
    return sum(not BESIDES.search(name) for name in names)
