"""Many variants of many images through the network in chunks that fit, whatever their number."""

from collections.abc import Callable, Iterable, Iterator

import torch
from torch import Tensor

Run = Callable[[Tensor, Tensor], Tensor]  # a chunk (m,...), the image of each row (m,) -> (m,...)

ALLOCATOR = ("not enough memory", "can't allocate memory")  # Windows, the others


def stream(variants: Iterable[Tensor], run: Run, rows_at_once: int) -> Iterator[Tensor]:
    """For each variant (b,...) of b images, what `run` makes of it (b,...).

    Variants are gathered, or cut, to chunks of at most `rows_at_once` rows and never all held. A chunk that does not
    fit the device is halved, and so are those behind it.
    """
    limit = max(1, rows_at_once)
    waiting: list[Tensor] = []
    done: list[Tensor] = []
    batch = 0

    def flush(everything: bool) -> None:
        nonlocal limit
        pending = torch.cat(waiting)
        first = sum(len(part) for part in done)  # rows of the open variant that are done already
        rows = (torch.arange(len(pending), device=pending.device) + first) % batch
        while len(pending) >= limit or (everything and len(pending)):
            out, limit = _fit(run, pending[:limit], rows[:limit], limit)
            done.append(out)
            pending, rows = pending[len(out) :], rows[len(out) :]
        waiting[:] = [pending] if len(pending) else []

    def ready() -> Iterator[Tensor]:
        if not done:
            return
        rows = torch.cat(done)
        whole = len(rows) // batch
        done[:] = [rows[whole * batch :]] if len(rows) > whole * batch else []
        yield from rows[: whole * batch].split(batch) if whole else ()

    for variant in variants:
        batch = len(variant)
        waiting.append(variant)
        if sum(len(part) for part in waiting) >= limit:
            flush(everything=False)
            yield from ready()
    if waiting:
        flush(everything=True)
    yield from ready()


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
