"""Attention relevance: attention times its gradients, collected over the layers."""

from collections.abc import Sequence

from torch import Tensor

from seewhy.attentions import Flowing, Step
from seewhy.model.flow import raising, through
from seewhy.model.fused import Attention
from seewhy.model.tokens import Attended
from seewhy.registry import method
from seewhy.targets import Pinned
from seewhy.texts import TextModel
from seewhy.texts.attended import attended
from seewhy.texts.scoring import WordScores
from seewhy.types import Need, Pixels


@method(
    "attention_relevance",
    Need.ATTENTION | Need.GRADIENT,
    title="Generic Attention Explainability",
    family="attention",
    paper="arXiv:2103.15679",
    cost="1 forward, 1 partial backward",
    sign="positive",
    starts="attention",
)
class AttentionRelevance(Flowing):
    """Attention that raises the score, layer upon layer: R + mean over heads of ReLU(gradient * attention) R.

    The rule of Chefer, Gur and Wolf, ICCV 2021, with raw attention. Their rule of CVPR 2021 has relevance in its place
    (`transformer_attribution`), and gives other maps.
    """

    def words(self, model: TextModel, x: Pixels, outputs: Tensor, target: Pinned) -> WordScores | None:
        """Those of the text, by the same rule in its tower."""
        return attended(model, x, outputs, target, self.start_layer)

    def step(self, known: Attended, call: Attention, grads: Sequence[Tensor]) -> Step:
        weights = raising(known, call, grads)
        return lambda rows: (rows, through(rows, weights))
