"""Photos with labels as data that a network is trained on."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import Dataset

from seewhy.errors import BadInput
from seewhy.images import load
from seewhy.model import Model, names
from seewhy.results.hierarchy import Hierarchy
from seewhy.trees.truths import truths


class Photos(Dataset[Any]):
    """Of each photo the input of the model's module, (c,h,w), and the number of its class.

    pairs: photos and labels, as `labelled` finds them. Raises BadInput for labels that are no class of the tree, and
    for a model that takes photos of any size, of which there are no batches.
    """

    def __init__(self, model: Model, pairs: Sequence[tuple[Any, str | int]], tree: Hierarchy) -> None:
        if model.preprocess.size is None:
            raise BadInput(f"{model.name} takes photos as they come", "give it a size, so that they make batches")
        known = truths([label for _, label in pairs], tree, names(model.classes))
        kinds = [str(label) for label, one in known.items() if not one.leaf]
        if kinds:
            raise BadInput(
                f"{', '.join(kinds[:5])}: kinds of several classes", "photos to learn from need a class each"
            )
        self.preprocess = model.preprocess
        self.pairs = [(photo, min(known[label].classes)) for photo, label in pairs]

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, at: int) -> tuple[Tensor, int]:
        photo, number = self.pairs[at]
        pixels, _ = load(photo, self.preprocess)
        mean, std = (torch.tensor(one)[:, None, None] for one in (self.preprocess.mean, self.preprocess.std))
        return (pixels[0] - mean) / std, number
