"""The photos meant by files, folders and patterns."""

import glob
import os
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from seewhy.errors import BadInput
from seewhy.images.decode import FORMATS


def expand(paths: Sequence[str | os.PathLike[str]]) -> list[Path]:
    """Files as they are, folders as the photos right in them, patterns as the files that match; each once, in order.

    Folders and patterns are sorted; "**" looks into subfolders. A missing file is left for `load` to report.
    Raises BadInput for a folder without photos and a pattern without a match.
    """
    return list(dict.fromkeys(found for path in paths for found in _meant_by(os.fspath(path))))


def _meant_by(text: str) -> list[Path]:
    path = Path(text)
    if path.is_dir():
        return _photos_in(path)
    if os.path.lexists(path) or not glob.has_magic(text):
        return [path]
    found = sorted(one for one in map(Path, glob.glob(text, recursive=True)) if one.is_file())
    if not found:
        raise BadInput(f"no file matches {text}", "check the pattern and the folder")
    return found


def is_photo(path: Path) -> bool:
    """Whether it is a file that is called as a picture, and not hidden."""
    known = Image.registered_extensions()  # imports its plugins at the first call
    return not path.name.startswith(".") and path.is_file() and known.get(path.suffix.lower()) in FORMATS


def _photos_in(folder: Path) -> list[Path]:
    found = sorted(one for one in folder.iterdir() if is_photo(one))
    if not found:
        raise BadInput(f"the folder {folder} holds no photos", "pass one with JPEG, PNG or other image files in it")
    return found
