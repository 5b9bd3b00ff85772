"""Feature inversion: the picture whose features at a layer are a photo's (Mahendran and Vedaldi, arXiv:1412.0035)."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from seewhy.asked import listed, number, whole
from seewhy.errors import BadInput, BadOption, ModelFailed
from seewhy.images import load
from seewhy.model import Model
from seewhy.results.inversion import Inversion, Inverted
from seewhy.sources import as_model
from seewhy.synthesis.adam import Adam
from seewhy.synthesis.ascending import as_shown
from seewhy.synthesis.looking import Eye, eye
from seewhy.synthesis.parametrization import Draws, Parametrization, Shape, normal, parametrization
from seewhy.synthesis.planning import Step, Tell, plain, versions

TV, TV_FREE = 0.05, 0.5  # weights of the total variation; waves are smooth by themselves
HALVINGS = 4  # of the step size, evenly over the steps


@dataclass(frozen=True)
class Free:
    """The network's own input, normalised, without bounds, as in the paper. sd: of the noise it begins with."""

    mean: Sequence[float]
    std: Sequence[float]
    sd: float = 0.1
    lr: float = 0.05
    couples = see_through = False

    def start(self, shape: Shape, draws: Draws) -> list[Tensor]:
        return [self.sd * normal(shape, draws)]

    def image(self, parameters: Sequence[Tensor], size: tuple[int, int]) -> Tensor:
        (x,) = parameters
        mean, std = (x.new_tensor(one)[:, None, None] for one in (self.mean, self.std))
        return x * std + mean


@dataclass(frozen=True)
class Regularisers:
    """alpha_weight * mean |u|**alpha + tv_weight * mean (down**2 + across**2)**(beta/2), of normalised pixels u and
    their differences to the next pixel below and at the right. The paper has sums: means hold for any size."""

    alpha: float = 6.0
    alpha_weight: float = 1e-3
    beta: float = 2.0
    tv_weight: float = TV

    def __post_init__(self) -> None:
        for name in ("alpha", "beta"):
            number(getattr(self, name), name, 1)
        for name in ("alpha_weight", "tv_weight"):
            number(getattr(self, name), name, 0)

    def __call__(self, u: Tensor) -> tuple[Tensor, Tensor]:
        return self.alpha_weight * u.abs().pow(self.alpha).mean(), self.tv_weight * self.variation(u)

    def variation(self, u: Tensor) -> Tensor:
        down = torch.diff(u, dim=2, append=u[:, :, -1:])
        across = torch.diff(u, dim=3, append=u[:, :, :, -1:])
        square = down.square() + across.square()
        return square.mean() if self.beta == 2 else (square + 1e-12).pow(self.beta / 2).mean()


def invert(
    model: Model | str,
    photo: Any,
    layers: str | Sequence[str],
    *,
    steps: int = 400,
    parametrization: Parametrization | str = "fourier",
    lr: float | None = None,
    alpha: float = 6.0,
    alpha_weight: float = 1e-3,
    beta: float = 2.0,
    tv_weight: float | None = None,
    seed: int = 0,
    tell: Tell | None = None,
) -> Inversion:
    """What each of the layers still knows of a photo: a picture with its features, made from noise.

    Minimises |F(x) - F(photo)|^2 / |F(photo)|^2 + alpha_weight * mean |u|^alpha
    + tv_weight * mean (down^2 + across^2)^(beta/2), with u the normalised pixels, by Adam, whose step is halved four
    times on the way. photo: as `seewhy.explain` takes one. parametrization: "fourier" and others of parametrization.py
    keep to pixels from 0 to 1; "free" are the paper's, normalised pixels without bounds. lr: default twice the
    parametrization's own, .1 of "fourier". tv_weight: default .05, of "free" .5. tell: called after each step; it ends
    all where it returns True.
    Raises SeewhyError for a layer that is not there, or whose features or gradient are zero or not finite.
    """
    began = time.monotonic()
    model = replace(as_model(model).shared(), fold=True)
    names = [layers] if isinstance(layers, str) else listed(layers, "layers", 'give a list: ["layer2", "layer4"]')
    if not names:
        raise BadOption("no layer is asked for", "name at least one")
    made_of = _made_of(parametrization, model)
    usual = TV_FREE if isinstance(made_of, Free) else TV
    weights = Regularisers(alpha, alpha_weight, beta, usual if tv_weight is None else tv_weight)
    rate = 2 * made_of.lr if lr is None else number(lr, "lr", 1e-12)
    run = _Run(whole(steps, "steps", 1), rate, whole(seed, "seed", 0), made_of, weights, tell, len(names))
    pixels, shown = load(photo, model.preprocess)
    x = model.checked(pixels)
    size = int(x.shape[2]), int(x.shape[3])
    with torch.inference_mode(False), model.frozen():
        looks = eye(model, size, size)
        known = [model.layer(name, x) for name in names]
        found = [run.inverted(looks, name, x, at) for at, name in enumerate(known)]
    options = {"steps": run.steps, "lr": run.lr, "size": list(size), "parametrization": plain(made_of)}
    return Inversion(
        found=tuple(one for one in found if one is not None),
        photo=shown,
        seen=as_shown(x),
        model=model.card,
        options={**options, "regularisers": plain(weights), "optimizer": "Adam"},
        seed=run.seed,
        seconds=time.monotonic() - began,
        versions=versions(),
    )


