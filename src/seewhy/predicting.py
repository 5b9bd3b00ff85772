"""What a model says of pictures: its outputs, sound or refused in words, and the likeliest classes."""

from typing import Any

import torch
from torch import Tensor

from seewhy.errors import ModelFailed, first_line
from seewhy.model import Model
from seewhy.scores import transform
from seewhy.texts import TextModel
from seewhy.texts.answers import matched
from seewhy.types import Pixels, Prediction

PREDICTIONS = 5


def outputs_of(model: Model, x: Pixels) -> Tensor:
    return sound(guarded(lambda: model.outputs(x)))


def sound(outputs: Tensor) -> Tensor:
    if not torch.isfinite(outputs).all():
        raise ModelFailed("the model returns NaN or infinity for this image", "check its weights and its precision")
    return outputs


def guarded(call: Any) -> Any:
    """What can fail behind the model's own forward: the backward and the memory."""
    try:
        return call()
    except torch.OutOfMemoryError as error:
        raise ModelFailed("memory ran out even for one image at a time", "use a smaller input, or the CPU") from error
    except RuntimeError as error:
        raise ModelFailed(
            f"the backward failed: {first_line(error)}", "see `seewhy doctor` for what fits it"
        ) from error


def predictions(model: Model, x: Pixels, outputs: Tensor, top: int) -> tuple[tuple[Prediction, ...], ...]:
    if outputs.ndim != 2:
        return ((),) * len(outputs)
    if isinstance(model, TextModel):
        return matched(model, outputs, top)
    kind, found = model.census(x).outputs, outputs.float()
    found = found if kind == "answer" else transform("probability", kind)(found)
    likely = model.likely(found) if kind == "answer" else [True] * len(found)
    values, indices = found.topk(min(top, found.shape[1]), 1)
    return tuple(
        tuple(
            Prediction(int(i), model.label(int(i)), **{"probability" if sure else "score": float(v)})
            for v, i in zip(row, at, strict=True)
        )
        for row, at, sure in zip(values, indices, likely, strict=True)
    )
