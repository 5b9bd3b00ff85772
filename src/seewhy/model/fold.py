"""Calls of a tape made cheaper where no backward will run: batch norms folded, rectifiers taken along.

What is folded moves by float32's rounding, about 1e-6 of the scores. A rounding can push a unit over a rectifier's kink
and so move a gradient by up to some percent: hence none of this stands under a backward unless it is asked for.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import torch.nn.functional as F
from torch import Tensor

from seewhy.model.packed import Convolution
from seewhy.model.rules import kind
from seewhy.model.tape import Call, Slot


class ConvArgs(NamedTuple):
    x: Any
    weight: Any
    bias: Any = None
    stride: Any = 1
    padding: Any = 0
    dilation: Any = 1
    groups: Any = 1


class NormArgs(NamedTuple):
    x: Any
    mean: Any
    variance: Any
    weight: Any = None
    bias: Any = None
    training: Any = False
    momentum: Any = 0.1
    eps: Any = 1e-5


class PadArgs(NamedTuple):
    x: Any
    pad: Any
    mode: Any = "constant"
    value: Any = None


NAMES = {"input": "x", "running_mean": "mean", "running_var": "variance"}


def taken(call: Call, of: type) -> Any:
    """A call's arguments by name, or None where they are not those of this function."""
    named = {NAMES.get(key, key): value for key, value in call.kwargs.items()}
    try:
        return of(*call.args, **named)
    except TypeError:
        return None


def without_norms(calls: Sequence[Call], wanted: Iterable[int]) -> list[Call]:
    """The same results with batch norms in the convolutions before them, and nothing else changed; see `folded`."""
    return [_unpacked(call) for call in folded(calls, wanted, rectifiers=False)]


def _unpacked(call: Call) -> Call:
    conv = call.function
    if not isinstance(conv, Convolution):
        return call
    args = (*call.args, conv.weight, conv.bias, conv.stride, conv.padding, conv.dilation, conv.groups)
    return replace(call, function=F.conv2d, args=args, kwargs={})


def folded(calls: Sequence[Call], wanted: Iterable[int], *, rectifiers: bool = True) -> list[Call]:
    """The same results in fewer passes over memory; slots `wanted` stay what they are."""
    reads = Counter(slot for call in calls for slot in call.reads)
    reads.update(wanted)
    made: list[Call | None] = []
    maker: dict[int, int] = {}  # of each slot, the call that last wrote it
    for call in calls:
        goes = rectifiers or call.name == "batch_norm"
        at = _taken_along(call, made, maker, reads) if goes else None
        if at is None:
            made.append(_padded(_convolution(call) or call, made, maker, reads))
            at = len(made) - 1
        maker.update(dict.fromkeys(call.makes, at))
    return [call for call in made if call is not None]


def _taken_along(call: Call, made: list[Call | None], maker: dict[int, int], reads: Counter[int]) -> int | None:
    """The place of the convolution before this call once it does the call's work too; None where it can't."""
    if not call.args or not isinstance(call.args[0], Slot) or not isinstance(call.out, Slot):
        return None
    slot = call.args[0].number
    at = maker.get(slot, -1)
    before = made[at] if at >= 0 else None
    # An in-place call writes the slot it reads: what else reads it then reads the result, as it should.
    alone = reads[slot] == 1 or (call.out.number == slot and _last_writer(made, at, slot))
    if before is None or not isinstance(before.function, Convolution) or not alone:
        return None
    more = _with(before.function, call)
    if more is None:
        return None
    made[at] = replace(before, function=more, out=call.out)
    return at


def _last_writer(made: Sequence[Call | None], at: int, slot: int) -> bool:
    """Whether nothing behind the place has read the slot yet."""
    return not any(slot in call.reads for call in made[at + 1 :] if call is not None)


def _convolution(call: Call) -> Call | None:
    if call.name != "conv2d" or not isinstance(call.out, Slot):
        return None
    args = taken(call, ConvArgs)
    if args is None or not isinstance(args.x, Slot) or not isinstance(args.weight, Tensor):
        return None
    if isinstance(args.bias, Slot) or isinstance(args.padding, str):
        return None
    pairs = (pair(args.stride), pair(args.padding), pair(args.dilation))
    return Call(Convolution.of(args.weight, args.bias, *pairs, int(args.groups)), (args.x,), {}, call.out)


def _padded(call: Call, made: list[Call | None], maker: dict[int, int], reads: Counter[int]) -> Call:
    """A convolution with the padding before it, which need not be the same on both sides, taken along."""
    if not isinstance(call.function, Convolution):
        return call
    found = padding_before(call, made, maker, reads)
    wider = call.function.padded(found[1].pad) if found else None
    if found is None or wider is None:
        return call
    made[found[0]] = None
    return replace(call, function=wider, args=(found[1].x,))


def padding_before(
    call: Call, made: Sequence[Call | None], maker: dict[int, int], reads: Counter[int]
) -> tuple[int, PadArgs] | None:
    """The place and the arguments of the call that puts zeros around the maps that this call alone reads."""
    slot = call.args[0].number
    at = maker.get(slot, -1)
    before = made[at] if at >= 0 else None
    if before is None or before.name != "pad" or reads[slot] != 1:
        return None
    pad = taken(before, PadArgs)
    if pad is None or pad.mode != "constant" or pad.value or not isinstance(pad.x, Slot) or len(pad.pad) != 4:
        return None
    return (at, pad) if all(isinstance(side, int) and side >= 0 for side in pad.pad) else None


def _with(convolution: Convolution, call: Call) -> Convolution | None:
    if call.name == "batch_norm":
        norm = taken(call, NormArgs)
        constant = norm is not None and not norm.training and isinstance(norm.mean, Tensor)
        if not constant or isinstance(norm.weight, Slot) or isinstance(norm.bias, Slot):
            return None
        return convolution.normed(norm.mean, norm.variance, norm.weight, norm.bias, norm.eps)
    return convolution.rectified(kind(call.function, call.args, call.kwargs))


def pair(value: Any) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else tuple(value)