def _made_of(asked: Any, model: Model) -> Parametrization:
    if isinstance(asked, str) and asked == "free":
        return Free(tuple(model.mean), tuple(model.std))
    return parametrization(asked)


@dataclass
class _Run:
    steps: int
    lr: float
    seed: int
    made_of: Parametrization
    weights: Regularisers
    tell: Tell | None
    layers: int
    stopped: bool = False

    def inverted(self, looks: Eye, layer: str, x: Tensor, at: int) -> Inverted | None:
        """The picture of one layer; None once the user has stopped before it began."""
        if self.stopped:
            return None
        model, size = looks.model, looks.size
        (wanted,) = model.read(x, [layer])
        scale = wanted.square().sum()
        if not torch.isfinite(scale) or not scale:
            raise ModelFailed(f"the photo's features at {layer!r} are zero or not finite", "name another layer")
        draw = [torch.Generator().manual_seed(self.seed)]
        start = self.made_of.start((len(model.mean), *size), draw)
        parameters = [one.to(model.device, model.pixel_dtype).requires_grad_() for one in start]
        adam = Adam(parameters, self.lr)
        curve: list[Tensor] = []
        for done in range(self.steps + 1):
            with torch.enable_grad():
                pictures = self.made_of.image(parameters, size)
                (values,) = model.upto(pictures, [layer])
                apart = (values - wanted).square().sum() / scale
                alpha, tv = self.weights(model.normalised(pictures).to(apart))
                curve.append(torch.stack([apart, alpha, tv]).detach())
                if done == self.steps or self.stopped:
                    break
                grads = torch.autograd.grad(apart + alpha + tv, [*parameters, values])
            model.meter.count(backward=1)
            _checked(layer, curve[-1], grads[-1], done + 1)
            adam.lr = self.lr * 0.5 ** (HALVINGS * done // self.steps)
            adam.step(grads[:-1])
            step = Step(at * self.steps + done + 1, self.layers * self.steps, (float(curve[-1][0]),))
            self.stopped = self.tell is not None and self.tell(step) is True
        each = torch.stack(curve).float().cpu().numpy()
        image = pictures.detach().clamp(0, 1)[0].permute(1, 2, 0).float().cpu().numpy()
        return Inverted(layer, image, *(np.ascontiguousarray(each[:, i]) for i in range(3)))


def _checked(layer: str, losses: Tensor, grad: Tensor, done: int) -> None:
    if not (torch.isfinite(losses).all() and torch.isfinite(grad).all()):
        raise ModelFailed(
            f"the features of {layer!r} or their gradient are NaN or infinite in step {done}", "take a smaller lr"
        )
    if done == 1 and not grad.any():
        raise BadInput(f"the picture it begins with has the photo's features at {layer!r} already", "try another seed")
