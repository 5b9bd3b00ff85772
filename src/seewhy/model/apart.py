"""How far what was made of a network is from what the network itself gives."""

from collections.abc import Callable

import torch
from torch import Tensor

CLOSE = 1e-4  # of the largest score: more than folding moves a score by, less than any mistake does
ROUGH = 0.2  # in bfloat16 or of a folded network's gradient, on noise; in a call it is measured anew

Run = Callable[[Tensor], Tensor]


def gradient_of(run: Run, x: Tensor) -> tuple[Tensor, Tensor]:
    """The outputs, and the gradient of the mean of each image's largest with respect to the pixels."""
    x = x.detach().requires_grad_()
    with torch.enable_grad():
        out = run(x)
        (grad,) = torch.autograd.grad(out.flatten(1).amax(1).mean(), x)
    return out.detach(), grad


def apart(found: Tensor, wanted: Tensor, tolerance: float = CLOSE) -> str:
    if found.shape != wanted.shape or found.dtype != wanted.dtype:
        return "it gives something else"
    off = float((found - wanted).abs().max() / wanted.abs().max().clamp_min(1e-12))
    return "" if off <= tolerance else f"it is {off:.1e} from what the network gives"
