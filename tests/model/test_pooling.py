"""Max pooling as maxima of views is torch's, to the bit, ties included."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from seewhy.model import pooling
from seewhy.model.pooling import max_pool2d


def both(x: Tensor, *args: Any, **kwargs: Any) -> None:
    values, grads = [], []
    for pool in (F.max_pool2d, max_pool2d):
        given = x.clone(memory_format=torch.preserve_format).requires_grad_()
        found = pool(given, *args, **kwargs)
        weights = torch.linspace(0.5, 1.5, found.numel(), dtype=x.dtype).view(found.shape)
        values.append(found.detach())
        grads.append(torch.autograd.grad((found * weights).sum(), given)[0])
    assert torch.equal(*values) and torch.equal(*grads)
    assert torch.equal(max_pool2d(x, *args, **kwargs), values[0])


@pytest.mark.parametrize("shape", [(2, 3, 8, 6), (1, 2, 7, 9), (3, 1, 2, 2), (2, 2, 5, 2)])
@pytest.mark.parametrize("kind", [torch.float32, torch.float64, torch.bfloat16])
def test_values_and_gradients_with_many_ties(shape: tuple[int, ...], kind: torch.dtype) -> None:
    generator = torch.Generator().manual_seed(0)
    for levels in (2, 3, 5):  # few different numbers: nearly every window has equal ones
        x = torch.randint(levels, shape, generator=generator).to(kind)
        both(x, 2)
        both(x, 2, 2)
        both(x, (2, 2), (2, 2), 0, 1, False)
    both(torch.randn(shape, generator=generator).to(kind), 2)


@pytest.mark.parametrize(
    ("args", "kwargs"),
    [((3,), {}), ((2, 1), {}), ((2, 2, 1), {}), ((2,), {"ceil_mode": True}), ((2, 2, 0, 2), {}), (((2, 1), 2), {})],
)
def test_other_windows_are_torchs(args: Any, kwargs: Any) -> None:
    both(torch.randn(2, 3, 9, 7, generator=torch.Generator().manual_seed(1)), *args, **kwargs)


def test_other_layouts_and_ranks_are_torchs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pooling, "_halves", None)
    x = torch.randn(2, 3, 8, 6)
    assert torch.equal(max_pool2d(x.contiguous(memory_format=torch.channels_last), 2), F.max_pool2d(x, 2))
    assert torch.equal(max_pool2d(x[0], 2), F.max_pool2d(x[0], 2))
    with pytest.raises(RuntimeError):
        max_pool2d(torch.randn(1, 1, 1, 1), 2)
