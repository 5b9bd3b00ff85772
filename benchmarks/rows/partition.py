"""Owen values of halves of halves."""

from collections.abc import Callable
from typing import Any

from benchmarks.answers import array, relative
from benchmarks.peers import shap_partition
from benchmarks.row import Case, Gate, Peer, Row
from seewhy import explain

KERNEL, BATCH = 16, 50  # pixels of the blur that stands for hidden; masks between two looks at what is split next
NEAR = 1e-3  # of the largest value: regions whose effects differ in float32's last digit are split in either order


def masks(case: Case, n: int) -> int:
    return n if case.most is None else min(n, 60)


def ours(n: int, batch: int = BATCH) -> Callable[[Case], Any]:
    asked: dict[str, Any] = {"fill": "blur", "kernel": KERNEL, "order": "targets", "batch_size": batch}
    return lambda case: explain(case.model, case.x, "partition_shap", case.classes, max_evals=masks(case, n), **asked)


def peer(n: int, target: float) -> Peer:
    def compare(case: Case, mine: Any, theirs: Any) -> Gate:
        """Which regions are split depends on the masks scored together: ours are asked for as many as the peer's."""
        values, batch = theirs
        mine = mine if batch == BATCH else ours(n, batch)(case)
        return Gate(relative(array(mine.values)[0, 0], values), NEAR, f"batch_size={batch}, {masks(case, n)} masks")

    return shap_partition(target, KERNEL, lambda case: masks(case, n), compare)


def partition(n: int, network: str, target: float, *, headline: bool = False) -> Row:
    what = f"partition SHAP, {n} masks"
    row = f"partition_shap-{n}-{network}"
    return Row(row, what, network, ours(n), (peer(n, target),), passes=(n, 0), headline=headline)


ROWS = [
    partition(500, "default", 2.0, headline=True),
    partition(2000, "default", 2.0),
    partition(500, "resnet50", 1.4),
    partition(2000, "resnet50", 1.4),
]
