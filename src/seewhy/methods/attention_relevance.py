"""Attention relevance: attention times its gradients, collected over the layers."""

from collections.abc import Sequence

import torch
from torch import Tensor

from seewhy.attentions import Flowing, Step
from seewhy.model.flow import Flow, raising, through
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
    (`transformer_attribution`), and gives other maps. Values are R - I: what stays where it was read is no relevance,
    of CLS as of cells that a head pools, where it would outweigh the rest.
    """

    def words(self, model: TextModel, x: Pixels, outputs: Tensor, targets: Sequence[Pinned]) -> list[WordScores | None]:
        """Those of each text, by the same rule in its tower."""
        return attended(model, x, outputs, targets, self.start_layer)

    def begun(self, flow: Flow) -> Flow:
        """I, and R - I behind it, which rounding would lose in their sum (2k,...)."""
        return Flow(*(torch.cat([one, torch.zeros_like(one)]) for one in (flow.others, flow.cells)))

    def ended(self, flow: Flow) -> Flow:
        return Flow(*(one.chunk(2)[1] for one in (flow.others, flow.cells)))

    def step(self, known: Attended, call: Attention, grads: Sequence[Tensor]) -> Step:
        weights = raising(known, call, grads)

        def run(rows: Tensor) -> tuple[Tensor, Tensor]:
            stayed, gained = rows.chunk(2)
            more = through(stayed + gained, weights)
            return rows, torch.cat([torch.zeros_like(more), more])

        return run
