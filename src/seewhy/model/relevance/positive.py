"""Relevance as Chefer, Gur and Wolf hand it down a transformer, arXiv:2012.09838: along what is positive.

Here it is relevance itself that flows back, not relevance over value. A layer's goes to its positive products w x,
biases aside (their equation 3). A sum's goes to its parts in proportion to what each added, brought to one total in the
image; a product's by halves (their equations 8 to 12). Activations, softmaxes and normalising layers pass it as it is.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from seewhy.model.relevance import attention, structure
from seewhy.model.relevance.operators import Linear, Operator
from seewhy.model.relevance.presets import Rule
from seewhy.model.relevance.rules import OperatorRule, Scheme
from seewhy.model.relevance.run import MixedImages, Run, Twin

Function = Callable[..., Any]


def layer(run: Run, _rule: Rule, operator: Operator, x: Tensor, z: Tensor, *, rectified: bool = False) -> Tensor:
    """What a convolution or linear layer returned; the first one's relevance is the box rule's: pixels have no sign."""
    found: Tensor = _Positive.apply(x, [z], operator, run.twins.get(x))
    return found


class _Positive(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, z: list[Tensor], operator: Operator, twin: Twin | None) -> Tensor:
        above, below = operator.weight.clamp(min=0), operator.weight.clamp(max=0)
        if twin is None:
            ctx.terms = [(x.clamp(min=0), above), (x.clamp(max=0), below)]
        else:
            ctx.terms = [(x.detach().clone(), operator.weight), (-twin.low, above), (-twin.high, below)]
        ctx.total = sum(operator.forth(values, weight) for values, weight in ctx.terms)
        ctx.operator = operator
        return z.pop().detach()

    @staticmethod
    def backward(ctx: Any, r: Tensor) -> tuple[Any, ...]:
        sent = over(r, ctx.total)
        found = sum(values * ctx.operator.back(sent, weight, values.shape) for values, weight in ctx.terms)
        return found, None, None, None


def over(r: Tensor, total: Tensor) -> Tensor:
    """r / total, and nothing where there is nothing to share it by."""
    return torch.where((total == 0) | total.isinf(), 0.0, r / total)


class _Same(torch.autograd.Function):
    """What a function made of x number by number; relevance passes."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, y: list[Tensor]) -> Tensor:
        ctx.shape = x.shape
        return y.pop().detach()

    @staticmethod
    def backward(ctx: Any, r: Tensor) -> tuple[Tensor, None]:
        return r.view(ctx.shape), None


def same(x: Tensor, y: Tensor) -> Tensor:
    found: Tensor = _Same.apply(x, [y])
    return found


class _Shares(torch.autograd.Function):
    """function(*given), linear in each of the tensors: in proportion to what each number added.

    images: of which each has one total, brought together where `even` is not set; else all get the same.
    """

    @staticmethod
    def forward(ctx: Any, images: int, even: bool, function: Function, *given: Any) -> Tensor:
        carry = [isinstance(one, Tensor) and one.is_floating_point() for one in given]
        with torch.enable_grad():
            own = [one.detach().requires_grad_() if yes else one for one, yes in zip(given, carry, strict=True)]
            ctx.leaves = [one for one, yes in zip(own, carry, strict=True) if yes]
            ctx.out = function(*own)
        ctx.images, ctx.even, ctx.carry = images, even, carry
        return ctx.out.detach().clone()  # type: ignore[no-any-return]

    @staticmethod
    def backward(ctx: Any, r: Tensor) -> tuple[Any, ...]:
        grads = torch.autograd.grad(ctx.out, ctx.leaves, over(r, ctx.out.detach()), retain_graph=True)
        parts = [(leaf.detach() * grad).nan_to_num(0.0, 0.0, 0.0) for leaf, grad in zip(ctx.leaves, grads, strict=True)]
        if len(parts) > 1:
            parts = [one / len(parts) for one in parts] if ctx.even else balanced(parts, r, ctx.images)
        found = iter(parts)
        return None, None, None, *(next(found) if yes else None for yes in ctx.carry)


