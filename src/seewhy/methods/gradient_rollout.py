"""Gradient rollout: attention rollout with the attention that raises a score."""

from collections.abc import Sequence

from torch import Tensor

from seewhy.attentions import Flowing, Step
from seewhy.model.flow import raising
from seewhy.model.fused import Attention
from seewhy.model.tokens import Attended
from seewhy.ops.rollout import discarded, mixed
from seewhy.registry import method, option
from seewhy.types import Need


@method(
    "gradient_rollout",
    Need.ATTENTION | Need.GRADIENT,
    title="Gradient Attention Rollout",
    family="attention",
    paper="https://jacobgil.github.io/deeplearning/vision-transformer-explainability",
    cost="1 forward, 1 partial backward",
    sign="positive",
    starts="attention",
)
class GradientRollout(Flowing):
    """Attention rollout for a class: each call's weights are the mean over heads of ReLU(gradient * attention).

    Gildenblat's variant of arXiv:2005.00928. Gradients are small, so that rows are brought to sum 1 with the residual
    connection first: what it keeps is what distinguishes this from `attention_relevance`.
    """

    discard_ratio: float = option(0.0, "share of a call's smallest weights that are set to 0", low=0, high=0.999)
    residual: float = option(0.5, "weight of the residual connection beside attention", low=0, high=1)

    def step(self, known: Attended, call: Attention, grads: Sequence[Tensor]) -> Step:
        weights = discarded(raising(known, call, grads), self.discard_ratio)
        return mixed(weights, 0.0 if known.latent else self.residual)
