"""Input times gradient."""

from seewhy.model import Model
from seewhy.registry import method
from seewhy.rng import Rng
from seewhy.targets import Pinned
from seewhy.types import Map, Need, Pixels


@method(
    "input_x_gradient",
    Need.GRADIENT,
    title="Input × gradient",
    family="gradient",
    paper="arXiv:1605.01713",
    cost="1 forward, 1 backward",
    starts="input",
)
class InputXGradient:
    """Each pixel times its gradient: what it adds to the score's first-order change from a black picture."""

    def __call__(self, model: Model, x: Pixels, target: Pinned, rng: Rng) -> Map:
        return Map(x * model.gradient(x, target))
