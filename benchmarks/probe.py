"""`python -m benchmarks.probe NETWORK MEMORY SAMPLES...`: resident peaks of SmoothGrad, printed as JSON.

The peak of a process only grows, so samples go from few to many; its own is the peak after the model has run once.
"""

import json
import resource
import sys

from benchmarks import tiny
from benchmarks.photos import photos
from seewhy import explain, load


def peak() -> int:
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def main(network: str, memory: int, samples: list[int]) -> dict[int, int]:
    model = tiny.pooled() if network == "tiny" else load(network)
    x = photos(model, 1)
    with model.frozen():
        model.outputs(x)
    own, found = peak(), {}
    for n in sorted(samples):
        explain(model, x, "smoothgrad", 0, n_samples=max(n, 2), memory=memory)
        found[n] = peak() - own
    return found


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], int(sys.argv[2]), [int(one) for one in sys.argv[3:]])))
