"""Superpixels: linear models and Shapley values."""

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.row import Case, Row
from benchmarks.superpixel_peers import kernel_shap, lime
from seewhy import explain

SAMPLES = 1000


def samples(case: Case) -> int:
    return SAMPLES if case.most is None else 160


def cut(case: Case) -> Callable[[Any], Any]:
    """LIME's default; a grid, where small pictures of digits have too few superpixels."""
    if case.stands_in:
        return lambda picture: (
            np.arange(len(picture))[:, None] * 4 // len(picture) * 4
            + np.arange(picture.shape[1]) * 4 // picture.shape[1]
        )
    return quickshift


def quickshift(picture: Any) -> Any:
    from skimage.segmentation import quickshift

    return quickshift(picture, kernel_size=4, max_dist=200, ratio=0.2)


def ours(method: str, precision: str = "float32") -> Callable[[Case], Any]:
    return lambda case: explain(
        case.model,
        case.x,
        method,
        case.classes,
        n_samples=samples(case),
        segments=cut(case),
        precision=precision,
    )


def row(method: str, name: str, network: str, peer: Any, target: float) -> Row:
    what, against = f"{name}, {SAMPLES} samples", peer(target, samples, cut)
    headline = network == "default"
    return Row(f"{method}-{network}", what, network, ours(method), (against,), passes=(SAMPLES, 0), headline=headline)


def halved(network: str, target: float) -> Row:
    """Of both methods the one that is offered in bfloat16. Its ranks need all of the samples."""
    what, against = f"Kernel SHAP, {SAMPLES} samples, in bfloat16", kernel_shap(target, samples, cut, half=True)
    id = f"kernel_shap-{network}-bfloat16"
    return Row(id, what, network, ours("kernel_shap", "bfloat16"), (against,), whole=True)


ROWS = [
    row("lime", "LIME", "default", lime, 2.0),
    row("lime", "LIME", "resnet50", lime, 1.4),
    row("kernel_shap", "Kernel SHAP", "default", kernel_shap, 2.0),
    row("kernel_shap", "Kernel SHAP", "resnet50", kernel_shap, 1.4),
    halved("default", 4.0),
    halved("resnet50", 4.0),
]
