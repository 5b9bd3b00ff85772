"""How each peer is called: a copy of the network made once, outside the clock, then the peer's own call.

Packages are imported where they are needed, so that a missing one is missed by its own rows alone.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any
from unittest import mock

import numpy as np
import torch
from torch import Tensor

from benchmarks.answers import as_complete, but_for_kinks, equal, many_columns, many_pictures, pictures, rectified
from benchmarks.row import Call, Case, Peer, Setting
from seewhy.rng import Rng

LOST = 1e-4  # of the largest loss of a score, which is a small difference of two large numbers
WHOLE = "all images at a time"
OF_EIGHT = (Setting(f"{WHOLE}, frozen", 8, rows=8), *(Setting(f"{n} at a time, frozen", n, rows=n) for n in (4, 2, 1)))
AS_IT_COMES = Setting(f"{WHOLE}, not frozen", 8, frozen=False, rows=8)


def grad_cam(
    kind: str, target: float, *, batch_size: int | None = None, sizes: tuple[int, ...] = (), **more: Any
) -> Peer:
    """A class of grad-cam. batch_size: its own default where it runs variants; sizes: others to try."""

    def make(case: Case, setting: Setting) -> Call:
        peer = _grad_cam(kind, case, setting, batch_size is not None)
        x = case.x.clone().requires_grad_(setting.frozen and batch_size is None)
        asked = _class_targets(case.classes)
        if batch_size is not None:
            return lambda: peer(x, asked)
        return lambda: _in_parts(lambda part, at: peer(part, asked[at]), x, setting.batch)

    settings: tuple[Setting, ...] = (AS_IT_COMES, *OF_EIGHT)
    if batch_size is not None:
        settings = tuple(Setting(f"batch_size={n}", n, rows=n) for n in (batch_size, *sizes))
    return Peer("grad-cam", "grad-cam", target, make, pictures, settings, **more)


def grad_cams(kinds: tuple[str, ...], target: float) -> Peer:
    """Several classes of grad-cam, one call each, on one network: what a user does who wants them all."""

    def make(case: Case, setting: Setting) -> Call:
        asked, x = _class_targets(case.classes), case.x.clone().requires_grad_(setting.frozen)

        def call() -> list[Any]:
            found = []
            for kind in kinds:
                with _grad_cam(kind, case, setting, False, net) as peer:
                    found.append(_in_parts(lambda part, at: peer(part, asked[at]), x, setting.batch))
            return found

        net = case.copy(setting, inplace=False)
        return call

    return Peer("grad-cam, a call each", "grad-cam", target, make, many_pictures, (AS_IT_COMES, *OF_EIGHT[:3]))


def _grad_cam(kind: str, case: Case, setting: Setting, batched: bool, net: Any = None) -> Any:
    import pytorch_grad_cam
    from pytorch_grad_cam.ablation_layer import AblationLayer

    net = case.copy(setting, inplace=False) if net is None else net
    made: dict[str, Any] = {"ablation_layer": AblationLayer()} if kind == "AblationCAM" else {}
    peer = getattr(pytorch_grad_cam, kind)(net, [net[1].get_submodule(case.layer)], **made)
    if batched:
        peer.batch_size = setting.batch
    return peer


def _class_targets(classes: list[int]) -> list[Any]:
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    return [ClassifierOutputTarget(one) for one in classes]


def _in_parts(call: Callable[[Tensor, slice], Any], x: Tensor, size: int | None) -> Any:
    """What a user does to give a peer fewer images at a time."""
    step = min(size or len(x), len(x))
    found = [call(x[i : i + step], slice(i, i + step)) for i in range(0, len(x), step)]
    return torch.cat(found) if isinstance(found[0], Tensor) else np.concatenate(found)


def captum_gradcam(target: float) -> Peer:
    def make(case: Case, setting: Setting) -> Call:
        from captum.attr import LayerGradCam

        net = case.copy(setting, inplace=False)
        peer, classes = LayerGradCam(net, net[1].get_submodule(case.layer)), _classes(case)
        # Frozen, captum has no graph to the layer unless the input asks for one: it then runs it from the input on.
        x = case.x.clone().requires_grad_(setting.frozen)
        return lambda: _in_parts(lambda part, at: peer.attribute(part, target=classes[at]).detach(), x, setting.batch)

    return Peer("captum", "captum", target, make, equal, (AS_IT_COMES, *OF_EIGHT))


def torchcam(kind: str, target: float, *, sizes: tuple[int, ...] = ()) -> Peer:
    def make(case: Case, setting: Setting) -> Call:
        from torchcam import methods

        net = case.copy(setting, inplace=False)
        peer = getattr(methods, kind)(net, f"1.{case.layer}")

        def call(part: Tensor, at: slice) -> Tensor:
            scores = net(part.clone().requires_grad_(setting.frozen))
            (found,) = peer(case_classes[at], scores, normalized=False)
            return found[:, None].detach()

        case_classes = case.classes
        return lambda: _in_parts(call, case.x, setting.batch)

    return Peer("torchcam", "torchcam", target, make, rectified, (AS_IT_COMES, *OF_EIGHT))


def _classes(case: Case) -> Tensor:
    return torch.tensor(case.classes, device=case.x.device)


def captum_integrated(target: float, *, compare: Any = but_for_kinks) -> Peer:
    """At 50 steps; it runs all at once unless told otherwise."""

    def make(case: Case, setting: Setting) -> Call:
        from captum.attr import IntegratedGradients

        peer, classes, n = IntegratedGradients(case.copy(setting)), _classes(case), case.few(50)
        return lambda: peer.attribute(
            case.x, 0.0, target=classes, n_steps=n, internal_batch_size=setting.batch
        ).detach()

    settings = _at_once("internal_batch_size", 50)
    return Peer("captum", "captum", target, make, compare, settings)


def captum_smoothgrad(target: float) -> Peer:
    """NoiseTunnel over Saliency; given our draws while answers are compared, drawing by itself under the clock."""

    def make(case: Case, setting: Setting) -> Call:
        from captum.attr import NoiseTunnel, Saliency

        peer, classes, n = NoiseTunnel(Saliency(case.copy(setting))), _classes(case), case.few(50)
        return lambda: peer.attribute(
            *(case.x, "smoothgrad"),
            nt_samples=n,
            nt_samples_batch_size=setting.batch,
            stdevs=0.15,
            target=classes,
            abs=False,
        ).detach()

    settings = _at_once("nt_samples_batch_size", 50)
    return Peer("captum", "captum", target, make, but_for_kinks, settings, same=our_noise)


def _at_once(option: str, default: int) -> tuple[Setting, ...]:
    return (
        Setting(f"{option}=None", None, rows=default),
        *(Setting(f"{option}={n}", n, rows=n) for n in (4, 1, 2, 8, 16)),
    )


@contextmanager
def our_noise(case: Case) -> Iterator[None]:
    """`torch.normal` gives the draws of seewhy's seed 0, in the order in which captum asks for one image's."""
    rng, shape = Rng.for_images(0, case.x), case.x.shape[1:]

    def normal(mean: Any, deviations: Tensor) -> Tensor:
        return deviations * torch.cat([rng.normal(*shape) for _ in deviations]).to(deviations)

    if len(case.x) != 1:
        raise ValueError("captum's order of draws is that of ours for a single image only")
    with mock.patch.object(torch, "normal", normal):
        yield


def captum_occlusion(target: float, windows: Callable[[Case], tuple[int, int]]) -> Peer:
    """One window at a time unless told otherwise."""

    def make(case: Case, setting: Setting) -> Call:
        from captum.attr import Occlusion

        peer, classes, (window, stride) = Occlusion(case.copy(setting)), _classes(case), windows(case)
        shape, steps = (case.x.shape[1], window, window), (case.x.shape[1], stride, stride)

        def call() -> Tensor:
            found = peer.attribute(
                case.x, shape, steps, 0.0, classes, perturbations_per_eval=setting.batch, show_progress=False
            )
            return found[:, :1].detach()

        return call

    settings = tuple(Setting(f"perturbations_per_eval={n}", n, rows=n) for n in (1, 8, 4, 16, 32))
    return Peer("captum", "captum", target, make, partial(equal, tolerance=LOST), settings)


def captum_guided_gradcam(target: float) -> Peer:
    """Scaled up bilinearly, as the paper has it; captum's default is the nearest cell."""

    def make(case: Case, setting: Setting) -> Call:
        from captum.attr import GuidedGradCam

        net = case.copy(setting, inplace=False)
        peer, classes = GuidedGradCam(net, net[1].get_submodule(case.layer)), _classes(case)

        def call(part: Tensor, at: slice) -> Tensor:
            part = part.clone().requires_grad_()
            return peer.attribute(part, target=classes[at], interpolate_mode="bilinear").detach()

        return lambda: _in_parts(call, case.x, setting.batch)

    return Peer("captum", "captum", target, make, but_for_kinks, (AS_IT_COMES, *OF_EIGHT))


