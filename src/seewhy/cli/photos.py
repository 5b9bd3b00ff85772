"""The photos a command is given: each done by itself, so that a bad one is one reported error."""

from collections.abc import Sequence
from pathlib import Path

from seewhy.errors import SeewhyError


def expanded(asked: Sequence[str]) -> tuple[list[Path], list[tuple[str, SeewhyError]]]:
    """Files, folders and patterns as photos, each once; also the arguments that gave none, with the reason."""
    from seewhy.images import expand

    found: list[Path] = []
    bad: list[tuple[str, SeewhyError]] = []
    for one in asked:
        try:
            found += expand([one])
        except SeewhyError as error:
            bad.append((one, error))
    return list(dict.fromkeys(found)), bad


def folders(photos: Sequence[Path], asked: Sequence[str], out: Path | None) -> list[Path]:
    """Where each photo's results go: `out` itself for one file, else a folder a photo, named as the photo."""
    if out is not None and len(asked) == 1 and photos == [Path(asked[0])]:
        return [out]
    parent = Path("seewhy-out") if out is None else out
    return [parent / name for name in distinct([photo.stem for photo in photos])]


def distinct(names: Sequence[str]) -> list[str]:
    """Names without doubles, also where a disk does not tell capitals: a second "cat" is "cat-2"."""
    taken: set[str] = set()
    made = []
    for name in names:
        free, number = name, 1
        while free.casefold() in taken:
            number += 1
            free = f"{name}-{number}"
        taken.add(free.casefold())
        made.append(free)
    return made
