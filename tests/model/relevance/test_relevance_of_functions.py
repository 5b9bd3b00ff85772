"""The rules of functions one by one, each against what its rule says, written out; and that each adds up."""

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from comparing import relative
from relevances import relevance, times
from seewhy.errors import Unsupported
from seewhy.model.relevance import PRESETS, structure
from seewhy.model.relevance.rules import TABLE

Function = Callable[..., Any]
POINTWISE: dict[str, Function] = {
    **{name: getattr(F, name) for name in ("gelu", "silu", "hardswish", "mish", "elu", "selu", "celu", "relu6")},
    **{name: getattr(F, name) for name in ("softsign", "tanhshrink", "hardtanh", "hardshrink", "softshrink")},
    **{name: getattr(F, name) for name in ("hardsigmoid", "softplus", "logsigmoid")},
    **{name: getattr(torch, name) for name in ("tanh", "sigmoid", "exp", "expm1", "sin", "cos", "erf", "square")},
    **{name: getattr(torch, name) for name in ("atan", "arctan", "asinh", "sinh")},
    "threshold": lambda x: F.threshold(x, 0.3, 0.1),
    "expit": torch.special.expit,
    "swish": F.silu,
    "clamp": lambda x: x.clamp(0.2, 0.9),
    "clip": lambda x: x.clip(-0.4, 0.7),
    "special_expit": torch.special.expit,
    "clamp_min": lambda x: torch.clamp_min(x, -0.3),
    "clamp_max": lambda x: torch.clamp_max(x, 0.3),
    "sqrt": lambda x: x.abs().sqrt(),
    "log1p": lambda x: x.abs().log1p(),
    "pow": lambda x: x**3,
    "in place": lambda x: F.silu(x * 1, inplace=True),
    "in place by position": lambda x: F.hardswish(x * 1, True),
    "in place as a method": lambda x: (x * 1).sigmoid_(),
}
HOMOGENEOUS: dict[str, Function] = {
    "relu": torch.relu,
    "leaky_relu": F.leaky_relu,
    "rrelu": F.rrelu,
    "abs": torch.abs,
    "prelu": lambda x: F.prelu(x, torch.tensor([0.1, 0.2, -0.3]).double()),
    "max_pool2d": lambda x: F.max_pool2d(x, 3, 2, 1),
    "max_pool1d": lambda x: F.max_pool1d(x.flatten(2), 2),
    "max_pool3d": lambda x: F.max_pool3d(x[:, None], (1, 2, 2)),
    "adaptive_max_pool1d": lambda x: F.adaptive_max_pool1d(x.flatten(2), 4),
    "adaptive_max_pool2d": lambda x: F.adaptive_max_pool2d(x, 2),
    "adaptive_max_pool3d": lambda x: F.adaptive_max_pool3d(x[:, None], 2),
    "amax": lambda x: x.amax((2, 3)),
    "amin": lambda x: x.amin((2, 3)),
    "max": lambda x: x.max(1).values,
    "min": lambda x: x.min(2).values,
    "maximum": lambda x: torch.maximum(x, x.flip(3)),
    "minimum": lambda x: torch.minimum(x, 2 * x),
    "fmax": lambda x: torch.fmax(x, -x),
    "fmin": lambda x: torch.fmin(x, -x),
    "topk": lambda x: x.topk(2).values,
    "sort": lambda x: x.sort(2).values,
    "msort": lambda x: x.mT.contiguous().sort(2).values,
    "median": lambda x: x.median(2).values,
    "kthvalue": lambda x: x.kthvalue(2, 3).values,
    "in place": lambda x: torch.relu_(x * 1),
}
LINEAR: dict[str, Function] = {
    "sum": lambda x: x.sum(1),
    "mean": lambda x: x.mean((2, 3)),
    "neg": lambda x: -x,
    "negative": torch.negative,
    "cumsum": lambda x: x.cumsum(2),
    "nansum": lambda x: x.nansum(1),
    "nanmean": lambda x: x.nanmean(2),
    "diff": torch.diff,
    "dropout": lambda x: F.dropout(x, training=False),
    "avg_pool1d": lambda x: F.avg_pool1d(x.flatten(2), 2),
    "avg_pool2d": lambda x: F.avg_pool2d(x, 3, 1, 1),
    "avg_pool3d": lambda x: F.avg_pool3d(x[:, None], 2),
    "interpolate": lambda x: F.interpolate(x, scale_factor=2),
    "adaptive_avg_pool1d": lambda x: F.adaptive_avg_pool1d(x.flatten(2), 3),
    "adaptive_avg_pool2d": lambda x: F.adaptive_avg_pool2d(x, 2),
    "adaptive_avg_pool3d": lambda x: F.adaptive_avg_pool3d(x[:, None], 2),
    "upsample": lambda x: F.interpolate(x, (7, 9), mode="bicubic"),
    "fold": lambda x: F.fold(F.unfold(x, 2), (5, 6), 2),
    "mul": lambda x: x * 3,
    "div": lambda x: x / 7,
    "a constant times it": lambda x: 2 * x * torch.arange(6),
    "in place": lambda x: (x * 1).div_(3).mul_(2),
    "a matrix to its left": lambda x: torch.ones(4, 5).double() @ x,
    "einsum": lambda x: torch.einsum("bchw,wd->bchd", x, torch.ones(6, 2).double()),
}
MOVES: dict[str, Function] = {
    "shapes": lambda x: x.view(2, -1).reshape(2, 3, 30).unflatten(2, (5, 6)).unsqueeze(1).squeeze(1).flatten(2),
    "axes": lambda x: x.permute(0, 2, 3, 1).transpose(1, 2).movedim(1, 2).swapaxes(1, 3).mT.contiguous().clone(),
    "places": lambda x: x.roll(1, 2).flip(3).rot90(1, (2, 3))[:, :2, ::2, 1:],
    "parts": lambda x: torch.cat([x.chunk(3, 1)[1], x.split([1, 2], 1)[0], x.unbind(1)[2][:, None]], 2),
    "copies": lambda x: x[:, :, :, :1].expand(-1, -1, -1, 4).repeat(1, 2, 1, 1).repeat_interleave(2, 1),
    "picked": lambda x: x.index_select(1, torch.tensor([2, 0])).gather(2, torch.zeros(2, 2, 2, 6, dtype=torch.long)),
    "kinds": lambda x: x.float().double().to(torch.float64).type_as(x),
    "shuffles": lambda x: F.pixel_shuffle(x.repeat(1, 4, 1, 1), 2),
    "triangles": lambda x: x.tril() + x.triu(1),
    "stacked": lambda x: torch.stack([x, -x], axis=1),
    "padded": lambda x: F.pad(F.pad(x, (1, 0, 2, 1)), (1, 1, 1, 1), mode="reflect"),
    "written": lambda x: written(x),
    "sums": lambda x: x + x.flip(2) - 2 * x.flip(3),
}


