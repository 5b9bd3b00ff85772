"""VarGrad against captum, which is given the same draws, and by hand."""

import numpy as np
import pytest
import torch
from torch import nn

from closed_forms import Linear, Quadratic, plainly
from comparing import direct, pixels, relative
from conftest import Precise
from peers import noise_tunnel
from seewhy import Model, explain

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:captum")  # it sets requires_grad on its inputs


def test_it_equals_captum_but_for_the_divisor(precise: Precise) -> None:
    """captum's E[x^2] - E[x]^2 divides by n, which on average is too little; ours by n - 1."""
    model, x, tolerance = precise
    theirs = noise_tunnel(model, x, "vargrad", 6, 0.15, abs=False)
    assert relative(direct("vargrad", model, x, n_samples=6).values, theirs * 6 / 5) <= tolerance


def test_it_equals_captum_on_the_default_model(default_model: Model, chelsea: np.ndarray) -> None:
    x = pixels(default_model, chelsea)
    theirs = noise_tunnel(default_model, x, "vargrad", 3, 0.15, 282, abs=False)
    assert relative(explain(default_model, x, "vargrad", 282, n_samples=3).values, theirs * 3 / 2) <= 1e-5


def test_of_a_quadratic_network_it_is_four_times_the_variance_of_the_noise(x: torch.Tensor) -> None:
    """The gradient is 2wx, so its variance is 4 w^2 stdev^2; of n draws it is known to sqrt(2/(n-1))."""
    net = Quadratic()
    found = direct("vargrad", plainly(net), x.double(), target=2, n_samples=60, stdev=0.1).values
    ratio = found / (4 * net.weight[2].detach().square() * 0.01)
    assert abs(float(ratio.mean()) - 1) <= 3 * (2 / 59 / ratio.numel()) ** 0.5


def test_of_a_linear_network_it_is_zero_and_said_to_be_blank(x: torch.Tensor) -> None:
    model = plainly(Linear())
    assert direct("vargrad", model, x.double(), n_samples=4).values.abs().max() <= 1e-28
    flat = Model(Linear(), mean=(0, 0, 0), std=(1, 1, 1), size=(16, 20))
    assert explain(flat, x[:1], "vargrad", 1, n_samples=4, memory=1).blank == (True,)


def test_a_small_variance_on_a_large_gradient_is_not_lost() -> None:
    class Steep(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scale = nn.Parameter(torch.tensor(1000.0))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.stack([(self.scale * x + x.square()).sum((1, 2, 3)), x.sum((1, 2, 3))], 1)

    x = torch.rand(1, 3, 16, 20, generator=torch.Generator().manual_seed(0))
    model = Model(Steep(), mean=(0, 0, 0), std=(1, 1, 1), size=(16, 20))
    found = direct("vargrad", model, x, target=0, n_samples=50, stdev=0.1).values
    exact = direct("vargrad", model.at("float64"), x.double(), target=0, n_samples=50, stdev=0.1).values
    assert relative(found, exact) <= 1e-2, (
        "E[x^2] - E[x]^2 is noise here: float32 holds 1e6 to .06, the variance is .04"
    )
