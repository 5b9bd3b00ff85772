"""Heads whose class scores are linear in the mean of the last maps: there CAM is exact and needs no backward."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from seewhy.model.views import LinearView
from seewhy.targets import Pinned


@dataclass(frozen=True, eq=False)
class PooledHead:
    """scores = weight @ mean(maps) + bias, where maps (b,d,r,q) enter the `call`-th global pooling.

    weight (k,d), bias (k,): read anew at each use, so that they follow the user's training; None for the identity
    (maps that are the classes' already, as in SqueezeNet). source: the layer that returns the maps, "" where a
    function outside of any layer does.
    """

    call: int
    layer: nn.Linear | nn.Conv2d | LinearView | None
    classes: int
    source: str = ""

    @property
    def weight(self) -> Tensor:
        if self.layer is None:
            return torch.eye(self.classes)
        return self.layer.weight.detach().flatten(1)

    @property
    def bias(self) -> Tensor:
        bias: Tensor | None = getattr(self.layer, "bias", None)
        return self.weight.new_zeros(self.classes) if bias is None else bias.detach()

    def gradient(self, target: Pinned, outputs: Tensor, maps: Tensor) -> Tensor:
        """The gradient (b,d,r,q) of a target's score of outputs (b,k) with respect to the maps that are pooled."""
        with torch.enable_grad():
            outputs = outputs.detach().requires_grad_()
            score = target(outputs).sum()
        if not score.requires_grad:
            return torch.zeros_like(maps)
        (of_outputs,) = torch.autograd.grad(score, outputs)
        weight = self.weight.to(maps)
        return (of_outputs.to(maps) @ weight / maps[0, 0].numel())[:, :, None, None].expand_as(maps)


def pooled(name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any], output: Any) -> Tensor | None:
    """The maps (b,d,r,q) of which a function call was the mean over both spatial axes, or None; they may have come as
    (b,r,q,d)."""
    if not args or not isinstance(args[0], Tensor) or args[0].ndim != 4 or not isinstance(output, Tensor):
        return None
    maps = args[0]
    if name in {"adaptive_avg_pool2d", "avg_pool2d"}:
        return maps if tuple(output.shape[2:]) == (1, 1) else None
    if name != "mean":
        return None
    asked = kwargs.get("dim", args[1] if len(args) > 1 else None)
    axes = sorted(int(a) % 4 for a in asked) if isinstance(asked, tuple | list) else []
    return maps if axes == [2, 3] else maps.permute(0, 3, 1, 2) if axes == [1, 2] else None


def find_head(modules: Mapping[str, nn.Module], pooled: Sequence[Tensor], outputs: Tensor) -> PooledHead | None:
    """The pooling and the linear layer that together give these outputs (b,k): proved by the numbers, or None."""
    if outputs.ndim != 2:
        return None
    classes = outputs.shape[1]
    for call in reversed(range(len(pooled))):
        means = pooled[call].mean((2, 3))
        heads: list[Any] = [m for m in modules.values() if _fits(m, means.shape[1], classes)]
        for layer in [*reversed(heads), *([None] if means.shape[1] == classes else [])]:
            head = PooledHead(call, layer, classes)
            weight, bias = head.weight.to(means), head.bias.to(means)
            if _close(means @ weight.T + bias, outputs):
                return head
    return None


def _fits(module: nn.Module, channels: int, classes: int) -> bool:
    if isinstance(module, nn.Linear):
        return (module.in_features, module.out_features) == (channels, classes)
    if isinstance(module, nn.Conv2d):
        return (module.in_channels, module.out_channels, module.kernel_size) == (channels, classes, (1, 1))
    if isinstance(module, LinearView):
        return module.pointwise and module.weight.shape == (classes, channels)
    return False


def _close(found: Tensor, wanted: Tensor) -> bool:
    wanted = wanted.to(found)
    tolerance = 1e-4 if found.dtype in (torch.float32, torch.float64) else 3e-2
    return bool((found - wanted).abs().max() <= tolerance * wanted.abs().max().clamp_min(1e-6))


def feeds(head: PooledHead, maps: Tensor, outputs: Tensor) -> bool:
    """Whether these maps are what the head pools: their means give the outputs, for every class and image."""
    weight, bias = head.weight.to(maps), head.bias.to(maps)
    if outputs.ndim != 2 or weight.shape != (outputs.shape[1], maps.shape[1]):
        return False
    found = maps.mean((2, 3)) @ weight.T + bias
    return torch.allclose(found.to(outputs), outputs, rtol=0, atol=1e-4 * float(outputs.abs().max()))
