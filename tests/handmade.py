"""Explanations made by hand: no model, no method."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from skimage.data import chelsea

from seewhy.geometry import Geometry
from seewhy.types import Explanation, ModelCard, Passes, Photo, Prediction

CAT = np.asarray(chelsea())
PREDICTIONS = (
    Prediction(282, "tiger cat", 0.39),
    Prediction(285, "Egyptian cat", 0.36),
    Prediction(281, "tabby", 0.17),
    Prediction(287, "lynx", 0.03),
    Prediction(478, "carton", 0.01),
)
CROP = Geometry((300, 451), (224, 224), (256 / 300, 256 / 300), (-16.0, -(385 - 224) / 2))
RANDOM = ModelCard("Net", weights="random")


def blob(rows: int, columns: int, row: float, column: float, width: float = 1.5) -> NDArray[np.float32]:
    y, x = np.mgrid[:rows, :columns]
    return np.exp(-((y - row) ** 2 + (x - column) ** 2) / (2 * width**2)).astype(np.float32)


def plain(height: int, width: int, *color: int) -> NDArray[np.uint8]:
    return np.broadcast_to(np.array(color, np.uint8), (height, width, 3)).copy()


def handmade(values: Any = None, pixels: Any = CAT, geometry: Geometry | None = None, **changed: Any) -> Explanation:
    """An explanation of one photo: the cat, a map that is strongest top right, and whatever else is asked for."""
    values = np.asarray(3 * blob(7, 7, 1, 5) - 0.8 * blob(7, 7, 5, 1) if values is None else values, np.float32)
    values = values.reshape((1,) * (4 - values.ndim) + values.shape)
    geometry = geometry or (CROP if pixels is CAT else Geometry.identity(*pixels.shape[:2]))
    fields: dict[str, Any] = {
        "method": "gradcam",
        "options": {},
        "target": "predicted",
        "classes": (282,),
        "labels": ("tiger cat",),
        "score": "logit",
        "scores": np.array([7.25], np.float32),
        "predictions": (PREDICTIONS,),
        "model": ModelCard("EfficientNet-Lite0", weights="pretrained", fingerprint="3f2a9c41"),
        "layers": ("bn2",),
        "photos": (Photo(pixels, geometry, "chelsea.png"),),
        "seed": 0,
        "seconds": 0.18,
        "passes": Passes(1, 1),
        "precision": "float32",
        "versions": {},
        "sign": "positive",
    }
    return Explanation(values, **{**fields, **changed})


def drawn(figure: Figure, label: str) -> NDArray[np.uint8]:
    """The pixels (h,w,3) of one panel as they were rendered."""
    figure.canvas.draw()
    canvas = np.asarray(figure.canvas.buffer_rgba())[..., :3]
    box = next(ax for ax in figure.axes if ax.get_label() == label).get_window_extent()
    height = canvas.shape[0]
    return canvas[round(height - box.y1) + 2 : round(height - box.y0) - 2, round(box.x0) + 2 : round(box.x1) - 2]


def said(figure: Figure) -> str:
    """All words of a figure."""
    return "\n".join(text.get_text() for text in figure.findobj(lambda one: hasattr(one, "get_text")))
