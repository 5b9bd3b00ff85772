"""What one probing forward tells about a network: layers, activations, head, and what its output is."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import prod
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import BackwardCFunction

from seewhy.errors import HeadFailed, ModelFailed, first_line
from seewhy.model.grids import DISPROVED, disturbed, early, grid, locality, trusted
from seewhy.model.head import PooledHead, find_head, pooled
from seewhy.model.rules import ACTIVATIONS, RELU_KINDS, Watch
from seewhy.model.tape import Recorder, Tape, Unrepeatable, joined
from seewhy.model.trace import watch
from seewhy.model.views import Adapted, View
from seewhy.scores import Outputs, distributions


@dataclass(frozen=True)
class Layer:
    """A named layer as the probe saw it.

    shape: of one image's output, () where that is not one tensor. grid: (r,q) where that is maps (d,r,q), else None.
    locality: how much of the change of a picture's corner shows in the same corner of the maps.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    calls: int
    in_place: bool
    parameters: int
    grid: tuple[int, int] | None = None
    locality: float | None = None

    @property
    def proved(self) -> bool:
        return self.locality is not None and self.locality >= 0.5

    @property
    def disproved(self) -> bool:
        return self.locality is not None and self.locality < DISPROVED


@dataclass(frozen=True, eq=False)
class Census:
    layers: tuple[Layer, ...]  # in the order in which they end
    activations: tuple[str, ...]  # kinds of nonlinear functions, as often as they ran
    outputs: Outputs
    output_shape: tuple[int, ...]  # of one image
    differentiable: bool
    head: PooledHead | None
    maps: str | None  # the layer whose maps methods read unless told otherwise
    bytes_per_image: int  # all layers' outputs together, as a graph holds them
    unused: tuple[str, ...] = ()
    tape: Tape | None = None  # None where the forward can't be written down
    why_no_tape: str = ""

    def layer(self, name: str) -> Layer:
        return next(one for one in self.layers if one.name == name)

    @property
    def widest(self) -> int:
        """Numbers in the largest output of a layer, of one image."""
        return max((prod(one.shape) for one in self.layers if one.shape), default=1)

    @property
    def only_relu(self) -> bool:
        return bool(self.activations) and set(self.activations) <= RELU_KINDS


