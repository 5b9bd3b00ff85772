"""Many variants of many images through the network in chunks that fit, whatever their number."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import torch
from torch import Tensor

Run = Callable[[Tensor, Tensor], Tensor]  # a chunk (m,...), the image of each row (m,) -> (m,...)

ALLOCATOR = ("not enough memory", "can't allocate memory")  # Windows, the others


class Items(NamedTuple):
    """Some variants of some images: values (m,...) and the image of each (m,). An image need not have as many as the
    next, so that one that is done leaves its places to others."""

    values: Tensor
    rows: Tensor


Variant = Tensor | Items  # (b,...), a row an image; or any rows of any images


def stream(variants: Iterable[Variant], run: Run, rows_at_once: int) -> Iterator[Tensor]:
    """For each variant of m rows, what `run` makes of it (m,...).

    Variants are gathered, or cut, to chunks of `rows_at_once` rows, but for the last, and never all held. A chunk that
    does not fit the device is halved, and so are those behind it.
    """
    limit = max(1, rows_at_once)
    waiting: list[Items] = []
    done: list[Tensor] = []
    sizes: deque[int] = deque()  # of the variants that are not yielded yet

    def flush(everything: bool) -> None:
        nonlocal limit
        values, rows = (torch.cat(parts) for parts in zip(*waiting, strict=True))
        while len(values) >= limit or (everything and len(values)):
            out, limit = _fit(run, values[:limit], rows[:limit], limit)
            done.append(out)
            values, rows = values[len(out) :], rows[len(out) :]
        waiting[:] = [Items(values, rows)] if len(values) else []

    def ready() -> Iterator[Tensor]:
        whole: list[int] = []
        held = sum(map(len, done))
        while sizes and sum(whole) + sizes[0] <= held:
            whole.append(sizes.popleft())
        if whole:
            *out, rest = torch.cat(done).split([*whole, held - sum(whole)])
            done[:] = [rest] if len(rest) else []
            yield from out

    for variant in variants:
        waiting.append(variant if isinstance(variant, Items) else Items(variant, _images(variant)))
        sizes.append(len(waiting[-1].values))
        if sum(len(one.values) for one in waiting) >= limit:
            flush(everything=False)
            yield from ready()
    if waiting:
        flush(everything=True)
    yield from ready()


def _images(variant: Tensor) -> Tensor:
    return torch.arange(len(variant), device=variant.device)


def _fit(run: Run, chunk: Tensor, rows: Tensor, limit: int) -> tuple[Tensor, int]:
    """Run as many of the chunk's first rows as fit; also the limit that worked."""
    while True:
        try:
            return run(chunk[:limit], rows[:limit]), limit
        except (torch.OutOfMemoryError, RuntimeError) as error:
            if not out_of_memory(error) or limit == 1:
                raise
        limit = max(1, min(limit, len(chunk)) // 2)  # outside the except block, which keeps the failed graph alive
        if chunk.is_cuda:
            torch.cuda.empty_cache()


def out_of_memory(error: BaseException) -> bool:
    """Whether it is memory that ran out; the CPU's allocator says so in words only."""
    return isinstance(error, torch.OutOfMemoryError) or any(words in str(error) for words in ALLOCATOR)
