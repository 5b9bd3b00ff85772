"""Which calls make the result at a place of their inputs at that place alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor

from seewhy.model.fold import NormArgs, taken
from seewhy.model.tape import Call, Slot, leaves

Shapes = Mapping[int, tuple[int, ...]]  # of one image's tensors, by slot

POINTWISE = {
    *("relu", "relu6", "hardtanh", "clamp", "clip", "clamp_min", "clamp_max", "hardswish", "hardsigmoid", "silu"),
    *("gelu", "sigmoid", "tanh", "elu", "selu", "celu", "leaky_relu", "softplus", "mish", "threshold", "logsigmoid"),
    *("abs", "neg", "square", "sqrt", "exp", "pow", "float", "double", "to", "contiguous", "clone", "detach"),
    *("dropout", "dropout2d", "feature_dropout", "alpha_dropout", "add", "sub", "mul", "div", "true_divide"),
    *("maximum", "minimum", "__add__", "__radd__", "__iadd__", "__sub__", "__rsub__", "__isub__", "__mul__"),
    *("__rmul__", "__imul__", "__truediv__", "__itruediv__", "channel_shuffle"),
}
BY_CHANNEL = {"batch_norm", "prelu"}  # their own tensors are one number a channel
BLIND = {"new_tensor", "new_zeros", "new_ones", "new_full"}  # they look at what kind of tensor it is, not at its values


def place_by_place(call: Call, changed: Sequence[int], shapes: Shapes) -> bool:
    """Whether nothing but its inputs at a place decides on its result there.

    changed: the slots it reads that are maps, whose last two axes are the places; what else it reads is the same
    everywhere or one number a channel.
    """
    name = call.name if call.name.startswith("__") else call.name.rstrip("_")
    lengths = {len(shapes[slot]) for slot in (*changed, *call.makes)}
    if not call.args:
        return False
    if name in POINTWISE:
        alike = all(_of_channels(one, changed, shapes) for one in _tensors(call))
        return alike and len(lengths) == 1
    if name in BY_CHANNEL:
        norm = taken(call, NormArgs) if name == "batch_norm" else None
        return call.args[0] == Slot(changed[0]) and len(changed) == 1 and (norm is None or not norm.training)
    if name in ("cat", "concat", "concatenate"):
        given = [one for one in leaves(call.args[0]) if isinstance(one, Slot | Tensor)]
        return (
            _axis(call, 0) == 1
            and {one.number for one in given if isinstance(one, Slot)} == set(changed)
            and all(isinstance(one, Slot) for one in given)
        )
    if name in ("chunk", "split"):
        return _axis(call, 0, at=2) == 1
    if name == "unsqueeze":
        return _axis(call, None) == 1
    if name == "transpose":
        return all(isinstance(axis, int) and 0 < axis < len(shapes[changed[0]]) - 2 for axis in call.args[1:])
    if name == "__getitem__":
        return _picks_channels(call.args[1])
    return name in ("view", "reshape") and isinstance(call.function, Regrouped)


def _tensors(call: Call) -> list[Any]:
    return [one for one in leaves((call.args, call.kwargs)) if isinstance(one, Slot | Tensor)]


def _of_channels(one: Any, changed: Sequence[int], shapes: Shapes) -> bool:
    """Whether a tensor is a changed map, or the same at every place."""
    if isinstance(one, Slot) and one.number in changed:
        return True
    shape = shapes[one.number] if isinstance(one, Slot) else tuple(one.shape)
    return all(side == 1 for side in shape[-2:])


def _axis(call: Call, usual: int | None, at: int = 1) -> int | None:
    found: int | None = call.kwargs.get("dim", call.args[at] if len(call.args) > at else usual)
    return found


def _picks_channels(index: Any) -> bool:
    """x[:, 0] or x[:, 2:5]."""
    if not isinstance(index, tuple) or len(index) != 2 or index[0] != slice(None):
        return False
    bounds = (index[1].start, index[1].stop, index[1].step) if isinstance(index[1], slice) else (index[1],)
    return all(one is None or isinstance(one, int) for one in bounds)


@dataclass(frozen=True)
class Regrouped:
    """A view whose channels are counted otherwise."""

    channels: tuple[int, ...]

    __name__ = "view"

    def __call__(self, x: Tensor) -> Tensor:
        return x.reshape(len(x), *self.channels, *x.shape[-2:])


def regrouped(call: Call, shapes: Shapes) -> Call:
    if call.name not in ("view", "reshape") or not isinstance(call.out, Slot) or len(call.reads) != 1:
        return call
    shape = shapes[call.out.number]
    if shape[0] != 1 or len(shape) < 4:
        return call
    return replace(call, function=Regrouped(shape[1:-2]), args=(Slot(call.reads[0]),), kwargs={})
