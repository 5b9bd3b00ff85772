"""Guided backpropagation."""

from seewhy.model import Model
from seewhy.model.guided import GUIDED
from seewhy.registry import method
from seewhy.rng import Rng
from seewhy.targets import Pinned
from seewhy.types import Map, Need, Pixels


@method(
    "guided_backprop",
    Need.GRADIENT | Need.RELU,
    title="Guided backpropagation",
    family="gradient",
    paper="arXiv:1412.6806",
    cost="1 forward, 1 backward",
    starts="input",
)
class GuidedBackprop:
    """The gradient, of which only what is positive passes a ReLU that was on: sharp edges, weakly bound to the class.

    At a ReLU: gradient * 1[0 < x] * 1[0 < gradient]; at a ReLU6 the same with 1[0 < x < 6].
    """

    rules = GUIDED

    def __call__(self, model: Model, x: Pixels, target: Pinned, rng: Rng) -> Map:
        return Map(model.gradient(x, target, self.rules))
