"""Relevance through convolutions and linear layers: the epsilon, z+, gamma and alpha-beta rules.

What flows is c = relevance / value: a layer z = W x + b takes c of its outputs and gives c of its inputs, so that
relevance is c x. Where x has both signs, "positive" is said of the products w x, not of the weights.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from seewhy.model.relevance.operators import Operator
from seewhy.model.relevance.presets import WEAK, Preset, Rule
from seewhy.model.relevance.run import Run, per_image


@dataclass(frozen=True, eq=False)
class Flow:
    """A part of what a rule sends back: c times the factor, z over a denominator.

    bias, stabiliser: what of each channel's denominator (o,) did not come from x. signed: the stabiliser, and with it
    the factor, has the sign of z, and what is sent has not.
    """

    factor: Tensor
    bias: Tensor | None
    stabiliser: Tensor
    signed: bool = False


Spread = Callable[[Sequence[Tensor]], Tensor]  # what the flows send -> c of the inputs


@dataclass(frozen=True, eq=False)
class Layer:
    """A layer that ran: z is what it made of x. rectified: nothing behind it asks for what is below zero, and z may
    be zero there."""

    operator: Operator
    x: Tensor
    z: Tensor
    preset: Preset
    rectified: bool

    @cached_property
    def positive(self) -> bool:
        return not bool((self.x < 0).any())

    @property
    def stabiliser(self) -> Tensor:
        return self.preset.epsilon * self.operator.units

    def bias(self, part: Callable[[Tensor], Tensor] = lambda bias: bias) -> Tensor | None:
        return None if self.operator.bias is None else part(self.operator.bias)

    def flow(self, products: Tensor, bias: Tensor | None, *, sign: int = 1, times: float = 1.0) -> Flow:
        """z over the sum of some of the products and their biases, and a stabiliser of that sum's sign."""
        stabiliser = sign * self.stabiliser
        constant = stabiliser if bias is None else stabiliser + bias
        total = products + self.operator.column(constant, products.ndim)
        factor = self.z / total
        if not self.preset.epsilon:
            factor.masked_fill_(total == 0, 0.0)
        return Flow(factor if times == 1 else factor.mul_(times), bias, stabiliser)


def contracted(run: Run, rule: Rule, operator: Operator, x: Tensor, z: Tensor, *, rectified: bool = False) -> Tensor:
    """z, which the operator made of x, with the rule's backward."""
    preset = replace(run.preset, gamma=WEAK * run.preset.gamma) if rule == "weak_gamma" else run.preset
    flows, spread = RULES[rule](Layer(operator, x.detach(), z, preset, rectified))
    sinks = run.sink("bias"), run.sink("stabiliser")
    found: Tensor = _Contracted.apply(x, *sinks, [z], operator, flows, spread)
    return found


class _Contracted(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        bias: Tensor,
        stabiliser: Tensor,
        z: list[Tensor],
        operator: Operator,
        flows: Sequence[Flow],
        spread: Spread,
    ) -> Tensor:
        ctx.operator, ctx.flows, ctx.spread, ctx.shape, ctx.images = operator, flows, spread, x.shape, len(bias)
        return z.pop().detach()

    @staticmethod
    def backward(ctx: Any, c: Tensor) -> tuple[Any, ...]:
        images, sent = ctx.images, []
        by_bias, by_stabiliser = c.new_zeros(2, images, dtype=torch.float64)
        for flow in ctx.flows:
            own = c * flow.factor
            totals = ctx.operator.totals(own)
            by_stabiliser += per_image(totals * flow.stabiliser, images)
            if flow.signed:
                own.copysign_(c)
            if flow.bias is not None:
                totals = ctx.operator.totals(own) if flow.signed else totals
                by_bias += per_image(totals * flow.bias, images)
            sent.append(own)
        return ctx.spread(sent), by_bias, by_stabiliser, *[None] * 4


def _epsilon(layer: Layer) -> tuple[Sequence[Flow], Spread]:
    operator, z, epsilon = layer.operator, layer.z, layer.preset.epsilon
    size = z.abs()
    if epsilon:
        factor = torch.div(z, size.add_(epsilon), out=size)
    else:
        factor = torch.where(size > 0, z.sign(), float(not layer.rectified))
    if operator.rescaled:
        factor.div_(operator.column(operator.units, z.ndim))
    flows = [Flow(factor, operator.bias, layer.stabiliser, signed=not layer.rectified)]
    return flows, lambda sent: operator.back(sent[0], operator.weight, layer.x.shape)


