"""Layer-wise relevance propagation."""

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from seewhy.errors import SeewhyError, Unsupported, first_line
from seewhy.model import Model
from seewhy.model.relevance import PRESETS, SINKS, Preset
from seewhy.model.relevance.passes import CONSERVED, Relevances, begun, relevance, usual
from seewhy.registry import method, option
from seewhy.rng import Rng
from seewhy.targets import Pinned
from seewhy.together import Together
from seewhy.types import Map, Need, Pixels

MUCH = 0.5  # of the score


@method(
    "lrp",
    Need.GRADIENT,
    title="LRP",
    family="gradient",
    paper="doi:10.1371/journal.pone.0130140",
    cost="1 forward, 1 backward, and for most rules one or two products a layer beside",
)
class LRP(Together):
    """The score handed back layer by layer to what the network was given, by rules that keep its sum.

    The rules act on functions, wherever they are called. Values are of the normalised input: their sum and what biases
    and other constants absorbed are the score, which is checked in each call.
    """

    rule: str = option("auto", "which rules the layers get; auto chooses by the network", choices=("auto", *PRESETS))
    epsilon: float = option(1e-6, "what is added to denominators", low=0.0)
    gamma: float = option(0.25, "of the gamma rule: how much more positive products count", low=0.0)

    def begin(self, model: Model, x: Pixels) -> Tensor:
        """The call's first forward, from which relevance goes on."""
        return begun(model, x, self._preset(model, x))

    def for_targets(self, model: Model, x: Pixels, targets: Sequence[Pinned], rng: Rng) -> list[Map]:
        preset = self._preset(model, x)
        images = torch.arange(len(x), device=x.device)
        found = relevance(model, x, targets, preset, images)
        notes = [f"the rule is {preset.name!r}"] if self.rule == "auto" else []
        unsure = ~(found.error <= CONSERVED).all(0)
        if bool(unsure.any()) and model.dtype != torch.float64:
            found, said = _in_float64(model, x, targets, preset, images[unsure], found)
            notes += said
        _check(found, preset)
        return [_handed_down(found, i, notes) for i in range(len(targets))]

    def _preset(self, model: Model, x: Pixels) -> Preset:
        name = usual(model, x) if self.rule == "auto" else self.rule
        return PRESETS[name].with_numbers(self.epsilon, self.gamma)


def _in_float64(
    model: Model, x: Pixels, targets: Sequence[Pinned], preset: Preset, images: Tensor, found: Relevances
) -> tuple[Relevances, list[str]]:
    """The same where these images are computed in float64; what is said of it."""
    try:
        wide = replace(model.wide(), memo=None)
        with wide.frozen():
            better = relevance(wide, x[images].double(), targets, preset, images)
    except (SeewhyError, RuntimeError, TypeError) as error:  # no float64 on the device, or none in the network
        return found, [f"float64, which sums need here, is not to be had: {first_line(error)}"]
    every = [(own.clone(), new) for own, new in zip(found.parts, better.parts, strict=True)]
    for own, new in every:
        own[:, images] = new.to(own)
    return Relevances(*(own for own, _ in every)), ["computed in float64: in float32 the map misses the score"]


def _check(found: Relevances, preset: Preset) -> None:
    worst = float(found.error.nan_to_num(torch.inf).max())
    if not worst <= CONSERVED:
        raise Unsupported(
            f"relevance by rule {preset.name!r} misses the score by {worst:.1e} of it",
            "a function of the network breaks its rule: try another rule=, or integrated_gradients",
        )


def _handed_down(found: Relevances, at: int, notes: Sequence[str]) -> Map:
    values, absorbed, scores = (one[at] for one in found.parts)
    share = absorbed.sum(1) * scores.sign() / found.scale[at]
    extras = {f"absorbed_by_{name}": absorbed[:, i] for i, name in enumerate(SINKS)}
    said = [f"constants of the network keep {float(share.max()):.0%} of the score: the map shares out the rest"]
    return Map(
        values,
        {"conservation_error": found.error[at], "absorbed": share, **extras},
        [*notes, *(said if float(share.max()) > MUCH else ())],
    )
