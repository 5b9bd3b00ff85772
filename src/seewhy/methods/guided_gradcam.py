"""Guided Grad-CAM."""

from torch import Tensor

from seewhy.cams import Layers, layer_names
from seewhy.model import Model
from seewhy.model.guided import GUIDED
from seewhy.model.trace import INPUT
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
    cost="1 forward, 1 partial and 1 whole backward; 2 forwards where the score gets around the layer",
    starts="input",
)
class GuidedGradCAM:
    """Guided backpropagation's fine lines where Grad-CAM sees evidence: their product, Grad-CAM scaled up bilinearly.

    With several layers their Grad-CAMs, each rectified at its own size, are averaged.
    """

    layer: Layers = option(None, "layer or layers Grad-CAM reads; default the last maps")

    rules = GUIDED

    def __call__(self, model: Model, x: Pixels, target: Pinned, rng: Rng) -> Map:
        names = layer_names(self.layer)
        recorded = model.recorded(x, (INPUT, *names), self.rules)
        (fine,) = recorded.gradients(target, (INPUT,))
        pairs = [(recorded.maps(name), model.plain_gradient(recorded, target, name)) for name in names]
        return Map(fine * sum(resize(gradcam(*pair), (x.shape[2], x.shape[3])) for pair in pairs) / len(names))


def gradcam(maps: Tensor, grads: Tensor) -> Tensor:
    """Grad-CAM, rectified, of maps and gradients (b,d,r,q): (b,1,r,q)."""
    return (grads.mean((2, 3), keepdim=True) * maps).sum(1, keepdim=True).relu()
