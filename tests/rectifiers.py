"""Networks that call their rectifiers in every way there is, and the same ones with a rule written out."""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from conftest import MEAN, STD
from seewhy import Model

Rule = Callable[[Tensor, Tensor, float], Tensor]  # input, gradient, upper bound -> gradient of the input


class Mixed(nn.Module):
    """A module used three times, functions, methods, in place or not, ReLU and ReLU6. `act`: all of them by hand."""

    def __init__(self, act: Callable[[Tensor, float], Tensor] | None = None) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(7)
        self.convs = nn.ModuleList(nn.Conv2d(c, 6, 3, padding=1) for c in (3, 6, 6, 6, 6, 6, 6, 6))
        self.fc = nn.Linear(6, 4)
        with torch.no_grad():
            for p in self.parameters():
                p.copy_(0.35 * torch.randn(p.shape, generator=generator))
        self.relu, self.relu6, self.act = nn.ReLU(inplace=True), nn.ReLU6(), act

    def forward(self, x: Tensor) -> Tensor:
        low, high = float("inf"), 6.0
        native: list[tuple[Callable[[Tensor], Tensor], float]] = [
            *((self.relu, low), (F.relu, low), (torch.relu, low), (self.relu, low), (self.relu6, high)),
            *((F.relu6, high), (torch.Tensor.relu_, low), (lambda t: F.relu(t, inplace=True), low)),
        ]
        for i, (conv, (function, bound)) in enumerate(zip(self.convs, native, strict=True)):
            before = x
            x = conv(x) * (1.5 if bound == high else 1.0)
            x = function(x) if self.act is None else self.act(x, bound)
            if i in (3, 5):
                x = self.relu(x - before) if self.act is None else self.act(x - before, low)
        return self.fc(x.mean((2, 3)))


def mixed() -> Model:
    return Model(Mixed(), mean=MEAN, std=STD, size=(16, 20))


def by_hand(rule: Rule) -> Callable[[Tensor, float], Tensor]:
    """A rectifier whose backward is the rule."""

    class Rectifier(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Tensor, bound: float) -> Tensor:
            ctx.save_for_backward(x.clone())
            ctx.bound = bound
            return x.clamp(0, bound)

        @staticmethod
        def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
            return rule(ctx.saved_tensors[0], grad, ctx.bound), None

    return Rectifier.apply


def guided(x: Tensor, grad: Tensor, bound: float) -> Tensor:
    return torch.where((x > 0) & (x < bound) & (grad > 0), grad, 0)


def deconvnet(x: Tensor, grad: Tensor, bound: float) -> Tensor:
    return torch.where(grad > 0, grad, 0)


class ByHand(nn.Module):
    def __init__(self, rule: Rule, bound: float) -> None:
        super().__init__()
        self.function, self.bound = by_hand(rule), bound

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x, self.bound)
