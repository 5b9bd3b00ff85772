"""Whether attributions sum to the difference of scores that their method promises to share out."""

from collections.abc import Mapping, Sequence

from torch import Tensor

from seewhy.ops.moments import Moments
from seewhy.types import Map

TOLERANCE = 0.05  # of the difference
_NONE: Mapping[str, Tensor] = {}


def attributed(
    values: Tensor,
    difference: Tensor,
    hint: str,
    *,
    allowed: Tensor | None = None,
    extras: Mapping[str, Tensor] = _NONE,
    notes: Sequence[str] = (),
) -> list[Map]:
    """For each target the Map of its values, with the gap between their sum and the difference it should be.

    values (k,b,c,r,q); difference, allowed (a gap that chance explains) and each of the extras: a row a target and an
    image (k,b,...). hint: what to do where the gap is large.
    """
    gap = completeness_gap(values, difference)
    allowed = gap.new_zeros(gap.shape) if allowed is None else allowed
    found = []
    for i, one in enumerate(values):
        own = {name: extra[i] for name, extra in extras.items()}
        said = incomplete(gap[i], difference[i], hint, allowed[i])
        found.append(Map(one, {**own, "completeness_gap": gap[i]}, [*notes, *said]))
    return found


def sampled(values: Moments, totals: Moments, difference: Tensor, hint: str, *, notes: Sequence[str] = ()) -> list[Map]:
    """The same of values that are means over draws (k,b,c,r,q), whose sums (k,b) tell what gap chance explains."""
    extras = {"standard_error": values.standard_error, "completeness_standard_error": totals.standard_error}
    allowed = 3 * totals.standard_error
    return attributed(values.mean, difference, hint, allowed=allowed, extras=extras, notes=notes)


def completeness_gap(values: Tensor, difference: Tensor) -> Tensor:
    """The sum of each image's values (...,b,c,r,q) less the difference it should be (...,b)."""
    return values.sum((-3, -2, -1)) - difference


def incomplete(gap: Tensor, difference: Tensor, hint: str, allowed: Tensor | float = 0.0) -> list[str]:
    """What must be said where the gap is neither small beside the difference nor within what is allowed (b,)."""
    share = gap.abs() / difference.abs().clamp_min(1e-12)
    images = ((share > TOLERANCE) & (gap.abs() > allowed)).nonzero()[:, 0].tolist()
    if not images:
        return []
    which = "" if len(gap) == 1 else f" (images {', '.join(map(str, images))})"
    largest = max(float(share[i]) for i in images)
    return [f"the map's sum misses the score's difference by {largest:.1%}{which}: {hint}"]
