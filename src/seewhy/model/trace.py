"""The only file that touches hooks and what is set on a module for a call. All of it ends with its `with`."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import count
from threading import Lock, RLock
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

from seewhy.errors import Unsupported
from seewhy.model import members
from seewhy.model.layouts import Layout

INPUT = ""  # as a layer's name: the network's own input

_TURNS: WeakKeyDictionary[nn.Module, RLock] = WeakKeyDictionary()  # hooks and modes are the module's, not a thread's
_ONE = Lock()


@contextmanager
def alone(module: nn.Module) -> Iterator[None]:
    """One thread at a time with a module: two would read each other's records and restore each other's modes."""
    with _ONE:
        turn = _TURNS.setdefault(module, RLock())
    with turn:
        yield


@contextmanager
def frozen(module: nn.Module, inside: Sequence[nn.Module] = ()) -> Iterator[nn.Module]:
    """Evaluation mode, no parameter gradients, nothing compiled, then exactly as it was.

    Each forward starts from the same buffers, also where the network changes them in evaluation mode. inside: its
    modules, where they are known.
    """
    modules = inside or members.modules(module)
    modes = [(m, m.training) for m in modules]
    learning = [p for p in members.parameters(modules) if p.requires_grad]
    compiled = [m for m in modules if m.__dict__.get("_compiled_call_impl") is not None]
    calls = [m._compiled_call_impl for m in compiled]
    try:
        if any(training for _, training in modes):
            module.eval()
        for p in learning:
            p.requires_grad_(False)
        for m in compiled:  # hooks and function modes don't reach into what is compiled
            m._compiled_call_impl = None
        with _same_buffers(module, modules):
            yield module
    finally:
        for m, compilation in zip(compiled, calls, strict=True):
            m._compiled_call_impl = compilation
        for m, training in modes:
            if m.training is not training:  # to set it is slow
                m.training = training
        for p in learning:
            p.requires_grad_(True)


@contextmanager
def _same_buffers(module: nn.Module, modules: Sequence[nn.Module]) -> Iterator[None]:
    """Undo what a forward does to buffers. It gets a copy next, so that a graph keeps what it has seen."""
    tables = [(m._buffers, dict(m._buffers)) for m in modules if m._buffers]
    held = [(live, name, b, b.clone()) for live, kept in tables for name, b in kept.items() if b is not None]
    given = [(b, b._version) for _, _, b, _ in held]
    versions = [version for _, version in given]

    def settle(*_args: Any) -> None:
        for at, ((buffers, name, _, value), (b, version)) in enumerate(zip(held, given, strict=True)):
            if buffers.get(name) is not b or b._version != version:
                fresh = value.clone()
                buffers[name], given[at] = fresh, (fresh, fresh._version)

    handle = module.register_forward_hook(settle, always_call=True)
    try:
        yield
    finally:
        handle.remove()
        for live, kept in tables:
            live.clear()
            live.update(kept)
        for (_, _, b, value), version in zip(held, versions, strict=True):
            if b._version != version:
                with torch.no_grad():
                    b.copy_(value)


@contextmanager
def record(
    module: nn.Module, layers: Sequence[str], *, cut: bool, layouts: Mapping[str, Layout] | None = None
) -> Iterator[dict[str, list[Tensor]]]:
    """Keep what the named layers return, call by call; of those with a layout, the maps that it makes of that.

    cut: start the graph at the first of them, so that nothing before it is kept for a backward; else they stay in
    whatever graph there is. The network goes on with a clone: an in-place layer behind must not rewrite the record.
    """
    seen: dict[str, list[Tensor]] = {name: [] for name in layers}

    def keep(name: str, layout: Layout | None) -> Callable[[nn.Module, Any, Any], Any]:
        def hook(_module: nn.Module, _args: Any, output: Any) -> Any:
            given = only_tensor(output, name)
            tensor = layout.maps(given) if layout else given
            if cut and not given.requires_grad:
                tensor = tensor.detach().requires_grad_()
                torch.set_grad_enabled(True)  # the caller's no_grad block ends this
            seen[name].append(tensor)
            return as_given(layout.output(tensor, given) if layout else tensor.clone(), output)

        return hook

    with ExitStack() as stack:
        for name in layers:
            stack.callback(
                module.get_submodule(name).register_forward_hook(keep(name, (layouts or {}).get(name))).remove
            )
        yield seen


class Reached(Exception):
    """Ends a forward in which all that was asked for has run."""


@contextmanager
def reaching(module: nn.Module, runs: Mapping[str, int]) -> Iterator[dict[str, Tensor]]:
    """Keep a copy, in whatever graph there is, of what each layer returns at its last run of so many; the forward ends
    in Reached once all have."""
    seen: dict[str, Tensor] = {}
    left = dict(runs)

    def keep(name: str) -> Callable[[nn.Module, Any, Any], None]:
        def hook(_module: nn.Module, _args: Any, output: Any) -> None:
            left[name] -= 1
            if left[name] == 0:
                seen[name] = only_tensor(output, name).clone()
            if len(seen) == len(runs):
                raise Reached

        return hook

    with ExitStack() as stack:
        for name in runs:
            stack.callback(module.get_submodule(name).register_forward_hook(keep(name)).remove)
        yield seen


@contextmanager
def override(module: nn.Module, layer: str, value: Tensor, *, at: str = "output", call: int = 0) -> Iterator[None]:
    """Give the network `value` in the place of a layer's output (or input), at its call-th run, counted from 0."""
    target = module.get_submodule(layer)
    runs = count()
    if at == "input":
        handle = target.register_forward_pre_hook(
            lambda _m, args: (value.clone(), *args[1:]) if next(runs) == call else None
        )
    else:
        handle = target.register_forward_hook(
            lambda _m, _args, output: as_given(value.clone(), output) if next(runs) == call else None
        )
    try:
        yield
    finally:
        handle.remove()


