"""captum's TCAV, given the linear model and the split that ours has."""

import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmarks.row import Call, Case, Gate, Peer, Setting
from benchmarks.textures import sets
from benchmarks.textures.network import pixels
from benchmarks.textures.scenes import draw

LAYERS = ("stage2", "stage3", "stage4")
CONCEPTS = ("stripes", "dots", "checks", "red", "green")
RANDOM, SIZE, IMAGES, TARGET = 20, 40, 40, "striped"
TOLERANCE = 0.051  # of a share of 40 pictures: two whose derivative is zero but for rounding


def few(case: Case) -> tuple[tuple[str, ...], int, tuple[str, ...]]:
    """Concepts, random sets and layers; fewer for a quick look."""
    return (CONCEPTS, RANDOM, LAYERS) if case.most is None else (CONCEPTS[:1], 10, LAYERS[-2:])


def pictures(case: Case) -> tuple[dict[str, Tensor], list[Tensor], Tensor]:
    """Sets of the concepts, random sets, and pictures of the class; drawn once, and not under the clock."""
    concepts, count, _ = few(case)
    return _drawn(concepts, count)


@cache
def _drawn(concepts: tuple[str, ...], count: int) -> tuple[dict[str, Tensor], list[Tensor], Tensor]:
    own = {name: pixels(sets.concept(name, SIZE, (0, 1, i))) for i, name in enumerate(concepts)}
    random = [pixels(sets.concept("random", SIZE, (0, 2, i))) for i in range(count)]
    return own, random, pixels(draw(IMAGES, (0, 3), TARGET).pixels)


def captum_tcav(target: float) -> Peer:
    def make(case: Case, setting: Setting) -> Call:
        from captum.concept import TCAV, Concept
        from torch.utils.data import DataLoader

        net, (own, random, x) = case.copy(setting, inplace=False), pictures(case)
        every = [*own.values(), *random]
        layers = [f"1.{name}" for name in few(case)[2]]
        index = case.model.find(TARGET)

        def call() -> Any:
            concepts = [Concept(i, f"set{i}", DataLoader(list(one), batch_size=SIZE)) for i, one in enumerate(every)]
            pairs = [[concepts[i], concepts[len(own) + j]] for i in range(len(own)) for j in range(len(random))]
            with tempfile.TemporaryDirectory() as folder:  # it keeps activations and CAVs on disk
                peer = TCAV(net, layers=layers, classifier=_ridge(), save_path=str(Path(folder)))
                return peer.interpret(x, pairs, target=index)

        return call

    settings = (Setting("as it comes", rows=SIZE),)
    return Peer("captum", "captum", target, make, same_scores, settings)


def same_scores(case: Case, ours: Any, theirs: Any) -> Gate:
    """The largest difference between the scores of the same runs."""
    concepts, count, layers = few(case)
    worst = 0.0
    for i, concept in enumerate(concepts):
        for layer in layers:
            mine = ours[concept, layer].runs.scores
            other = [float(theirs[f"{i}-{len(concepts) + j}"][f"1.{layer}"]["sign_count"][0]) for j in range(count)]
            worst = max(worst, float(np.abs(mine - other).max()))
    return Gate(worst, TOLERANCE, "scores of the same runs: same model, same split")


def _ridge() -> Any:
    """scikit-learn's RidgeClassifier as captum's classifier, with our strength and split."""
    from captum.concept import Classifier
    from sklearn.linear_model import RidgeClassifier

    from seewhy.concepts.fits import RIDGE
    from seewhy.concepts.trials import Halves

    class Ridge(Classifier):  # type: ignore[misc]  # captum's has no types
        def __init__(self) -> None:
            pass

        def train_and_eval(self, dataloader: Any, **_: Any) -> dict[str, Any]:
            parts = list(dataloader)
            x, y = (torch.cat([one[i] for one in parts]).numpy() for i in (0, 1))
            numbers = np.unique(y)
            rows = [np.flatnonzero(y == one)[Halves.of(np.arange(SIZE), (0, int(one))).train] for one in numbers]
            train = np.concatenate(rows)
            own = x[train].astype(np.float64)
            strength = RIDGE * ((own - own.mean(0)) ** 2).sum(1).mean()
            fit = RidgeClassifier(alpha=strength).fit(own, np.where(y[train] == numbers[0], 1, -1))
            w = torch.from_numpy(np.ravel(fit.coef_)).float()
            self.known, self.w = [int(one) for one in numbers], torch.stack([w, -w])
            held = np.setdiff1d(np.arange(len(x)), train)
            return {"accs": float(fit.score(x[held].astype(np.float64), np.where(y[held] == numbers[0], 1, -1)))}

        def weights(self) -> Tensor:
            return self.w

        def classes(self) -> list[int]:
            return self.known

    return Ridge()