def written(x: Tensor) -> Tensor:
    y = x * 1
    y[:, 1] = 2 * x[:, 0]
    y[:, :, 2:] += x[:, :, 2:]
    z = torch.zeros_like(x)
    z[:, 0] = x[:, 1]
    return y + z


@pytest.fixture
def x() -> Tensor:
    return torch.randn(2, 3, 5, 6, generator=torch.Generator().manual_seed(0)).double()


def summed(function: Function, x: Tensor) -> tuple[Tensor, Tensor, dict[str, Tensor], Tensor]:
    """Relevance of a weighted sum of what a function returns; the weights (of each image alike) and the function's."""
    with torch.no_grad():
        width = function(x.clone()).flatten(1).shape[1]
    weights = torch.randn(width, 2, generator=torch.Generator().manual_seed(1)).double()
    values, absorbed, scores = relevance(lambda x: times(function(x).flatten(1), weights), x, PRESETS["epsilon"])
    with torch.no_grad():
        torch.testing.assert_close(scores, function(x.clone()).flatten(1) @ weights[:, 1])
    total = values.flatten(1).sum(1) + sum(absorbed.values())
    assert ((total - scores).abs() <= 1e-12 * values.abs().sum()).all()
    return values, weights[:, 1], absorbed, scores


@pytest.mark.parametrize("name", POINTWISE)
def test_relevance_passes_functions_of_one_number_but_for_their_value_at_zero(name: str, x: Tensor) -> None:
    function = POINTWISE[name]
    values, weights, absorbed, _ = summed(function, x)
    start = float(function(torch.zeros(1).double()))
    assert relative(values.flatten(1), (function(x.clone()).flatten(1) - start) * weights) <= 2e-3  # near 0: derivative
    far = (x.abs() > 0.01).flatten(1)
    wanted = (function(x.clone()).flatten(1) - start) * weights
    assert relative(values.flatten(1)[far], wanted[far]) <= 1e-12
    assert (name in ("sqrt", "log1p") or bool(absorbed["offset"].any())) == (start != 0 or name in ("sqrt", "log1p"))


