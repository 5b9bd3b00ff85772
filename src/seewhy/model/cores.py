"""Parts of a work side by side, each on cores of its own: a core that stays with its pictures waits for no other, and
finds them in its cache."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from threading import Barrier
from typing import Any, TypeVar

import torch

Part = TypeVar("Part")
Found = TypeVar("Found")
Each = Callable[[Callable[[Any], Any], Iterable[Any]], list[Any]]
Ahead = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]


def available(device: Any) -> int:
    """Threads that this thread's work may be spread over. Without OpenMP torch has one number of them for all threads,
    which is not to be touched."""
    own = torch.device(device).type == "cpu" and torch.backends.openmp.is_available()
    return torch.get_num_threads() if own else 1


@contextmanager
def side_by_side(parts: int, cores: int) -> Iterator[Each]:
    """What calls a function for each of so many parts, and returns what it returned in their order.

    cores: those that the parts share. Several threads run the function. Where one part raises, that is raised once the
    others have ended.
    """
    workers = min(parts, cores)
    if workers < 2:
        yield one_by_one
        return
    with _workers(workers, cores // workers) as pool:
        yield lambda function, each: list(pool.map(function, each))


@contextmanager
def ahead(cores: int) -> Iterator[Ahead]:
    """What calls a function for each of any number of parts, and yields what it returned in their order; each part has
    a core of its own. No more parts are asked for than keep the cores busy, and none behind one that raised."""
    if cores < 2:
        yield map
        return
    with _workers(cores, 1) as pool:
        yield partial(_ahead, pool, cores)


def _ahead(pool: ThreadPoolExecutor, cores: int, function: Callable[[Part], Found], parts: Iterable[Part]) -> Any:
    waiting: deque[Future[Found]] = deque()
    try:
        for part in parts:
            waiting.append(pool.submit(function, part))
            if len(waiting) > cores:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for one in waiting:
            one.cancel()


@contextmanager
def _workers(count: int, threads: int) -> Iterator[ThreadPoolExecutor]:
    """So many workers with so many threads each."""
    # torch keeps a number of threads for each thread, and one for those that are still to come: what that was is set
    # again as soon as the workers, which wait for each other, have theirs.
    with ThreadPoolExecutor(count, "cores", _take, (threads,)) as pool:
        own, all_here = torch.get_num_threads(), Barrier(count)
        try:
            list(pool.map(lambda _: all_here.wait(), range(count)))
        finally:
            torch.set_num_threads(own)
        yield pool


def _take(threads: int) -> None:
    torch.get_num_threads()  # a thread asks for its number once, later than it is told one if that comes first
    torch.set_num_threads(threads)


def one_by_one(function: Callable[[Part], Found], parts: Iterable[Part]) -> list[Found]:
    return [function(part) for part in parts]
