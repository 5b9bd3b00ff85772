from typing import Any

import pytest
import torch

from seewhy.rng import Rng


def draws(seed: int, x: torch.Tensor) -> torch.Tensor:
    rng = Rng.for_images(seed, x)
    return torch.cat([rng.normal(3), rng.uniform(2), rng.integers(9, 2)], 1)


def test_an_image_draws_the_same_in_any_batch_and_another_seed_draws_anew() -> None:
    x = torch.rand(3, 3, 4, 4)
    together = draws(0, x)
    assert torch.equal(together[[2, 0]], torch.cat([draws(0, x[2:]), draws(0, x[:1])]))
    assert torch.equal(together, draws(0, x.double())), "for pixels that float32 holds"
    assert not torch.equal(together, draws(1, x))
    assert not torch.equal(together[0], together[1])


def test_those_alike_draw_the_same_from_here_on() -> None:
    x = torch.rand(2, 3, 4, 4)
    fresh = Rng.for_images(0, x).alike(3)
    assert torch.equal(fresh[0].normal(5), fresh[2].normal(5))
    first, *others = fresh[0].alike(3)
    wanted = Rng.for_images(0, x)
    wanted.normal(5)
    drawn = wanted.uniform(4)
    assert all(torch.equal(one.uniform(4), drawn) for one in (first, *others)), "not from the seed anew"


def test_a_place_of_a_sequence_draws_the_same_whatever_was_drawn_before() -> None:
    x = torch.rand(2, 3, 4, 4)
    rng = Rng.for_images(0, x)
    fifth = rng.at(5).uniform(4)
    rng.normal(7), rng.at(4).uniform(9)
    assert torch.equal(rng.at(5).uniform(4), fifth)
    assert torch.equal(Rng.for_images(0, x[1:]).at(5).uniform(4)[0], fifth[1])
    assert not torch.equal(rng.at(4).uniform(4), fifth) and not torch.equal(fifth[0], fifth[1])
    assert rng.names.unique().numel() == 2 and not torch.equal(rng.names, Rng.for_images(1, x).names)


def test_an_rng_nobody_draws_from_costs_nothing(monkeypatch: Any) -> None:
    monkeypatch.setattr("seewhy.rng._seed", lambda *_: pytest.fail("read the pixels"))
    Rng.for_images(0, torch.rand(2, 3, 4, 4)).alike(2)
