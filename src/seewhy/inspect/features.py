"""The features of a network: what its last linear layer reads."""

import torch
from torch import Tensor, nn

from seewhy.model import Model
from seewhy.model.captured import captured
from seewhy.model.views import LinearView
from seewhy.texts import TextModel


def features(model: Model) -> str:
    """The layer that returns them: a row an image where one does, else the maps whose mean is that row, else the last
    maps. Proved by the numbers: the last linear layer makes the scores of them. Where pictures are compared with texts
    it is the picture's row.
    """
    model = model.shared()  # looking is not counted
    x = model.probe()
    census = model.census(x)
    named = [one.name for one in census.layers if len(one.shape) == 1 and one.calls == 1]
    if named and isinstance(model, TextModel):  # what is compared with texts
        return named[-1]
    if named and len(census.output_shape) == 1:
        found = {one.layer: one.value for one in captured(model, x, named) if not one.part}
        with torch.no_grad():
            outputs = model(x)
        linear = [one for one in model.module.modules() if isinstance(one, nn.Linear | LinearView)]
        for name in reversed(named):
            if name in found and any(_makes(one, found[name], outputs) for one in reversed(linear)):
                return name
    return (census.head.source if census.head else "") or model.layer(None, x)


def _makes(layer: nn.Module, row: Tensor, outputs: Tensor) -> bool:
    """Whether a linear layer makes these outputs (b,k) of the rows (b,d), or of what a softmax or sigmoid does."""
    weight, bias = layer.weight, getattr(layer, "bias", None)
    if not isinstance(weight, Tensor) or weight.ndim != 2 or weight.shape != (outputs.shape[1], row.shape[1]):
        return False
    scores = (row.to(weight) @ weight.T + (0 if bias is None else bias)).to(outputs)
    answers = (scores, scores.softmax(1), scores.sigmoid())
    return any(bool((one - outputs).abs().max() <= 1e-3 * outputs.abs().max().clamp_min(1e-6)) for one in answers)
