"""The rule of each function, by its name: how LRP's table of operators is put together."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor

from seewhy.errors import Unsupported
from seewhy.model.relevance import attention, norms, products, structure, sums
from seewhy.model.relevance.contraction import contracted
from seewhy.model.relevance.first import from_pixels
from seewhy.model.relevance.operators import Operator
from seewhy.model.relevance.pointwise import linearised, pointwise
from seewhy.model.relevance.presets import Rule
from seewhy.model.relevance.run import Run

Function = Callable[..., Any]
OperatorRule = Callable[..., Any]  # (run, function, *its arguments) -> what the function returns


@dataclass(frozen=True)
class Scheme:
    """A way to hand down relevance: the rule of each function, that of convolutions and linear layers, and which
    functions, called with these arguments, may work in place as they are."""

    table: Mapping[str, OperatorRule]
    layer: Callable[..., Tensor]
    native: Callable[[str, Sequence[Any]], bool]


def layer(run: Run, rule: Rule, operator: Operator, x: Tensor, z: Tensor, *, rectified: bool) -> Tensor:
    """What a convolution or linear layer returned, with the backward of its rule, or of the first layer's."""
    twin = run.twins.get(x) if run.preset.first else None
    if twin is not None:
        return from_pixels(run, operator, twin, z)
    return contracted(run, rule, operator, x, z, rectified=rectified)


def _alone(rule: Callable[..., Any]) -> OperatorRule:
    """A rule that takes what the function takes, and has no use for the function."""
    return lambda run, _function, *args, **kwargs: rule(run, *args, **kwargs)


def _moved(run: Run, function: Function, *args: Any, **kwargs: Any) -> Any:
    """As it is; parts of a gate are gates."""
    found = function(*args, **kwargs)
    if isinstance(args[0], Tensor) and args[0] in run.gates:
        for one in (found,) if isinstance(found, Tensor) else found:
            run.gates[one] = True
    return found


def _as_it_is(_run: Run, function: Function, *args: Any, **kwargs: Any) -> Any:
    return function(*args, **kwargs)


def _largest(_run: Run, function: Function, *args: Any, **kwargs: Any) -> Any:
    if any(isinstance(one, Tensor) and not one.requires_grad for one in (*args, *kwargs.values())):
        raise Unsupported(f"lrp has no rule for {function.__name__!r} of a signal and a constant", structure.ELSE)
    return function(*args, **kwargs)


def _measured(_run: Run, function: Function, *args: Any, **kwargs: Any) -> Any:
    with torch.no_grad():
        return function(*args, **kwargs)


def _single(run: Run, function: Function, x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    if any(isinstance(one, Tensor) for one in (*args, *kwargs.values())):
        raise Unsupported(f"lrp has no rule for {function.__name__!r} with a tensor for its bound", structure.ELSE)
    found = pointwise(run, function, x, *args, **kwargs)
    if function.__name__.removesuffix("_") in structure.GATES:
        run.gates[found] = True
    return found


def _power(run: Run, function: Function, x: Any, exponent: Any) -> Tensor:
    if not isinstance(exponent, int | float) or not isinstance(x, Tensor):
        raise Unsupported("lrp has no rule for powers with a tensor for their exponent", structure.ELSE)
    return _measured(run, function, x, exponent) if exponent < 0 else pointwise(run, function, x, exponent)


def _gated(run: Run, _function: Function, x: Tensor, dim: int = -1) -> Tensor:
    """glu."""
    signal, gate = x.chunk(2, dim)
    return signal * gate.detach().sigmoid()


def _product(run: Run, function: Function, a: Tensor, b: Tensor, **kwargs: Any) -> Tensor:
    """matmul and its like; with a matrix of weights to its right, a linear layer."""
    if b.ndim == 2 and not b.requires_grad and a.ndim > 1:
        return attention.linear(run, a, b.T, None)
    both = a.requires_grad and b.requires_grad
    return products.shared(partial(function, **kwargs), a, b) if both else function(a, b, **kwargs)


def _summed(run: Run, function: Function, equation: str, *given: Any) -> Tensor:
    """einsum."""
    tensors = given[0] if len(given) == 1 and isinstance(given[0], tuple | list) else given
    if sum(one.requires_grad for one in tensors) < 2:
        out: Tensor = function(equation, *tensors)
        return out
    return products.shared(partial(function, equation), *tensors)


def _added_matrix(
    run: Run, _function: Function, bias: Any, a: Tensor, b: Tensor, *, beta: float = 1, alpha: float = 1
) -> Tensor:
    """addmm."""
    return sums.added(run, bias * beta, _product(run, torch.matmul, a, b) * alpha)


def _added_product(run: Run, _function: Function, bias: Any, a: Any, b: Any, *, value: float = 1) -> Tensor:
    """addcmul."""
    return sums.added(run, bias, products.multiplied(run, a, b), alpha=value)


TABLE: Mapping[str, OperatorRule] = {
    **dict.fromkeys(structure.MOVES, _moved),
    **dict.fromkeys(structure.LINEAR | structure.CONSTANT, _as_it_is),
    **dict.fromkeys(structure.HOMOGENEOUS, _as_it_is),
    **dict.fromkeys(("max", "min", "maximum", "minimum", "fmax", "fmin"), _largest),
    **dict.fromkeys(structure.MEASURES, _measured),
    **dict.fromkeys(structure.POINTWISE, _single),
    **dict.fromkeys(structure.LINEARISED, lambda run, function, *args, **kw: linearised(run, function, *args, **kw)),
    "add": _alone(sums.added),
    "sub": _alone(sums.subtracted),
    "rsub": _alone(sums.subtracted_from),
    "mul": _alone(products.multiplied),
    "div": _alone(products.divided),
    "addmm": _added_matrix,
    "addcmul": _added_product,
    **dict.fromkeys(("cat", "concat", "concatenate"), _alone(sums.concatenated)),
    "stack": _alone(sums.stacked),
    "where": _alone(sums.chosen),
    "masked_fill": _alone(sums.masked),
    "pad": _alone(sums.padded),
    "__setitem_": _alone(sums.written),
    **dict.fromkeys(("matmul", "mm", "bmm", "mv", "dot", "inner", "outer", "tensordot"), _product),
    "einsum": _summed,
    "pow": _power,
    "glu": _gated,
    "softmax": _alone(attention.softmax),
    "scaled_dot_product_attention": _alone(partial(attention.attend, attention.PIECES)),
    "multi_head_attention_forward": _alone(partial(attention.multi_head, attention.PIECES)),
    "layer_norm": _alone(norms.layer_norm),
    "group_norm": _alone(norms.group_norm),
    "instance_norm": _alone(norms.instance_norm),
    "rms_norm": _alone(norms.rms_norm),
    "batch_norm": _alone(norms.batch_norm),
    "normalize": _alone(norms.normalize),
}


def _native(name: str, args: Sequence[Any]) -> bool:
    """Whether a function's derivative is its rule."""
    carry = [isinstance(one, Tensor) and one.requires_grad for one in args[:2]]
    return name in AS_THEY_ARE or (name in ("add", "sub") and carry == [True, True])


AS_THEY_ARE = structure.HOMOGENEOUS | structure.LINEAR | structure.MOVES
SCHEME = Scheme(TABLE, layer, _native)
