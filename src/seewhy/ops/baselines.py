"""Images without evidence, for methods that compare against one."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from seewhy.errors import BadOption
from seewhy.ops.blur import gaussian
from seewhy.rng import Rng


def baselines(asked: Any, x: Tensor, mean: Sequence[float], rng: Rng) -> list[Tensor]:
    """Each baseline asked for, (b,c,h,w), in pixels.

    A number is a grey level (0 is black); "mean" the model's mean colour (what is 0 after normalisation); "blur" the
    photo blurred beyond recognition; "noise" uniform noise; a picture or batch of the input's size; a list: several.
    """
    if isinstance(asked, tuple | list):
        if not asked:
            raise BadOption("an empty list of baselines", "give at least one")
        return [baselines(one, x, mean, rng)[0] for one in asked]
    return [_baseline(asked, x, mean, rng)]


def _baseline(asked: Any, x: Tensor, mean: Sequence[float], rng: Rng) -> Tensor:
    if isinstance(asked, str):
        return _named(asked, x, mean, rng)
    if isinstance(asked, np.ndarray):
        asked = torch.from_numpy(asked)
    if not isinstance(asked, Tensor):
        if not isinstance(asked, int | float) and not hasattr(asked, "__float__"):
            raise BadOption(f"baseline {asked!r}", "a number from 0 to 1, mean, blur, noise, or a picture")
        if not 0 <= float(asked) <= 1:
            raise BadOption(f"baseline {asked} is no grey level", "give 0 (black) to 1 (white)")
        return torch.full_like(x, float(asked))
    picture = asked.to(x)
    if (picture.ndim == 4 and len(picture) not in (1, len(x))) or picture.shape[-2:] not in (x.shape[-2:], (1, 1)):
        raise BadOption(f"a baseline {tuple(picture.shape)} for input {tuple(x.shape)}", "give it the input's size")
    if not (picture.min() >= 0 and picture.max() <= 1):
        raise BadOption("a baseline picture with values outside [0, 1]", "baselines are pixels, not normalised")
    return picture.expand_as(x).clone()


def _named(asked: str, x: Tensor, mean: Sequence[float], rng: Rng) -> Tensor:
    if asked == "mean":
        if not mean:
            raise BadOption("baseline 'mean' of a model whose mean is not known", "give a grey level from 0 to 1")
        return x.new_tensor(list(mean))[:, None, None].expand_as(x).clone()
    if asked == "blur":
        return gaussian(x, min(x.shape[2:]) / 10)
    if asked == "noise":
        return rng.uniform(*x.shape[1:]).to(x)
    try:
        return _baseline(float(asked), x, mean, rng)
    except ValueError:
        raise BadOption(f"baseline {asked!r}", "a number from 0 to 1, mean, blur, noise, or a picture") from None
