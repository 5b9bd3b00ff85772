"""Whether attributions sum to the difference of scores that their method promises to share out."""

from torch import Tensor

TOLERANCE = 0.05  # of the difference


def completeness_gap(values: Tensor, difference: Tensor) -> Tensor:
    """The sum of each image's values (b,...) less the difference it should be (b,)."""
    return values.flatten(1).sum(1) - difference


def incomplete(gap: Tensor, difference: Tensor, hint: str, allowed: Tensor | float = 0.0) -> list[str]:
    """What must be said where the gap is neither small beside the difference nor within what is allowed (b,)."""
    share = gap.abs() / difference.abs().clamp_min(1e-12)
    images = ((share > TOLERANCE) & (gap.abs() > allowed)).nonzero()[:, 0].tolist()
    if not images:
        return []
    which = "" if len(gap) == 1 else f" (images {', '.join(map(str, images))})"
    largest = max(float(share[i]) for i in images)
    return [f"the map's sum misses the score's difference by {largest:.1%}{which}: {hint}"]
