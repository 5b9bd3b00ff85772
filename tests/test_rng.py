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