def _plus(layer: Layer) -> tuple[Sequence[Flow], Spread]:
    products, spread = _of_one_sign(layer, 1)
    return [layer.flow(products, layer.bias(_above))], lambda sent: spread(sent[0])


def _alpha_beta(layer: Layer) -> tuple[Sequence[Flow], Spread]:
    """Twice what the positive products are given, less once what the negative ones are."""
    (up, spread_up), (down, spread_down) = (_of_one_sign(layer, sign) for sign in (1, -1))
    flows = [
        layer.flow(up, layer.bias(_above), times=2.0),
        layer.flow(down, layer.bias(_below), sign=-1, times=-1.0),
    ]
    return flows, lambda sent: spread_up(sent[0]) + spread_down(sent[1])


def _of_one_sign(layer: Layer, sign: int) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
    """The sum of the products with this sign, and how what is sent gets back to what made them."""
    operator, x, shape = layer.operator, layer.x, layer.x.shape
    own, other = (_above, _below) if sign > 0 else (_below, _above)
    weight = own(operator.weight)
    if layer.positive:
        return operator.forth(x, weight), lambda sent: operator.back(sent, weight, shape)
    over, under, turned = x > 0, x < 0, other(operator.weight)

    def spread(sent: Tensor) -> Tensor:
        return operator.back(sent, weight, shape) * over + operator.back(sent, turned, shape) * under

    return operator.forth(_above(x), weight) + operator.forth(_below(x), turned), spread


def _gamma(layer: Layer) -> tuple[Sequence[Flow], Spread]:
    """Where z is positive, positive products count 1 + gamma times, and negative ones where it is negative.

    With half = gamma / 2, the first are (1 + half) w x + half |w x|, and the second those with a minus.
    """
    operator, gamma, x = layer.operator, layer.preset.gamma, layer.x
    if layer.rectified and layer.positive:
        weight = F.leaky_relu(operator.weight, 1 / (1 + gamma)).mul_(1 + gamma)
        flow = _side(layer, operator.forth(x, weight), 1)
        return [flow], lambda sent: operator.back(sent[0], weight, x.shape)
    half, sign, sizes = gamma / 2, x.sign(), operator.weight.abs().mul_(gamma / 2)
    plain = layer.z * operator.column(operator.units, layer.z.ndim)
    plain = plain if operator.bias is None else plain - operator.column(operator.bias, plain.ndim)
    plain, absolute = plain * (1 + half), operator.forth(x.abs(), sizes)
    flows = [_side(layer, plain + absolute, 1)]
    if not layer.rectified:
        flows.append(_side(layer, plain - absolute, -1))

    def spread(sent: Sequence[Tensor]) -> Tensor:
        all_of_it, apart = (sent[0] + sent[1], sent[0] - sent[1]) if len(sent) > 1 else (sent[0], sent[0])
        even = operator.back(all_of_it, operator.weight, x.shape)
        return even.mul_(1 + half).addcmul_(sign, operator.back(apart, sizes, x.shape))

    return flows, spread


def _side(layer: Layer, products: Tensor, sign: int) -> Flow:
    """The flow of the units of one sign."""
    gamma, part = layer.preset.gamma, _above if sign > 0 else _below
    flow = layer.flow(products, layer.bias(lambda bias: bias + gamma * part(bias)), sign=sign)
    other = layer.z <= 0 if sign > 0 else layer.z >= 0
    return Flow(flow.factor.masked_fill_(other, 0.0), flow.bias, flow.stabiliser)


def _above(x: Tensor) -> Tensor:
    return x.clamp(min=0)


def _below(x: Tensor) -> Tensor:
    return x.clamp(max=0)


RULES: dict[Rule, Callable[[Layer], tuple[Sequence[Flow], Spread]]] = {
    "epsilon": _epsilon,
    "plus": _plus,
    "gamma": _gamma,
    "weak_gamma": _gamma,
    "alpha2_beta1": _alpha_beta,
}
