"""Eight photos from the two that ship with scikit-image: whole, mirrored, and two crops of each."""

import numpy as np
import torch
from torch import Tensor

from seewhy import Model


def photos(model: Model, n: int, size: tuple[int, int] | None = None) -> Tensor:
    """The first n of the eight (n,3,h,w) in [0,1], of the model's input size unless told otherwise."""
    from PIL import Image
    from skimage.data import chelsea, coffee

    height, width = size or model.size or (224, 224)
    rows = []
    for picture in (one for pair in zip(_views(chelsea()), _views(coffee()), strict=True) for one in pair):
        side = min(picture.shape[:2])
        top, left = ((length - side) // 2 for length in picture.shape[:2])
        square = Image.fromarray(picture[top : top + side, left : left + side])
        rows.append(np.array(square.resize((width, height), Image.Resampling.BICUBIC)))
    return torch.from_numpy(np.stack(rows[:n])).permute(0, 3, 1, 2).float().contiguous() / 255


def _views(picture: np.ndarray) -> list[np.ndarray]:
    height, width = picture.shape[:2]
    left = picture[height // 10 :, : width * 4 // 5]
    right = picture[: height * 9 // 10, width // 5 :]
    return [picture, np.ascontiguousarray(picture[:, ::-1]), np.ascontiguousarray(left), np.ascontiguousarray(right)]