@pytest.mark.parametrize(("kind", "name"), [(k, n) for k in ("HOMOGENEOUS", "LINEAR", "MOVES") for n in globals()[k]])
def test_relevance_is_the_gradient_times_the_value_where_that_adds_up(kind: str, name: str, x: Tensor) -> None:
    function = globals()[kind][name]
    values, weights, absorbed, _ = summed(function, x)
    leaf = x.clone().requires_grad_()
    (grad,) = torch.autograd.grad((function(leaf).flatten(1) @ weights).sum(), leaf)
    assert relative(values, x * grad) <= 1e-12
    assert not any(one.any() for one in absorbed.values())


def test_every_function_in_the_tables_is_tried() -> None:
    assert POINTWISE.keys() | {"log_sigmoid", "_threshold"} >= structure.POINTWISE  # as torch calls two of them
    assert HOMOGENEOUS.keys() >= structure.HOMOGENEOUS and not structure.HOMOGENEOUS - TABLE.keys()
    dropouts = {one for one in structure.LINEAR if "dropout" in one} - {"dropout"}
    assert structure.LINEAR - dropouts <= LINEAR.keys()


def test_the_softmax_gives_x_times_what_attnlrp_says(x: Tensor) -> None:
    values, weights, absorbed, _ = summed(lambda x: x.softmax(3), x)
    s = x.softmax(3)
    r = s * weights.view(3, 5, 6)
    assert relative(values, x * (r - s * r.sum(3, keepdim=True))) <= 1e-12
    assert relative(absorbed["softmax"], r.flatten(1).sum(1) - values.flatten(1).sum(1)) <= 1e-10
    for same in (lambda x: F.softmax(x, 3, 3, torch.float64), lambda x: torch.softmax(x, dim=-1)):
        assert torch.equal(summed(same, x)[0], values)


@pytest.mark.parametrize("name", ["log", "log2", "log10", "logsumexp", "log_softmax"])
def test_logarithms_are_linearised(name: str, x: Tensor) -> None:
    own = {"logsumexp": lambda x: x.logsumexp(3), "log_softmax": lambda x: x.log_softmax(3)}
    function = own.get(name, lambda x: getattr(torch, name)(x.abs() + 2))
    _, _, absorbed, _ = summed(function, x)
    assert absorbed["softmax"].abs().min() > 0


