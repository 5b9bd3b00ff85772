"""Peers that explain by superpixels: each given the same pixels, the same labels and the same masks."""

from collections.abc import Callable
from typing import Any
from unittest import mock

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from peers import for_peer
from seewhy import Model

Array = NDArray[Any]


def scorer(model: Model, kind: str = "probability") -> Callable[[Array], Array]:
    """Pictures (n,h,w,3) in, scores (n,k) out, as lime and shap ask for them."""
    net, dtype = for_peer(model), model.dtype

    def scores(pictures: Array) -> Array:
        with torch.no_grad():
            found = net(torch.from_numpy(np.ascontiguousarray(pictures)).to(dtype).movedim(-1, 1))
        return (found.softmax(1) if kind == "probability" else found).double().numpy()

    return scores


def picture(x: Tensor) -> Array:
    """One image (1,3,h,w) as an array (h,w,3)."""
    return x[0].permute(1, 2, 0).numpy().copy()


def lime_masks(n: int, count: int) -> Array:
    """Those that lime draws: (n,count) of True and False."""
    masks = np.random.RandomState(0).randint(0, 2, n * count).reshape(n, count)
    masks[0] = 1
    return masks.astype(bool)


def lime(
    model: Model,
    x: Tensor,
    labels: Array,
    n: int,
    target: int,
    *,
    selection: str = "auto",
    kernel_width: float = 0.25,
    **asked: Any,
) -> tuple[Array, Any]:
    """lime's coefficients by superpixel (count,), and all that it returns. asked: of explain_instance."""
    from lime.lime_image import LimeImageExplainer

    with mock.patch("lime.lime_image.tqdm", iter):
        explainer = LimeImageExplainer(kernel_width=kernel_width, random_state=0, feature_selection=selection)
        made = explainer.explain_instance(
            *(picture(x), scorer(model)),
            **{"labels": (target,), "top_labels": None, "num_samples": n, "random_seed": 1, **asked},
            segmentation_fn=lambda _: labels,
        )
    found = np.zeros(labels.max() + 1)
    for at, weight in made.local_exp[target]:
        found[at] = weight
    return found, made
