"""Scores, mean derivatives and held-out accuracies are captum's, given the same linear model and the same split."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression, SGDClassifier
from torch import Tensor

from benchmarks.textures.network import load, pixels
from benchmarks.textures.scenes import draw
from benchmarks.textures.sets import concept
from captum_tcav import ByRows, interpreted
from seewhy import Model
from seewhy.concepts import tcav
from seewhy.concepts.trials import Halves

N = 24
LAYERS = ["stage2.0", "stage4"]


@pytest.fixture(scope="module")
def net() -> Model:
    return load()


@pytest.mark.parametrize(
    "linear",
    [SGDClassifier(alpha=0.01, max_iter=1000, tol=1e-3, random_state=0), LogisticRegression(tol=1e-9, max_iter=5000)],
)
def test_scores_and_accuracies_are_captums(net: Model, linear: Any, tmp_path: Path) -> None:
    sets = [pixels(concept("stripes", N, 1)), *(pixels(concept("random", N, (2, i))) for i in range(10))]
    x = pixels(draw(12, 3, "dotted").pixels)
    ours = tcav(net, {"stripes": sets[0]}, sets[1:], x, "dotted", LAYERS, pool="flatten", classifier=linear)
    with net.frozen():
        values = [net.read(one, LAYERS) for one in sets[:3]]
    for at, layer in enumerate(LAYERS):
        for run in (0, 1):  # the first two random sets
            halves = [Halves.of(np.arange(N), (0, i)) for i in (0, run + 1)]
            both = zip((0, run + 1), halves, strict=True)
            train = torch.cat([values[i][at].flatten(1)[half.train] for i, half in both]).numpy()
            classifier = ByRows(linear, train)
            pair = [normalised(net, sets[0]), normalised(net, sets[run + 1])]
            found = interpreted(
                plain(net), [layer], pair, [(0, 1)], normalised(net, x), 1, classifier, tmp_path / f"{at}{run}"
            )["0-1"][layer]  # fmt: skip
            mine = ours["stripes", layer].runs
            assert classifier.accuracy == pytest.approx(mine.accuracies[run])
            assert float(found["sign_count"][0]) == pytest.approx(mine.scores[run])
            assert float(found["magnitude"][0]) == pytest.approx(mine.derivatives[run], rel=2e-3, abs=1e-5)


def plain(net: Model) -> torch.nn.Module:
    with net.frozen() as module:
        return module.eval()


def normalised(net: Model, x: Tensor) -> Tensor:
    with net.frozen():
        return net.normalised(x)
