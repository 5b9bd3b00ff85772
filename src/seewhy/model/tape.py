"""A network's forward written down as the calls it made, so that it can be cut, shortened and run without its modules.

Functions are seen as `rules.py` sees them: modules and functional calls alike, in the order in which they ran. Two
forwards, of 2 and of 3 images, are written down and compared: a whole number that grew with the images is one an image,
and whatever else differs can't be run again.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from seewhy.model.rules import kind


@dataclass(frozen=True)
class Slot:
    """The place of a tensor that a call made; number 0 is the network's input."""

    number: int


@dataclass(frozen=True)
class PerImage:
    """A whole number that is this many times the number of images."""

    times: int


@dataclass(frozen=True)
class Call:
    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    out: Any  # a Slot, a tuple or list of them, or None
    kinks: int = 0  # of one image: units at which its derivative jumps

    @property
    def name(self) -> str:
        return getattr(self.function, "__name__", type(self.function).__name__)

    @property
    def reads(self) -> tuple[int, ...]:
        return tuple(one.number for one in leaves((self.args, self.kwargs)) if isinstance(one, Slot))

    @property
    def makes(self) -> tuple[int, ...]:
        return tuple(one.number for one in leaves(self.out) if isinstance(one, Slot))


@dataclass(frozen=True)
class Run:
    """One run of a module: calls[first:last] are its own; what it was given and returned, None where not one tensor."""

    first: int
    last: int
    given: Slot | None
    returned: Slot | None


@dataclass(frozen=True, eq=False)
class Tape:
    calls: tuple[Call, ...]
    output: Slot
    runs: dict[str, tuple[Run, ...]]  # of each module, by name

    @property
    def steady(self) -> bool:
        """Whether another rounding of its products turns no unit over its kink, to speak of."""
        return sum(call.kinks for call in self.calls) <= STEADY


STEADY = 2**16  # units with a kink: float32's rounding of their maps turns one of 10^7 over


class Unrepeatable(Exception):
    """Why a forward can't be written down."""


