"""Relevance of pixels at the first layer, where values have no zero to start from: the box rule and the flat rule.

Here it is relevance itself that goes back, to the pixels' twin: a black pixel may have some, and c = relevance / value
would not hold it.
"""

from typing import Any

import torch
from torch import Tensor

from seewhy.model.relevance.operators import Operator
from seewhy.model.relevance.run import Run, Twin, inner, per_image


def from_pixels(run: Run, operator: Operator, twin: Twin, z: Tensor) -> Tensor:
    """z, which the operator made of pixels, with the backward of the preset's rule for the first layer."""
    run.first += 1
    rule = _Box if run.preset.first == "box" else _Flat
    found: Tensor = rule.apply(twin.values, run.sink("stabiliser"), [z], operator, twin, run.preset.epsilon)
    return found


class _Box(torch.autograd.Function):
    """Shares of x w - low w+ - high w-, none of which is negative: how far each pixel is from its worst value."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, sink: Tensor, z: list[Tensor], operator: Operator, twin: Twin, epsilon: float
    ) -> Tensor:
        above, below = operator.weight.clamp(min=0), operator.weight.clamp(max=0)
        ctx.terms = [(x.detach().clone(), operator.weight), (-twin.low, above), (-twin.high, below)]
        total = sum(operator.forth(values, weight) for values, weight in ctx.terms)
        ctx.stabiliser = epsilon * operator.units
        ctx.factor = z[0] / (total + operator.column(ctx.stabiliser, z[0].ndim))
        ctx.operator, ctx.images = operator, len(sink)
        return z.pop().detach()

    @staticmethod
    def backward(ctx: Any, c: Tensor) -> tuple[Any, ...]:
        sent = c * ctx.factor
        found = sum(values * ctx.operator.back(sent, weight, values.shape) for values, weight in ctx.terms)
        kept = per_image(ctx.operator.totals(sent) * ctx.stabiliser, ctx.images)
        return found, kept, None, None, None, None


class _Flat(torch.autograd.Function):
    """The same share for each pixel that a unit looks at."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, sink: Tensor, z: list[Tensor], operator: Operator, twin: Twin, epsilon: float
    ) -> Tensor:
        ctx.ones, ctx.there = torch.ones_like(operator.weight), twin.there
        seen = operator.forth(twin.there, ctx.ones).round()
        ctx.factor = torch.where(seen > 0, z[0] / seen.clamp(min=1), 0.0)
        ctx.blind = torch.where(seen > 0, 0.0, z[0]) if bool((seen <= 0).any()) else None  # it looks at padding alone
        ctx.operator, ctx.images = operator, len(sink)
        return z.pop().detach()

    @staticmethod
    def backward(ctx: Any, c: Tensor) -> tuple[Any, ...]:
        found = ctx.there * ctx.operator.back(c * ctx.factor, ctx.ones, ctx.there.shape)
        kept = None if ctx.blind is None else inner(c, ctx.blind, ctx.images)
        return found, kept, None, None, None, None
