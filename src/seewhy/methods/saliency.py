"""Saliency: the plain gradient."""

from seewhy.model import Model
from seewhy.registry import method
from seewhy.rng import Rng
from seewhy.targets import Pinned
from seewhy.types import Map, Need, Pixels


@method(
    "saliency",
    Need.GRADIENT,
    title="Saliency",
    family="gradient",
    paper="arXiv:1312.6034",
    cost="1 forward, 1 backward",
    sign="absolute",
    reduce="max",
    starts="input",
)
class Saliency:
    """How much the score moves when a pixel does, whichever way: the absolute gradient."""

    def __call__(self, model: Model, x: Pixels, target: Pinned, rng: Rng) -> Map:
        return Map(model.gradient(x, target).abs())