def test_a_product_gives_half_to_each_and_a_gate_gets_nothing(x: Tensor) -> None:
    (half, weights, _, _), w = summed(lambda x: x * x.flip(3), x), None
    w = weights.view(3, 5, 6)
    r = x * x.flip(3) * w
    assert relative(half, (r + r.flip(3)) / 2) <= 1e-12
    for gate in (torch.sigmoid, F.hardsigmoid, lambda one: one.softmax(3), lambda one: 1 - 0.5 * one.sigmoid()[:, :]):
        values, *_ = summed(lambda x: gate(x.flip(3)) * x, x)  # noqa: B023  # called at once
        assert relative(values, gate(x.flip(3)) * x * w) <= 1e-12
    glu = summed(lambda x: F.glu(x, 3), x)
    signal, gate = x.chunk(2, 3)
    wanted = torch.cat([signal * gate.sigmoid() * glu[1].view(3, 5, 3), torch.zeros_like(gate)], 3)
    assert relative(glu[0], wanted) <= 1e-12
    for quotient in (lambda x: x / (1 + x.flip(3).square()), lambda x: x * (1 + x.flip(3).square()).rsqrt().square()):
        assert relative(summed(quotient, x)[0], quotient(x) * w) <= 1e-12


def test_a_matrix_product_gives_half_to_each_side(x: Tensor) -> None:
    for function in (torch.matmul, lambda a, b: torch.einsum("bcij,bcjk->bcik", a, b)):
        values, weights, _, _ = summed(lambda x: function(x, 2 * x.mT), x)  # noqa: B023  # called at once
        w, b = weights.view(3, 5, 5), 2 * x.mT
        parts = x[..., None] * b[:, :, None] * w[:, :, None]  # (b,c,i,j,k)
        assert relative(values, parts.sum(4) / 2 + parts.sum(2).mT / 2) <= 1e-12


def norms() -> dict[str, nn.Module]:
    made = {
        "layer": nn.LayerNorm(6),
        "layers": nn.LayerNorm([5, 6], elementwise_affine=False),
        "group": nn.GroupNorm(3, 3),
        "instance": nn.InstanceNorm2d(3, affine=True),
        "rms": nn.RMSNorm(6),
        "batch": nn.BatchNorm2d(3).eval(),
        "tracked": nn.InstanceNorm2d(3, affine=True, track_running_stats=True).eval(),
    }
    for one in made.values():
        for p in one.parameters():
            p.requires_grad_(False).copy_(torch.randn(p.shape, generator=torch.Generator().manual_seed(p.numel())))
    return {name: one.double() for name, one in made.items()}


@pytest.mark.parametrize("name", norms())
def test_what_a_norm_divides_by_is_a_constant(name: str, x: Tensor) -> None:
    norm = norms()[name]
    values, weights, absorbed, _ = summed(norm, x)
    bias = getattr(norm, "bias", None)
    axes = {"layer": (3,), "rms": (3,), "layers": (2, 3)}.get(name, (2, 3))
    weight = 1 if getattr(norm, "weight", None) is None else norm.weight
    column = (
        (lambda one: one.view(-1, 1, 1)) if name in ("group", "instance", "batch", "tracked") else (lambda one: one)
    )
    weight = column(weight) if isinstance(weight, Tensor) else weight
    c = weights.view(1, 3, 5, 6) * weight
    if name in ("batch", "tracked"):
        wanted = x * c * column((norm.running_var + norm.eps).rsqrt())
    elif name == "rms":
        wanted = x * c * (x.square().mean(3, keepdim=True) + torch.finfo(x.dtype).eps).rsqrt()
    else:
        spread = (x.var(axes, unbiased=False, keepdim=True) + norm.eps).rsqrt()
        wanted = x * (c - c.mean(axes, keepdim=True)) * spread
    assert relative(values, wanted) <= 1e-12
    if name in ("layer", "group", "instance"):
        assert bias is not None
        assert relative(absorbed["bias"], (column(bias) * weights.view(3, 5, 6)).sum().expand(2)) <= 1e-12


def test_lengths_are_constants_too(x: Tensor) -> None:
    values, weights, _, _ = summed(lambda x: F.normalize(x, dim=3), x)
    assert relative(values, F.normalize(x, dim=3) * weights.view(3, 5, 6)) <= 1e-12
    by_hand = summed(lambda x: (x - x.mean(3, keepdim=True)) / x.std(3, keepdim=True), x)[0]
    c = weights.view(3, 5, 6) / x.std(3, keepdim=True)
    assert relative(by_hand, x * (c - c.mean(3, keepdim=True))) <= 1e-12


