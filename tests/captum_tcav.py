"""captum's TCAV with a linear model of scikit-learn's, fitted to the same pictures as ours."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from captum.concept import TCAV, Classifier, Concept
from numpy.typing import NDArray
from scipy.spatial.distance import cdist
from torch import Tensor, nn
from torch.utils.data import DataLoader


class ByRows(Classifier):
    """Fits `linear` to the activations that are `train` but for rounding, and keeps its accuracy on the others."""

    def __init__(self, linear: Any, train: NDArray[Any]) -> None:
        self.linear, self.train, self.accuracy = linear, train, float("nan")

    def train_and_eval(self, dataloader: DataLoader[Any], **_: Any) -> dict[str, Any]:
        parts = list(dataloader)
        x = np.concatenate([one[0].detach().numpy() for one in parts])
        y = np.concatenate([one[1].numpy() for one in parts])
        self.known = torch.from_numpy(np.unique(y))  # captum's labels: the concepts' numbers
        signs = np.where(y == y.min(), 1, -1)
        far = cdist(self.train, x)
        mine = far.argmin(1)  # in the order of `train`, which matters to stochastic gradient descent
        assert (far.min(1) < 1e-3 * np.linalg.norm(self.train, axis=1)).all() and len(set(mine)) == len(mine)
        others = np.setdiff1d(np.arange(len(x)), mine)
        self.linear.fit(x[mine].astype(np.float64), signs[mine])
        self.accuracy = float(self.linear.score(x[others].astype(np.float64), signs[others]))
        return {"accs": self.accuracy}

    def weights(self) -> Tensor:
        w = torch.from_numpy(self.linear.coef_[0] / np.linalg.norm(self.linear.coef_[0])).float()
        return torch.stack([w, -w])  # in the order of classes()

    def classes(self) -> list[int]:
        return [int(one) for one in self.known]


def interpreted(
    module: nn.Module,
    layers: Sequence[str],
    sets: Sequence[Tensor],
    pairs: Sequence[tuple[int, int]],
    x: Tensor,
    target: int,
    classifier: Classifier,
    folder: Path,
) -> Any:
    """captum's answer for normalised pictures x and pairs of sets of them."""
    concepts = [Concept(i, f"set{i}", DataLoader(list(one), batch_size=len(one))) for i, one in enumerate(sets)]
    peer = TCAV(module, layers=list(layers), classifier=classifier, save_path=str(folder))
    return peer.interpret(x, [[concepts[a], concepts[b]] for a, b in pairs], target=target)
