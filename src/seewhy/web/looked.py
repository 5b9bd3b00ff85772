"""A photo as a network sees it, with what hides its pixels: kept while a slider moves."""

import hashlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from seewhy.geometry import Geometry
from seewhy.images import load
from seewhy.metrics.hiding import FILLS, behind
from seewhy.model import Model
from seewhy.ops.fills import Fill
from seewhy.render.document import webp
from seewhy.types import Pixels

SHOWN = 640  # pixels of the longer side of what a client is shown
PALE = 0.3  # of a photo's contrast, where the network does not look


@dataclass(frozen=True, eq=False)
class Looked:
    """x (1,c,h,w); small: the photo (H',W',3), at most SHOWN pixels long; geometry: where x lies on it; digest: of the
    photo's own pixels."""

    x: Pixels
    small: NDArray[np.uint8]
    geometry: Geometry
    digest: str
    model: Model
    _fills: dict[str, Fill] = field(default_factory=dict)

    @classmethod
    def at(cls, model: Model, path: str) -> "Looked":
        pixels, photo = load(path, model.preprocess)
        image = Image.fromarray(photo.pixels)
        image.thumbnail((SHOWN, SHOWN), reducing_gap=2)
        return cls(model.checked(pixels), np.asarray(image), photo.geometry, digest(photo.pixels), model)

    @property
    def bytes(self) -> int:
        return self.x.nbytes * (1 + len(FILLS)) + self.small.nbytes

    def edited(self, mask: NDArray[np.float32], fill: str) -> Pixels:
        """The input with what a mask (h,w) hides behind a fill. Raises Unsupported for one that is not installed."""
        if fill not in self._fills:
            self._fills[fill] = behind(fill, self.x, self.model.usual)
        masks = torch.from_numpy(mask)[None, None].to(self.x)
        return self._fills[fill](masks, torch.zeros(1, dtype=torch.long, device=self.x.device))[:, 0, 0]

    def picture(self, x: Tensor) -> str:
        """What the network was shown, (1,c,h,w), in its place on the photo, as the address of an image; the rest of the
        photo is pale."""
        geometry = self.geometry.resized(*self.small.shape[:2])
        placed: Any = np.moveaxis(geometry.place(x[0].float().cpu().numpy()), 0, 2) * 255
        pale = 255 - PALE * (255 - self.small.astype(np.float32))
        made = np.where(np.isnan(placed), pale, placed)
        return webp(Image.fromarray(np.rint(made).astype(np.uint8)))


def digest(pixels: NDArray[np.uint8]) -> str:
    """Of a picture (H,W,3), whatever file it came from."""
    return hashlib.sha256(np.ascontiguousarray(pixels).data).hexdigest()
