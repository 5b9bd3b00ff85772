"""Finer-CAM."""

from collections.abc import Sequence
from dataclasses import replace

from torch import Tensor

from seewhy.cams import CAM, of_layers
from seewhy.errors import Unsupported
from seewhy.model import Model
from seewhy.registry import method, option
from seewhy.rng import Rng
from seewhy.scores import Outputs, transform
from seewhy.targets import Pinned
from seewhy.types import Map, Need, Pixels


@method(
    "finercam",
    Need.MAPS | Need.GRADIENT,
    title="Finer-CAM",
    family="cam",
    paper="arXiv:2501.11309",
    cost="1 forward, 1 partial backward",
    sign="positive",
    starts="layers",
)
class FinerCAM(CAM):
    """Grad-CAM of what sets a class apart from those the network finds most like it.

    The classes nearest in score are chosen once, on the clean image. The score explained is the mean, by probability,
    of the differences to them.
    """

    comparison: int = option(3, "how many classes to compare with", low=1)
    alpha: float = option(1.0, "how much of the other classes' scores is taken away", low=0.0)
    pinned: bool = option(False, "hold the mean's weights at their clean values; else the gradient runs through them")

    def weigh(self, maps: Tensor, grads: Tensor) -> Tensor:
        return grads.mean((2, 3), keepdim=True) * maps

    def for_targets(self, model: Model, x: Pixels, targets: Sequence[Pinned], rng: Rng) -> list[Map]:
        outputs, kind = model.recorded(x, of_layers(self)).outputs, model.census(x).outputs
        return super().for_targets(model, x, [self._finer(target, outputs, kind) for target in targets], rng)

    def _finer(self, target: Pinned, outputs: Tensor, kind: Outputs) -> Pinned:
        """The target that compares, chosen by clean outputs (b,k)."""
        if target.index is None or outputs.ndim != 2 or outputs.shape[1] < 2 or "class" not in _kind(target):
            raise Unsupported(
                f"finercam compares a class with others, and {target.name!r} is not one of several classes",
                "name a class, or use gradcam with this target",
            )
        near = nearest(target.transform(outputs), target.index, self.comparison)
        log_probability = transform("log_probability", kind)
        clean = log_probability(outputs).gather(1, near).softmax(1)

        def read(outputs: Tensor, rows: Tensor) -> Tensor:
            scores, others = target.transform(outputs), near.to(outputs.device)[rows]
            gaps = target.read(scores, rows)[:, None] - self.alpha * scores.gather(1, others)
            weights = clean[rows] if self.pinned else log_probability(outputs).gather(1, others).softmax(1)
            return (weights * gaps).sum(1)

        key = ("finer", self.comparison, self.alpha, self.pinned, target.key)
        return replace(target, read=read, transform=lambda outputs: outputs, key=key)


def nearest(scores: Tensor, index: Tensor, count: int) -> Tensor:
    """The classes (b,n) whose scores (b,k) come nearest to that of class `index` (b,), itself left out."""
    own = index.to(scores.device)[:, None]
    gaps = (scores - scores.gather(1, own)).abs().scatter(1, own, float("inf"))
    return gaps.argsort(dim=1, stable=True)[:, : min(count, scores.shape[1] - 1)]


def _kind(target: Pinned) -> tuple[object, ...]:
    """What was asked for, without the score it was asked of."""
    key = target.key
    inner = key[1] if isinstance(key, tuple) and len(key) == 2 and isinstance(key[1], tuple) else key
    return inner[:1] if isinstance(inner, tuple) else (inner,)
