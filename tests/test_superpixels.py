"""What the methods over superpixels share: how they may be given, refused and kept."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from torch import Tensor

import seewhy
from conftest import MEAN, STD, SmallNet
from seewhy import Model, SeewhyError, explain
from seewhy.render.page import page
from seewhy.types import Function

METHODS: dict[str, dict[str, Any]] = {
    "lime": {"n_samples": 40},
    "kernel_shap": {"n_samples": 40},
    "shapley_sampling": {"n_samples": 40},
    "feature_ablation": {},
}


class Counting(SmallNet):
    passes = 0

    def forward(self, x: Tensor) -> Tensor:
        self.passes += 1
        return super().forward(x)


@pytest.mark.parametrize("id", METHODS)
@pytest.mark.parametrize("asked", ["voronoi", "slic:pieces=4", "grid:number=0", ("slic", "n_segments"), None, 7, []])
def test_what_cuts_nothing_is_refused_before_any_pass(id: str, asked: Any, x: Tensor) -> None:
    net = Counting()
    with pytest.raises(SeewhyError) as raised:
        explain(Model(net, mean=MEAN, std=STD, size=(16, 20)), x, id, 1, segments=asked, **METHODS[id])
    assert raised.value.hint and net.passes == 0


def quarters(picture: Any) -> Any:
    rows, columns = np.indices(picture.shape[:2])
    return rows // 8 * 2 + columns // 10


@pytest.mark.parametrize("id", METHODS)
def test_what_a_function_cut_is_kept_and_gives_the_same_again(id: str, small: Model, x: Tensor, tmp_path: Path) -> None:
    made = explain(small, x, id, 1, segments=quarters, **METHODS[id])
    assert made.options["segments"] is quarters
    back = seewhy.open(made.save(tmp_path / id))
    assert back.options["segments"] == Function("quarters") and np.array_equal(back.values, made.values)
    assert np.array_equal(back.extras["segments"], np.stack([quarters(np.zeros((16, 20, 3)))] * 2))
    again = explain(small, x, id, 1, segments=back.extras["segments"], **METHODS[id])
    assert np.array_equal(again.values, made.values)
    with pytest.raises(SeewhyError, match=r"segments=Function.*quarters"):
        explain(small, x, id, 1, segments=back.options["segments"], **METHODS[id])


def test_a_function_is_shown_by_its_name(small: Model, x: Tensor, tmp_path: Path) -> None:
    made = explain(small, x[:1], "feature_ablation", 1, segments=quarters)
    assert "segments=function quarters" in page([made])
    assert "segments=function quarters" in page([seewhy.open(made.save(tmp_path / "e"))])
