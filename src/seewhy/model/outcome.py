"""What a network's output is: logits of one class among many, logits of a yes or no each, or probabilities."""

import torch
from torch import Tensor, nn

from seewhy.model.seen import Seen
from seewhy.model.views import Adapted
from seewhy.scores import Outputs, distributions


def outcome(module: nn.Module, out: Tensor, seen: Seen) -> Outputs:
    if _asks_each(module):
        return "binary"
    return "probability" if _sums_to_one(out) or _is(out, seen.sigmoid) else "logit"


def _asks_each(module: nn.Module) -> bool:
    """Whether it says of itself that its outputs are logits of a yes or no each, as transformers' configurations do."""
    if isinstance(module, Adapted):
        return module.ends == "sigmoid"
    problem = getattr(getattr(module, "config", None), "problem_type", None)
    return bool(problem == "multi_label_classification")


def _sums_to_one(out: Tensor) -> bool:
    """Rows of probabilities: a softmax stands at the end. One column can't tell."""
    return out.ndim == 2 and bool(distributions(out).all())


def _is(out: Tensor, found: Tensor | None) -> bool:
    """Whether the model returns what this function did, be it in another shape."""
    return found is not None and out.numel() == found.numel() and bool(torch.equal(out.flatten(), found.flatten()))
