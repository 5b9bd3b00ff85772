"""RISE. Its rival is the loop that one writes oneself: the same masks, made beforehand, in batches."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from benchmarks.answers import EXACT, ranked, relative
from benchmarks.row import Call, Case, Gate, Peer, Row, Setting
from seewhy import explain
from seewhy.registry import get_method
from seewhy.rng import Rng
from seewhy.sampling import BLOCK

MASKS = 1000


def ours(precision: str) -> Callable[[Case], Any]:
    """The sum that a loop makes: what is adjusted besides costs no pass."""
    options = {"normalise": "visible", "precision": precision}
    return lambda case: explain(case.model, case.x, "rise", case.classes, n_samples=_masks(case), **options)


def loop(case: Case, setting: Setting) -> Call:
    net, masks = case.copy(setting), _drawn(case)
    target, size = case.classes[0], setting.batch or 1

    def call() -> Tensor:
        with torch.no_grad():
            parts = masks.split(size)
            scores = torch.cat([net(case.x * part[:, None]).softmax(1)[:, target] for part in parts])
            return (torch.einsum("n,nhw->hw", scores, masks) / masks.sum(0))[None, None]

    return call


def _masks(case: Case) -> int:
    return max(16, case.few(MASKS))


def _drawn(case: Case) -> Tensor:
    """All masks of ours (n,h,w)."""
    method: Any = get_method("rise")
    rng, n = Rng.for_images(0, case.x), _masks(case)
    estimator = method.estimator(case.model, case.x, [], rng)
    return torch.cat([estimator.draw(rng.at(block), block)[0] for block in range(-(-n // BLOCK))])[:n]


def as_the_paper(case: Case, ours: Any, theirs: Any) -> Gate:
    """The mean score of the masks that show a pixel; ours is less the mean of all."""
    found = ours.values + ours.extras["mean_score"][:, None, None, None]
    return Gate(relative(found, theirs), EXACT, "largest difference / largest value")


def as_ranked(case: Case, ours: Any, theirs: Any) -> Gate:
    return ranked(ours.values, theirs)


def rise(network: str, target: float, precision: str = "float32", *, headline: bool = False) -> Row:
    half = precision != "float32"
    id, what, compare = f"rise-{network}", f"RISE, {MASKS} masks", as_the_paper
    if half:
        id, what, compare = f"{id}-bfloat16", f"{what}, in bfloat16", as_ranked
    settings = tuple(Setting(f"{n} at a time", n, rows=n) for n in (32, 16, 8, 64))
    peer = Peer("a plain loop", "torch", target, loop, compare, settings)
    return Row(id, what, network, ours(precision), (peer,), passes=None if half else (MASKS, 0), headline=headline)


ROWS = [
    rise("default", 1.8, headline=True),
    rise("resnet50", 1.4),
    rise("default", 5.0, "bfloat16"),
    rise("resnet50", 5.0, "bfloat16"),
]
