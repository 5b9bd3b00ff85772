"""`python -m benchmarks.probe METHOD NETWORK MEMORY NUMBERS...`: resident peaks of a method, printed as JSON.

The numbers are samples, or, of methods that draw none, pixels of the picture's side. Each peak is the most that was
resident while it ran, over what was after the model had run once. Linux alone tells: the peak of a process elsewhere is
that of its whole life, which loading a network may have set.
"""

import ctypes
import gc
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

from benchmarks import tiny
from benchmarks.photos import photos
from seewhy import Model, explain, get_method, load

PROCESS = Path("/proc/self")


def resident(kind: str) -> int:
    """Bytes: VmRSS now, VmHWM at most since the last `forget`."""
    found = re.search(rf"^{kind}:\s+(\d+) kB$", (PROCESS / "status").read_text(), re.MULTILINE)
    assert found is not None, f"this system does not tell {kind}"
    return int(found[1]) * 1024


def forget() -> None:
    """What is free goes back to the system, and the peak is what is resident then."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    (PROCESS / "clear_refs").write_text("5")  # see proc(5)


def main(method: str, network: str, memory: int, numbers: list[int]) -> dict[int, int]:
    if "n_samples" in {one.name for one in fields(get_method(method))}:
        model = tiny.pooled() if network == "tiny" else load(network)
        options: list[dict[str, Any]] = [{"n_samples": max(n, 2)} for n in numbers]
        return dict(zip(numbers, peaks(method, model, memory, options), strict=True))
    if network == "tiny":
        model = tiny.transformer()
        return dict.fromkeys(numbers, next(peaks(method, model, memory, [{}])))
    models = (load(network, weights="random", size=(side, side)) for side in numbers)
    return {side: next(peaks(method, model, memory, [{}])) for side, model in zip(numbers, models, strict=True)}


def peaks(method: str, model: Model, memory: int, every: list[dict[str, Any]]) -> Iterator[int]:
    """With each of these options."""
    x = photos(model, 1)
    with model.frozen():
        model.outputs(x)
    forget()
    own = resident("VmRSS")
    for options in every:
        forget()
        explain(model, x, method, 0, memory=memory, **options)
        yield resident("VmHWM") - own


if __name__ == "__main__":
    _, asked, where, granted, *given = sys.argv
    print(json.dumps(main(asked, where, int(granted), [int(one) for one in given])))
