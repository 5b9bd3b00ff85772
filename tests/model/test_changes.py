"""What of a network changed between two looks: seen where it matters, and nothing else."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from seewhy.model.changes import Look, looked


def net() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout(0.2), nn.Linear(4, 2)).eval()


def replaced(one: nn.Sequential) -> None:
    one[2] = nn.GELU()


def hooked(one: nn.Sequential) -> None:
    one[2].register_forward_hook(lambda *_: None)


def added(one: nn.Sequential) -> None:
    one.add_module("last", nn.Identity())


def other_weights(one: nn.Sequential) -> None:
    one[0].register_parameter("weight", nn.Parameter(one.get_parameter("0.weight").clone()))


def attribute(one: nn.Sequential) -> None:
    one[3].p = 0.5


@pytest.mark.parametrize("change", [replaced, hooked, added, other_weights, attribute])
def test_another_structure_is_another_look(change: Callable[[nn.Sequential], None]) -> None:
    module, known = net(), dict[Any, Any]()
    first = looked(module, known)
    assert looked(module, known) is first and first.inside == list(module.modules())
    change(module)
    second = looked(module, known)
    assert second is not first and second.structure != first.structure
    assert looked(module, known) is second


def test_a_mode_and_an_equal_number_change_no_structure() -> None:
    module, known = net(), dict[Any, Any]()
    first = looked(module, known)
    module.train()
    module[1].eps = float("1e-5")  # another object
    second = looked(module, known)
    assert second is not first and second.structure == first.structure
    assert looked(net(), known) is not second  # of another module


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize("at", ["0.weight", "0.bias", "1.running_mean", "1.num_batches_tracked"])
def test_weights_that_change_are_seen(dtype: torch.dtype, at: str) -> None:
    module = net().to(dtype)
    look = Look(module)
    tensor = module.state_dict()[at]  # shares its memory
    seen = [look.weights(), look.weights()]
    assert seen[0] == seen[1]
    with torch.no_grad():
        dict([*module.named_parameters(), *module.named_buffers()])[at].add_(1)
    seen.append(look.weights())
    assert seen[2] != seen[1]
    version = tensor._version
    tensor.data.view(-1)[0] += 1  # PyTorch does not count it
    assert tensor._version == version
    seen.append(look.weights())
    assert seen[3] != seen[2]
    owner, _, name = at.rpartition(".")
    swapped = getattr(module.get_submodule(owner), name)
    swapped.data = tensor.clone()
    seen.append(look.weights())
    assert seen[4] != seen[3] and seen[4] == look.weights()
    swapped.data.view(-1)[0] += 1  # where it lies now
    assert look.weights() != seen[4]


def test_what_pytorch_counts_is_seen_also_where_no_sample_lies() -> None:
    module = net()
    look = Look(module)
    before, samples = look.weights(), look.weights()[2]
    with torch.no_grad():
        module.get_parameter("0.weight").view(-1)[1] += 1
    after = look.weights()
    assert after != before and after[2] == samples


def test_a_network_without_weights() -> None:
    look = Look(nn.Sequential(nn.ReLU()))
    assert look.weights() == look.weights() and look.holds()
    empty = nn.Module()
    empty.register_buffer("none", torch.zeros(0))
    assert Look(empty).weights() == Look(empty).weights()
