"""Feature ablation."""

from collections.abc import Iterator, Sequence

import torch

from seewhy.model import Model
from seewhy.model.stream import Items
from seewhy.registry import method
from seewhy.rng import Rng
from seewhy.superpixels import Parts, Superpixels, padded, told_parts
from seewhy.targets import Pinned
from seewhy.together import Together, own_scores
from seewhy.types import Map, Need, Pixels

AT_ONCE = 32  # pictures that are made at once


@method(
    "feature_ablation",
    Need.SCORES,
    title="Feature ablation",
    family="perturbation",
    paper="arXiv:1311.2901",
    cost="a forward a superpixel",
)
class FeatureAblation(Superpixels, Together):
    """What the score loses when one superpixel, or any group of pixels that is given a label, is hidden.

    extras: effects (b,n).
    """

    def for_targets(self, model: Model, x: Pixels, targets: Sequence[Pinned], rng: Rng) -> list[Map]:
        every = self.parts(model, x, rng)
        scores = torch.cat(list(model.each_score(_without_each(every), targets)), 1)
        parted = scores.split([one.count for one in every], 1)
        own = own_scores(model, x, targets)
        lost = [own[:, i, None] - one for i, one in enumerate(parted)]
        return [
            Map(
                torch.stack([parts.spread(one[k]) for parts, one in zip(every, lost, strict=True)]),
                extras={"effects": padded([one[k, None] for one in lost]), **told_parts(every)},
            )
            for k in range(len(targets))
        ]


def _without_each(every: Sequence[Parts]) -> Iterator[Items]:
    """Each image without each of its superpixels."""
    for i, parts in enumerate(every):
        for at in torch.arange(parts.count, device=parts.labels.device).split(AT_ONCE):
            shown = torch.arange(parts.count, device=at.device) != at[:, None]
            yield Items(parts.showing(shown), torch.full_like(at, i))
