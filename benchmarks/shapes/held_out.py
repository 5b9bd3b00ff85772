"""How well the trained networks know scenes that they were not trained on."""

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score

from benchmarks.shapes import captions
from benchmarks.shapes.networks import Clip, pixels
from benchmarks.shapes.scenes import CLASSES, draw
from seewhy import Model

SEED = (10**6, 1)
SCENES = 1000


def of_vit(model: Model, n: int = SCENES) -> dict[str, float]:
    scenes = draw(n, SEED)
    return figures(logits(model, pixels(scenes)), scenes.present)


def of_clip(clip: Clip, n: int = SCENES) -> dict[str, float]:
    """As the ViT's, of texts that name one object; and how often a text that names several suits its scene better than
    the same text with one object exchanged for one that is not there."""
    scenes, rng = draw(n, SEED), np.random.default_rng(SEED)
    x, own = pixels(scenes), np.arange(n)
    one = logits(clip.against(captions.texts([[one] for one in range(len(CLASSES))], rng)), x)
    both = logits(clip.against(captions.texts(captions.several(scenes, rng), rng)), x)
    told = float((both[own, 2 * own] > both[own, 2 * own + 1]).mean())
    return {**figures(one, scenes.present), "captions told from wrong ones": told}


def logits(model: Model, x: torch.Tensor) -> NDArray[np.float32]:
    """(n,k) of pixels (n,c,h,w), some at a time."""
    with model.frozen(), torch.no_grad():
        return np.concatenate([np.asarray(model.outputs(part)) for part in x.split(50)])


def figures(said: NDArray[np.float32], present: NDArray[np.bool_]) -> dict[str, float]:
    """Of logits (n,k): the average precision over all pairs of a scene and a class; in how many scenes exactly the
    objects there are said to be (logits above 0); of the objects there, and of the classes absent, how many are told
    right."""
    yes = said > 0
    return {
        "average precision": float(average_precision_score(present.ravel(), said.ravel())),
        "scenes all right": float((yes == present).all(1).mean()),
        "objects found": float(yes[present].mean()),
        "absent classes denied": float((~yes)[~present].mean()),
    }
