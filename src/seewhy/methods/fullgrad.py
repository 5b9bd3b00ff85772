"""FullGrad: full gradients."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from seewhy.model import Model
from seewhy.model.rules import Watch
from seewhy.ops.channels import each_min_max
from seewhy.ops.maps import min_max, resize
from seewhy.registry import method, option
from seewhy.rng import Rng
from seewhy.targets import Pinned
from seewhy.types import Map, Need, Pixels

DRAWN = {"conv2d", "batch_norm"}
UNEXPLAINED = 1e-3  # of the score: more is said


@dataclass(frozen=True)
class Parts:
    """One image's score in parts: pixels (1,c,h,w) and biases (1,d,...) times their gradients."""

    score: Tensor
    pixels: Tensor
    normalisation: Tensor  # that of the pixels is a bias too
    biases: list[tuple[str, Tensor]]  # by the kind of function that adds them

    def sums(self) -> Tensor:
        """The score and the sums of pixels, of biases that are drawn, and of the others: (4,)."""
        drawn, others = self.pixels.new_zeros(()), self.normalisation.sum()
        for kind, one in self.biases:
            drawn, others = (drawn + one.sum(), others) if kind in DRAWN else (drawn, others + one.sum())
        return torch.stack([self.score.to(drawn), self.pixels.sum(), drawn, others])


@method(
    "fullgrad",
    Need.GRADIENT | Need.BIASES,
    title="FullGrad",
    family="cam",
    paper="arXiv:1905.00780",
    cost="2 forwards, 1 backward",
    sign="positive",
)
class FullGrad:
    """Input times gradient plus every bias times its gradient, on all layers at once.

    In a ReLU network these parts add up to the score; extras hold the sum of each kind and what is missing. The map
    (b,1,h,w) sums their absolute values, each scaled to [0,1]: those of the pixels, convolutions and batch norms (whose
    running mean is a bias too). Biases are read where functions use them, so shared and functional layers count.
    Linear layers and ReLU6's ceiling are in the sum and not in the map.
    """

    rescale: str = option("channel", "what is scaled to [0,1] by itself", choices=("channel", "layer"))

    def __call__(self, model: Model, x: Pixels, target: Pinned, rng: Rng) -> Map:
        found = [parts(model, x, target, i) for i in range(len(x))]
        values = torch.cat([self._map(one, (x.shape[2], x.shape[3])) for one in found])
        score, pixels, biases, undrawn = torch.stack([one.sums() for one in found], 1)
        gap = score - pixels - biases - undrawn
        worst = float((gap.abs() / score.abs().clamp_min(1e-12)).max())
        notes = [] if worst <= UNEXPLAINED else [f"pixels and biases miss the score by up to {worst:.1%} of it"]
        extras = {"pixels": pixels, "biases": biases, "undrawn_biases": undrawn, "completeness_gap": gap}
        return Map(values, extras=extras, notes=notes)

    def _map(self, found: Parts, size: tuple[int, int]) -> Tensor:
        scaled = each_min_max if self.rescale == "channel" else min_max
        total = scaled(found.pixels.abs()).sum(1, keepdim=True)
        for kind, one in found.biases:
            if kind in DRAWN and one.ndim == 4:
                total = total + resize(scaled(one.abs()).sum(1, keepdim=True), size)
        return total


def parts(model: Model, x: Pixels, target: Pinned, image: int) -> Parts:
    """The parts of one image's score. One at a time: a batch would hold every layer's gradients of all its images."""
    seen: list[tuple[str, Tensor, Tensor]] = []

    def saw(kind: str, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> Any:
        bias = bias_of(kind, args, kwargs, output)
        if bias is None or not output.requires_grad:
            return None
        seen.append((kind, bias.detach(), output))
        return output.clone()  # an in-place layer behind must not rewrite the record

    pixels = x[image : image + 1].detach().requires_grad_()
    with torch.enable_grad(), Watch(saw):
        outputs = model(pixels)
        score = target(outputs, torch.tensor([image], device=outputs.device))[0]
    at = [pixels, *(output for _, _, output in seen)]
    if score.requires_grad:
        grads = torch.autograd.grad(score, at, allow_unused=True, materialize_grads=True)
    else:
        grads = tuple(torch.zeros_like(one) for one in at)
    model.meter.count(backward=1)
    mean = pixels.new_tensor(model.mean)[:, None, None]
    biases = [(kind, bias.to(x) * grad.to(x)) for (kind, bias, _), grad in zip(seen, grads[1:], strict=True)]
    return Parts(score.detach(), (pixels * grads[0]).detach(), -mean * grads[0], biases)


def bias_of(kind: str, args: tuple[Any, ...], kwargs: Mapping[str, Any], output: Tensor) -> Tensor | None:
    """What a function adds to its output whatever its input, so that it broadcasts over the output; or None."""
    if kind == "relu6":
        return 6 * (output >= 6)  # its ceiling holds whatever lies above
    if kind == "linear":
        return _argument(args, kwargs, 2, "bias")
    if kind not in DRAWN:
        return None
    bias = _argument(args, kwargs, 2, "bias") if kind == "conv2d" else _of_batch_norm(args, kwargs)
    return None if bias is None else bias.view(-1, *[1] * (output.ndim - 2))


def _of_batch_norm(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Tensor | None:
    names = enumerate(("running_mean", "running_var", "weight", "bias"), start=1)
    mean, var, weight, bias = (_argument(args, kwargs, at, name) for at, name in names)
    if mean is None or var is None:  # it takes both from the picture
        return bias
    eps: float = kwargs.get("eps", args[7] if len(args) > 7 else 1e-5)
    implicit = -mean / (var + eps).sqrt()
    implicit = implicit if weight is None else implicit * weight
    return implicit if bias is None else implicit + bias


def _argument(args: tuple[Any, ...], kwargs: Mapping[str, Any], at: int, name: str) -> Tensor | None:
    found: Tensor | None = args[at] if len(args) > at else kwargs.get(name)
    return found
