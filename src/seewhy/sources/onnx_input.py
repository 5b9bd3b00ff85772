"""What an ONNX file says of its input: layout, size, batch and type; read from the shape, never guessed."""

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from seewhy.errors import BadOption, Unsupported
from seewhy.sources.built import Ask

Shape = Sequence[int | str | None]  # a number where it is fixed

DTYPES = {"tensor(float)": "float32", "tensor(float16)": "float16", "tensor(uint8)": "uint8"}


@dataclass(frozen=True)
class Input:
    """batch: how many images each run takes, None for any number. last: whether channels are the last axis."""

    name: str
    channels: int
    size: tuple[int, int]
    batch: int | None
    last: bool
    dtype: str

    @property
    def words(self) -> str:
        """As `seewhy doctor` says it."""
        rows = "n" if self.batch is None else str(self.batch)
        axes = [*map(str, self.size)]
        axes = [*axes, str(self.channels)] if self.last else [str(self.channels), *axes]
        return f"'{self.name}', {self.dtype} ({rows},{','.join(axes)})"

    def array(self, x: Tensor) -> NDArray[np.generic]:
        """Normalised pixels (n,c,h,w), or pixels in [0,1] where it takes uint8, as the file takes them."""
        x = x.detach().cpu()
        if self.dtype == "uint8":
            x = (x.clamp(0, 1) * 255).round().to(torch.uint8)
        return np.ascontiguousarray((x.permute(0, 2, 3, 1) if self.last else x).numpy())


def read(name: str, shape: Shape, kind: str, ask: Ask, file: str) -> Input:
    """Raises Unsupported where it is no picture, BadOption where the size asked for is missing or another."""
    if kind not in DTYPES:
        raise Unsupported(
            f"'{file}' takes {kind}", f"an input of pictures is one of {', '.join(DTYPES.values())}: export it so"
        )
    if len(shape) != 4:
        raise Unsupported(
            f"'{file}' takes {_words(shape)}, no batch of pictures", "export it with (n,c,h,w) or (n,h,w,c)"
        )
    known: list[int | None] = [length if isinstance(length, int) and length > 0 else None for length in shape]
    axis = _channel_axis(known, shape, ask.channels, file)
    channels, last = known[axis], axis == 3
    assert channels is not None
    size = _size((known[1], known[2]) if last else (known[2], known[3]), ask.size, file)
    return Input(name, channels, size, known[0], last, DTYPES[kind])


def _channel_axis(known: Sequence[int | None], shape: Shape, channels: int, file: str) -> int:
    wanted = {channels} if channels else {1, 3}
    found = [axis for axis in (1, 3) if known[axis] in wanted]
    if len(found) != 1:
        told = f"{channels} channels, as many as means," if channels else "1 or 3 channels"
        raise Unsupported(
            f"'{file}' takes {_words(shape)}: {told} stand at {'neither' if not found else 'both'} of axes 1 and 3",
            "export it with a fixed number of channels, (n,3,h,w) or (n,h,w,3)",
        )
    return found[0]


def _size(own: tuple[int | None, int | None], asked: tuple[int, int] | None, file: str) -> tuple[int, int]:
    if asked is None:
        if own[0] is None or own[1] is None:
            raise BadOption(f"'{file}' takes pictures of any size", "say which: size=(height, width), --size HxW")
        return own[0], own[1]
    if any(length not in (None, wanted) for length, wanted in zip(own, asked, strict=True)):
        raise BadOption(f"size {asked[0]}x{asked[1]} for '{file}', which takes {_words(own, 'x')}", "leave size out")
    return asked


def class_names(metadata: Mapping[str, str], file: str) -> tuple[str, ...]:
    """Those in the file's metadata, as ultralytics writes them: {0: 'person', 1: 'bicycle'}; none where there are none.

    Raises BadOption where they can't be read.
    """
    text = metadata.get("names", "").strip()
    if not text:
        return ()
    try:
        found = ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        found = None
    if isinstance(found, dict) and sorted(found, key=str) == sorted(range(len(found)), key=str):
        found = [found[index] for index in range(len(found))]
    if not isinstance(found, list | tuple) or not found or not all(isinstance(one, str) for one in found):
        raise BadOption(
            f"the class names in '{file}' can't be read: {text[:60]}", "give them: classes=[...], --classes"
        )
    return tuple(found)


def _words(shape: Shape, between: str = ",") -> str:
    said = between.join(str(length or "?") for length in shape)
    return f"({said})" if between == "," else said