def shap_gradient(target: float, classes: int, samples: int) -> Peer:
    """GradientExplainer with black as its data, from where points round as ours do; given our draws while answers are
    compared."""

    def make(case: Case, setting: Setting) -> Call:
        import shap

        data = torch.zeros_like(case.x[:1])
        peer = shap.GradientExplainer(case.copy(setting), data, batch_size=setting.batch)

        def call() -> Any:
            found, _ = peer.shap_values(
                case.x, nsamples=case.few(samples), ranked_outputs=len(case.top(classes)), rseed=0
            )
            return np.moveaxis(found, -1, 0)

        return call

    settings = tuple(Setting(f"batch_size={n}", n, rows=n) for n in (50, 8, 1, 4, 16))
    return Peer("shap", "shap", target, make, many_columns, settings, same=our_lines)


def shap_partition(target: float, kernel: int, masks: Callable[[Case], int], compare: Callable[..., Any]) -> Peer:
    """PartitionExplainer with a blurred picture behind what it hides, of the predicted class. Its answer is the values
    (h,w), summed over channels, and how many masks it scored at a time. Ties in its queue are broken by numpy's
    generator, which is seeded first."""

    def make(case: Case, setting: Setting) -> Call:
        import shap

        net, image = case.copy(setting), 255 * case.x[0].permute(1, 2, 0).cpu().numpy()

        def scores(pictures: Any) -> Any:
            with torch.no_grad():
                x = torch.from_numpy(pictures).to(case.x.device).permute(0, 3, 1, 2) / 255
                return net(x).softmax(1).cpu().numpy()

        def call() -> Any:
            np.random.seed(0)
            peer = shap.Explainer(scores, shap.maskers.Image(f"blur({kernel},{kernel})", image.shape))
            asked = {"max_evals": masks(case), "batch_size": setting.batch, "outputs": case.classes, "silent": True}
            return peer(image[None], **asked).values[0, ..., 0].sum(2), setting.batch

        return call

    settings = tuple(Setting(f"batch_size={n}", n, rows=n) for n in (10, 50, 32, 16))
    return Peer("shap", "shap", target, make, compare, settings)


@contextmanager
def our_lines(case: Case) -> Iterator[None]:
    """numpy's generator gives the draws of seewhy's seed 0, a baseline and a place in turn; shap seeds it anew for
    each class, which starts them anew."""
    draws: dict[str, Any] = {}

    def again(seed: Any = None) -> None:
        draws["rng"] = Rng.for_images(0, case.x)

    def place() -> float:
        return float(draws["rng"].uniform(1))

    again()
    with (
        mock.patch.object(np.random, "seed", again),
        mock.patch.object(np.random, "choice", lambda n: int(draws["rng"].integers(n, 1))),
        mock.patch.object(np.random, "uniform", place),
    ):
        yield


def ourselves(name: str, target: float, ours: Callable[[Case], Any], compare: Any) -> Peer:
    """Another call of seewhy, of which ours may take `target` times the time."""
    return Peer(name, "seewhy", target, lambda case, _: lambda: ours(case), compare, at_most=True)


captum_at_its_completeness = captum_integrated(3.0, compare=as_complete)
