"""Many photos through a network: decoded beside it, in batches of one size."""

import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from seewhy.errors import BadInput
from seewhy.images import Decoded, decoded, expand
from seewhy.model import Model

BATCH = 16
HELD = 4  # batches of other sizes that wait for more of theirs

Tell = Callable[[int, int], None]


def sources(images: Any) -> list[Any]:
    """A folder, a pattern, a list of these or of whatever `seewhy.explain` takes: one by one. Raises BadInput."""
    listed = [images] if isinstance(images, str | os.PathLike) else list(images)
    found: list[Any] = []
    for one in listed:
        found += expand([one]) if isinstance(one, str | os.PathLike) else [one]
    if not found:
        raise BadInput("there is no image: the list is empty", "pass a folder, or at least one photo")
    return found


def batches(
    model: Model, images: Sequence[Any], size: int, *, thumb: int = 0, tell: Tell | None = None
) -> Iterator[list[Decoded]]:
    """The photos in batches of one input size, and those that can't be read alone. No more than a few are held."""
    waiting: dict[tuple[int, ...], list[Decoded]] = {}
    for done, one in enumerate(decoded(images, model.preprocess, thumb=thumb, ahead=2 * size), 1):
        if tell is not None:
            tell(done, len(images))
        if one.pixels is None:
            yield [one]
            continue
        shape = tuple(one.pixels.shape)
        waiting.setdefault(shape, []).append(one)
        if len(waiting[shape]) < size and sum(map(len, waiting.values())) >= HELD * size:
            shape = max(waiting, key=lambda key: len(waiting[key]))
        elif len(waiting[shape]) < size:
            continue
        yield waiting.pop(shape)
    yield from waiting.values()
