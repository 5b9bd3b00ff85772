"""`python -m benchmarks.probe METHOD NETWORK MEMORY SAMPLES...`: resident peaks of a method, printed as JSON.

Each is the most that was resident while it ran, over what was after the model had run once. Linux alone tells: the
peak of a process elsewhere is that of its whole life, which loading a network may have set.
"""

import ctypes
import gc
import json
import re
import sys
from pathlib import Path

from benchmarks import tiny
from benchmarks.photos import photos
from seewhy import explain, load

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


def main(method: str, network: str, memory: int, samples: list[int]) -> dict[int, int]:
    model = tiny.pooled() if network == "tiny" else load(network)
    x = photos(model, 1)
    with model.frozen():
        model.outputs(x)
    forget()
    own, found = resident("VmRSS"), {}
    for n in samples:
        forget()
        explain(model, x, method, 0, n_samples=max(n, 2), memory=memory)
        found[n] = resident("VmHWM") - own
    return found


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:3], int(sys.argv[3]), [int(one) for one in sys.argv[4:]])))
