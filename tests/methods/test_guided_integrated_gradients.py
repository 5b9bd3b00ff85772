"""Guided integrated gradients against the paper's algorithm done by hand."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from by_hand import gradient_of, guided_path
from conftest import MEAN, STD, SmallNet
from peers import for_peer
from seewhy import Model, SeewhyError, explain, get_method
from seewhy.rng import Rng
from seewhy.targets import ClassLogit

METHOD = "guided_integrated_gradients"


def ours(x: Tensor, dtype: Any, rows: Any = slice(None), **options: Any) -> tuple[Tensor, Tensor]:
    model, x = Model(SmallNet().to(dtype), mean=MEAN, std=STD), x.to(dtype)[rows]
    with model.frozen():
        target = ClassLogit(2).pin(model.outputs(x), int)
        found = get_method(METHOD, **options)(model, x, target, Rng.for_images(0, x))
    return found.values.double(), found.extras["completeness_gap"]


@pytest.mark.parametrize("fraction", [0.05, 0.25])
@pytest.mark.parametrize("max_dist", [0.02, 0.15, 1.0])
def test_it_equals_the_paper_s_algorithm_done_slowly(fraction: float, max_dist: float, x: Tensor) -> None:
    model = Model(SmallNet().double(), mean=MEAN, std=STD)
    gradient, x = gradient_of(for_peer(model), 2), x[:, :, :8, :10]
    wanted = np.stack([guided_path(gradient, one.double().numpy(), 0.25, 9, fraction, max_dist) for one in x])
    found, _ = ours(x, torch.float64, n_steps=9, fraction=fraction, max_dist=max_dist, baseline=0.25)
    assert np.abs(found.numpy() - wanted).max() <= 1e-9 * np.abs(wanted).max()


def test_in_float32_it_differs_by_rounding_alone(x: Tensor) -> None:
    (wide, _), (narrow, _) = (ours(x, dtype, n_steps=9) for dtype in (torch.float64, torch.float32))
    assert (wide - narrow).abs().max() <= 1e-5 * wide.abs().max()


def test_an_image_s_path_does_not_depend_on_the_others(x: Tensor) -> None:
    both, gaps = ours(x, torch.float64, n_steps=12, max_dist=0.3)
    for i in range(2):
        alone, gap = ours(x, torch.float64, slice(i, i + 1), n_steps=12, max_dist=0.3)
        assert (alone - both[i]).abs().max() <= 1e-12 * both.abs().max()
        torch.testing.assert_close(gap, gaps[i : i + 1])


def test_without_room_beside_the_line_it_is_integrated_gradients(x: Tensor, dark: Tensor) -> None:
    found, _ = ours(x, torch.float64, n_steps=20, max_dist=0.0, baseline=dark)
    model = Model(SmallNet().double(), mean=MEAN, std=STD)
    with model.frozen():
        target = ClassLogit(2).pin(model.outputs(x.double()), int)
        method = get_method("integrated_gradients", n_steps=20, baseline=dark, quadrature="left")
        straight = method(model, x.double(), target, Rng.for_images(0, x)).values
    assert (found - straight).abs().max() <= 1e-12 * straight.abs().max()


def test_as_many_anchors_as_steps_allow_hold_it_to_the_line(x: Tensor) -> None:
    held, _ = ours(x, torch.float64, n_steps=20, anchors=19, max_dist=1.0)
    line, _ = ours(x, torch.float64, n_steps=20, max_dist=0.0)
    assert (held - line).abs().max() <= 1e-9 * line.abs().max()
    with pytest.raises(SeewhyError, match="more steps than anchors"):
        ours(x, torch.float64, n_steps=3, anchors=3)


def test_the_gap_is_what_the_sum_misses_and_closes_near_the_line(x: Tensor) -> None:
    values, gap = ours(x, torch.float64, n_steps=10, max_dist=0.5)
    mean, std = (torch.tensor(one, dtype=torch.float64)[:, None, None] for one in (MEAN, STD))
    with torch.no_grad():
        scores = [SmallNet().double().eval()((one - mean) / std)[:, 2] for one in (x.double(), 0 * x.double())]
    torch.testing.assert_close(values.sum((1, 2, 3)) - (scores[0] - scores[1]), gap, rtol=0, atol=1e-12)
    _, near = ours(x, torch.float64, n_steps=200, max_dist=0.005)
    assert near.abs().max() < 0.1 * gap.abs().max()


def test_a_gradient_that_is_no_number_is_refused_and_does_not_hang(x: Tensor) -> None:
    class Edge(torch.nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return (x * 0).sqrt().mean((2, 3)) + x.mean((2, 3))

    with pytest.raises(SeewhyError):
        explain(Model(Edge(), mean=MEAN, std=STD), x, METHOD, 1, n_steps=3)


def test_it_explains_the_default_model(default_model: Model, chelsea: np.ndarray) -> None:
    found = explain(default_model, chelsea, METHOD, n_steps=3)
    assert found.values.shape == (1, 3, 224, 224) and np.abs(found.values).max() > 0
    assert found.passes.backward == 3
