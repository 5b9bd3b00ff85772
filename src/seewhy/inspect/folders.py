"""Many photos through a network: each core decodes some and runs them, or threads decode batches beside it."""

import os
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any, TypeVar

import torch

from seewhy.errors import BadInput
from seewhy.images import Decoded, decoded, expand, one_decoded
from seewhy.model import Model
from seewhy.model.cores import ahead, available
from seewhy.types import Pixels

BATCH = 16
HELD = 4  # batches of other sizes that wait for more of theirs

Tell = Callable[[int, int], None]
Found = TypeVar("Found")


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


def groups(
    model: Model,
    images: Sequence[Any],
    layer: str,
    work: Callable[[Pixels], Found],
    size: int,
    *,
    thumb: int = 0,
    tell: Tell | None = None,
) -> Generator[tuple[list[Decoded], Found | None]]:
    """The photos in groups of one input size, `size` at most, each with what `work` makes of its pixels (b,c,h,w) by
    reading the layer; one that can't be read is alone, with None. A core takes a few photos at a time from their files
    to what is made of them; where modules are run, whose hooks are not a thread's, all cores run a batch."""
    cores, probe = available(model.device), model.probe()
    written = {tuple(probe.shape[2:]): model.written(probe, [layer], graph=False)}
    if cores == 1 or not all(written.values()):
        for group in batches(model, images, size, thumb=thumb, tell=tell):
            yield group, work(_pixels(model, group)) if group[0].error is None else None
        return
    done = 0

    def run(part: range) -> list[tuple[list[Decoded], Found | None]]:
        sizes: dict[tuple[int, ...], list[Decoded]] = {}
        for number in part:
            one = one_decoded(number, images[number], model.preprocess, thumb)
            sizes.setdefault((number,) if one.pixels is None else tuple(one.pixels.shape[2:]), []).append(one)
        return [(each, work(_pixels(model, each)) if written.get(at) else None) for at, each in sizes.items()]

    with ahead(cores) as each:
        most = min(size, model.rows_a_core(probe, cores, backward=False))
        for part in each(run, _parts(len(images), most, cores)):
            for group, found in part:
                done += len(group)
                if tell is not None:
                    tell(done, len(images))
                if found is None and group[0].error is None:  # of a size that is new, of which modules tell
                    x = _pixels(model, group)
                    found, written[tuple(x.shape[2:])] = work(x), model.written(x, [layer], graph=False)
                yield group, found


def _parts(count: int, most: int, cores: int) -> Iterator[range]:
    """So many at a time, fewer at the end, where a core waits for the others."""
    at = 0
    while at < count:
        some = min(most, -(-(count - at) // (2 * cores)))
        yield range(at, at + some)
        at += some


def _pixels(model: Model, group: Sequence[Decoded]) -> Pixels:
    return model.checked(torch.cat([one.pixels for one in group if one.pixels is not None]))
