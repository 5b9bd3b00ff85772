"""The values that flow through seewhy. Nothing here runs a model, reads a file or draws.

Letters keep one meaning everywhere: b images, c h w image, d r q map channels and cells, k classes,
n variants, H W the original picture.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Flag, auto
from os import PathLike
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from seewhy.geometry import Geometry
from seewhy.held import held

Pixels = Tensor  # (b,c,h,w), RGB (or grey, c=1) in [0,1]; only the Model normalises
Values = Tensor  # (b,c,r,q), raw and signed, at the method's own resolution
Sign = Literal["positive", "negative", "absolute", "all"]
Reduce = Literal["sum", "max"]


class Need(Flag):
    """What a method asks of a model, and what a model offers: `needs in model.offers`."""

    SCORES = auto()  # image in, scores out
    GRADIENT = auto()  # scores differentiable in the image
    MAPS = auto()  # a layer whose output is (b,d,r,q)
    RELU = auto()  # every activation is of a ReLU kind, and there is one
    BIASES = auto()  # biases added by functions that stand for layers: convolutions, batch norms, linear layers
    POOLED_HEAD = auto()  # the class scores are linear in the mean of the last maps
    ATTENTION = auto()  # attention weights
    TEXT = auto()  # scores texts against images


@dataclass(frozen=True)
class Preprocess:
    """How a photo becomes the network's input.

    size: (h,w) of the input; None takes photos as they come. resize: length of the shorter side before the centre
    crop, or the (h,w) to cover (None: just enough to cover `size`). mode "squash" ignores the aspect ratio, "pad"
    keeps all of the photo.
    mean, std: one number a channel; one channel means a grey input.
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]
    size: tuple[int, int] | None = None
    resize: int | tuple[int, int] | None = None
    mode: Literal["crop", "squash", "pad"] = "crop"
    interpolation: Literal["nearest", "bilinear", "bicubic", "lanczos"] = "bilinear"


@dataclass(frozen=True, eq=False)
class Photo:
    """The picture as its owner sees it, and how the network's input was cut from it."""

    pixels: NDArray[np.uint8]  # (H,W,3)
    geometry: Geometry
    name: str = "image"
    sha256: str = ""
    tensor: NDArray[np.floating[Any]] | None = None  # (c,h,w), where the input was a tensor: `pixels` rounds it


@dataclass(frozen=True)
class Prediction:
    """One class of a prediction. `probability` is softmax of the logits, or the model's own where it ends in one.

    A function whose answers are no probabilities has a `score` instead. A text has the cosine `similarity` to the
    picture, and its share or its own probability where there is one.
    """

    index: int
    label: str
    probability: float | None = None
    score: float | None = None
    similarity: float | None = None


@dataclass(frozen=True)
class ModelCard:
    """Which network it was: enough to load it again and to see whether it is still the same."""

    name: str
    spec: str = ""  # what `seewhy.load` takes; empty for a module of the user's own
    weights: str = ""  # "pretrained", "random", or the file they came from
    fingerprint: str = ""  # of all parameters and buffers
    licence: str = ""
    overrides: tuple[tuple[str, Any], ...] = ()  # what `seewhy.load` was given besides the spec and the weights


@dataclass(frozen=True)
class Passes:
    """Images sent through the network, forwards and backwards, whole or in part."""

    forward: int = 0
    backward: int = 0


@dataclass(frozen=True)
class Function:
    """Stands among stored options for a function of the user's own, of which the name alone is kept."""

    name: str

    @classmethod
    def of(cls, function: Callable[..., Any]) -> "Function":
        return cls(str(getattr(function, "__name__", type(function).__name__)))

    def __str__(self) -> str:
        return f"function {self.name}"


@held("values")
@dataclass(frozen=True, eq=False)
class Map:
    """What a method returns: values (b,c,r,q), or what makes them, and what must be said about them.

    `extras` are tensors with one row an image (leading dimension b), and so are those of `state`: what it takes to go
    on where the method left off.
    `layers` overrides the layers named in the method's options, where a method finds its own.
    """

    values: Values
    extras: Mapping[str, Tensor] = field(default_factory=dict)
    notes: Sequence[str] = ()
    layers: Sequence[str] = ()
    state: Mapping[str, Tensor] = field(default_factory=dict)


def reduced(values: NDArray[np.float32], reduce: Reduce) -> NDArray[np.float32]:
    """One number a cell (b,r,q) of a map's channels (b,c,r,q)."""
    return np.asarray(values.max(1) if reduce == "max" else values.sum(1))


@held("values")
class _Shown:
    """What a notebook asks of what a cell ends with; it draws as figures and pages do, when it is asked."""

    def _repr_html_(self) -> str:
        from seewhy.render.notebook import html

        return html(self)  # type: ignore[arg-type]  # an Explanation or a Comparison

    def _repr_png_(self) -> bytes | None:
        from seewhy.render.notebook import png

        return png(self)  # type: ignore[arg-type]  # as above


