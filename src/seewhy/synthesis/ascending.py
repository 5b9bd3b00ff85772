"""Plain gradient ascent on normalised pixels, as FlashTorch does it: no transforms, no parametrization."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from seewhy.asked import number, whole
from seewhy.errors import ModelFailed
from seewhy.model import Model, pair
from seewhy.results.visualization import Visualization, Visualized
from seewhy.sources import as_model
from seewhy.synthesis.looking import Eye, eye
from seewhy.synthesis.objectives import Objective
from seewhy.synthesis.planning import Step, Tell, objectives_of, versions

NOISE = (150, 180)  # of 255: the grey noise it begins with
SATURATION, BRIGHTNESS = 0.15, 0.7  # of the pictures that are shown
USUAL = (224, 224)
SMALL = 1e-5


def ascend(
    model: Model | str,
    objectives: Objective | str | Sequence[Objective | str],
    *,
    photo: Any = None,
    size: int | tuple[int, int] | None = None,
    steps: int | None = None,
    lr: float | None = None,
    seed: int = 0,
    tell: Tell | None = None,
) -> Visualization:
    """FlashTorch's activation maximization, and with a photo its deep dream: each step adds lr times the gradient over
    its root mean square.

    size: default the model's own, or 224. steps: default 30, of a photo 20. lr: 1, of a photo .1, in standard
    deviations of the network's input. The pictures are shown as it shows them: standardised, a little saturated.
    `visualize` and `dream` find what people recognise; this is the method that many began with.
    """
    began = time.monotonic()
    model = replace(as_model(model).shared(), fold=True)
    shape = pair(size) or model.size or USUAL
    count = whole(steps, "steps", 1) if steps is not None else 30 if photo is None else 20
    rate = number(lr, "lr", 1e-12) if lr is not None else 1.0 if photo is None else 0.1
    seed = whole(seed, "seed", 0)
    asked = objectives_of(objectives)
    with torch.inference_mode(False), model.frozen():
        looks = eye(model, shape, shape)
        start = noise(model, shape, seed) if photo is None else looks.photo(photo, shape)
        bound = [one.bound(looks, shape) for one in asked]
        climbs = [climb(looks, one, start, count, rate) for one in bound]
        last, values = _climbed(climbs, count, tell)
        found = [_shown(model, one, x, own) for one, x, own in zip(bound, last, zip(*values, strict=True), strict=True)]
    return Visualization(
        found=tuple(found),
        steps=(len(values),),
        model=model.card,
        options={"method": "ascend", "size": list(shape), "steps": count, "lr": rate},
        seed=seed,
        seconds=time.monotonic() - began,
        versions=versions(),
        photo=None if photo is None else as_shown(start),
    )


def _climbed(
    climbs: Sequence[Iterator[tuple[Tensor, float]]], steps: int, tell: Tell | None
) -> tuple[list[Tensor], list[tuple[float, ...]]]:
    """The last pixels of each objective, and all values, step by step."""
    values: list[tuple[float, ...]] = []
    last: list[Tensor] = []
    for each in zip(*climbs, strict=True):
        last = [x for x, _ in each]
        values.append(tuple(value for _, value in each))
        if tell is not None and tell(Step(len(values), steps, values[-1])) is True:
            break
    return last, values


def climb(looks: Eye, objective: Objective, pixels: Tensor, steps: int, lr: float) -> Iterator[tuple[Tensor, float]]:
    """After each step the pixels (1,c,h,w), which may leave [0,1], and the objective before it."""
    std = pixels.new_tensor(looks.model.std)[:, None, None]
    x = pixels.detach()
    for done in range(1, steps + 1):
        grad, value = slope(looks, objective, x, done)
        grad = grad * std  # with respect to what the module is given
        x = x + lr * std * grad / (grad.square().mean((1, 2, 3), keepdim=True).sqrt() + SMALL)
        yield x, value


def slope(looks: Eye, objective: Objective, x: Tensor, done: int = 1) -> tuple[Tensor, float]:
    """The objective's gradient (1,c,h,w) for pixels, and the objective. Raises ModelFailed for NaN."""
    with torch.enable_grad():
        pictures = x.detach().requires_grad_()
        seen = looks.look(looks.given(pictures), objective.reads)
        value = objective.values(replace(seen, pictures=pictures)).sum()
        (grad,) = torch.autograd.grad(value, pictures)
    looks.model.meter.count(backward=len(x))
    if not (torch.isfinite(grad).all() and torch.isfinite(value)):
        raise ModelFailed(
            f"{objective.name!r} or its gradient is NaN or infinite in step {done}",
            "check the layer's weights and the model's precision, or take a smaller lr",
        )
    if done == 1 and not grad.any():
        raise ModelFailed(
            f"the gradient of {objective.name!r} is zero",
            "the unit may be dead, or shut for this picture: try another channel, seed or layer",
        )
    return grad, float(value.detach())


def noise(model: Model, size: tuple[int, int], seed: int) -> Tensor:
    """Grey noise (1,c,h,w) of whole numbers over 255."""
    draw = torch.Generator().manual_seed(seed)
    values = torch.randint(*NOISE, (1, len(model.mean), *size), generator=draw) / 255
    return values.to(model.device, model.pixel_dtype)


def standardised(values: Tensor, saturation: float = SATURATION, brightness: float = BRIGHTNESS) -> Tensor:
    """Values as FlashTorch shows them: around `brightness`, one standard deviation is `saturation`."""
    spread = values.std()
    return ((values - values.mean()) / (spread + 1e-7 * (spread == 0)) * saturation + brightness).clamp(0, 1)


def _shown(model: Model, objective: Objective, x: Tensor, values: Sequence[float]) -> Visualized:
    shown = standardised(model.normalised(x).float()).permute(0, 2, 3, 1).cpu().numpy()
    flat = np.ones(shown.shape[:3], np.float32)
    return Visualized(objective.name, shown[None], np.array(values, np.float32)[:, None], flat)


def as_shown(pixels: Tensor) -> Any:
    """Pixels (1,c,h,w) as a picture (h,w,3) of bytes."""
    image = pixels[0].clamp(0, 1).permute(1, 2, 0).float().cpu().numpy()
    image = image if image.shape[2] == 3 else np.repeat(image.mean(2, keepdims=True), 3, axis=2)
    return np.rint(255 * image).astype(np.uint8)