@dataclass
class Recorder(TorchFunctionMode):
    """Writes down what happens within its `with` block; it never fails, but says in `reason` why there is no tape."""

    x: Tensor
    calls: list[Call] = field(default_factory=list)
    runs: dict[str, list[Run]] = field(default_factory=dict)
    reason: str = ""

    def __post_init__(self) -> None:
        super().__init__()
        self._numbers: dict[int, int] = {}
        self._held: list[Any] = []  # an id is a tensor's own only as long as the tensor lives
        self._outside: dict[int, tuple[Tensor, int]] = {}  # weights and buffers, and their versions when first seen
        self._open: list[tuple[int, Any]] = []
        self._paused = False
        self._new(self.x)

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if self.reason or self._paused:
            return func(*args, **kwargs)
        given = (mapped(args, self._slot), mapped(kwargs, self._slot))  # before the call, which may work in place
        output = func(*args, **kwargs)
        try:
            self._write(func, *given, output)
        except Unrepeatable as error:
            self.reason = str(error)
            self._held.clear()
        return output

    def close(self) -> None:
        """To be called behind the forward."""
        if any(tensor._version != version for tensor, version in self._outside.values()):
            self.reason = self.reason or "it changes its buffers in each forward"
        self._held.clear()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Calls made in this block are not written down."""
        self._paused = True
        try:
            yield
        finally:
            self._paused = False

    def begin(self, args: Any) -> None:
        """A module begins its run."""
        self._open.append((len(self.calls), self._only(args[:1])))

    def end(self, name: str, output: Any) -> None:
        first, given = self._open.pop()
        self.runs.setdefault(name, []).append(Run(first, len(self.calls), given, self._only(output)))

    def place(self, tensor: Tensor) -> Slot:
        """The slot of a tensor that a call has made."""
        if id(tensor) not in self._numbers:
            raise Unrepeatable("its output comes from code that PyTorch's function calls don't show")
        return Slot(self._numbers[id(tensor)])

    def _write(self, func: Callable[..., Any], args: Any, kwargs: Any, output: Any) -> None:
        name = getattr(func, "__name__", "")
        tensors = [one for one in leaves(output) if isinstance(one, Tensor)]
        if name == "_set_grad_enabled" or not torch.is_grad_enabled():
            raise Unrepeatable("it turns gradients off in a part of itself")
        if not tensors and name != "__setitem__":
            if name not in QUERIES and not (name == "_assert" and isinstance(args[0], bool)):
                raise Unrepeatable(f"it looks at the numbers it computes, by {name}")
            return
        for one in tensors:
            self._new(one)
        kinks = tensors[0].numel() // len(self.x) if tensors and kind(func, args, kwargs) in KINKED else 0
        self.calls.append(Call(func, args, kwargs, mapped(output, self._slot) if tensors else None, kinks))

    def _new(self, tensor: Tensor) -> None:
        if id(tensor) not in self._numbers:  # else it was changed in place, or returned as it is
            self._numbers[id(tensor)] = len(self._numbers)
            self._held.append(tensor)

    def _slot(self, value: Any) -> Any:
        if not isinstance(value, Tensor):
            return value
        if id(value) in self._numbers:
            return Slot(self._numbers[id(value)])
        self._outside.setdefault(id(value), (value, value._version))
        return value

    def _only(self, value: Any) -> Slot | None:
        value = value[0] if isinstance(value, tuple | list) and len(value) == 1 else value
        found = self._slot(value) if isinstance(value, Tensor) else None
        return found if isinstance(found, Slot) else None


KINKED = {
    *("relu", "relu6", "leaky_relu", "prelu", "rrelu", "threshold", "hardtanh", "hardswish", "hardsigmoid", "clamp"),
    *("clamp_min", "clip", "abs", "maximum", "max", "amax", "max_pool2d", "adaptive_max_pool2d"),
}
QUERIES = {
    *("__get__", "__len__", "size", "dim", "ndimension", "numel", "nelement", "stride", "is_floating_point"),
    *("is_contiguous", "is_complex", "element_size", "get_device", "storage_offset", "is_signed", "device"),
}


def joined(two: Recorder, out_two: Any, three: Recorder, out_three: Any) -> Tape:
    """The tape that both forwards are, of 2 and of 3 images; raises Unrepeatable where they differ otherwise."""
    for one in (two, three):
        if one.reason:
            raise Unrepeatable(one.reason)
    if len(two.calls) != len(three.calls) or two.runs != three.runs:
        raise Unrepeatable("it does other things with other numbers of images")
    calls = tuple(_merged(a, b) for a, b in zip(two.calls, three.calls, strict=True))
    output = two.place(out_two)
    if output != three.place(out_three):
        raise Unrepeatable("it returns other things with other numbers of images")
    return Tape(calls, output, {name: tuple(runs) for name, runs in two.runs.items()})


def _merged(a: Call, b: Call) -> Call:
    if a.function is not b.function and a.function != b.function:
        raise Unrepeatable("it does other things with other numbers of images")
    args, kwargs, out = (_same(one, other) for one, other in ((a.args, b.args), (a.kwargs, b.kwargs), (a.out, b.out)))
    return replace(a, args=args, kwargs=kwargs, out=out)


def _same(a: Any, b: Any) -> Any:
    if type(a) is not type(b):
        raise Unrepeatable("it does other things with other numbers of images")
    if isinstance(a, dict):
        if a.keys() != b.keys():
            raise Unrepeatable("it does other things with other numbers of images")
        return {key: _same(value, b[key]) for key, value in a.items()}
    if isinstance(a, tuple | list):
        if len(a) != len(b):
            raise Unrepeatable("it does other things with other numbers of images")
        return _like(a, [_same(one, other) for one, other in zip(a, b, strict=True)])
    if isinstance(a, slice):
        return slice(*_same((a.start, a.stop, a.step), (b.start, b.stop, b.step)))
    if isinstance(a, Tensor):
        if a is not b:
            raise Unrepeatable("it uses tensors that PyTorch's function calls don't show")
        return a
    if type(a) is int and a != b and a * 3 == b * 2 and a % 2 == 0:
        return PerImage(a // 2)
    if a is b or a == b or (isinstance(a, float) and a != a and b != b):
        return a
    raise Unrepeatable(f"it computes with {a!r} where there are 2 images and with {b!r} where there are 3")


def leaves(value: Any) -> Iterator[Any]:
    """What stands in tuples, lists, dicts and slices."""
    if isinstance(value, dict):
        value = tuple(value.values())
    elif isinstance(value, slice):
        value = (value.start, value.stop, value.step)
    if isinstance(value, tuple | list):
        for one in value:
            yield from leaves(one)
    else:
        yield value


def mapped(value: Any, change: Callable[[Any], Any]) -> Any:
    """The same tuples, lists, dicts and slices with their leaves changed."""
    if isinstance(value, dict):
        return {key: mapped(one, change) for key, one in value.items()}
    if isinstance(value, slice):
        return slice(*mapped((value.start, value.stop, value.step), change))
    if isinstance(value, tuple | list):
        return _like(value, [mapped(one, change) for one in value])
    return change(value)


def _like(container: Any, items: list[Any]) -> Any:
    if isinstance(container, torch.Size) or (isinstance(container, tuple) and hasattr(container, "n_fields")):
        return tuple(items)  # a structseq such as torch.max returns
    if isinstance(container, tuple) and hasattr(container, "_fields"):
        return type(container)(*items)
    return type(container)(items)
