"""A program's calls, measured on one image: shapes, multiplications, and which of them look place by place."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import torch
from torch import Tensor

from seewhy.model.packed import Convolution
from seewhy.model.parts import Part, part_of
from seewhy.model.placewise import BLIND
from seewhy.model.tape import Call, PerImage, Slot, leaves, mapped


@dataclass(frozen=True, eq=False)
class Outline:
    """calls: each writes slots of its own, also where it works in place.

    parts: of the calls up to the first that mixes places; None where a call does not depend on the image. shapes: of
    one image's tensors, by slot. products: multiplications of one image in convolutions and matrix products, a call
    each. last: of each slot, the last call that reads it.
    """

    calls: tuple[Call, ...]
    out: int
    parts: tuple[Part | None, ...]
    changed: frozenset[int]  # slots that depend on the image, of those the parts make
    shapes: dict[int, tuple[int, ...]]
    products: tuple[int, ...]
    last: dict[int, int]
    overwriting: frozenset[int]  # calls that work in place

    def moved(self, at: int) -> int:
        """Numbers that a call writes, of one image."""
        return sum(prod(self.shapes[slot]) for slot in self.calls[at].makes)

    def live(self, cut: int) -> list[int]:
        """Slots made before a call and read from there on."""
        made = [0, *(slot for call in self.calls[:cut] for slot in call.makes)]
        return [slot for slot in made if self.last.get(slot, -1) >= cut]


def outlined(calls: Sequence[Call], out: int, x: Tensor) -> Outline:
    """x: one image (1,c,h,w)."""
    overwriting = frozenset(at for at, call in enumerate(calls) if set(call.makes) & set(call.reads))
    calls, out = _single(calls, out)
    last = {slot: at for at, call in enumerate(calls) for slot in call.reads} | {out: len(calls)}
    shapes, products = _measured(calls, last, x)
    parts: list[Part | None] = []
    changed = {0}
    for call in calls:
        reads = [slot for slot in dict.fromkeys(call.reads) if slot in changed]
        constant = not reads or call.name in BLIND
        numbered = any(isinstance(one, PerImage) for one in leaves((call.args, call.kwargs)))
        if constant and (numbered or call.out is None):
            break  # it depends on how many images there are, or changes something
        part = None if constant else part_of(call, reads, shapes)
        if part is None and not constant:
            break
        parts.append(part)
        changed |= set() if constant else set(call.makes)
    return Outline(calls, out, tuple(parts), frozenset(changed), shapes, products, last, overwriting)


def _single(calls: Sequence[Call], out: int) -> tuple[tuple[Call, ...], int]:
    """The same calls, each of which writes slots that no other writes."""
    now = {0: 0}
    free = 1
    made = []
    for call in calls:

        def read(one: Any) -> Any:
            return Slot(now[one.number]) if isinstance(one, Slot) else one

        args, kwargs = mapped(call.args, read), mapped(call.kwargs, read)
        for slot in dict.fromkeys(call.makes):
            now[slot], free = free, free + 1
        made.append(replace(call, args=args, kwargs=kwargs, out=mapped(call.out, read)))
    return tuple(made), now[out]


def _measured(
    calls: Sequence[Call], last: dict[int, int], x: Tensor
) -> tuple[dict[int, tuple[int, ...]], tuple[int, ...]]:
    values: dict[int, Any] = {0: x.contiguous(memory_format=torch.channels_last)}
    shapes, products = {0: tuple(x.shape)}, []
    for at, call in enumerate(calls):
        with torch.no_grad():
            found = list(leaves(called(call, values, 1)))
        given = [values[one.number] if isinstance(one, Slot) else one for one in call.args]
        made = zip(leaves(call.out), found, strict=True) if call.out is not None else ()
        for slot, value in ((one.number, value) for one, value in made if isinstance(one, Slot)):
            values[slot], shapes[slot] = value, tuple(value.shape)
        products.append(multiplications(call, given, found[0]))
        for slot in (*call.reads, *call.makes):
            if last.get(slot, -1) <= at:
                values.pop(slot, None)
    return shapes, tuple(products)


def called(call: Call, values: Mapping[int, Any], images: int) -> Any:
    """What a call makes of the values of its slots."""

    def fill(one: Any) -> Any:
        if isinstance(one, Slot):
            return values[one.number]
        return one.times * images if isinstance(one, PerImage) else one

    return call.function(*mapped(call.args, fill), **mapped(call.kwargs, fill))


def multiplications(call: Call, args: Sequence[Any], out: Any) -> int:
    """Of numbers in a convolution, a linear layer or another product of matrices."""
    made = prod(out.shape) if isinstance(out, Tensor) else 0
    if isinstance(call.function, Convolution):
        return made * call.function.weight[0].numel()
    if call.name in ("conv1d", "conv2d", "conv3d"):
        return made * int(args[1][0].numel())
    if call.name in ("linear", "matmul", "__matmul__", "bmm", "mm"):
        return made * int(args[0].shape[-1])
    if call.name in ("addmm", "baddbmm"):
        return made * int(args[1].shape[-1])
    if call.name == "scaled_dot_product_attention":
        query, key, value = (one.shape for one in args[:3])
        return int(prod(query[:-1]) * key[-2] * (query[-1] + value[-1]))
    return 0
