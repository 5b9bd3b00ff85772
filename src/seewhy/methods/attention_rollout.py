"""Attention rollout: attention multiplied through the layers."""

from collections.abc import Sequence

from torch import Tensor

from seewhy.attentions import Flowing, Step
from seewhy.model.flow import heads_fused
from seewhy.model.fused import Attention
from seewhy.model.tokens import Attended
from seewhy.ops.rollout import discarded, mixed
from seewhy.registry import method, option
from seewhy.types import Need


@method(
    "attention_rollout",
    Need.ATTENTION,
    title="Attention Rollout",
    family="attention",
    paper="arXiv:2005.00928",
    cost="1 forward",
    sign="positive",
    starts="attention",
)
class AttentionRollout(Flowing):
    """Where the attention of all layers leads, whatever the class.

    Each call's weights, one for all heads, with the residual connection beside them and rows that sum to 1, multiplied
    from the last to the first. Values and `others` add up to 1.
    """

    head_fusion: str = option("mean", "how the heads' weights become one", choices=("mean", "max", "min"))
    discard_ratio: float = option(0.0, "share of a call's smallest weights that are set to 0", low=0, high=0.999)
    residual: float = option(0.5, "weight of the residual connection beside attention", low=0, high=1)

    with_gradients = False

    def step(self, known: Attended, call: Attention, grads: Sequence[Tensor]) -> Step:
        weights = discarded(heads_fused(known, call, self.head_fusion), self.discard_ratio)
        return mixed(weights, 0.0 if known.latent else self.residual)

    def said(self) -> list[str]:
        return ["attention rollout knows of no class: its map is the same for all"]
