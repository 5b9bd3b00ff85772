"""Deep dream: a photo with more of what a network sees in it (Mordvintsev et al., Inceptionism, 2015)."""

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from seewhy.asked import number, whole
from seewhy.errors import BadOption
from seewhy.images import load
from seewhy.model import Model
from seewhy.results.visualization import Visualization, Visualized
from seewhy.sources import as_model
from seewhy.synthesis.ascending import as_shown, slope
from seewhy.synthesis.looking import Eye, eye
from seewhy.synthesis.objectives import Objective
from seewhy.synthesis.planning import Step, Tell, objectives_of, versions
from seewhy.synthesis.terms import total_variation
from seewhy.types import Preprocess

SMALLEST = 32  # pixels of a side of the smallest octave
LUMA = (0.299, 0.587, 0.114)


def dream(
    model: Model | str,
    photo: Any,
    objective: Objective | str,
    *,
    octaves: int = 4,
    octave_scale: float = 1.4,
    steps: int = 10,
    lr: float = 0.008,
    jitter: int = 16,
    tv: float = 0.1,
    keep_colors: bool = True,
    longest: int = 512,
    seed: int = 0,
    tell: Tell | None = None,
) -> Visualization:
    """A photo changed, from coarse to fine, so that an objective grows: "deepdream:layer4", a channel, a class.

    octaves: sizes, each `octave_scale` times larger than the one before; what was added goes along, the photo is taken
    anew. steps: in each of them, of lr in pixels from 0 to 1 on the mean. jitter: the picture is rolled by up to so
    many pixels in each step. tv: how much of a step goes against the total variation. keep_colors: only the lightness
    changes, the photo's colours stay; else they may all change. longest: the photo's longer side is reduced to this.
    """
    began = time.monotonic()
    model = replace(as_model(model).shared(), fold=True)
    (asked,) = _one(objective)
    octaves, steps, jitter = whole(octaves, "octaves", 1), whole(steps, "steps", 1), whole(jitter, "jitter", 0)
    octave_scale, lr, tv = number(octave_scale, "octave_scale", 1.01), number(lr, "lr", 1e-12), number(tv, "tv", 0)
    seed = whole(seed, "seed", 0)
    pixels = opened(model, photo, whole(longest, "longest", SMALLEST))
    draw = torch.Generator().manual_seed(seed)
    values: list[float] = []
    resized = False
    sizes = _sizes((pixels.shape[2], pixels.shape[3]), octaves, octave_scale)
    with torch.inference_mode(False), model.frozen():
        added = torch.zeros_like(pixels)
        made = pixels
        stop = False
        for size in sizes:
            looks = eye(model, size, enlarge=False)
            resized |= looks.resized
            base = _at(pixels, size)
            made = (base + _at(added, size)).clamp(0, 1)
            for made, value in _steps(looks, asked.bound(looks, size), made, steps, lr, jitter, tv, draw):
                values.append(value)
                done = Step(len(values), steps * len(sizes), (value,))
                stop = tell is not None and tell(done) is True
                if stop:
                    break
            added = made - base
            if stop:
                break
        made = (pixels + _at(added, sizes[-1])).clamp(0, 1)
        made = lightness_only(pixels, made) if keep_colors else made
    image = made.permute(0, 2, 3, 1).float().cpu().numpy()
    size_said = "x".join(map(str, model.size or ()))
    note = f"the network takes no other size than {size_said}: pictures are resized to it in every step"
    options = {
        "method": "dream", "octaves": len(sizes), "octave_scale": octave_scale, "steps": steps, "lr": lr,
        "jitter": jitter, "tv": tv, "keep_colors": bool(keep_colors), "size": list(pixels.shape[2:]),
    }  # fmt: skip
    one = Visualized(
        asked.name, image[None], np.array(values, np.float32)[:, None], np.ones(image.shape[:3], np.float32)
    )
    return Visualization(
        (one,), (len(values),), model.card, options, seed, time.monotonic() - began, (note,) if resized else (),
        versions(), as_shown(pixels),
    )  # fmt: skip


def _one(objective: Any) -> list[Objective]:
    found = objectives_of(objective)
    if len(found) > 1 or found[0].couples:
        raise BadOption(
            "a dream has one picture and one objective", "add objectives up: 'deepdream:a + 0.5*deepdream:b'"
        )
    return found


def opened(model: Model, photo: Any, longest: int) -> Tensor:
    """The whole photo (1,c,h,w) in its own proportions, its longer side no more than `longest`."""
    pixels, _ = load(photo, Preprocess(tuple(model.mean), tuple(model.std)))
    height, width = pixels.shape[2:]
    factor = longest / max(height, width)
    if factor < 1:
        pixels = _at(pixels, (max(1, round(height * factor)), max(1, round(width * factor))))
    return model.checked(pixels).clamp(0, 1)


def _sizes(full: tuple[int, int], octaves: int, scale: float) -> list[tuple[int, int]]:
    """From the smallest to the full size; none with a side shorter than SMALLEST but the last."""
    each = [(round(full[0] / scale**n), round(full[1] / scale**n)) for n in reversed(range(octaves))]
    return [one for one in each[:-1] if min(one) >= SMALLEST] + [full]


def _at(pictures: Tensor, size: tuple[int, int]) -> Tensor:
    if tuple(pictures.shape[2:]) == tuple(size):
        return pictures
    return F.interpolate(pictures, size=size, mode="bilinear", align_corners=False, antialias=True)


def _steps(
    looks: Eye, objective: Objective, made: Tensor, steps: int, lr: float, jitter: int, tv: float, draw: torch.Generator
) -> Iterator[tuple[Tensor, float]]:
    """The picture after each step, and the objective before it."""
    for done in range(1, steps + 1):
        moves = torch.randint(-jitter, jitter + 1, (2,), generator=draw).tolist()
        rolled = torch.roll(made, moves, (2, 3))
        grad, value = slope(looks, objective, rolled, done)
        step = evened(torch.roll(grad, [-one for one in moves], (2, 3)))
        if tv:
            step = step - tv * evened(_roughness(made))
        made = (made + lr * step).clamp(0, 1)
        yield made, value


def evened(grad: Tensor) -> Tensor:
    """A gradient whose absolute values are 1 on the mean."""
    return grad / grad.abs().mean().clamp_min(1e-12)


def _roughness(pictures: Tensor) -> Tensor:
    """The gradient of the total variation."""
    with torch.enable_grad():
        own = pictures.detach().requires_grad_()
        (grad,) = torch.autograd.grad(total_variation(own).sum(), own)
    return grad


def lightness_only(photo: Tensor, made: Tensor) -> Tensor:
    """The photo (1,c,h,w) made as light and dark as the other picture: the same is added to all of its colours."""
    if photo.shape[1] != 3:
        return made
    luma = photo.new_tensor(LUMA)[:, None, None]
    return (photo + ((made - photo) * luma).sum(1, keepdim=True)).clamp(0, 1)
