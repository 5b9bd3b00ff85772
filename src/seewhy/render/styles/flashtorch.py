"""FlashTorch's four panels: input, gradients in RGB, the largest gradient of each pixel, and that over the photo."""

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from seewhy.errors import BadInput
from seewhy.lang import text
from seewhy.render import heading, panels
from seewhy.render.overlay import overlay
from seewhy.render.scene import fitted, only, scene
from seewhy.types import Explanation

Array = NDArray[np.float32]


def flashtorch(
    explanation: Explanation,
    *,
    cmap: str = "viridis",
    alpha: float = 0.5,
    saturation: float = 0.1,
    brightness: float = 0.5,
    lang: str = "en",
) -> Figure:
    """Four panels for a method whose values are (1,3,h,w), such as saliency or guided_backprop.

    The largest gradient is that of |g| over the channels. BadInput for maps without the photo's channels.
    """
    if only(explanation).values.shape[1] != 3:
        raise BadInput(
            f"{explanation.method} gives {explanation.values.shape[1]} channels, these panels show 3",
            "explain with a method on the pixels, such as saliency or guided_backprop",
        )
    drawn = scene(explanation)
    gradients = fitted(explanation.photos[0].geometry, *drawn.heat.shape).place(explanation.values[0])
    seen = ~np.isnan(gradients[0])
    rgb = stretch(gradients, saturation, brightness).transpose(1, 2, 0)
    largest = stretch(np.abs(gradients).max(0), saturation, brightness)
    pictures = {
        "photo": drawn.photo,
        "gradients": np.where(seen[..., None], np.rint(255 * np.nan_to_num(rgb)), 255).astype(np.uint8),
        "maximum_gradient": overlay(np.full_like(drawn.photo, 255), largest, cmap, "positive", 1.0, fade=False),
        "overlay": overlay(drawn.photo, largest, cmap, "positive", alpha, fade=False),
    }
    height, width = drawn.photo.shape[:2]
    made = panels.canvas(13.0, 3.2 * height / width + 0.7)
    heading.line(made, explanation, lang, heading.target(explanation, lang), heading.source(explanation))
    for column, (key, pixels) in enumerate(pictures.items()):
        ax = made.add_subplot(1, 4, column + 1, label=key)
        panels.picture(ax, pixels, text(key, lang), lang)
        panels.outline(ax, drawn.frame)
    return made


def stretch(values: Array, saturation: float = 0.1, brightness: float = 0.5) -> Array:
    """(g - mean) / std * saturation + brightness, clipped to [0,1], over all of an array; NaN kept."""
    seen = values[~np.isnan(values)].astype(np.float64)
    spread = (seen.std(ddof=1) if len(seen) > 1 else 0.0) or 1e-7
    return np.asarray(np.clip((values - seen.mean()) / spread * saturation + brightness, 0, 1), np.float32)