@dataclass(frozen=True, eq=False)
class Explanation(_Shown):
    """Maps of a batch of images and all it takes to compute them again. It does not draw itself.

    values (b,c,r,q): float32, raw and signed; where a method says how, made of what is smaller whenever they are read.
    extras: arrays with one row an image.
    """

    values: NDArray[np.float32]
    method: str
    options: Mapping[str, Any]
    target: str  # as asked for: "predicted", a label, "this - other"
    classes: tuple[int | None, ...]  # the class explained, an image each
    labels: tuple[str, ...]
    score: str  # "logit", "probability" or "log_probability", of a function "answer": what was explained
    scores: NDArray[np.float32]  # (b,) its value on the clean image
    predictions: tuple[tuple[Prediction, ...], ...]
    model: ModelCard
    layers: tuple[str, ...]  # those really used
    photos: tuple[Photo, ...]
    seed: int
    seconds: float
    passes: Passes
    precision: str
    versions: Mapping[str, str]
    sign: Sign = "all"  # how the method's paper shows its values
    reduce: Reduce = "sum"
    extras: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    decided: tuple[Any, ...] = ()  # the pinned target: ("class", indices), ("contrast", this, other), ...
    state: Mapping[str, NDArray[Any]] = field(default_factory=dict)  # sums that `explain(..., resume=)` goes on from
    words: tuple[tuple[str, ...], ...] = ()  # of the text explained, an image each; extras["word_scores"] are theirs
    words_by: str = ""  # how they were scored: "leave_one_out", "integrated_gradients" or "attention"

    def heatmap(self) -> NDArray[np.float32]:
        """(b,H,W): channels reduced, on the original pictures' pixels, same units and sign, NaN where unseen."""
        return np.stack([photo.geometry.place(one) for photo, one in zip(self.photos, self.reduced(), strict=True)])

    def reduced(self) -> NDArray[np.float32]:
        """(b,r,q): one number a cell, the largest of its channels for saliency, else their sum."""
        return reduced(self.values, self.reduce)

    @property
    def blank(self) -> tuple[bool, ...]:
        """Whether there is nothing to show: no positive evidence, or a score that never moves."""
        flat = self.reduced()
        shown = flat if self.sign == "positive" else np.abs(flat)
        return tuple((shown.reshape(len(shown), -1).max(1) <= 0).tolist())

    def __len__(self) -> int:
        return len(self.photos)

    def __getitem__(self, rows: int | slice) -> "Explanation":
        if isinstance(rows, int):
            rows = range(len(self))[rows]
            rows = slice(rows, rows + 1)
        cut = {
            name: getattr(self, name)[rows]
            for name in ("values", "classes", "labels", "scores", "predictions", "photos", "words")
        }
        extras, state = ({name: rows_of[rows] for name, rows_of in own.items()} for own in (self.extras, self.state))
        return replace(self, **cut, extras=extras, state=state, decided=_cut(self.decided, rows))

    def __iter__(self) -> Iterator["Explanation"]:
        return (self[i] for i in range(len(self)))

    def save(self, folder: "str | PathLike[str]") -> Path:
        """Write it to a folder, whole or not at all; `seewhy.open(folder)` reads it. Raises BadInput."""
        from seewhy.store import save  # the one look upwards: users expect `e.save` beside `seewhy.open`

        return save(self, folder)


def _cut(decided: tuple[Any, ...], rows: slice) -> tuple[Any, ...]:
    if decided[:1] == ("class",):
        return ("class", decided[1][rows])
    return tuple(_cut(part, rows) if isinstance(part, tuple) else part for part in decided)


@dataclass(frozen=True, eq=False)
class Comparison(_Shown):
    """Methods times targets on the same images: `c[method]` is a row, `c[method, target]` one Explanation.

    A target is named as it was asked for ("predicted", a label, an index) or by its column's number.
    """

    table: tuple[tuple[Explanation, ...], ...]  # a row a method, a column a target

    @property
    def methods(self) -> tuple[str, ...]:
        return tuple(row[0].method for row in self.table)

    @property
    def targets(self) -> tuple[str, ...]:
        return tuple(one.target for one in self.table[0])

    def __getitem__(self, key: str | tuple[str, Any]) -> Any:
        method, target = key if isinstance(key, tuple) else (key, None)
        row = self.table[self.methods.index(method)] if method in self.methods else None
        if row is None:
            raise KeyError(f"{method!r} is none of {', '.join(self.methods)}")
        if target is None and not isinstance(key, tuple):
            return row
        name = "predicted" if target is None else str(target)
        if name in self.targets:
            return row[self.targets.index(name)]
        if isinstance(target, int) and target in range(len(row)):
            return row[target]
        raise KeyError(f"{target!r} is none of {', '.join(self.targets)}")

    def __iter__(self) -> Iterator[Explanation]:
        return (one for row in self.table for one in row)

    def __len__(self) -> int:
        return sum(len(row) for row in self.table)
