"""How an open_clip network takes its pictures, as it says itself."""

from collections.abc import Mapping
from typing import Any

from seewhy.types import Preprocess

MODES: dict[str, Any] = {"shortest": "crop", "squash": "squash", "longest": "pad"}


def preprocess(config: Mapping[str, Any]) -> Preprocess:
    """config: what stands in a network's `visual.preprocess_cfg`."""
    size = config["size"]
    height, width = (size, size) if isinstance(size, int) else size
    mode, mean, std = MODES[config["resize_mode"]], tuple(config["mean"]), tuple(config["std"])
    return Preprocess(mean, std, (height, width), mode=mode, interpolation=config["interpolation"])
