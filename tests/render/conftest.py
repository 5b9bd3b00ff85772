"""Explanations made by hand: no model, no method."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from skimage.data import chelsea

from seewhy.geometry import Geometry
from seewhy.types import Explanation, ModelCard, Passes, Photo, Prediction

PREDICTIONS = (
    Prediction(282, "tiger cat", 0.39),
    Prediction(285, "Egyptian cat", 0.36),
    Prediction(281, "tabby", 0.17),
    Prediction(287, "lynx", 0.03),
    Prediction(478, "carton", 0.01),
)
CROP = Geometry((300, 451), (224, 224), (256 / 300, 256 / 300), (-16.0, -(385 - 224) / 2))
Make = Callable[..., Explanation]


def blob(rows: int, columns: int, row: float, column: float, width: float = 1.5) -> NDArray[np.float32]:
    y, x = np.mgrid[:rows, :columns]
    return np.exp(-((y - row) ** 2 + (x - column) ** 2) / (2 * width**2)).astype(np.float32)


@pytest.fixture(scope="session")
def cat() -> NDArray[np.uint8]:
    return np.asarray(chelsea())


@pytest.fixture
def make(cat: NDArray[np.uint8]) -> Make:
    """An explanation of one photo: the cat, a map that is strongest top right, and whatever else is asked for."""

    def build(values: Any = None, pixels: Any = None, geometry: Geometry | None = None, **changed: Any) -> Explanation:
        pixels = cat if pixels is None else pixels
        values = 3 * blob(7, 7, 1, 5) - 0.8 * blob(7, 7, 5, 1) if values is None else values
        values = np.asarray(values, np.float32)
        values = values.reshape((1,) * (4 - values.ndim) + values.shape)
        geometry = geometry or (CROP if pixels is cat else Geometry.identity(*pixels.shape[:2]))
        fields: Mapping[str, Any] = {
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

    return build
