"""LIME."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import torch
from torch import Tensor

from seewhy.errors import BadOption
from seewhy.model import Model
from seewhy.ops.ridge import Centred, Fitted, Selection, fitted, selected
from seewhy.registry import method, option
from seewhy.rng import Rng
from seewhy.sampling import BLOCK, Sums
from seewhy.superpixels import HIDDEN, OWN, Parts, Plan, SampledSuperpixels
from seewhy.types import Map, Need, Pixels

MOST = 2000  # superpixels: all are solved for at once, with a square of as many numbers
POOR = 0.5  # of the scores' variance: what explains less is said to be no more than a rough ranking


@method(
    "lime",
    Need.SCORES,
    title="LIME",
    family="perturbation",
    paper="arXiv:1602.04938",
    cost="n_samples forwards",
    random=True,
    score="probability",
)
class LIME(SampledSuperpixels):
    """What each superpixel adds to the score in a linear model of pictures that show about half of them.

    A pixel's value is its superpixel's coefficient. extras: coefficients (b,n), intercept (b,), r2 (b,) of the model
    and local_prediction (b,), what it makes of the picture itself.
    """

    baseline: Any = option(OWN, HIDDEN)
    n_features: int | None = option(None, "superpixels that the model takes, at most; default all", low=1)
    selection: str = option(
        "auto",
        "how these are chosen; auto takes up to 6 one by one, else those of the highest weights",
        choices=("auto", "highest_weights", "forward_selection", "lasso_path", "none"),
    )
    kernel_width: float = option(0.25, "the smaller, the more pictures near the whole one count", low=1e-3)
    distance: str = option("cosine", "of what is shown from the whole picture", choices=("cosine", "euclidean"))
    alpha: float = option(1.0, "the ridge penalty on the coefficients", low=0)
    antithetic: bool = option(False, "masks in pairs that show what the other hides")

    from_nothing: ClassVar[bool] = False

    def plan(self, parts: Parts, ends: Tensor) -> Plan:
        if parts.count > MOST:
            raise BadOption(f"{parts.count} superpixels, which are solved for at once", f"cut at most {MOST}")
        return Plan(Neighbours(parts, self, ends[:, 1]), self.n_samples)

    def told(self, model: Model, maps: Sequence[Map]) -> list[Map]:
        return [replace(one, notes=(*one.notes, how_well(one.extras["r2"]))) for one in maps]


def how_well(r2: Tensor) -> str:
    """What is said of how well the models fit (b,)."""
    least = float(r2.min())
    poor = ": its coefficients are no more than a rough ranking" if least < POOR else ""
    return f"the linear model explains {least:.1%} of the scores' variance (R²){poor}"


@dataclass(frozen=True, eq=False)
class Neighbours:
    """Draws are masks (1,n,count), True where a superpixel is shown; the first of all shows everything.

    own: the picture's scores (k,). Others are looked at beside them, so that a score that never moves is 0 exactly.
    """

    parts: Parts
    asked: LIME
    own: Tensor

    def draw(self, rng: Rng, block: int) -> Tensor:
        n = BLOCK // 2 if self.asked.antithetic else BLOCK
        masks = rng.integers(2, n, self.parts.count).bool()
        if block == 0:
            masks[:, 0] = True
        return torch.stack([masks, ~masks], 2).flatten(1, 2) if self.asked.antithetic else masks

    def variants(self, draws: Tensor, images: Tensor) -> Pixels:
        return self.parts.showing(draws[0])[None]

    def weights(self, shown: Tensor) -> Tensor:
        """How much pictures with so many superpixels shown count."""
        if self.asked.distance == "cosine":
            distance = 1 - (shown / self.parts.count).sqrt()
        else:
            distance = (self.parts.count - shown).sqrt()
        return (-(distance / self.asked.kernel_width).square() / 2).exp()

    def sums(self, draws: Tensor, scores: Tensor, images: Tensor) -> Sums:
        masks = draws[0].double()
        weights = self.weights(masks.sum(1))
        weighted, scores = masks * weights[:, None], scores[:, 0] - self.own[:, None]
        every = {
            "weight": weights.sum()[None],
            "seen": weighted.sum(0)[None],
            "gram": (weighted.T @ masks)[None],
            "samples": weights.new_tensor([len(masks)]),
            "own": self.own * weights.sum(),
            "score": scores @ weights,
            "moment": scores @ weighted,
            "square": scores.square() @ weights,
        }
        return {name: one[:, None] for name, one in every.items()}

    def model(self, sums: Sums) -> Fitted:
        weighed = {name: one for name, one in sums.items() if name not in ("own", "samples")}
        centred = Centred.of(**weighed, samples=int(sums["samples"]))
        how: Selection = self.asked.selection  # type: ignore[assignment]  # one of its choices
        return fitted(centred, selected(centred, self.asked.n_features or self.parts.count, how), self.asked.alpha)

    def estimate(self, sums: Sums, image: int) -> Tensor:
        return self.parts.spread(self.model(sums).coefficients)

    def details(self, sums: Sums, image: int) -> Sums:
        made = self.model(sums)
        intercept = made.intercept + sums["own"] / sums["weight"]
        return {
            "coefficients": made.coefficients,
            "intercept": intercept,
            "r2": made.r2,
            "local_prediction": intercept + made.coefficients.sum(),
        }
