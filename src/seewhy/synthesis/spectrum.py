"""How loud each frequency is in photos, in the free numbers of colors.py: a table that `tools/spectrum.py` makes.

Photos look alike at any scale, so in cycles a pixel the table holds for any size of picture.
"""

import json
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import torch
from torch import Tensor


@cache
def table() -> dict[str, Any]:
    """frequencies (f,) in cycles a pixel, strengths (3,f) by principal colour, means (3,): of the mean's size."""
    return dict(json.loads(files("seewhy.synthesis").joinpath("spectrum.json").read_text("utf-8")))


@cache
def magnitudes(height: int, width: int, channels: int) -> Tensor:
    """The mean strengths of a photo's waves (channels, h, w//2+1) for the orthonormal transform; a grey one's are those
    of the first principal colour. Beyond the table's ends they go on as straight lines in logarithms."""
    known = table()
    down, across = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)
    at = np.log(np.maximum(np.hypot(down, across), 1e-9))
    ends = np.log(known["frequencies"])
    found = np.stack([_lines(at, ends, np.log(one)) for one in known["strengths"]])
    found = np.exp(found)
    found[:, 0, 0] = np.array(known["means"]) * (height * width) ** 0.5
    wanted = torch.from_numpy(found)
    return wanted if channels == len(wanted) else wanted[:1].expand(channels, -1, -1)


def _lines(at: Any, x: Any, y: Any) -> Any:
    """y at places between and beyond the places x."""
    right = np.clip(np.searchsorted(x, at), 1, len(x) - 1)
    slope = (y[right] - y[right - 1]) / (x[right] - x[right - 1])
    return y[right - 1] + slope * (at - x[right - 1])
