"""Whether two answers are the same: each comparison returns a Gate that holds or does not."""

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import spearmanr

from benchmarks.row import Case, Gate, WrongAnswer
from seewhy import explain

EXACT = 1e-5  # the contract's: the largest absolute difference over the largest absolute value, in float32
NEAR = 1.5  # times the peer's distance from float64, where float32's rounding at kinks is all that differs
ALIKE = 0.99  # the least rank correlation that bfloat16 is offered at
AS_COMPLETE = 1.05  # a median gap over the peer's that counts as the same


def array(one: Any) -> NDArray[Any]:
    return np.asarray(one.detach().cpu() if isinstance(one, torch.Tensor) else one)


def relative(found: Any, wanted: Any) -> float:
    found, wanted = array(found), array(wanted)
    if found.shape != wanted.shape:
        raise WrongAnswer(f"shapes differ: {found.shape} and {wanted.shape}")
    if not abs(wanted).max() > 0:
        raise WrongAnswer("the peer's answer is blank, so that nothing is compared")
    return float(abs(found - wanted).max() / abs(wanted).max())


def equal(case: Case, ours: Any, theirs: Any, tolerance: float = EXACT) -> Gate:
    """Raw values (b,c,r,q)."""
    return Gate(relative(ours.values, theirs), tolerance, "largest difference / largest value")


def ranked(found: Any, wanted: Any) -> Gate:
    """In bfloat16: the ranks of float32."""
    alike = float(spearmanr(array(found).ravel(), array(wanted).ravel()).statistic)
    return Gate(1 - alike, 1 - ALIKE, f"one less the rank correlation, which is {alike:.4f}")


def but_for_kinks(case: Case, ours: Any, theirs: Any) -> Gate:
    """Pixel gradients (b,c,h,w) of networks with kinks: the same points in other chunks round otherwise, and a unit at
    its kink then passes all of a gradient or nothing. Hence the relative L2 difference, and a rank correlation; in
    chunks of one size the largest difference is under 1e-5, which is said beside. Where that is not enough, ours must
    be as near to what float64 gives as the peer's."""
    mine, its = array(ours.values), array(theirs)
    largest = relative(mine, its)
    apart = float(np.linalg.norm(mine - its) / np.linalg.norm(its))
    order = [one.ravel().argsort().argsort().astype(float) for one in (mine, its)]
    alike = float(np.corrcoef(order)[0, 1])
    note = f"rank correlation {alike:.5f}; largest difference {largest:.1e} of the largest value"
    if apart <= 1e-3 or not alike > 0.999:
        return Gate(apart if alike > 0.999 else float("inf"), 1e-3, f"relative L2; {note}")
    wide = replace(case.model.at("float64"), fast=False)
    exact = array(explain(wide, case.x, ours.method, case.classes, seed=ours.seed, **ours.options).values)
    near, far = (float(np.linalg.norm(one - exact) / np.linalg.norm(exact)) for one in (mine, its))
    note = f"{note}; relative L2 to float64: ours {near:.1e}, the peer's {far:.1e}, whose ratio this is"
    return Gate(near / far, NEAR, note)


def rectified(case: Case, ours: Any, theirs: Any, tolerance: float = EXACT) -> Gate:
    """Values whose peer returns what is above zero."""
    return Gate(relative(np.maximum(ours.values, 0), theirs), tolerance, "rectified, as the peer's")


def pictures(case: Case, ours: Any, theirs: Any, tolerance: float = EXACT) -> Gate:
    """grad-cam returns pictures: ours are taken its way first."""
    size = case.x.shape[2:]
    return Gate(relative(picture(ours.values, size), theirs), tolerance, "as pictures from 0 to 1")


def many_pictures(case: Case, ours: Any, theirs: Any) -> Gate:
    """A comparison of methods against pictures by method. The sign of a principal component is its peer's accident."""
    size, found = case.x.shape[2:], {}
    for (made,), wanted in zip(ours.table, theirs, strict=True):
        signs = (1, -1) if made.method in ("eigencam", "eigengradcam") else (1,)
        either = [picture(sign * made.values, size) for sign in signs]
        images = zip(*either, wanted, strict=True)
        found[made.method] = max(min(_apart(one, its) for one in mine) for *mine, its in images)
    worst = max(found, key=lambda one: found[one])
    return Gate(found[worst], EXACT, f"the worst of the methods, {worst}, as pictures from 0 to 1")


def _apart(found: Any, wanted: Any) -> float:
    """Of one picture from 0 to 1, which may be blank."""
    return float(abs(array(found) - array(wanted)).max())


def columns(case: Case, ours: Any, theirs: Any) -> Gate:
    """A comparison of one method and many targets whose first is what the other answered alone."""
    return Gate(relative(ours.table[0][0].values, theirs.values), EXACT, "of the first column")


def picture(values: Any, size: Any, epsilon: float = 1e-7) -> NDArray[Any]:
    """grad-cam's way from maps (b,1,r,q) to pictures (b,h,w)."""
    import cv2

    def scaled(maps: NDArray[Any]) -> NDArray[Any]:
        maps = np.maximum(maps, 0)
        maps = maps - maps.min((1, 2), keepdims=True)
        return maps / (maps.max((1, 2), keepdims=True) + epsilon)

    once = scaled(array(values)[:, 0])
    return scaled(np.stack([cv2.resize(np.float32(one), (size[1], size[0])) for one in once]))


def many_columns(case: Case, ours: Any, theirs: Any) -> Gate:
    """A comparison of one method and many targets, against the peer's values by target."""
    found = [but_for_kinks(case, mine, its) for mine, its in zip(ours.table[0], theirs, strict=True)]
    return max(found, key=lambda one: one.difference)


def as_complete(case: Case, ours: Any, theirs: Any) -> Gate:
    """Integrated gradients with fewer steps: its sum is as near to the score's difference as the peer's, and it is
    the same picture. The median over the photos of |sum - difference| / |difference|, over the peer's."""
    rows = torch.arange(len(case.x))
    with case.model.frozen():
        ends = [case.model.outputs(one)[rows, case.classes] for one in (case.x, torch.zeros_like(case.x))]
    wanted = array(ends[0] - ends[1])
    mine, its = (
        float(np.median(abs(array(one).sum((1, 2, 3)) - wanted) / abs(wanted))) for one in (ours.values, theirs)
    )
    alike = float(
        np.median([np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in zip(ours.values, array(theirs), strict=True)])
    )
    note = f"completeness gap {mine:.4f} over the peer's {its:.4f}; correlation of the maps {alike:.3f}"
    return Gate(mine / its if alike >= 0.9 else float("inf"), AS_COMPLETE, note)