@dataclass
class _Seen:
    shapes: dict[str, tuple[int, ...]] = field(default_factory=dict)
    calls: dict[str, int] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)
    outputs: dict[str, Tensor] = field(default_factory=dict)
    activations: list[str] = field(default_factory=list)
    pooled: list[Tensor] = field(default_factory=list)
    sigmoid: Tensor | None = None  # what the last one returned
    bytes: dict[int, int] = field(default_factory=dict)  # of one image, by address: what works in place adds nothing

    def layer(self, name: str, _module: nn.Module, output: Any) -> None:
        self.calls[name] = self.calls.get(name, 0) + 1
        if name in self.order:
            self.order.remove(name)
        self.order.append(name)
        if isinstance(output, Tensor):
            self.shapes[name] = tuple(output.shape[1:])
            if output.ndim == 4:  # a copy: an in-place layer behind may rewrite it
                self.outputs[name] = output.detach().clone()
            self.bytes[output.data_ptr()] = output.nbytes // max(1, len(output))

    def function(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> None:
        maps = pooled(name, args, kwargs, output)
        if name in ACTIVATIONS:
            self.activations.append(name)
        elif maps is not None:
            self.pooled.append(maps.detach().clone())
        elif name == "sigmoid":
            self.sigmoid = output.detach().clone()


def take(module: nn.Module, forward: Callable[[Tensor], Tensor], x: Tensor) -> Census:
    """Probe with pixels x (2,c,h,w); two images, so that what holds by chance for one is not believed."""
    seen = _Seen()
    first = x.detach().requires_grad_()
    recorder = Recorder(first)
    with torch.enable_grad(), watch(module, both(seen, recorder), recorder.begin), Watch(seen.function), recorder:
        out = scores(forward, first)
    recorder.close()
    own = [*own_functions(out), *(module.unseen if isinstance(module, Adapted) else ())]
    modules = dict(module.named_modules())
    after, again, out_again = _again(module, forward, disturbed(x.detach()))
    tape, why = _tape(recorder, out, again, out_again)
    differentiable, out = out.requires_grad, out.detach()
    layers = [_layer(name, modules[name], seen, x, after) for name in seen.order if name]
    head = find_head(modules, seen.pooled, out)
    return Census(
        layers=tuple(layers),
        activations=(*seen.activations, *own),
        outputs=_kind_of(module, out, seen),
        output_shape=tuple(out.shape[1:]),
        differentiable=differentiable,
        head=head and replace(head, source=_returning(seen.pooled[head.call], layers, seen) or ""),
        maps=default_maps(layers, seen),
        bytes_per_image=max(1, sum(seen.bytes.values())),
        unused=tuple(name for name in modules if name and name not in seen.calls),
        tape=tape,
        why_no_tape=why,
    )


def scores(forward: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """What a forward of probed pixels returns. Raises ModelFailed where it fails or that is not one row an image."""
    try:
        out = forward(x)
    except HeadFailed:
        raise
    except Exception as error:
        raise ModelFailed(
            f"the model fails on an input of shape {tuple(x.shape)}: {first_line(error.__cause__ or error)}",
            "give the input size it was made for: size=(height, width)",
        ) from error
    if not isinstance(out, Tensor) or out.ndim < 2 or len(out) != len(x):
        raise ModelFailed(
            f"the model returns {_describe(out)}, not scores (b,k)", "pick the scores with head=lambda output: ..."
        )
    return out


def both(seen: _Seen, recorder: Recorder) -> Callable[[str, nn.Module, Any], None]:
    def saw(name: str, module: nn.Module, output: Any) -> None:
        with recorder.paused():  # what is looked at here is no part of the forward
            seen.layer(name, module, output)
        recorder.end(name, output)

    return saw


def _tape(two: Recorder, out_two: Tensor, three: Recorder, out_three: Tensor) -> tuple[Tape | None, str]:
    try:
        return joined(two, out_two, three, out_three), ""
    except Unrepeatable as error:
        return None, str(error)


def default_maps(layers: Sequence[Layer], seen: _Seen) -> str | None:
    """The last maps with a place to them: the outermost layer that returns them, as its name says most.

    None where they stand at the network's start: what it made of them has no maps.
    """
    spatial = [one.name for one in layers if one.grid and trusted(one.grid, one.locality)]
    if not spatial:
        return None
    chosen = _returning(seen.outputs[spatial[-1]], layers, seen)
    outer = {one.name.rpartition(".")[0] for one in layers}
    ends = [(one.name, one.parameters) for one in layers if one.name not in outer]
    return None if early(ends, spatial[-1]) else chosen


def _returning(maps: Tensor, layers: Sequence[Layer], seen: _Seen) -> str | None:
    """The outermost layer, and of these the last, that returns these maps."""
    same = [one.name for one in layers if one.name in seen.outputs and _equal(seen.outputs[one.name], maps)]
    return min(reversed(same), key=lambda name: name.count("."), default=None)


def _again(
    module: nn.Module, forward: Callable[[Tensor], Tensor], x: Tensor
) -> tuple[dict[str, Tensor], Recorder, Tensor]:
    """What each layer returns for the images x at its last call, where that is (b,d,r,q).

    A third image is added: what a forward does with three is compared with what it did with two.
    """
    seen = _Seen()
    three = torch.cat([x, x[:1]]).requires_grad_()
    recorder = Recorder(three)
    with torch.enable_grad(), watch(module, both(seen, recorder), recorder.begin), recorder:
        out = forward(three)
    recorder.close()
    return {name: maps[:2] for name, maps in seen.outputs.items() if len(maps) == 3}, recorder, out


def _layer(name: str, module: nn.Module, seen: _Seen, x: Tensor, after: Mapping[str, Tensor]) -> Layer:
    shape = seen.shapes.get(name, ())
    cells = grid(shape, (x.shape[2], x.shape[3])) if len(seen.outputs.get(name, ())) == len(x) else None
    return Layer(
        name=name,
        kind=module.kind if isinstance(module, View) else type(module).__name__,
        shape=shape,
        calls=seen.calls[name],
        in_place=bool(getattr(module, "inplace", False)),
        parameters=sum(p.numel() for p in module.parameters()),
        grid=cells,
        locality=locality(seen.outputs[name], after[name]) if cells and name in after else None,
    )


def _equal(a: Tensor, b: Tensor) -> bool:
    return a.shape == b.shape and bool(torch.equal(a, b))


def _kind_of(module: nn.Module, out: Tensor, seen: _Seen) -> Outputs:
    if _asks_each(module):
        return "binary"
    return "probability" if _sums_to_one(out) or _is(out, seen.sigmoid) else "logit"


def _asks_each(module: nn.Module) -> bool:
    """Whether it says of itself that its outputs are logits of a yes or no each, as transformers' configurations do."""
    if isinstance(module, Adapted):
        return module.ends == "sigmoid"
    problem = getattr(getattr(module, "config", None), "problem_type", None)
    return bool(problem == "multi_label_classification")


def _sums_to_one(out: Tensor) -> bool:
    """Rows of probabilities: a softmax stands at the end. One column can't tell."""
    return out.ndim == 2 and bool(distributions(out).all())


def _is(out: Tensor, found: Tensor | None) -> bool:
    """Whether the model returns what this function did, be it in another shape."""
    return found is not None and out.numel() == found.numel() and bool(torch.equal(out.flatten(), found.flatten()))


def own_functions(out: Tensor) -> list[str]:
    """Names of the autograd functions written in Python that the output came through: nothing is known of them."""
    found: list[str] = []
    known, waiting = set(), [out.grad_fn]
    while waiting:
        node = waiting.pop()
        if node is None or node in known:
            continue
        known.add(node)
        if isinstance(node, BackwardCFunction):
            found.append(f"{type(node).__name__.removesuffix('Backward')} of its own")
        waiting += [before for before, _ in node.next_functions]
    return found


def _describe(out: Any) -> str:
    return f"shape {tuple(out.shape)}" if isinstance(out, Tensor) else type(out).__name__
