"""Which rule each layer gets: LRP's composites, by the names they have in the papers."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

Rule = Literal["epsilon", "plus", "gamma", "weak_gamma", "alpha2_beta1"]
First = Literal["flat", "box"]

WEAK = 0.2  # of gamma: what is left of it in linear layers of transformers, where all of it smears relevance


@dataclass(frozen=True)
class Preset:
    """Rules of convolutions, of linear layers, and of the first layer where it has its own."""

    name: str
    convolution: Rule
    linear: Rule
    first: First | None = None
    epsilon: float = 1e-6
    gamma: float = 0.25

    def with_numbers(self, epsilon: float, gamma: float) -> "Preset":
        return replace(self, epsilon=epsilon, gamma=gamma)


PRESETS: Mapping[str, Preset] = {
    one.name: one
    for one in (
        Preset("epsilon", "epsilon", "epsilon"),
        Preset("epsilon_plus", "plus", "epsilon"),
        Preset("epsilon_plus_flat", "plus", "epsilon", "flat"),
        Preset("gamma", "gamma", "gamma"),
        Preset("attnlrp", "gamma", "weak_gamma"),
        Preset("epsilon_gamma_box", "gamma", "epsilon", "box"),
        Preset("alpha2_beta1", "alpha2_beta1", "epsilon"),
    )
}