def balanced(parts: Sequence[Tensor], r: Tensor, images: int) -> list[Tensor]:
    """Parts of r whose totals, of each image, add up to that of r: in proportion to the size of their totals."""
    whole, totals = total(r, images), [total(one, images) for one in parts]
    size = torch.stack([one.abs() for one in totals]).sum(0)
    found = []
    for part, own in zip(parts, totals, strict=True):
        factor = over(own.abs() * whole, size * own)
        found.append(part * factor.view(-1, *[1] * (part.ndim - 1)) if len(factor) == len(part) else part * factor)
    return found


def total(r: Tensor, images: int) -> Tensor:
    """The sum of each image's numbers (b,), which its first axis is; of a constant that images share, of all (1,)."""
    if images == 1:
        return r.sum().view(1)
    if r.ndim < 2 or len(r) != images or r.shape[1] == images:  # or which axis is it
        raise MixedImages
    return r.flatten(1).sum(1)


def shared(run: Run, function: Function, *given: Any, even: bool = False) -> Tensor:
    found: Tensor = _Shares.apply(run.images, even, function, *given)
    return found


def linear(run: Run, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    with torch.no_grad():
        z = F.linear(x, weight, bias)
    return layer(run, "plus", Linear.of(weight, bias), x, z) if x.requires_grad else z


def product(run: Run, a: Tensor, b: Tensor, function: Function = torch.matmul) -> Tensor:
    """a @ b; where these are weights of attention and values, the weights' relevance will be asked for."""
    both = a.requires_grad and b.requires_grad
    if both and a in run.weights and a.shape[-1] == b.shape[-2]:
        run.attention.append(a)
    if both:
        return shared(run, function, a, b, even=True)
    signal, constant = (a, b) if a.requires_grad else (b, a)
    if signal is a and b.ndim == 2 and a.ndim > 1 and function is not torch.bmm:
        return linear(run, a, b.T, None)
    ordered = (lambda one: function(one, constant)) if signal is a else (lambda one: function(constant, one))
    return shared(run, ordered, signal)


def softmax(run: Run, x: Tensor, dim: int) -> Tensor:
    found = same(x, x.detach().softmax(dim))
    if dim % x.ndim == x.ndim - 1:
        run.weights[found] = True
    run.gates[found] = True
    return found


def added(run: Run, input: Any, other: Any, *, alpha: float = 1) -> Tensor:
    """A sum; a constant beside has its share as well."""
    tensors = [one for one in (input, other) if isinstance(one, Tensor)]
    shape = torch.broadcast_shapes(*(one.shape for one in tensors))
    like = next(one for one in tensors if one.requires_grad)
    each = [one if isinstance(one, Tensor) else like.new_tensor(one) for one in (input, other)]
    each = [one if one.requires_grad else one.to(like.dtype).expand(shape) for one in each]
    return shared(run, partial(torch.add, alpha=alpha), *each)


def multiplied(run: Run, input: Any, other: Any) -> Tensor:
    carry = [one for one in (input, other) if isinstance(one, Tensor) and one.requires_grad]
    gates = [one for one in carry if one in run.gates]
    if len(carry) == 2 and len(gates) != 1:
        return shared(run, torch.mul, input, other, even=True)
    signal = next((one for one in carry if one not in run.gates), carry[0])
    beside = other if signal is input else input
    return scaled(signal, beside.detach() if isinstance(beside, Tensor) else beside)


def scaled(x: Tensor, factor: Any) -> Tensor:
    """x times a constant."""
    y = x.detach() * factor
    return same(x, y) if y.shape == x.shape else shared_alone(lambda one: one * factor, x)


def shared_alone(function: Function, x: Tensor) -> Tensor:
    found: Tensor = _Shares.apply(1, True, function, x)
    return found


def divided(_run: Run, input: Any, other: Any, **_kwargs: Any) -> Tensor:
    return scaled(input, 1 / (other.detach() if isinstance(other, Tensor) else other))


def _passed(_run: Run, function: Function, x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    with torch.no_grad():
        y = function(x, *args, **kwargs)
    return same(x, y)


def _normed(_run: Run, _function: Function, x: Tensor, *norm: Any) -> Tensor:
    mean, var, weight, bias, eps = norm
    with torch.no_grad():
        y = F.batch_norm(x, mean, var, weight, bias, False, 0.0, eps)
    return same(x, y)


def _in_proportion(_run: Run, function: Function, x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    return shared_alone(lambda one: function(one, *args, **kwargs), x)


def _softmax(run: Run, _function: Function, x: Tensor, dim: int, *_args: Any, **_kwargs: Any) -> Tensor:
    return softmax(run, x, dim)


def _as_it_is(_run: Run, function: Function, *args: Any, **kwargs: Any) -> Any:
    return function(*args, **kwargs)


def _measured(_run: Run, function: Function, *args: Any, **kwargs: Any) -> Any:
    with torch.no_grad():
        return function(*args, **kwargs)


def _hidden(_run: Run, x: Tensor, mask: Tensor, value: float) -> Tensor:
    return x.masked_fill(mask, value)


def _product(run: Run, function: Function, a: Tensor, b: Tensor) -> Tensor:
    return product(run, a, b, function)


def _summed(run: Run, function: Function, equation: str, *given: Any) -> Tensor:
    tensors = given[0] if len(given) == 1 and isinstance(given[0], tuple | list) else given
    signals = [one for one in tensors if one.requires_grad]

    def computed(*own: Tensor) -> Tensor:
        found = iter(own)
        return function(equation, *(next(found) if one.requires_grad else one for one in tensors))  # type: ignore[no-any-return]

    return shared(run, computed, *signals, even=True)


def _alone(rule: Function) -> OperatorRule:
    return lambda run, _function, *args, **kwargs: rule(run, *args, **kwargs)


def _marking(rule: OperatorRule) -> OperatorRule:
    """Weights of attention stay what they are where numbers are only turned, masked, dropped or scaled."""

    def marked(run: Run, function: Function, *args: Any, **kwargs: Any) -> Any:
        found = rule(run, function, *args, **kwargs)
        for marks in (run.weights, run.gates):
            if isinstance(found, Tensor) and any(isinstance(one, Tensor) and one in marks for one in args):
                of = next(one for one in args if isinstance(one, Tensor) and one in marks)
                if found.numel() == of.numel() or marks is run.gates:
                    marks[found] = True
        return found

    return marked


PASSED = structure.POINTWISE | structure.LINEARISED | {"relu", "leaky_relu", "prelu", "rrelu", "abs", "neg", "negative"}
NORMS = {"layer_norm", "group_norm", "instance_norm", "rms_norm", "normalize", "pow", "dropout"}
ROUTES = {
    *("cat", "concat", "concatenate", "stack", "where", "masked_fill", "pad", "__setitem_", "max", "min"),
    *("maximum", "minimum", "fmax", "fmin"),
}
PIECES = attention.Pieces(
    linear, product, softmax, added, lambda _run, x, mask, value: x.masked_fill(mask, value), scaled
)
TABLE: Mapping[str, OperatorRule] = {
    **dict.fromkeys(structure.MOVES, _marking(_as_it_is)),
    **dict.fromkeys(structure.HOMOGENEOUS | structure.CONSTANT | ROUTES, _marking(_as_it_is)),
    **dict.fromkeys(structure.MEASURES, _measured),
    **dict.fromkeys(structure.LINEAR, _in_proportion),
    **dict.fromkeys(PASSED | NORMS, _marking(_passed)),
    "add": _alone(added),
    "sub": _alone(lambda run, input, other: added(run, input, other, alpha=-1)),
    "mul": _marking(_alone(multiplied)),
    "div": _marking(_alone(divided)),
    **dict.fromkeys(("matmul", "mm", "bmm"), _product),
    "einsum": _summed,
    "softmax": _softmax,
    "scaled_dot_product_attention": _alone(partial(attention.attend, PIECES)),
    "multi_head_attention_forward": _alone(partial(attention.multi_head, PIECES)),
    "batch_norm": _normed,
}
SCHEME = Scheme(TABLE, layer, lambda name, _args: name in structure.MOVES)
