"""Maps as tensors: components with a sign, means at the finest grid."""

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA

from seewhy.ops.maps import first_component, fused, min_max, strength


@pytest.mark.parametrize("shape", [(2, 5, 6, 7), (2, 60, 4, 5)], ids=["few channels", "many channels"])
def test_the_first_component_is_scikit_learns_up_to_sign(shape: tuple[int, ...]) -> None:
    terms = torch.randn(shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    found = first_component(terms)
    assert found.shape == (shape[0], 1, *shape[2:])
    for one, map in zip(terms, found, strict=True):
        wanted = PCA(1, svd_solver="full").fit_transform(one.flatten(1).T.numpy()).reshape(shape[2:])
        off = min(abs(map[0].numpy() - sign * wanted).max() for sign in (1, -1))
        assert off < 1e-9 * abs(wanted).max()


@pytest.mark.parametrize("channels", [4, 60])
def test_the_component_grows_where_the_sum_does_and_turns_with_it(channels: int) -> None:
    terms = torch.rand(3, channels, 5, 6, generator=torch.Generator().manual_seed(1))
    terms[1] *= -1
    found = first_component(terms)[:, 0]
    centred = terms.sum(1) - terms.sum(1).mean((1, 2), keepdim=True)
    assert ((found * centred).sum((1, 2)) > 0).all()
    torch.testing.assert_close(first_component(-terms)[:, 0], -found, atol=1e-5, rtol=1e-5)


def test_the_component_can_be_turned_toward_another_map() -> None:
    terms = torch.randn(3, 6, 5, 7, generator=torch.Generator().manual_seed(2))
    toward = strength(terms)
    found = first_component(terms, toward)
    assert ((found * (toward - toward.mean((2, 3), keepdim=True))).sum((1, 2, 3)) > 0).all()
    torch.testing.assert_close(first_component(terms, -toward), -found)


def test_flat_maps_have_no_component() -> None:
    assert not first_component(torch.ones(1, 3, 4, 5)).any() and not first_component(torch.ones(1, 30, 2, 2)).any()


def test_an_early_layers_component_takes_no_matrix_of_all_its_cells() -> None:
    found = first_component(torch.rand(1, 8, 160, 160))  # 25 600 cells: their matrix would take 5 GB
    assert found.shape == (1, 1, 160, 160)


def test_min_max_is_each_images_own_and_zero_where_flat() -> None:
    maps = torch.tensor([[1.0, 3.0], [-4.0, 0.0], [2.0, 2.0]])[:, None, None]
    assert min_max(maps)[:, 0, 0].tolist() == [[0, 1], [0, 1], [0, 0]]


def test_several_maps_are_averaged_at_the_finest_grid() -> None:
    coarse, fine = torch.tensor([[[[-1.0, 5.0]]]]), torch.tensor([[[[0.0, 0.0, 0.0, 2.0]]]])
    np.testing.assert_allclose(fused([coarse, fine]).flatten(), [0, 0.125, 0.375, 1])