@contextmanager
def instead(module: nn.Module, found: Mapping[str, Sequence[Callable[[], Any]]]) -> Iterator[None]:
    """Submodules return what is found for their first runs, each in its turn, and run from then on."""

    def forward(own: Callable[..., Any], known: Sequence[Callable[[], Any]]) -> Callable[..., Any]:
        runs = count()

        def run(*args: Any, **kwargs: Any) -> Any:
            at = next(runs)
            return known[at]() if at < len(known) else own(*args, **kwargs)

        return run

    with ExitStack() as stack:
        for name, known in found.items():
            submodule = module.get_submodule(name)
            before = submodule.__dict__.get("forward")  # seldom: most have only their class's
            own = submodule.forward
            stack.callback(
                submodule.__delattr__ if before is None else partial(submodule.__setattr__, value=before), "forward"
            )
            submodule.forward = forward(own, known)
        yield


@contextmanager
def attributes(values: Iterable[tuple[nn.Module, str, Any]]) -> Iterator[None]:
    """Attributes of modules in this block, set past their `__setattr__`, which may do more than set them."""
    with ExitStack() as stack:
        for module, name, value in values:
            own = module.__dict__
            if name in own:
                stack.callback(own.__setitem__, name, own[name])
            else:
                stack.callback(own.pop, name, None)
            own[name] = value
        yield


@contextmanager
def inputs(module: nn.Module, layer: str) -> Iterator[list[Tensor]]:
    """Keep a copy of what a layer is given, call by call."""
    seen: list[Tensor] = []

    def hook(_module: nn.Module, args: Any) -> None:
        seen.append(only_tensor(args, layer).detach().clone())

    handle = module.get_submodule(layer).register_forward_pre_hook(hook)
    try:
        yield seen
    finally:
        handle.remove()


@contextmanager
def watch(
    module: nn.Module,
    saw: Callable[[str, nn.Module, Any], None],
    began: Callable[[Any], None] | None = None,
    only: Collection[str] | None = None,
) -> Iterator[None]:
    """Call `began(arguments)` as each submodule begins and `saw(name, submodule, output)` as it ends. only: some."""

    def hook_for(name: str) -> Callable[[nn.Module, Any, Any], None]:
        return lambda submodule, _args, output: saw(name, submodule, output)

    with ExitStack() as stack:
        some = module.named_modules() if only is None else ((name, module.get_submodule(name)) for name in only)
        for name, submodule in some:
            if began is not None:
                stack.callback(submodule.register_forward_pre_hook(lambda _module, args: began(args)).remove)
            stack.callback(submodule.register_forward_hook(hook_for(name)).remove)
        yield


def as_given(tensor: Tensor, output: Any) -> Any:
    """A tensor in the place of a layer's output, in a tuple or a list where that came in one."""
    return type(output)([tensor]) if isinstance(output, tuple | list) else tensor


def only_tensor(output: Any, name: str) -> Tensor:
    """The tensor in a layer's output, also where it comes alone in a tuple."""
    if isinstance(output, Tensor):
        return output
    if isinstance(output, tuple | list) and len(output) == 1 and isinstance(output[0], Tensor):
        return output[0]
    raise Unsupported(
        f"layer {name!r} deals in {type(output).__name__}, not in one tensor", "name a layer inside or behind it"
    )


@contextmanager
def running(module: nn.Module) -> Iterator[list[str]]:
    """The names of the submodules that run, the innermost last, as they begin and end."""
    stack: list[str] = []

    def begin(name: str) -> Callable[[nn.Module, Any], None]:
        return lambda _module, _args: stack.append(name)

    def end(_module: nn.Module, _args: Any, _output: Any) -> None:
        stack.pop()

    with ExitStack() as hooks:
        for name, submodule in module.named_modules():
            hooks.callback(submodule.register_forward_pre_hook(begin(name), prepend=True).remove)
            hooks.callback(submodule.register_forward_hook(end, always_call=True).remove)
        yield stack
