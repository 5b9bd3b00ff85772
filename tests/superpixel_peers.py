"""lime and shap on the same pixels, labels and masks as ours."""

from contextlib import nullcontext
from typing import Any
from unittest import mock

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from benchmarks.superpixel_peers import given_coalitions, given_masks, picture, scorer
from benchmarks.superpixel_peers import shap_values as shap_by_rows
from peers import for_peer
from seewhy import Model

Array = NDArray[Any]


def lime_masks(n: int, count: int) -> Array:
    """Those that lime draws by itself: (n,count) of True and False."""
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
    masks: Array | None = None,
    selection: str = "auto",
    kernel_width: float = 0.25,
    **asked: Any,
) -> tuple[Array, Any]:
    """lime's coefficients by superpixel (count,), and all that it returns. asked: of explain_instance."""
    from lime.lime_image import LimeImageExplainer

    given = nullcontext() if masks is None else given_masks(masks)
    with mock.patch("lime.lime_image.tqdm", iter), given:
        explainer = LimeImageExplainer(kernel_width=kernel_width, random_state=0, feature_selection=selection)
        made = explainer.explain_instance(
            *(picture(x), scorer(for_peer(model), x)),
            **{"labels": (target,), "top_labels": None, "num_samples": n, "random_seed": 1, **asked},
            segmentation_fn=lambda _: labels,
        )
    found = np.zeros(labels.max() + 1)
    for at, weight in made.local_exp[target]:
        found[at] = weight
    return found, made


def shap_values(model: Model, x: Tensor, labels: Array, n: int, given: tuple[Array, Array] | None) -> Array:
    """KernelExplainer's (count,classes), for coalitions and weights that are given."""
    with nullcontext() if given is None else given_coalitions(*given):
        return shap_by_rows(scorer(for_peer(model), x), picture(x), labels, n, 50)
