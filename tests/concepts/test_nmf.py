"""Factors are scikit-learn's, step by step from the same start; importances are the closed forms' total indices."""

import numpy as np
import pytest
import torch
from pytorch_grad_cam.feature_factorization.deep_feature_factorization import dff
from sklearn.decomposition import NMF
from sklearn.decomposition._nmf import _initialize_nmf
from torch import Tensor

from seewhy.concepts.crops import boxes, crops
from seewhy.concepts.nmf import STEPS, nmf, nndsvda, shares
from seewhy.concepts.sobol import designs, total_indices


def drawn(n: int = 50, d: int = 20, k: int = 4) -> Tensor:
    rng = np.random.default_rng(0)
    return torch.from_numpy(rng.random((n, k)) ** 2 @ rng.random((k, d)) ** 2 + 0.05 * rng.random((n, d)))


@pytest.mark.filterwarnings("ignore:Maximum number of iterations")  # scikit-learn's, ended where ours is
@pytest.mark.parametrize("steps", [1, 7, 60])
def test_steps_from_the_same_start_are_scikit_learns(steps: int) -> None:
    x = drawn()
    w, h = _initialize_nmf(x.numpy(), 4, init="random", random_state=3)
    peer = NMF(4, init="custom", solver="cd", tol=0, max_iter=steps)
    theirs = peer.fit_transform(x.numpy(), W=w.copy(), H=h.copy())
    ours = nmf(x, 4, (torch.from_numpy(w), torch.from_numpy(h)), steps=steps, tolerance=0)
    np.testing.assert_allclose(ours.w, theirs, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(ours.h, peer.components_, rtol=1e-8, atol=1e-10)
    assert ours.error(x) * float(x.norm()) == pytest.approx(peer.reconstruction_err_)


@pytest.mark.filterwarnings("ignore:Maximum number of iterations")  # scikit-learn's, ended where ours is
@pytest.mark.parametrize("k", [2, 4, 8])
def test_it_gives_as_much_of_the_matrix_as_scikit_learns_default(k: int) -> None:
    x = drawn(80, 40, 6)
    peer = NMF(k, max_iter=STEPS).fit(x.numpy())
    found = nmf(x, k)
    assert found.error(x) * float(x.norm()) <= 1.01 * peer.reconstruction_err_
    assert (found.w >= 0).all() and (found.h >= 0).all()


def test_the_start_is_scikit_learns_and_nothing_is_drawn() -> None:
    x = drawn()
    theirs = _initialize_nmf(x.numpy(), 4, init="nndsvda", random_state=0)
    for one, other in zip(nndsvda(x, 4), theirs, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=2e-3)  # its singular vectors are randomized
    before = torch.get_rng_state()
    assert torch.equal(nmf(x, 4).w, nmf(x, 4).w) and torch.equal(before, torch.get_rng_state())


@pytest.mark.filterwarnings("ignore:Maximum number of iterations")  # scikit-learn's, ended where ours is
def test_deep_feature_factorization_is_grad_cams() -> None:
    maps = torch.rand(2, 12, 5, 6, generator=torch.Generator().manual_seed(0)).double() - 0.3
    concepts, explanations = dff(maps.numpy().copy(), 3)
    x = maps.transpose(0, 1).flatten(1)
    least = x.amin(1, keepdim=True)
    x = x - least
    start = _initialize_nmf(x.numpy(), 3, init="random", random_state=0)
    ours = nmf(x, 3, (torch.from_numpy(start[0]), torch.from_numpy(start[1])), steps=200)
    np.testing.assert_allclose(ours.w + least, concepts, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(ours.h.view(3, 2, 5, 6).transpose(0, 1), explanations, rtol=1e-6, atol=1e-8)


def test_shares_are_non_negative_least_squares() -> None:
    from scipy.optimize import nnls

    x = drawn()
    h = nmf(x, 4).h
    wanted = np.stack([nnls(h.T.numpy(), row)[0] for row in x.numpy()])
    np.testing.assert_allclose(shares(x, h, steps=2000, tolerance=1e-10), wanted, atol=1e-6)


def test_a_matrix_of_zeros_has_factors_of_zeros() -> None:
    found = nmf(torch.zeros(5, 4, dtype=torch.float64), 2)
    assert not found.w.any() and not found.h.any() and found.steps == 1


def g_function(x: Tensor, a: Tensor) -> Tensor:
    return (((4 * x - 2).abs() + a) / (1 + a)).prod(-1)


def test_total_indices_are_those_of_sobols_g_function() -> None:
    a = torch.tensor([0.0, 1.0, 4.5, 99.0])
    first = 1 / (3 * (1 + a) ** 2)
    variance = (1 + first).prod() - 1
    wanted = first * (1 + first).prod() / (1 + first) / variance
    masks = designs(4, 2048, 0)
    found = total_indices(torch.stack([g_function(masks, a), 3 * g_function(masks, a) + 5]), 4)
    np.testing.assert_allclose(found[0], wanted, atol=0.03)
    np.testing.assert_allclose(found[1], found[0], rtol=1e-5)


def test_what_moves_nothing_has_no_index() -> None:
    masks = designs(3, 64, 0)
    found = total_indices(torch.stack([torch.full((len(masks),), 7.0), masks[:, 1]]), 3)
    assert not found[0].any()
    np.testing.assert_allclose(found[1], [0, 1, 0], atol=0.1)
    assert not torch.equal(designs(3, 8, 0), designs(3, 8, 1)) and torch.equal(designs(3, 8, 1), designs(3, 8, 1))


def test_crops_cover_the_picture_and_are_as_large() -> None:
    assert boxes((10, 7), 5) == [(0, 0, 5, 5), (0, 2, 5, 7), (4, 0, 9, 5), (4, 2, 9, 7), (5, 0, 10, 5), (5, 2, 10, 7)]
    assert boxes((6, 6), 6) == [(0, 0, 6, 6)]
    x = torch.arange(2 * 3 * 10 * 7.0).view(2, 3, 10, 7) / 420
    found = crops(x, 5)
    assert found.pixels.shape == (12, 3, 10, 7) and found.image.tolist() == [0] * 6 + [1] * 6
    whole = crops(x, 7)
    top, left, bottom, right = whole.boxes[-1].tolist()
    wanted = torch.nn.functional.interpolate(x[1:, :, top:bottom, left:right], (10, 7), mode="bilinear")
    torch.testing.assert_close(whole.pixels[-1:], wanted)
