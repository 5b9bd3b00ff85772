"""Kernel SHAP."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from seewhy.errors import BadInput, BadOption
from seewhy.model import Model
from seewhy.ops.coalitions import Kernel
from seewhy.registry import method
from seewhy.rng import Rng
from seewhy.sampling import BLOCK, CERTAIN, Sums
from seewhy.superpixels import Parts, Plan, SampledSuperpixels
from seewhy.types import Map, Need, Pixels

MOST = 2000  # superpixels: all are solved for at once, with a square of as many numbers
FEWEST = 4  # coalitions for each superpixel


@method(
    "kernel_shap",
    Need.SCORES,
    title="Kernel SHAP",
    family="perturbation",
    paper="arXiv:1705.07874",
    cost="n_samples forwards, 1 of the picture with all hidden",
    random=True,
    score="probability",
    half=True,
)
class KernelSHAP(SampledSuperpixels):
    """Each superpixel's Shapley value, by a regression on coalitions of superpixels that are shown.

    The values add up to what the score gains from all hidden to the picture. Coalitions come with their complements
    (arXiv:2012.01536); small and large ones are all scored where n_samples allows, as shap does, and where it is
    enough for all, the values are exact. extras: shapley_values (b,n).
    """

    def plan(self, parts: Parts, ends: Tensor) -> Plan:
        count, n = parts.count, self.n_samples
        if count > MOST:
            raise BadOption(f"{count} superpixels, which are solved for at once", f"cut at most {MOST}")
        if n < min(FEWEST * count, 2**count - 2):
            raise BadOption(
                f"kernel_shap.n_samples is {n} for {count} superpixels", f"give at least {FEWEST * count}, or cut fewer"
            )
        kernel = Kernel.of(count, n)
        estimator = Coalitions(parts, kernel, *ends.unbind(1))
        return Plan(estimator, min(n, 2**count - 2), certain=kernel.certain, enough=2 * count)

    def told(self, model: Model, maps: Sequence[Map]) -> list[Map]:
        return [replace(one, notes=(*one.notes, *whether_exact(one))) for one in maps]


def whether_exact(made: Map) -> list[str]:
    """What is said where every coalition of every image was scored, or where some that were to be were not."""
    samples, certain = made.extras["samples"], made.state["certain"]
    if (samples.double() >= 2.0 ** made.extras["superpixels"] - 2).all():
        return ["every coalition of superpixels was scored: the Shapley values are exact"]
    short = int((samples - certain).argmin())
    if samples[short] >= certain[short]:
        return []
    return [
        f"{int(samples[short])} of {int(certain[short])} coalitions that belong together were scored: the values are a "
        "regression on these"
    ]


@dataclass(frozen=True, eq=False)
class Coalitions:
    """Draws are masks (1,n,count), True where a superpixel is shown. none, own: scores (k,) of all hidden and shown."""

    parts: Parts
    kernel: Kernel
    none: Tensor
    own: Tensor

    def draw(self, rng: Rng, block: int) -> Tensor:
        certain = self.kernel.listed(block * BLOCK, (block + 1) * BLOCK)[None]
        missing = (BLOCK - certain.shape[1]) // 2
        if not missing or self.kernel.full == len(self.kernel.shares):
            return certain
        return torch.cat([certain, self.kernel.drawn(rng, missing)], 1)

    def variants(self, draws: Tensor, images: Tensor) -> Pixels:
        return self.parts.showing(draws[0])[None]

    def sums(self, draws: Tensor, scores: Tensor, images: Tensor) -> Sums:
        masks, gains = draws[0].double(), scores[:, 0] - self.none[:, None]
        known = self.kernel.weights(draws[0].sum(1))
        drawn = (known == 0).double()
        every = {"drawn": drawn.sum()[None], f"{CERTAIN}samples": drawn.new_tensor([len(masks)])}
        every[f"{CERTAIN}gain"] = len(masks) * (self.own - self.none)
        for name, weights in ((CERTAIN, known), ("", drawn)):
            weighted = masks * weights[:, None]
            every |= {f"{name}gram": (weighted.T @ masks)[None], f"{name}moment": gains @ weighted}
        return {name: one[:, None] for name, one in every.items()}

    def values(self, sums: Sums) -> Tensor:
        """The Shapley values (count,): they add up to the gain, for which the last of them is eliminated."""
        share = self.kernel.left / sums["drawn"].clamp_min(1)
        gram, moment = (sums[f"{CERTAIN}{name}"] + share * sums[name] for name in ("gram", "moment"))
        gain = sums[f"{CERTAIN}gain"] / sums[f"{CERTAIN}samples"]
        products = gram[:-1, :-1] - gram[:-1, -1:] - gram[-1:, :-1] + gram[-1, -1]
        shared = moment[:-1] - moment[-1] - (gram[:-1, -1] - gram[-1, -1]) * gain
        factor, failed = torch.linalg.cholesky_ex(products)
        if failed:
            raise BadInput("the samples do not tell the superpixels apart", "raise n_samples, or cut fewer superpixels")
        first = torch.cholesky_solve(shared[:, None], factor)[:, 0]
        return torch.cat([first, (gain - first.sum())[None]])

    def estimate(self, sums: Sums, image: int) -> Tensor:
        return self.parts.spread(self.values(sums))

    def details(self, sums: Sums, image: int) -> Sums:
        return {"shapley_values": self.values(sums)}
