"""Both sides of a comparison with a peer: the method's own Map, and the network as the peer is given it."""

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torchvision.transforms import Normalize

from seewhy import Model, get_method
from seewhy.cams import pin_layers
from seewhy.images import load_all
from seewhy.rng import Rng
from seewhy.targets import as_target
from seewhy.types import Map

PRECISIONS = [("float32", 1e-5), ("float64", 1e-9)]


def direct(id: str, model: Model, x: Tensor, target: Any = 1, seed: int = 0, **options: Any) -> Map:
    """The method's own Map in the precision of the pixels; an Explanation is always float32."""
    with model.frozen():
        method = pin_layers(get_method(id, **options), model, x)
        pinned = as_target(target).pin(model.outputs(x), model.find)
        return method(model, x, pinned, Rng.for_images(seed, x))


def peer(model: Model) -> nn.Sequential:
    """Pixels in, and no in-place layer, which captum's hooks can't deal with."""
    net = copy.deepcopy(model.module).eval()
    for one in net.modules():
        if hasattr(one, "inplace"):
            one.inplace = False
    return nn.Sequential(Normalize(model.mean, model.std), net)


def pixels(model: Model, photo: Any) -> Tensor:
    return load_all(photo, model.preprocess)[0].pixels


def gradient(net: Callable[[Tensor], Tensor], x: Tensor, target: int = 1) -> Tensor:
    x = x.detach().requires_grad_()
    (grad,) = torch.autograd.grad(net(x)[:, target].sum(), x)
    return grad


def replaced(net: nn.Module, kind: type[nn.Module], new: Callable[[], nn.Module]) -> nn.Module:
    """A copy with every module of a kind replaced."""
    net = copy.deepcopy(net)
    for one in list(net.modules()):
        for name, child in one.named_children():
            if isinstance(child, kind):
                setattr(one, name, new())
    return net


def relative(found: Any, wanted: Any) -> float:
    found, wanted = (np.asarray(one.detach() if isinstance(one, Tensor) else one) for one in (found, wanted))
    assert found.shape == wanted.shape and abs(wanted).max() > 0
    return float(abs(found - wanted).max() / abs(wanted).max())


def within_errors(found: Tensor, wanted: Tensor, error: Tensor) -> bool:
    """Within three standard errors, but for the few in a thousand that chance allows."""
    far = (found - wanted).abs() > 3 * error
    return bool(far.double().mean() < 0.02)


def noise_for_captum(x: Tensor, n: int, stdev: float, seed: int = 0) -> Callable[..., Tensor]:
    """`torch.normal` with the draws that seewhy makes, in the order in which captum asks: image by image."""
    rng = Rng.for_images(seed, x)
    draws = torch.stack([rng.normal(*x.shape[1:]) for _ in range(n)], 1).flatten(0, 1).to(x)

    def normal(mean: Any, deviations: Tensor) -> Tensor:
        assert deviations.shape == draws.shape and (deviations == stdev).all()
        return draws * stdev

    return normal


class Linear(nn.Module):
    """Scores linear in the pixels."""

    def __init__(self, size: tuple[int, int, int] = (3, 16, 20), classes: int = 4) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(5)
        self.weight = nn.Parameter(torch.randn(classes, *size, generator=generator))

    def forward(self, x: Tensor) -> Tensor:
        return torch.einsum("bchw,kchw->bk", x, self.weight) + 0.3


class Quadratic(Linear):
    """Scores that are weighted sums of squared pixels."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.square())


def plainly(net: nn.Module) -> Model:
    """A model that takes pixels as they are, in float64."""
    return Model(net.double(), mean=(0, 0, 0), std=(1, 1, 1), size=(16, 20))
