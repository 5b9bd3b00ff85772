"""The protocol of every ratio: interleaved pairs, the median of their ratios, and a bootstrap interval."""

import gc
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

RESAMPLES = 10_000


@dataclass(frozen=True)
class Took:
    wall: float
    cpu: float  # seconds of all threads of this process


def timed(call: Callable[[], Any], device: Any = "cpu") -> tuple[Any, Took]:
    """A call's answer and what it took, with nothing left from before it on the device."""
    gc.collect()
    _wait(device)
    wall, cpu = time.perf_counter(), time.process_time()
    answer = call()
    _wait(device)
    return answer, Took(time.perf_counter() - wall, time.process_time() - cpu)


def _wait(device: Any) -> None:
    if torch.device(device).type == "cuda":
        torch.cuda.synchronize()


def pairs_wanted(seconds: float) -> int:
    """Pairs for calls of which the slower takes so long."""
    return 7 if seconds < 5 else 3 if seconds < 60 else 1


def interleaved(
    ours: Callable[[], Any], theirs: Callable[[], Any], pairs: int, device: Any = "cpu"
) -> list[tuple[Took, Took]]:
    """ABAB: what slows the machine for a while slows both."""
    return [(timed(ours, device)[1], timed(theirs, device)[1]) for _ in range(pairs)]


def interval(ratios: list[float]) -> tuple[float, float] | None:
    """The bootstrap's 95 % interval of the median; none is claimed of fewer than three pairs."""
    if len(ratios) < 3:
        return None
    draws = np.random.default_rng(0).choice(ratios, (RESAMPLES, len(ratios)))
    low, high = np.percentile(np.median(draws, 1), [2.5, 97.5])
    return float(low), float(high)


def summary(pairs: list[tuple[Took, Took]], *, at_most: bool = False) -> dict[str, Any]:
    """Ratios theirs / ours, or ours / theirs where the target bounds it from above; wall time leads."""

    def over(kind: str) -> list[float]:
        both = [(getattr(ours, kind), getattr(theirs, kind)) for ours, theirs in pairs]
        return [ours / theirs if at_most else theirs / ours for ours, theirs in both]

    return {
        "ratio": float(np.median(over("wall"))),
        "interval": interval(over("wall")),
        "cpu_ratio": float(np.median(over("cpu"))),
        "cpu_interval": interval(over("cpu")),
        "ours_seconds": float(np.median([ours.wall for ours, _ in pairs])),
        "theirs_seconds": float(np.median([theirs.wall for _, theirs in pairs])),
        "pairs": [[ours.wall, theirs.wall, ours.cpu, theirs.cpu] for ours, theirs in pairs],
    }
