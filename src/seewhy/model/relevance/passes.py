"""Relevance of any number of images, in chunks that fit, and whether it adds up."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from seewhy.errors import Unsupported
from seewhy.model.apart import apart
from seewhy.model.recorded import Recorded
from seewhy.model.relevance.presets import PRESETS, Preset
from seewhy.model.relevance.run import SINKS, MixedImages
from seewhy.model.relevance.traced import NoFirstLayer, Traced, traced
from seewhy.model.rules import Watch
from seewhy.model.stream import stream
from seewhy.targets import Pinned
from seewhy.types import Pixels

if TYPE_CHECKING:
    from seewhy.model.network import Network

CONSERVED = 1e-3  # of the score, or of a thousandth of all relevance where that is more
HELD = 3  # times what a forward's graph holds: factors of each layer, and where its inputs are positive


@dataclass(frozen=True, eq=False)
class Relevances:
    """Of k targets: values (k,b,c,h,w), what each sink absorbed (k,b,n) and the scores (k,b), both in float64."""

    values: Tensor
    absorbed: Tensor
    scores: Tensor

    @property
    def parts(self) -> tuple[Tensor, Tensor, Tensor]:
        return self.values, self.absorbed, self.scores

    @property
    def scale(self) -> Tensor:
        """What errors are measured by, (k,b)."""
        total = self.values.abs().sum((2, 3, 4), dtype=torch.float64)
        return torch.maximum(self.scores.abs(), 1e-3 * total).clamp_min(torch.finfo(torch.float64).tiny)

    @property
    def error(self) -> Tensor:
        """What is neither in the map nor absorbed, over the scale: (k,b)."""
        return (self._sum() - self.scores).abs() / self.scale

    @property
    def mixed(self) -> bool:
        """Whether all images together add up and single ones do not: what they absorbed was told of others."""
        off = (self._sum() - self.scores).sum(1).abs() / self.scale.sum(1)
        return bool((self.error > CONSERVED).any() and (off <= CONSERVED).all())

    def _sum(self) -> Tensor:
        return self.values.sum((2, 3, 4), dtype=torch.float64) + self.absorbed.sum(2)


@dataclass
class Kept(Recorded):
    """A forward with relevance's graph, from which a call began."""

    trace: Traced | None = None
    preset: Preset | None = None


def begun(network: "Network", x: Pixels, preset: Preset) -> Tensor:
    """Outputs (b,k) of a forward that relevance goes on from, where that can be kept."""
    checked(network, x, preset)
    if network.memo is None or len(x) > _rows(network, x, 1):
        return network.outputs(x)
    trace = _traced(network, x, preset)
    network.meter.count(forward=len(x))
    made = Kept(x, (), [({}, trace.outputs.detach())], network.meter, trace=trace, preset=preset)
    network.memo.append(made)
    return made.outputs


def relevance(network: "Network", x: Pixels, targets: Sequence[Pinned], preset: Preset, images: Tensor) -> Relevances:
    """Of pixels (b,c,h,w), with respect to what the network is given for them. images (b,): the image of each row."""
    checked(network, x, preset)
    kept = [one for one in network.memo or () if isinstance(one, Kept) and one.x is x and one.preset == preset]

    def run(part: Tensor, rows: Tensor) -> Tensor:
        try:
            trace = (kept[0].trace if kept else None) or _traced(network, part, preset)
            network.meter.count(forward=0 if kept else len(part))
            found = _of(network, trace, targets, images[rows], bool(kept))
        except MixedImages:
            if len(part) == 1:
                raise
            return alone(part, rows)
        return alone(part, rows) if len(part) > 1 and _unpacked(found, part).mixed else found

    def alone(part: Tensor, rows: Tensor) -> Tensor:
        kept.clear()
        return torch.cat([run(part[i : i + 1], rows[i : i + 1]) for i in range(len(part))])

    at_once = len(x) if kept else _rows(network, x, len(targets))
    return _unpacked(next(stream([x], run, at_once)), x)


def usual(network: "Network", x: Pixels) -> str:
    """The preset that is chosen for a network where none is asked for.

    The composite of Montavon et al. 2019; where there is attention AttnLRP's, with gamma as its authors advise for
    vision; and gamma everywhere where no layer is given the pixels as they are.
    """
    key = ("lrp", tuple(x.shape[2:]))
    if key not in network._known:
        name = "attnlrp" if _attends(network, x) else "epsilon_gamma_box"
        try:
            checked(network, x, PRESETS[name])
        except NoFirstLayer:
            name = "gamma"
        network._known[key] = name
    found: str = network._known[key]
    return found


def checked(network: "Network", x: Pixels, preset: Preset) -> None:
    """Raises Unsupported where the network gives other scores while its functions are watched; looked at once."""
    key = ("lrp gives its scores", tuple(x.shape[2:]))
    if key in network._known:
        return
    probe = network.probe(tuple(x.shape[2:]))
    found = _traced(network, probe, preset).outputs.detach()
    with torch.no_grad():
        wanted = network.through(network.normalised(probe))
    if why := apart(found, wanted):
        raise Unsupported(f"lrp can't follow the network's functions: {why}", "use integrated_gradients")
    network._known[key] = True


def _attends(network: "Network", x: Pixels) -> bool:
    """Whether the network has attention: a fused one, or a softmax with a matrix product behind it."""
    tape = network.census(x).tape
    names = [call.name for call in tape.calls] if tape else []
    if tape is None:
        with torch.no_grad(), Watch(lambda name, *_: names.append(name)):
            network._forward(x[:1])
    behind = names[names.index("softmax") :] if "softmax" in names else []
    return bool(FUSED & {*names} or PRODUCTS & {*behind})


FUSED = {"scaled_dot_product_attention", "multi_head_attention_forward"}
PRODUCTS = {"matmul", "bmm", "einsum", "__matmul_"}


def _traced(network: "Network", x: Pixels, preset: Preset) -> Traced:
    given = network.normalised(x)
    low, high = (network.normalised(torch.full_like(x[:1, :, :1, :1], value)) for value in (0.0, 1.0))
    return traced(network.through, given, low, high, preset)


def _of(network: "Network", trace: Traced, targets: Sequence[Pinned], rows: Tensor, keep: bool) -> Tensor:
    """Values, absorbed and scores in one tensor (m,k,...), as chunks are put together."""
    found = []
    for at, target in enumerate(targets):
        own = trace.relevance(target, rows, keep=keep or at < len(targets) - 1)
        network.meter.count(backward=len(rows))
        found.append(torch.cat([one.flatten(1).double() for one in (*own[:2], own[2][:, None])], 1))
    return torch.stack(found, 1)


def _unpacked(found: Tensor, x: Pixels) -> Relevances:
    values, absorbed, scores = found.movedim(1, 0).split([x[0].numel(), len(SINKS), 1], 2)
    return Relevances(values.unflatten(2, x.shape[1:]), absorbed, scores[..., 0])


def _rows(network: "Network", x: Pixels, targets: int) -> int:
    held = HELD * network.census(x).bytes_per_image
    return network._rows(x, backward=True, besides=held + 4 * targets * x[:1].nbytes)
