"""Guided backpropagation's rule, against captum and by hand."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from conftest import SmallNet
from seewhy.model.guided import GUIDED
from seewhy.model.rules import Rules


@pytest.mark.parametrize("function", [nn.functional.relu6, nn.ReLU6(), nn.ReLU6(inplace=True)])
def test_relu6_passes_positive_gradients_between_its_bounds(function: Callable[[Tensor], Tensor]) -> None:
    x = torch.tensor([-1.0, 0.0, 3.0, 3.0, 6.0, 7.0], requires_grad=True)
    with Rules(GUIDED):
        y = function(x * 1)
    assert y.tolist() == [0, 0, 3, 3, 6, 6]
    (grad,) = torch.autograd.grad((y * torch.tensor([1.0, 1, 1, -1, 1, 1])).sum(), x)
    assert grad.tolist() == [0, 0, 1, 0, 0, 0]


def test_it_equals_captum_on_relus_used_once(x: torch.Tensor) -> None:
    from captum.attr import GuidedBackprop

    net = SmallNet(activation=NotInPlace).eval().double()
    x = x.double().requires_grad_()
    with pytest.warns(UserWarning, match="backward hooks"):
        theirs = GuidedBackprop(net).attribute(x, target=2)
    with Rules(GUIDED):
        (ours,) = torch.autograd.grad(net(x)[:, 2].sum(), x)
    assert (ours - theirs).abs().max() <= 1e-9 * theirs.abs().max()


class NotInPlace(nn.ReLU):
    """captum can't hook an in-place ReLU."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
