"""Guided Grad-CAM."""

from seewhy.cams import Layers, layer_names
from seewhy.model import Model
from seewhy.model.guided import guided
from seewhy.ops.maps import resize
from seewhy.registry import method, option
from seewhy.rng import Rng
from seewhy.targets import Pinned
from seewhy.types import Map, Need, Pixels


@method(
    "guided_gradcam",
    Need.RELU | Need.MAPS | Need.GRADIENT,
    title="Guided Grad-CAM",
    family="gradient",
    paper="arXiv:1610.02391",
    cost="2 forwards, 1 partial and 1 whole backward",
    starts="layers",
)
class GuidedGradCAM:
    """Guided backpropagation's fine lines where Grad-CAM sees evidence: their product, Grad-CAM scaled up bilinearly.

    With several layers their Grad-CAMs, each rectified at its own size, are averaged.
    """

    layer: Layers = option(None, "layer or layers Grad-CAM reads; default the last maps")

    def __call__(self, model: Model, x: Pixels, target: Pinned, rng: Rng) -> Map:
        pairs = list(zip(*model.map_and_gradient(x, target, layer_names(self.layer)), strict=True))
        cams = [(grads.mean((2, 3), keepdim=True) * maps).sum(1, keepdim=True).relu() for maps, grads in pairs]
        cam = sum(resize(cam, (x.shape[2], x.shape[3])) for cam in cams) / len(cams)
        return Map(model.gradient(x, target, guided()) * cam)
