"""Make src/seewhy/synthesis/spectrum.json anew: how loud each frequency is in five photos of scikit-image's."""

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from skimage import data

from seewhy.synthesis.colors import from_rgb

FILE = Path(__file__).parent.parent / "src/seewhy/synthesis/spectrum.json"
PHOTOS = ("astronaut", "chelsea", "coffee", "rocket", "stereo_motorcycle")
SIDE, BINS = 256, 20


def free(name: str) -> torch.Tensor:
    """The middle of a photo (3,SIDE,SIDE) as free numbers, its shorter side resized to SIDE."""
    photo = getattr(data, name)()
    image = Image.fromarray(photo[0] if isinstance(photo, tuple) else photo)
    image = image.resize([round(side * SIDE / min(image.size)) for side in image.size], Image.Resampling.LANCZOS)
    left, top = ((side - SIDE) // 2 for side in image.size)
    pixels = np.asarray(image.crop((left, top, left + SIDE, top + SIDE)), np.float64) / 255
    return from_rgb(torch.from_numpy(pixels).permute(2, 0, 1)[None])[0]


def main() -> None:
    each = torch.stack([free(name) for name in PHOTOS])
    loud = torch.fft.rfft2(each, norm="ortho").abs().mean(0).numpy()
    at = np.hypot(np.fft.fftfreq(SIDE)[:, None], np.fft.rfftfreq(SIDE))
    edges = np.geomspace(0.7 / SIDE, 0.5, BINS + 1)
    rings = [(low <= at) & (at < high) for low, high in pairwise(edges)]
    rings = [ring for ring in rings if ring.any()]
    found = {
        "photos": list(PHOTOS),
        "frequencies": [float(at[ring].mean()) for ring in rings],
        "strengths": [[float(one[ring].mean()) for ring in rings] for one in loud],
        "means": each.mean((2, 3)).abs().mean(0).tolist(),
    }
    rounded = json.loads(json.dumps(found), parse_float=lambda one: float(f"{float(one):.4g}"))
    FILE.write_text(json.dumps(rounded, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
