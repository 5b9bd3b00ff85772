"""Something hidden, and what the score loses."""

from typing import Any

from benchmarks.peers import captum_occlusion
from benchmarks.row import Case, Row
from seewhy import explain

WINDOW, STRIDE = 32, 16  # pixels of 224


def window_and_stride(case: Case) -> tuple[int, int]:
    """As large a part of the input where another stands in."""
    side = min(case.x.shape[2:])
    return max(2, side * WINDOW // 224), max(1, side * STRIDE // 224)


def ours(case: Case) -> Any:
    window, stride = window_and_stride(case)
    return explain(case.model, case.x, "occlusion", case.classes, window=window, stride=stride)


def occlusion(network: str, target: float, *, headline: bool = False) -> Row:
    peers = (captum_occlusion(target, window_and_stride),)
    what = f"occlusion, windows of {WINDOW} pixels every {STRIDE}"
    return Row(f"occlusion-{network}", what, network, ours, peers, passes=(169, 0), headline=headline)


ROWS = [occlusion("default", 2.0, headline=True), occlusion("resnet50", 3.0), occlusion("vgg16", 7.0)]
