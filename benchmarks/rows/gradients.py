"""Gradients with respect to the pixels."""

from collections.abc import Callable, Mapping
from typing import Any

from benchmarks.peers import (
    captum_at_its_completeness,
    captum_guided_gradcam,
    captum_integrated,
    captum_smoothgrad,
    shap_gradient,
)
from benchmarks.row import Case, Row
from seewhy import compare, explain

STEPS, CLASSES = 50, 5
# What is as complete as captum's 50 steps on the default model; elsewhere adaptive steps are as many.
AT_CAPTUMS_COMPLETENESS: Mapping[str, Any] = {"n_steps": 22, "tolerance": 0.04}
AT_CAPTUMS_STEPS: Mapping[str, Any] = {"n_steps": STEPS, "tolerance": 0.0}


def sampled(method: str, name: str) -> Callable[[Case], Any]:
    """name: of the option that says how many."""
    return lambda case: explain(case.model, case.x, method, case.classes, **{name: case.few(STEPS)})


def as_complete(case: Case) -> Any:
    options = AT_CAPTUMS_STEPS if case.stands_in else AT_CAPTUMS_COMPLETENESS
    return explain(case.model, case.x, "integrated_gradients", case.classes, quadrature="adaptive", **options)


def shap(case: Case) -> Any:
    options = {"gradient_shap": {"n_samples": case.few(STEPS), "baseline": 0.0}}
    return compare(case.model, case.x, ["gradient_shap"], case.top(CLASSES), score="logit", options=options)


def guided(case: Case) -> Any:
    return explain(case.model, case.x, "guided_gradcam", case.classes, layer=case.layer)


def integrated_gradients(network: str, target: float) -> Row:
    what, ours = f"integrated gradients, {STEPS} steps", sampled("integrated_gradients", "n_steps")
    peers, headline = (captum_integrated(target),), network == "default"
    return Row(f"integrated_gradients-{network}", what, network, ours, peers, passes=(2, STEPS), headline=headline)


def smoothgrad(network: str, target: float) -> Row:
    what, ours = f"SmoothGrad, {STEPS} samples", sampled("smoothgrad", "n_samples")
    return Row(f"smoothgrad-{network}", what, network, ours, (captum_smoothgrad(target),), passes=(1, STEPS))


def guided_gradcam(network: str) -> Row:
    what = "guided Grad-CAM, a batch of 8"
    return Row(
        f"guided_gradcam-{network}", what, network, guided, (captum_guided_gradcam(1.7),), "last", 8, passes=(0, 1)
    )


ROWS = [
    integrated_gradients("default", 1.2),
    integrated_gradients("resnet50", 1.0),
    integrated_gradients("vgg16", 1.0),
    integrated_gradients("vit", 1.0),
    Row(
        "integrated_gradients-completeness",
        "integrated gradients, as complete as captum's 50 steps, 4 photos",
        "default",
        as_complete,
        (captum_at_its_completeness,),
        images=4,
        whole=True,
        digits=64,  # of a median over four, rounding in the digits' training decides
        headline=True,
    ),
    smoothgrad("default", 1.2),
    smoothgrad("resnet50", 1.0),
    smoothgrad("vgg16", 1.0),
    smoothgrad("vit", 1.0),
    Row(
        "gradient_shap-classes",
        f"GradientSHAP, {STEPS} samples, {CLASSES} classes",
        "default",
        shap,
        (shap_gradient(2.5, CLASSES, STEPS),),
        headline=True,
    ),
    guided_gradcam("resnet50"),
    guided_gradcam("vgg16"),
]