def test_addmm_is_a_linear_layer_and_a_bias(x: Tensor) -> None:
    generator = torch.Generator().manual_seed(8)
    weight, bias = (torch.rand(*shape, generator=generator).double() - 0.4 for shape in ((90, 4), (4,)))
    found = summed(lambda x: torch.addmm(bias, x.flatten(1), weight, beta=0.5, alpha=2), x)
    wanted = summed(lambda x: F.linear(x.flatten(1), weight.T) * 2 + bias * 0.5, x)
    assert relative(found[0], wanted[0]) <= 1e-12
    assert relative(found[2]["bias"], wanted[2]["bias"]) <= 1e-12


def test_constants_beside_keep_their_own(x: Tensor) -> None:
    constant = torch.arange(6).double()
    for function, share in (
        (lambda x: x + constant, lambda w: (constant * w).sum()),
        (lambda x: constant - 2 * x - 1.5, lambda w: ((constant - 1.5) * w).sum()),
        (lambda x: torch.cat([x, constant.expand(2, 3, 1, 6)], 2), lambda w: (constant * w.view(3, 6, 6)[:, 5]).sum()),
        (lambda x: torch.where(constant > 3, 2.0, x), lambda w: (2 * w.view(3, 5, 6)[..., 4:]).sum()),
        (lambda x: x.where(constant <= 3, 2.0), lambda w: (2 * w.view(3, 5, 6)[..., 4:]).sum()),
        (lambda x: x.masked_fill(constant > 3, 2.0), lambda w: (2 * w.view(3, 5, 6)[..., 4:]).sum()),
        (lambda x: F.pad(x, (1, 0), value=3.0), lambda w: (3 * w.view(3, 5, 7)[..., 0]).sum()),
        (lambda x: torch.addcmul(constant, x, constant), lambda w: (constant * w.view(3, 5, 6)).sum()),
    ):
        _, weights, absorbed, _ = summed(function, x)
        w = weights.view(3, 5, 6) if len(weights) == 90 else weights
        assert relative(absorbed["bias"], share(w).expand(2)) <= 1e-12


def test_a_mask_of_attention_is_no_infinity(x: Tensor) -> None:
    mask = torch.zeros(5, 5).double().masked_fill(torch.ones(5, 5).triu(1).bool(), -math.inf)
    options: list[dict[str, Any]] = [{"attn_mask": mask}, {"is_causal": True}, {"attn_mask": mask == 0}, {}]
    found = [summed(lambda x: F.scaled_dot_product_attention(x, 2 * x, x + 1, **one), x)[0] for one in options]  # noqa: B023  # called at once
    assert relative(found[1], found[0]) <= 1e-12 and relative(found[2], found[0]) <= 1e-12
    assert relative(found[3], found[0]) > 1e-3


@pytest.mark.parametrize(
    "function",
    [
        *(lambda x: x.cumprod(3), lambda x: x.prod(3), lambda x: torch.lerp(x, 2 * x, 0.3)),
        *(lambda x: torch.maximum(x, torch.ones(6).double()), lambda x: x**x, lambda x: F.lp_pool2d(x, 2, 2)),
        *(lambda x: torch.fft.rfft(x).abs(), lambda x: x.clamp(torch.zeros(6).double(), None)),
        lambda x: F.conv2d(x, x[:, :, :2, :2]),
        lambda x: F.batch_norm(x, None, None, training=True),
        lambda x: F.softmax(x),
    ],
)
@pytest.mark.filterwarnings("ignore:Implicit dimension choice")  # torch's, of a call that old networks make
def test_a_function_without_a_rule_is_refused(function: Function, x: Tensor) -> None:
    with pytest.raises(Unsupported, match="lrp has no rule for"):
        relevance(lambda x: function(x).flatten(1), x, PRESETS["epsilon"])
