"""What the papers of attention methods publish, plainly: attention of all layers in the graph, a backward a layer,
whole matrices, one image at a time."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks.answers import EXACT, equal, relative
from benchmarks.row import Call, Case, Gate, Peer, Setting

NAME = "the paper's procedure"
SETTINGS = (Setting("not frozen", 1, frozen=False), Setting("frozen", 1))


@contextmanager
def weights_of(net: nn.Module) -> Iterator[list[Tensor]]:
    """The attention (b,m,n,n) of each block of timm's transformers as they run, which may not be fused then."""
    seen: list[Tensor] = []
    hooks = []
    for one in net.modules():
        if hasattr(one, "fused_attn"):
            one.fused_attn = False
            hooks.append(one.attn_drop.register_forward_hook(lambda _module, _args, output: seen.append(output)))
    try:
        yield seen
    finally:
        for hook in hooks:
            hook.remove()


def relevance(net: nn.Module, image: Tensor, target: int) -> Tensor:
    """Chefer, Gur and Wolf, ICCV 2021: the row of CLS (n,)."""
    with weights_of(net) as seen:
        score = net(image.clone().requires_grad_())[0, target]
        total = torch.eye(seen[0].shape[-1])
        for attention in seen:
            (grad,) = torch.autograd.grad(score, [attention], retain_graph=True)
            raising = (grad[0] * attention[0].detach()).clamp(min=0).mean(0)
            total = total + raising @ total
    return total[0]


def rollout(net: nn.Module, image: Tensor, _target: int) -> Tensor:
    """Abnar and Zuidema: the row of CLS (n,)."""
    with torch.no_grad(), weights_of(net) as seen:
        net(image)
        total = own = torch.eye(seen[0].shape[-1])
        for attention in seen:
            mixed = (attention[0].mean(0) + own) / 2
            total = mixed / mixed.sum(-1, keepdim=True) @ total
    return total[0]


def as_published(how: Callable[[nn.Module, Tensor, int], Tensor], target: float) -> Peer:
    def make(case: Case, setting: Setting) -> Call:
        net = case.copy(setting)
        return lambda: _maps([how(net, *one) for one in zip(case.x.split(1), case.classes, strict=True)])

    return Peer(NAME, "timm", target, make, equal, SETTINGS)


def classes_as_published(target: float, classes: int) -> Peer:
    """Of the first image, all of it once more for each class."""

    def make(case: Case, setting: Setting) -> Call:
        net = case.copy(setting)
        return lambda: [_maps([relevance(net, case.x[:1], one)]) for one in case.top(classes)]

    return Peer(f"{NAME}, a call a class", "timm", target, make, every_class, SETTINGS)


def every_class(case: Case, ours: Any, theirs: Any) -> Gate:
    found = [relative(mine.values, its) for mine, its in zip(ours.table[0], theirs, strict=True)]
    return Gate(max(found), EXACT, "largest difference / largest value, of all classes")


def _maps(rows: list[Tensor]) -> Tensor:
    """Rows of CLS as maps (b,1,r,q)."""
    side = round((len(rows[0]) - 1) ** 0.5)
    return torch.stack([one[1:].view(1, side, side) for one in rows])
