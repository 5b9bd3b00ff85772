"""Class activation maps."""

from collections.abc import Callable
from typing import Any

import torch

from benchmarks.answers import columns
from benchmarks.peers import captum_gradcam, grad_cam, grad_cams, ourselves, torchcam
from benchmarks.row import Case, Row
from seewhy import compare, explain

TOGETHER = {  # ours: grad-cam's class
    "gradcam": "GradCAM",
    "gradcam++": "GradCAMPlusPlus",
    "xgradcam": "XGradCAM",
    "hirescam": "HiResCAM",
    "gradcam_elementwise": "GradCAMElementWise",
    "layercam": "LayerCAM",
    "eigencam": "EigenCAM",
    "eigengradcam": "EigenGradCAM",
}
CLASSES = 50


def ours(method: str) -> Callable[[Case], Any]:
    return lambda case: explain(case.model, case.x, method, case.classes, layer=case.layer)


def together(case: Case) -> Any:
    return compare(case.model, case.x, list(TOGETHER), [case.classes], layer=case.layer)


def many_classes(case: Case) -> Any:
    return compare(case.model, case.x, ["gradcam"], case.top(CLASSES), layer=case.layer)


def first_class(case: Case) -> Any:
    return explain(case.model, case.x, "gradcam", case.top(CLASSES)[0], layer=case.layer)


def distinct(case: Case) -> float:
    """Channels over distinct masks of the first image: a mask is a channel's map scaled to [0,1]."""
    with case.model.frozen():
        (maps,) = case.model.maps(case.x[:1], [case.layer or ""])
    flat = maps[0].flatten(1)
    low, high = flat.amin(1, keepdim=True), flat.amax(1, keepdim=True)
    masks = torch.where(high > low, (flat - low) / (high - low), 0)
    return len(masks) / len(masks.unique(dim=0))


def gradcam(network: str, in_captum: float, *, headline: bool = False) -> Row:
    peers = (grad_cam("GradCAM", 4.0), captum_gradcam(in_captum), torchcam("GradCAM", in_captum))
    whole = (0, 1) if network == "vit" else (1, 0)  # of the patches' embedding on, the backward is all but whole
    what = "Grad-CAM, a batch of 8"
    return Row(f"gradcam-{network}", what, network, ours("gradcam"), peers, "last", 8, whole, headline=headline)


def ablationcam(network: str, layer: str, target: float, *, passes: Any = None, headline: bool = False) -> Row:
    id = f"ablationcam-{network}" if layer == "last" else f"ablationcam-{network}-{layer}"
    peer = grad_cam("AblationCAM", target, batch_size=32, sizes=(8,))
    what = f"Ablation-CAM at the {layer} layer"
    return Row(id, what, network, ours("ablationcam"), (peer,), layer, 1, passes, headline=headline)


ROWS = [
    gradcam("default", 1.3, headline=True),
    gradcam("resnet50", 1.0),
    gradcam("vgg16", 1.3),
    gradcam("vit", 1.0),
    Row(
        "cams-together",
        "eight CAMs together, a batch of 8",
        "default",
        together,
        (
            grad_cams(tuple(TOGETHER.values()), 20.0),
            ourselves(
                "one gradcam of ours",
                1.3,
                ours("gradcam"),
                columns,
            ),
        ),
        "last",
        8,
        (1, 0),
        headline=True,
    ),
    Row(
        "gradcam-classes",
        "Grad-CAM for 50 classes, a batch of 8",
        "default",
        many_classes,
        (ourselves("one class of ours", 1.5, first_class, columns),),
        "last",
        8,
        (1, 0),
    ),
    ablationcam("default", "last", 300.0, passes=(1, 0), headline=True),
    ablationcam("resnet50", "inner", 4.0),
    # The same maps twice: grad-cam puts its own layer in the place of the one it is given, so that of `features` it
    # runs none, and of their last pooling all the others, for each channel.
    ablationcam("vgg16", "pooling", 50.0),
    ablationcam("vgg16", "last", 1.0),
    Row(
        "scorecam-default",
        "Score-CAM",
        "default",
        ours("scorecam"),
        (grad_cam("ScoreCAM", 1.8, batch_size=16, sizes=(4,), gain=distinct, gain_name="channels / distinct masks"),),
        "last",
    ),
]
