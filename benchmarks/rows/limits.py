"""The physical limit: the network's own forward, and forward and backward to the pixels, however they are quickest."""

import copy
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks.answers import relative
from benchmarks.folding import folded
from benchmarks.networks import NETWORKS, copied
from benchmarks.protocol import timed
from benchmarks.row import Case, Row, WrongAnswer

CHUNKS = (1, 2, 4, 8, 16, 32)
LAYOUTS = {"nchw": torch.contiguous_format, "channels_last": torch.channels_last}


def fill(case: Case, *, once: bool = False, say: Callable[[str], None] = lambda line: None) -> dict[str, Any]:
    """Seconds an image of each way, and the best of each kind of pass."""
    chunks = [case.few(8)] if once else CHUNKS
    tried = [one for net, name in _nets(case) for chunk in chunks for one in _tried(net, name, case.x, chunk, once)]
    best = {
        kind: min((one for one in tried if one["kind"] == kind), key=lambda one: one["seconds"])
        for kind in dict.fromkeys(one["kind"] for one in tried)
    }
    for kind, one in best.items():
        say(f"  {kind}: {1000 * one['seconds']:.1f} ms an image, {one['setting']}")
    return {"limit": best, "tried": tried}


def _nets(case: Case) -> Iterator[tuple[nn.Module, str]]:
    plain = copied(case.model, frozen=True, inplace=True).to(case.x.device)
    nets = {"as it is": plain}
    if (without := folded(plain)) is not None:
        with torch.no_grad():
            off = relative(without(case.x), plain(case.x))
        if off > 1e-4:
            raise WrongAnswer(f"the folded network's outputs differ by {off:.1e}")
        nets["folded"] = without
    for name, net in nets.items():
        for layout, memory in LAYOUTS.items():
            yield copy.deepcopy(net).to(memory_format=memory), f"{name}, {layout}"  # type: ignore[call-overload]


def _tried(net: nn.Module, name: str, x: Tensor, chunk: int, once: bool) -> Iterator[dict[str, Any]]:
    rows = x[torch.arange(chunk, device=x.device) % len(x)]
    if "channels_last" in name:
        rows = rows.contiguous(memory_format=torch.channels_last)
    kinds = {"forward": forward, "forward and backward": backward, "forward in bfloat16": halved}
    for kind, run in kinds.items():
        call = run(net, rows)
        repeats = 1 if once else 4  # the first warms up
        seconds = min(timed(call, x.device)[1].wall for _ in range(repeats)) / chunk
        yield {"kind": kind, "setting": f"{name}, {chunk} at a time", "seconds": seconds}


def forward(net: nn.Module, x: Tensor) -> Callable[[], Any]:
    def call() -> Tensor:
        with torch.no_grad():
            return net(x)  # type: ignore[no-any-return]

    return call


def backward(net: nn.Module, x: Tensor) -> Callable[[], Any]:
    def call() -> Tensor:
        pixels = x.detach().requires_grad_()
        return torch.autograd.grad(net(pixels).amax(1).sum(), pixels)[0]

    return call


def halved(net: nn.Module, x: Tensor) -> Callable[[], Any]:
    half, small = copy.deepcopy(net).bfloat16(), x.bfloat16()
    return forward(half, small)


ROWS = [
    Row(f"limit-{id}", "the network's own passes", id, images=8, fill=fill)
    for id, network in NETWORKS.items()
    if network.classifier
]
