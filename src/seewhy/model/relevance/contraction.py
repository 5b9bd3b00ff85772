"""Relevance through convolutions and linear layers: the epsilon, z+, gamma and alpha-beta rules.

What flows is c = relevance / value: a layer z = W x + b takes c of its outputs and gives c of its inputs, so that
relevance is c x. Where x has both signs, "positive" is said of the products w x, not of the weights.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from seewhy.model.relevance.operators import Operator
from seewhy.model.relevance.presets import Preset, Rule
from seewhy.model.relevance.run import Run, inner, per_image


@dataclass(frozen=True, eq=False)
class Flow:
    """A part of a rule: c times `factor` goes back by each of the weights to the inputs that its mask lets through.

    bias: its share of the denominator, (o,). stabiliser: what was added to the denominator. signed: the factor has
    the stabiliser's sign, and what flows has not. idle: often there is nothing to flow.
    """

    factor: Tensor
    weights: Sequence[tuple[Tensor | None, Tensor]]
    bias: Tensor | None
    stabiliser: float
    signed: bool = False
    idle: bool = False


def contracted(run: Run, operator: Operator, x: Tensor, z: Tensor, rule: Rule) -> Tensor:
    """z, which the operator made of x, with the rule's backward."""
    flows = RULES[rule](operator, x.detach(), z, run.preset)
    found: Tensor = _Contracted.apply(x, run.sink("bias"), run.sink("stabiliser"), [z], operator, flows)
    return found


class _Contracted(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, x: Tensor, bias: Tensor, stabiliser: Tensor, z: list[Tensor], operator: Operator, flows: list[Flow]
    ) -> Tensor:
        ctx.operator, ctx.flows, ctx.shape, ctx.images = operator, flows, x.shape, len(bias)
        return z.pop()

    @staticmethod
    def backward(ctx: Any, c: Tensor) -> tuple[Any, ...]:
        operator, images, found = ctx.operator, ctx.images, []
        by_bias, by_stabiliser = c.new_zeros(2, images, dtype=torch.float64)
        for flow in ctx.flows:
            sent = c * (flow.factor.abs() if flow.signed else flow.factor)
            if flow.idle and not bool(sent.any()):
                continue
            totals = operator.totals(sent)
            if flow.bias is not None:
                by_bias += per_image(totals * flow.bias, images)
            if flow.stabiliser:
                signed = inner(c, flow.factor, images) if flow.signed else per_image(totals, images)
                by_stabiliser += flow.stabiliser * signed
            for mask, weight in flow.weights:
                one = operator.back(sent, weight, ctx.shape)
                found.append(one if mask is None else one.mul_(mask))
        back = sum(found[1:], found[0]) if found else c.new_zeros(ctx.shape)
        return back, by_bias, by_stabiliser, None, None, None


def _epsilon(operator: Operator, x: Tensor, z: Tensor, preset: Preset) -> list[Flow]:
    factor = z / (z.abs() + preset.epsilon) if preset.epsilon else torch.where(z < 0, -1.0, 1.0).to(z)
    return [Flow(factor, [(None, operator.weight)], operator.bias, preset.epsilon, signed=True)]


def _plus(operator: Operator, x: Tensor, z: Tensor, preset: Preset) -> list[Flow]:
    parts = Parts.of(operator, x)
    return [Flow(_over(z, parts.positive, preset.epsilon), parts.up, parts.bias_up, preset.epsilon)]


def _gamma(operator: Operator, x: Tensor, z: Tensor, preset: Preset) -> list[Flow]:
    """Where z is positive, positive products count 1 + gamma times, and negative ones where it is negative."""
    parts = Parts.of(operator, x)
    positive = parts.positive
    sides = (
        (z.clamp(min=0), positive, parts.up, parts.bias_up, preset.epsilon),
        (z.clamp(max=0), z - positive, parts.down, parts.bias_down, -preset.epsilon),
    )
    return [_pulled(operator, preset.gamma, *side) for side in sides]


def _pulled(
    operator: Operator,
    gamma: float,
    z: Tensor,
    part: Tensor,
    weights: Sequence[tuple[Tensor, Tensor]],
    bias: Tensor | None,
    epsilon: float,
) -> Flow:
    total = None if operator.bias is None or bias is None else operator.bias + gamma * bias
    more = [(mask, operator.weight + gamma * weight) for mask, weight in weights]
    return Flow(_over(z, z + gamma * part, epsilon), more, total, epsilon, idle=True)


def _alpha_beta(operator: Operator, x: Tensor, z: Tensor, preset: Preset) -> list[Flow]:
    """Twice what the positive products are given, less once what the negative ones are."""
    parts, epsilon = Parts.of(operator, x), preset.epsilon
    up = Flow(2 * _over(z, parts.positive, epsilon), parts.up, parts.bias_up, epsilon)
    return [up, Flow(-_over(z, parts.negative, -epsilon), parts.down, parts.bias_down, -epsilon)]


RULES = {"epsilon": _epsilon, "plus": _plus, "gamma": _gamma, "alpha2_beta1": _alpha_beta}


def _over(z: Tensor, of: Tensor, epsilon: float) -> Tensor:
    """z / (of + epsilon), and nothing where z is nothing."""
    return z / (of + epsilon) if epsilon else torch.where(z == 0, 0.0, z / of)


@dataclass(frozen=True, eq=False)
class Parts:
    """The products of an operator's weights and x by their signs.

    up, down: which weights make positive and negative products, with the inputs that they do it with.
    """

    operator: Operator
    x: Tensor
    up: Sequence[tuple[Tensor, Tensor]]
    down: Sequence[tuple[Tensor, Tensor]]

    @staticmethod
    def of(operator: Operator, x: Tensor) -> "Parts":
        above, below = operator.weight.clamp(min=0), operator.weight.clamp(max=0)
        over, under = x > 0, x < 0
        up, down = [(over, above)], [(over, below)]
        if bool(under.any()):
            up.append((under, below))
            down.append((under, above))
        return Parts(operator, x, up, down)

    @property
    def positive(self) -> Tensor:
        """The sum of the positive products and the positive biases."""
        return self._sum(self.up, self.bias_up)

    @property
    def negative(self) -> Tensor:
        return self._sum(self.down, self.bias_down)

    @property
    def bias_up(self) -> Tensor | None:
        return None if self.operator.bias is None else self.operator.bias.clamp(min=0)

    @property
    def bias_down(self) -> Tensor | None:
        return None if self.operator.bias is None else self.operator.bias.clamp(max=0)

    def _sum(self, parts: Sequence[tuple[Tensor, Tensor]], bias: Tensor | None) -> Tensor:
        both = len(parts) > 1
        found = sum(self.operator.forth(self.x * mask if both else self.x, weight) for mask, weight in parts)
        assert isinstance(found, Tensor)
        return found if bias is None else found + self.operator.column(bias, found.ndim)
