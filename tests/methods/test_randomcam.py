"""Random-CAM: the draws are uniform and the map is their weighted sum."""

import torch
from torch import Tensor

from comparing import in_float64, relative
from peers import for_peer, maps_of
from seewhy import Model, explain
from seewhy.rng import Rng


def test_the_map_is_the_sum_of_channels_with_the_images_own_draws(small: Model, x: Tensor) -> None:
    found = in_float64("randomcam", small, x, 1, layer="act3").values
    weights = 2 * Rng.for_images(0, x.double()).uniform(8) - 1
    maps = maps_of(for_peer(small, torch.float64), "act3", x.double())
    assert relative(found, torch.einsum("bd,bdrq->brq", weights.double(), maps)[:, None]) < 1e-9


def test_weights_lie_evenly_from_minus_one_to_one() -> None:
    class Deltas(torch.nn.Module):
        """Maps whose channel k is alive in pixel k alone, so that on a white picture the map is the weights."""

        def __init__(self) -> None:
            super().__init__()
            self.maps = torch.nn.Identity()

        def forward(self, x: Tensor) -> Tensor:
            maps = self.maps(torch.eye(900).view(1, 900, 30, 30) * x.mean(1, keepdim=True))
            return maps.mean((2, 3))[:, :3]

    model = Model(Deltas(), mean=(0.0,) * 3, std=(1.0,) * 3, size=(30, 30))
    weights = explain(model, torch.ones(1, 3, 30, 30), "randomcam", 0).values
    assert -1 <= weights.min() < -0.99 and 0.99 < weights.max() <= 1
    assert abs(weights.mean()) < 3 / 900**0.5 / 3**0.5 and abs(weights.var() - 1 / 3) < 0.03
