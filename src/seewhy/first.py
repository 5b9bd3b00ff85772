"""The clean images' outputs, from the forward that all methods asked for go on from."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from seewhy.cams import of_layers
from seewhy.errors import ModelFailed, first_line
from seewhy.model import Model
from seewhy.model.trace import INPUT
from seewhy.registry import Method
from seewhy.types import Pixels


def first_outputs(run: Model, x: Pixels, methods: Sequence[Method]) -> Tensor:
    """The clean image's outputs, from the forward that the methods' own backwards start from."""
    begin = getattr(methods[0], "begin", None)
    if begin is not None:
        return sound(guarded(lambda: begin(run, x)))
    rules = getattr(methods[0], "rules", None)
    starting = [m for m in methods if getattr(m, "rules", None) is rules]  # others make a forward of their own
    layers = dict.fromkeys(INPUT for m in starting if m.info.starts == "input")
    layers |= dict.fromkeys(name for m in starting if m.info.starts == "layers" or rules for name in of_layers(m))
    following: list[Any] = [m for m in starting if m.info.starts == "attention"]
    if following and not layers:
        cut = min((at for m in following if (at := m.cut(run, x)) is not None), default=None)
        read = tuple(dict.fromkeys(name for m in following for name in m.reads(run, x)))
        return sound(guarded(lambda: run.followed(x, cut, read).outputs))
    if not layers:
        return outputs_of(run, x)
    return sound(guarded(lambda: run.recorded(x, tuple(layers), rules).outputs))


def outputs_of(model: Model, x: Pixels) -> Tensor:
    return sound(guarded(lambda: model.outputs(x)))


def sound(outputs: Tensor) -> Tensor:
    if not torch.isfinite(outputs).all():
        raise ModelFailed("the model returns NaN or infinity for this image", "check its weights and its precision")
    return outputs


def guarded(call: Callable[[], Any]) -> Any:
    """What can fail behind the model's own forward: the backward and the memory."""
    try:
        return call()
    except torch.OutOfMemoryError as error:
        raise ModelFailed("memory ran out even for one image at a time", "use a smaller input, or the CPU") from error
    except RuntimeError as error:
        raise ModelFailed(
            f"the backward failed: {first_line(error)}", "see `seewhy doctor` for what fits it"
        ) from error
