"""Deep dream: a photo with more of what a network sees in it (Mordvintsev et al., Inceptionism, 2015)."""

import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from seewhy.asked import number, whole
from seewhy.errors import BadOption, Unsupported
from seewhy.images import load
from seewhy.model import Model
from seewhy.results.visualization import Visualization, Visualized
from seewhy.sources import as_model
from seewhy.synthesis.ascending import as_shown, slope
from seewhy.synthesis.looking import Eye, eye
from seewhy.synthesis.objectives import Objective
from seewhy.synthesis.penalties import total_variation
from seewhy.synthesis.planning import Step, Tell, objectives_of, versions
from seewhy.types import Preprocess

Size = tuple[int, int]

SMALLEST = 32  # pixels of a side of the smallest octave
LUMA = (0.299, 0.587, 0.114)


@dataclass(frozen=True)
class Dreaming:
    """How it is done; see `dream`."""

    octaves: int
    octave_scale: float
    steps: int
    lr: float
    jitter: int
    tv: float
    keep_colors: bool

    def __post_init__(self) -> None:
        for name, low in (("octaves", 1), ("steps", 1), ("jitter", 0)):
            whole(getattr(self, name), name, low)
        for name, least in (("octave_scale", 1.01), ("lr", 1e-12), ("tv", 0.0)):
            number(getattr(self, name), name, least)


def dream(
    model: Model | str,
    photo: Any,
    objective: Objective | str | None = None,
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

    objective: default all that a layer in the middle of the network holds, which the result names. octaves: sizes, each
    `octave_scale` times larger than the one before; what was added goes along, the photo is taken anew. steps: in each
    of them, of lr in pixels from 0 to 1 on the mean. jitter: the picture is rolled by up to so many pixels in each
    step. tv: how much of a step goes against the total variation. keep_colors: only the lightness changes, the photo's
    colours stay; else they may all change. longest: the photo's longer side is reduced to this.
    Raises SeewhyError as `visualize` does.
    """
    began = time.monotonic()
    model = replace(as_model(model).shared(), fold=True)
    how = Dreaming(octaves, octave_scale, steps, lr, jitter, tv, bool(keep_colors))
    asked, seed = _one(f"deepdream:{middle(model)}" if objective is None else objective), whole(seed, "seed", 0)
    pixels = opened(model, photo, whole(longest, "longest", SMALLEST))
    values: list[float] = []
    with torch.inference_mode(False), model.frozen():
        made, sizes, resized = _dreamt(model, pixels, asked, how, seed, tell, values)
    if how.keep_colors:
        made = lightness_only(pixels, made)
    image = made.permute(0, 2, 3, 1).float().cpu().numpy()
    curve = np.array(values, np.float32)[:, None]
    size_said = "x".join(map(str, model.size or ()))
    note = f"the network takes no other size than {size_said}: pictures are resized to it in every step"
    return Visualization(
        found=(Visualized(asked.name, image[None], curve, np.ones(image.shape[:3], np.float32)),),
        steps=(len(values),),
        model=model.card,
        options={"method": "dream", **asdict(how), "sizes": [list(one) for one in sizes]},
        seed=seed,
        seconds=time.monotonic() - began,
        notes=(note,) if resized else (),
        versions=versions(),
        photo=as_shown(pixels),
    )


def _dreamt(
    model: Model,
    pixels: Tensor,
    objective: Objective,
    how: Dreaming,
    seed: int,
    tell: Tell | None,
    values: list[float],
) -> tuple[Tensor, list[Size], bool]:
    """The dream in all colours, the octaves' sizes, and whether the network was shown another size."""
    sizes = octave_sizes((pixels.shape[2], pixels.shape[3]), how.octaves, how.octave_scale)
    draw = torch.Generator().manual_seed(seed)
    added, resized = torch.zeros_like(pixels), False
    for size in sizes:
        looks = eye(model, size, enlarge=False)
        resized |= looks.resized
        base = _at(pixels, size)
        last = (base + _at(added, size)).clamp(0, 1)
        stop = False
        for one, value in _steps(looks, objective.bound(looks, size), last, how, draw):
            last = one
            values.append(value)
            stop = tell is not None and tell(Step(len(values), how.steps * len(sizes), (value,))) is True
            if stop:
                break
        added = last - base
        if stop:
            break
    return (pixels + _at(added, sizes[-1])).clamp(0, 1), sizes, resized


def _one(objective: Any) -> Objective:
    found = objectives_of(objective)
    if len(found) > 1 or found[0].couples:
        raise BadOption(
            "a dream has one picture and one objective", "add objectives up: 'deepdream:a + 0.5*deepdream:b'"
        )
    return found[0]


def middle(model: Model) -> str:
    """The outer layer with maps that is nearest to two thirds of the way through the network."""
    if model.opaque is not None:
        raise Unsupported(f"nothing can be optimised through {model.name}: {model.opaque.why}", "load a torch network")
    census = model.census()
    read = [one for one in census.layers if one.grid and one.read]
    outer = [one.name for one in read if one.name.count(".") <= 1] or [one.name for one in read]
    if not outer:
        raise Unsupported(f"no layer of {model.name} returns maps", "name what is to grow: objective='class:...'")
    places = [one.name for one in census.layers]
    return min(outer, key=lambda name: abs(places.index(name) - 2 * len(places) / 3))


def opened(model: Model, photo: Any, longest: int) -> Tensor:
    """The whole photo (1,c,h,w) in its own proportions, its longer side no more than `longest`."""
    pixels, _ = load(photo, Preprocess(tuple(model.mean), tuple(model.std)))
    height, width = pixels.shape[2:]
    factor = longest / max(height, width)
    if factor < 1:
        pixels = _at(pixels, (max(1, round(height * factor)), max(1, round(width * factor))))
    return model.checked(pixels).clamp(0, 1)


def octave_sizes(full: Size, octaves: int, scale: float) -> list[Size]:
    """From the smallest to the full size; none with a side shorter than SMALLEST but the last."""
    each = [(round(full[0] / scale**n), round(full[1] / scale**n)) for n in reversed(range(octaves))]
    return [one for one in each[:-1] if min(one) >= SMALLEST] + [full]


def _at(pictures: Tensor, size: Size) -> Tensor:
    if tuple(pictures.shape[2:]) == tuple(size):
        return pictures
    return F.interpolate(pictures, size=size, mode="bilinear", align_corners=False, antialias=True)


def _steps(
    looks: Eye, objective: Objective, made: Tensor, how: Dreaming, draw: torch.Generator
) -> Iterator[tuple[Tensor, float]]:
    """The picture after each step, and the objective before it."""
    for done in range(1, how.steps + 1):
        moves = torch.randint(-how.jitter, how.jitter + 1, (2,), generator=draw).tolist()
        grad, value = slope(looks, objective, torch.roll(made, moves, (2, 3)), done)
        step = evened(torch.roll(grad, [-one for one in moves], (2, 3)))
        if how.tv:
            step = step - how.tv * evened(_roughness(made))
        made = (made + how.lr * step).clamp(0, 1)
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
