"""Relevance as Chefer, Gur and Wolf hand it down a transformer, arXiv:2012.09838: along what is positive.

Here it is relevance itself that flows back, not relevance over value. A layer's goes to its positive products w x,
biases aside (their equation 3). A sum's goes to its parts in proportion to what each added, brought to one total in the
image; a product's by halves (their equations 8 to 12). Activations, softmaxes and normalising layers pass it as it is.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from seewhy.model.relevance import attention, structure
from seewhy.model.relevance.operators import Linear, Operator
from seewhy.model.relevance.presets import Rule
from seewhy.model.relevance.rules import OperatorRule, Scheme
from seewhy.model.relevance.run import Run
from seewhy.model.relevance.shares import Positive, Shares, same

Function = Callable[..., Any]


def layer(run: Run, _rule: Rule, operator: Operator, x: Tensor, z: Tensor, *, rectified: bool = False) -> Tensor:
    """What a convolution or linear layer returned; the first one's relevance is the box rule's: pixels have no sign."""
    found: Tensor = Positive.apply(x, [z], operator, run.twins.get(x))
    if x in run.weights and found.numel() == x.numel():  # mixed among heads
        run.weights[found] = True
    return found


def shared(run: Run, function: Function, *given: Any, even: bool = False) -> Tensor:
    found: Tensor = Shares.apply(run.images, even, function, *given)
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
    found: Tensor = Shares.apply(1, True, function, x)
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


def _product(run: Run, function: Function, a: Tensor, b: Tensor) -> Tensor:
    return product(run, a, b, function)


def _summed(run: Run, function: Function, equation: str, *given: Any) -> Tensor:
    tensors = given[0] if len(given) == 1 and isinstance(given[0], tuple | list) else given
    signals = [one for one in tensors if one.requires_grad]

    def computed(*own: Tensor) -> Tensor:
        found = iter(own)
        out: Tensor = function(equation, *(next(found) if one.requires_grad else one for one in tensors))
        return out

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
