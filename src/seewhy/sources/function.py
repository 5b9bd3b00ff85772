"""A function of one's own, `callable:package.module:predict`: arrays of pictures in, scores out, and no look inside."""

from collections.abc import Callable, Sequence
from typing import Any, Literal, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from seewhy.asked import one_of
from seewhy.errors import BadOption, ModelFailed, Unsupported, first_line
from seewhy.model import Model
from seewhy.model.opaque import Answers, Opaque
from seewhy.model.stream import out_of_memory
from seewhy.sources.built import Ask, Built
from seewhy.sources.factory import named
from seewhy.types import ModelCard, Preprocess

Input = Literal["uint8", "float"]

OPTIONS = ("input", "answers", "size", "classes")
TAKES = {"uint8": "uint8 arrays (n,h,w,3), 0 to 255", "float": "float32 arrays (n,h,w,3), 0 to 1"}
ASKED = "it is called with pictures (n,h,w,3) and returns one row of scores an image, (n,k)"


def black_box(
    predict: Callable[[NDArray[Any]], Any],
    *,
    input: Input | None = None,
    size: int | tuple[int, int] | None = None,
    classes: Sequence[str] = (),
    answers: Answers | None = None,
    name: str = "",
) -> Model:
    """A Model of a function that is only called: it offers scores, and is explained as it answers.

    predict: of a batch of pictures, an array (n,h,w,3) of its own, the scores (n,k) as an array, a list or a tensor.
    input: "uint8" for pixels 0 to 255, rounded to nearest, or "float" for float32 in 0 to 1; it has no default, since a
    wrong one gives a plausible picture of the wrong thing. Pixels outside are clipped. size: (h,w) that photos are
    resized and cropped to; None hands them over as they come. answers: "probability" or "score"; None: probabilities
    where they are not negative and an image's sum to one.
    Raises BadOption or Unsupported; in a call, ModelFailed where the function fails or returns no scores.
    """
    module = Function(predict, input, answers)
    card = ModelCard(name or _called(predict))
    return Model(module, (0.0,) * 3, (1.0,) * 3, size=size, classes=classes, card=card)  # type: ignore[arg-type]  # size is a pair from then on


def names() -> list[str]:
    return []


def build(name: str, ask: Ask) -> Built:
    """The function of that name. Raises a SeewhyError where there is none, or its input is not declared."""
    predict = named(name)
    if ask.device.type != "cpu":
        raise BadOption(f"device {str(ask.device)!r} for a function, which runs where it runs", "leave device out")
    module = Function(predict, ask.input, ask.answers)
    return Built(module, ModelCard(_called(predict), f"callable:{name}"), Preprocess((0.0,) * 3, (1.0,) * 3, ask.size))


class Function(Opaque):
    """pixels (n,3,h,w) in [0,1] -> scores (n,k), float32, by a function of arrays.

    Each call gets an array of its own, which it may write into; what it returns is copied.
    """

    why = "it is a function, of which nothing is seen but its answers"
    outputs = "answer"

    def __init__(self, predict: Any, input: Any, answers: Any) -> None:
        super().__init__()
        if not callable(predict) or isinstance(predict, type | nn.Module | Model):
            raise Unsupported(f"{_article(predict)} is no function of pictures", _instead(predict))
        if input is None:
            raise BadOption(
                "what the function takes is not known: pixels of 0 to 255, or of 0 to 1",
                "say it: input='uint8' or input='float' (--input uint8, --input float); there is no default",
            )
        self.input = one_of(input, "input", get_args(Input))
        self.answers = None if answers is None else one_of(answers, "answers", get_args(Answers))  # type: ignore[assignment]  # one of them
        self.predict, self.takes = predict, TAKES[self.input]
        self._columns: list[int] = []  # k, once it is known

    def forward(self, x: Tensor) -> Tensor:
        given = pictures(x, self.input)
        shape = given.shape
        try:
            found = self.predict(given)
        except Exception as error:  # whatever a function of the user's does
            if out_of_memory(error):
                raise
            raise ModelFailed(
                f"the function raised {type(error).__name__}: {first_line(error)}",
                f"it was given an array of {given.dtype}, {shape}",
            ) from error
        return self._checked(_array(found), len(x))

    def _checked(self, found: NDArray[Any], rows: int) -> Tensor:
        if found.dtype.kind not in "fiub":
            raise ModelFailed(f"the function returned {found.dtype}, not numbers", ASKED)
        if found.ndim != 2 or len(found) != rows or not found.shape[1]:
            raise ModelFailed(f"the function returned the shape {found.shape} for {rows} pictures", ASKED)
        if not self._columns:
            self._columns.append(found.shape[1])
        if [found.shape[1]] != self._columns:
            raise ModelFailed(
                f"the function returned {found.shape[1]} scores a picture, and {self._columns[0]} before", ASKED
            )
        with np.errstate(over="ignore"):  # beyond float32 it is infinite, which is refused
            scores = torch.from_numpy(np.array(found, np.float32))
        if not torch.isfinite(scores).all():
            raise ModelFailed("the function returned NaN or infinity", "every picture needs finite scores")
        return scores


def pictures(x: Tensor, input: str) -> NDArray[Any]:
    """Pixels (n,c,h,w) as a fresh array (n,h,w,c): float32 in [0,1], or uint8, rounded to nearest."""
    rows = np.array(x.detach().cpu().permute(0, 2, 3, 1).numpy(), np.float32, order="C").clip(0, 1)
    return np.rint(rows * 255).astype(np.uint8) if input == "uint8" else rows


def _array(found: Any) -> NDArray[Any]:
    try:
        if isinstance(found, Tensor):
            found = found.detach().cpu()
            found = (found.float() if found.is_floating_point() else found).numpy()
        return np.asarray(found)
    except Exception as error:  # rows of different lengths, or whatever an object's own conversion does
        raise ModelFailed(f"the function returned a {type(found).__name__} that is no array", ASKED) from error


def _called(predict: Any) -> str:
    return str(getattr(predict, "__qualname__", type(predict).__name__))


def _article(predict: Any) -> str:
    return f"the class {predict.__name__}" if isinstance(predict, type) else f"a {type(predict).__name__}"


def _instead(predict: Any) -> str:
    if isinstance(predict, nn.Module):
        return "it is a network: seewhy.Model(module, mean=..., std=...), or --model package.module:build"
    if isinstance(predict, Model):
        return "it is a Model already: explain it as it is"
    return "name a function, or a method of an object: callable:package.module:predict"
