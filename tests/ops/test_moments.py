"""Running moments against those of the stacked values."""

import torch

from seewhy.ops.moments import moments


def test_they_are_those_of_the_stacked_values() -> None:
    values = torch.randn(9, 2, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    found = moments(values)
    torch.testing.assert_close(found.mean, values.mean(0), rtol=1e-12, atol=0)
    torch.testing.assert_close(found.variance, values.var(0), rtol=1e-12, atol=0)
    torch.testing.assert_close(found.standard_error, values.std(0) / 3, rtol=1e-12, atol=0)


def test_a_small_variance_beside_a_large_mean_keeps_its_digits() -> None:
    values = 1e4 + torch.randn(100, 5, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(moments(values).variance, values.double().var(0).float(), rtol=1e-3, atol=0)


def test_they_take_values_one_by_one_and_hold_none() -> None:
    alive = 0

    class Counted:
        def __init__(self, value: torch.Tensor) -> None:
            nonlocal alive
            alive += 1
            self.value = value

        def __del__(self) -> None:
            nonlocal alive
            alive -= 1

    def stream():
        for i in range(20):
            held = Counted(torch.tensor(float(i)))
            assert alive <= 2
            yield held.value

    assert moments(stream()).mean == 9.5
