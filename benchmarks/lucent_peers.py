"""Lucent's feature visualization, and whether its gradient of the picture's parameters is ours."""

import importlib
import importlib.util
import sys
import types
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from benchmarks.answers import relative
from benchmarks.row import Call, Case, Gate, Peer, Setting
from seewhy.synthesis import objectives
from seewhy.synthesis.looking import eye
from seewhy.synthesis.parametrization import Fourier

SIZE, STEPS, PLAIN = 128, 32, 224  # a picture of PLAIN pixels lucent does not enlarge
ROUNDING = 1e-3  # of the largest: batch norms are folded in ours, so that a unit may lie at the other side of its kink


def lucents(module: str) -> Any:
    """One of lucent's modules. It imports IPython, which only shows pictures: an empty one does, for as long as the
    import takes, since others ask whether IPython is there."""
    missing = "IPython" not in sys.modules and importlib.util.find_spec("IPython") is None
    stubs = ("IPython", "IPython.display") if missing else ()
    sys.modules.update({name: types.ModuleType(name) for name in stubs})
    try:
        return importlib.import_module(f"lucent.optvis.{module}")
    finally:
        for name in stubs:
            del sys.modules[name]


def inner(case: Case) -> str:
    """A layer in the middle; the small network that stands in has another."""
    return case.layer or ("blocks.3" if _large(case) else "conv1")


def channel(case: Case) -> int:
    """One that is not dead."""
    return 3 if _large(case) else 5


def _large(case: Case) -> bool:
    return any(name == "blocks.3" for name, _ in case.model.module.named_modules())


def rendered(case: Case, setting: Setting) -> Call:
    render, param = lucents("render"), lucents("param")
    net, steps = case.copy(setting), case.few(STEPS)
    name = f"1_{inner(case).replace('.', '_')}:{channel(case)}"  # behind the normalisation

    def call() -> Any:
        return render.render_vis(
            net, name, lambda: param.image(SIZE), thresholds=(steps,), preprocess=False, progress=False,
            show_image=False,
        )  # fmt: skip

    return call


class Kept:
    """An optimizer that keeps the gradients of its only step."""

    def __init__(self, parameters: list[Tensor]) -> None:
        self.parameters, self.grads = parameters, [torch.empty(0)]

    def zero_grad(self) -> None:
        pass

    def step(self, closure: Any) -> None:
        closure()
        self.grads = [one.grad.clone() for one in self.parameters if one.grad is not None]


def same_gradient(case: Case, ours: Any, theirs: Any) -> Gate:
    """Of the waves of one picture as it is, not moved: lucent's loss is minus ours."""
    render, param = lucents("render"), lucents("param")
    torch.manual_seed(0)  # lucent draws from the global generator; this is a benchmark's own process
    (spectrum,), image = param.spatial.fft_image((1, 3, PLAIN, PLAIN), sd=0.1)
    kept = Kept([spectrum])
    render.render_vis(
        case.copy(Setting("as it comes", frozen=False)),
        f"1_{inner(case).replace('.', '_')}:{channel(case)}",
        lambda: ([spectrum], param.color.to_valid_rgb(image, decorrelate=True)),
        optimizer=lambda _parameters: kept, transforms=[], thresholds=(1,), preprocess=False, progress=False,
        show_image=False,
    )  # fmt: skip
    wanted = kept.grads[0]
    model = replace(case.model, fold=True)  # as it is while pictures are optimised
    with model.frozen(), torch.enable_grad():
        own = spectrum.detach().clone().requires_grad_()
        look = eye(model, (PLAIN, PLAIN), (PLAIN, PLAIN))
        objective = objectives.channel(inner(case), channel(case)).bound(look, (PLAIN, PLAIN))
        pictures = Fourier().image([own], (PLAIN, PLAIN))
        seen = look.look(pictures, objective.reads)
        (found,) = torch.autograd.grad(-objective.values(replace(seen, pictures=pictures)).sum(), own)
    return Gate(relative(found, wanted), ROUNDING, "largest difference / largest gradient of a wave, one picture")


def lucent(target: float) -> tuple[Peer, Peer]:
    """As it is used, and spared by hand the gradients of weights that it takes and nobody asks for."""
    ways = {"lucent": Setting("as it comes", frozen=False), "lucent, spared": Setting("weights frozen")}
    first, second = (Peer(name, "torch-lucent", target, rendered, same_gradient, (way,)) for name, way in ways.items())
    return first, second
