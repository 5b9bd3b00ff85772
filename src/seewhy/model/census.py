"""What one probing forward tells about a network: layers, activations, head, and what its output is."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import BackwardCFunction

from seewhy.errors import HeadFailed, ModelFailed, first_line
from seewhy.model.attending import attending
from seewhy.model.blocks import passes, with_blocks
from seewhy.model.fused import Attention
from seewhy.model.grids import LATE, SPREAD, Local, Share, beyond_chance, disturbed, early, trusted
from seewhy.model.head import PooledHead, find_head
from seewhy.model.layouts import Layout
from seewhy.model.outcome import outcome
from seewhy.model.rules import RELU_KINDS, Watch
from seewhy.model.seen import Moved, Seen, both
from seewhy.model.still import frames_of
from seewhy.model.tape import Recorder, Tape, Unrepeatable, joined
from seewhy.model.tokens import Attended, agreed, attended, read_by
from seewhy.model.trace import watch
from seewhy.model.views import Adapted, View
from seewhy.scores import Outputs


@dataclass(frozen=True)
class Layer(Local):
    """A named layer as the probe saw it.

    shape: of one image's output, () where that is not one tensor. layout: how that becomes maps (d,r,q), where it
    does. share: how much of the change of a place of the picture shows in the same place of the maps. read: whether
    the scores depend on what lies there; what is behind the last attention of a CLS token is read no more.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    calls: int
    in_place: bool
    parameters: int
    layout: Layout | None = None
    share: Share | None = None
    read: bool = True

    @property
    def grid(self) -> tuple[int, int] | None:
        """Cells (r,q) of its maps."""
        return self.layout.cells if self.layout else None


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
    attention: tuple[Attended, ...] = ()
    unfollowed: tuple[str, ...] = ()  # layers that may attend, by products that were not seen
    start: tuple[float, ...] = ()  # share of each query of the last attention in what the scores are read from
    tape: Tape | None = None  # None where the forward can't be written down
    why_no_tape: str = ""

    def layer(self, name: str) -> Layer:
        return next(one for one in self.layers if one.name == name)

    @property
    def usual(self) -> int:
        """Bytes that a layer returns for one image, on the mean."""
        return max(1, self.bytes_per_image // max(1, sum(one.calls for one in self.layers)))

    @property
    def widest(self) -> int:
        """Numbers in the largest output of a layer, of one image."""
        return max((prod(one.shape) for one in self.layers if one.shape), default=1)

    @property
    def only_relu(self) -> bool:
        return bool(self.activations) and set(self.activations) <= RELU_KINDS


def take(module: nn.Module, forward: Callable[[Tensor], Tensor], x: Tensor) -> Census:
    """Probe with pixels x (2,c,h,w); two images, so that what holds by chance for one is not believed."""
    seen = Seen()
    first = x.detach().requires_grad_()
    recorder = Recorder(first)
    watching = watch(module, both(seen.layer, recorder), recorder.begin)
    with torch.enable_grad(), attending(module) as calls, watching, Watch(seen.function), recorder:
        out = scores(forward, first)
    recorder.close()
    own = [*own_functions(out), *(module.unseen if isinstance(module, Adapted) else ())]
    modules = dict(module.named_modules())
    moved = Moved(seen, (x.shape[2], x.shape[3]), frames_of(module))
    calls_again, again, out_again = _again(module, forward, disturbed(x.detach()), moved)
    tape, why = _tape(recorder, out, again, out_again)
    attention = attended(calls, calls_again, moved.size, moved.frames)
    attention = with_blocks(attention, seen.tokens, first, out)
    read, start = _origins(out, seen, calls if attention else [])
    whole, differentiable, out = out, out.requires_grad, out.detach()
    places = agreed(moved.places, moved.size)
    layers = [
        _layer(name, modules[name], seen, places.get(name, (None, None)), read.get(name)) for name in seen.order if name
    ]
    head = find_head(modules, seen.pooled, out)
    return Census(
        layers=tuple(layers),
        activations=(*seen.activations, *own),
        outputs=outcome(module, out, seen),
        output_shape=tuple(out.shape[1:]),
        differentiable=differentiable,
        head=head and replace(head, source=_returning(seen.pooled[head.call], layers, seen) or ""),
        maps=default_maps(layers, seen, {one.layer for one in calls}, lambda node: passes(first, node, whole)),
        bytes_per_image=max(1, sum(seen.bytes.values())),
        unused=tuple(name for name in modules if name and name not in seen.calls),
        attention=attention,
        unfollowed=tuple(dict.fromkeys(calls.unfollowed.values())),
        start=start,
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


def _tape(two: Recorder, out_two: Tensor, three: Recorder, out_three: Tensor) -> tuple[Tape | None, str]:
    try:
        return joined(two, out_two, three, out_three), ""
    except Unrepeatable as error:
        return None, str(error)


def default_maps(
    layers: Sequence[Layer], seen: Seen, attending: Collection[str] = (), through: Callable[[Any], bool] = bool
) -> str | None:
    """The last maps with a place to them: the outermost layer that returns them, as its name says most.

    attending: layers that attend; what is inside of them is no stage of the network. through: whether all of the
    picture passes through a node of the graph: late maps that it does come before branches that it gets around.
    None where they stand at the network's start: what it made of them has no maps.
    """
    spatial = [name for name in _spatial(layers) if not any(name.startswith(f"{one}.") for one in attending)]
    if not spatial:
        return None
    outer = {one.name.rpartition(".")[0] for one in layers}
    ends = [(one.name, one.parameters) for one in layers if one.name not in outer]
    tokens = {one.name for one in layers if one.layout and one.layout.axes == "tokens"}
    whole = (name for name in reversed(spatial) if name in tokens or through(seen.nodes[name]))
    last = next((name for name in whole if not early(ends, name, LATE)), spatial[-1])
    return None if early(ends, last) else _returning(seen.outputs[last], layers, seen)


def _spatial(layers: Sequence[Layer]) -> list[str]:
    """Layers whose maps can be trusted to have a place: each by itself, or since they are those of a trusted one before
    it that went on, channels first, on the same cells, and what changes in them lies nearer than by chance, if less so.
    After many wide kernels a change spreads over all cells; the cells stay where they are."""
    found, known = [], set()
    for one in layers:
        if not one.grid or not one.read or one.locality is None:
            continue
        follows = one.layout in known and beyond_chance(one.grid, one.locality) >= SPREAD
        if trusted(one.grid, one.locality) or follows:
            found.append(one.name)
            if one.layout and one.layout.axes == "first":
                known.add(one.layout)
    return found


def _returning(maps: Tensor, layers: Sequence[Layer], seen: Seen) -> str | None:
    """The outermost layer, and of these the last, that returns these maps."""
    same = [one.name for one in layers if one.name in seen.outputs and _equal(seen.outputs[one.name], maps)]
    return min(reversed(same), key=lambda name: name.count("."), default=None)


def _again(
    module: nn.Module, forward: Callable[[Tensor], Tensor], x: Tensor, moved: Moved
) -> tuple[list[Attention], Recorder, Tensor]:
    """The attention of three images x and what they come to; `moved` looks at what each layer returns for them.

    What a forward does with three images is compared with what it did with two.
    """
    recorder = Recorder(x.requires_grad_())
    watching = watch(module, both(moved.layer, recorder), recorder.begin)
    with torch.enable_grad(), attending(module) as calls, watching, recorder:
        out = forward(x)
    recorder.close()
    return calls, recorder, out


def _origins(out: Tensor, seen: Seen, calls: Sequence[Attention]) -> tuple[dict[str, Tensor | None], tuple[float, ...]]:
    """Which tokens of each layer the scores depend on, and each one's share in the last attention's queries."""
    if not out.requires_grad:
        return {}, ()
    last = {"": calls[-1].out} if calls and calls[-1].out.requires_grad else {}
    found = read_by(out, {**seen.tokens, **last})
    asked = found.pop("", None)
    return found, () if asked is None else tuple((asked.double() / asked.sum().clamp_min(1)).tolist())


def _layer(name: str, module: nn.Module, seen: Seen, place: tuple[Any, Share | None], read: Tensor | None) -> Layer:
    layout, share = place
    return Layer(
        name=name,
        kind=module.kind if isinstance(module, View) else type(module).__name__,
        shape=seen.shapes.get(name, ()),
        calls=seen.calls[name],
        in_place=bool(getattr(module, "inplace", False)),
        parameters=sum(p.numel() for p in module.parameters()),
        layout=layout,
        share=share,
        read=read is None or layout is None or bool(read[layout.others :].any()),
    )


def _equal(a: Tensor, b: Tensor) -> bool:
    return a is b or (a.shape == b.shape and bool(torch.equal(a, b)))


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
