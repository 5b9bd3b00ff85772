"""One side of a comparison and the measure of it: a method's own map, and how far it is from what it should be."""

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from seewhy import Model, get_method
from seewhy.cams import pin_layers
from seewhy.images import load_all
from seewhy.rng import Rng
from seewhy.scores import transform
from seewhy.targets import as_target
from seewhy.types import Map

PRECISIONS = [("float32", 1e-5), ("float64", 1e-9)]


def direct(
    id: str, model: Model, x: Tensor, target: Any = 1, *, seed: int = 0, score: Any = "logit", **options: Any
) -> Map:
    """The method's own Map in the precision of the pixels; an Explanation is always float32."""
    run = model.shared()
    with run.frozen():
        method = pin_layers(get_method(id, **options), run, x)
        pinned = as_target(target).pin(run.outputs(x), run.find)
        pinned = replace(pinned, transform=transform(score, run.census(x).outputs), key=(score, pinned.key))
        return method(run, x, pinned, Rng.for_images(seed, x))


def in_float64(id: str, model: Model, x: Tensor, target: Any = 1, **more: Any) -> Map:
    return direct(id, model.at("float64"), x.double(), target, **more)


def pixels(model: Model, photo: Any) -> Tensor:
    return load_all(photo, model.preprocess)[0].pixels


def part_of(photo: Any, model: Model) -> Tensor:
    """96 x 128 pixels of a photo as the model's input: not square, and quicker than all of it."""
    return pixels(model, photo)[:, :, 40:136, 40:168]


def relative(found: Any, wanted: Any) -> float:
    """The largest absolute difference over the largest absolute value."""
    found, wanted = (np.asarray(one.detach() if isinstance(one, Tensor) else one) for one in (found, wanted))
    assert found.shape == wanted.shape and abs(wanted).max() > 0
    return float(abs(found - wanted).max() / abs(wanted).max())


def within_errors(found: Tensor, wanted: Tensor, error: Tensor) -> bool:
    """Within three standard errors, but for the few in a thousand that chance allows."""
    far = (found - wanted).abs() > 3 * error
    return bool(far.double().mean() < 0.02)


def gradient(net: Any, x: Tensor, target: int = 1) -> Tensor:
    x = x.detach().requires_grad_()
    (grad,) = torch.autograd.grad(net(x)[:, target].sum(), x)
    return grad
