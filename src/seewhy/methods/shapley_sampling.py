"""Shapley values by sampled permutations."""

from dataclasses import dataclass

import torch
from torch import Tensor

from seewhy.errors import BadOption
from seewhy.registry import method
from seewhy.rng import Rng
from seewhy.sampling import Sums
from seewhy.superpixels import Parts, Plan, SampledSuperpixels
from seewhy.types import Need, Pixels


@method(
    "shapley_sampling",
    Need.SCORES,
    title="Shapley value sampling",
    family="perturbation",
    paper="doi:10.1016/j.cor.2008.04.004",
    cost="n_samples forwards, 1 of the picture with all hidden",
    random=True,
    score="probability",
)
class ShapleySampling(SampledSuperpixels):
    """What each superpixel adds to the score when superpixels are shown one after another, over random orders.

    Castro, Gómez and Tejada 2009. Each order is also taken backwards. n_samples counts pictures scored: an order and
    its reverse take 2 (n - 1) of n superpixels, and as many pairs are taken as n_samples allows. The values add up to
    what the score gains from all hidden to the picture. extras: shapley_values (b,n).
    """

    def plan(self, parts: Parts, ends: Tensor) -> Plan:
        pair = 2 * (parts.count - 1)
        if self.n_samples < 2 * pair:
            raise BadOption(
                f"shapley_sampling.n_samples is {self.n_samples}, and an order of {parts.count} superpixels and its "
                f"reverse take {pair}",
                f"give at least {2 * pair}, or cut fewer",
            )
        estimator = Orders(parts, ends[:, 1] - ends[:, 0], ends[:, 0])
        return Plan(estimator, self.n_samples // pair * pair, block=pair)


@dataclass(frozen=True, eq=False)
class Orders:
    """Draws are places (1,n,count): below 0 where a superpixel is shown, -1 of the last that was, 0 of the next.

    gain, none: of each target (k,), what it gains from all hidden to the picture, and its score with all hidden.
    """

    parts: Parts
    gain: Tensor
    none: Tensor

    def draw(self, rng: Rng, block: int) -> Tensor:
        place = rng.uniform(1, self.parts.count).argsort(-1).argsort(-1)
        shown = torch.arange(1, self.parts.count)[:, None]
        return torch.cat([place - shown, self.parts.count - 1 - place - shown], 1)

    def variants(self, draws: Tensor, images: Tensor) -> Pixels:
        return self.parts.showing(draws[0] < 0)[None]

    def sums(self, draws: Tensor, scores: Tensor, images: Tensor) -> Sums:
        places, gains = draws[0], scores[:, 0] - self.none[:, None]
        last, following = ((places == at).double() for at in (-1, 0))
        ends = ((places < 0).sum(1) == self.parts.count - 1).double()  # the next picture is the whole one
        credit = gains @ (last - following) + self.gain[:, None] * (ends @ following)
        every = {"credit": credit, "orders": ends.sum()[None]}
        return {name: one[:, None] for name, one in every.items()}

    def values(self, sums: Sums) -> Tensor:
        return sums["credit"] / sums["orders"]

    def estimate(self, sums: Sums, image: int) -> Tensor:
        return self.parts.spread(self.values(sums))

    def details(self, sums: Sums, image: int) -> Sums:
        return {"shapley_values": self.values(sums)}
