"""What stands where pixels are hidden, by the names that curves and edits call it."""

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from seewhy.ops.baselines import baselines
from seewhy.ops.fills import Fill, Fixed, fill
from seewhy.rng import Rng

FILLS = ("blur", "grey", "black", "inpaint")
KNOWN: dict[str, Any] = {"grey": "own_mean", "black": 0.0, "inpaint": "inpaint_telea"}


def behind(asked: Any, x: Tensor, mean: Sequence[float], seed: int = 0) -> Fill:
    """The fill of images x (b,c,h,w). "blur": the image, blurred beyond recognition, by a Gaussian of a tenth of its
    shorter side. "grey": its mean colour. "black". "inpaint": OpenCV's. What else `ops.fills.fill` takes: a number,
    "mean", "noise", "smooth", a picture.
    """
    rng = Rng.for_images(seed, x)
    if isinstance(asked, str) and asked == "blur":
        return Fixed(x, baselines("blur", x, mean, rng)[0][:, None])
    return fill(KNOWN.get(asked, asked) if isinstance(asked, str) else asked, x, mean, rng)
