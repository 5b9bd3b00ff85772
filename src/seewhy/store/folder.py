"""A folder that appears whole or not at all."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from seewhy.errors import BadInput

OURS = {"manifest.json", "values.npz", "figure.png", "page.html", "plotly.html"}


@contextmanager
def replacing(folder: Path) -> Iterator[Path]:
    """Give an empty folder to write in; it takes the place of `folder` when the block ends, and vanishes if it fails.

    An older result there is replaced. Raises BadInput where `folder` holds anything that is no result of ours, or
    where the disk refuses.
    """
    refuse_others(folder)
    fresh = folder.parent / f".{folder.name}-{uuid4().hex[:8]}"
    try:
        fresh.mkdir(parents=True)
        yield fresh
        _swap(fresh, folder)
    except OSError as error:
        raise BadInput(
            f"{folder} can't be written: {error.strerror or error}", "choose another folder, or make room"
        ) from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def ours(folder: Path) -> bool:
    """Whether a folder holds nothing but results of ours."""
    return all(
        ours(one) if one.is_dir() and not one.is_symlink() else one.name in OURS or one.match("photo*.png")
        for one in folder.iterdir()
    )


def refuse_others(folder: Path) -> None:
    """BadInput where results can't take the place of `folder`: it is a file, or holds what is no result of ours."""
    if folder.exists() and not folder.is_dir():
        raise BadInput(f"{folder} is a file, not a folder", "choose another folder for the results")
    try:
        if folder.is_dir() and not ours(folder):
            raise BadInput(f"the folder {folder} holds other files, which would be lost", "choose another folder")
    except OSError as error:
        raise BadInput(f"{folder} can't be read: {error.strerror}", "choose another folder") from error


def _swap(fresh: Path, folder: Path) -> None:
    if not folder.exists():
        os.rename(fresh, folder)
        return
    old = folder.resolve()  # a link to a folder stays a link
    aside = fresh.with_name(fresh.name + "-old")
    shutil.move(old, aside)
    try:
        shutil.move(fresh, old)
    except OSError:
        shutil.move(aside, old)
        raise
    shutil.rmtree(aside, ignore_errors=True)
