import copy
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from conftest import MEAN, STD, SmallNet
from seewhy import Model, SeewhyError, explain
from seewhy.synthesis import visualize
from seewhy.targets import as_target
from seewhy.types import Need


def test_mean_and_std_have_no_default() -> None:
    with pytest.raises(SeewhyError, match=r"(?s)mean and std .* not known.*hint: give those of its training"):
        Model(SmallNet())
    with pytest.raises(SeewhyError, match="one of each a channel"):
        Model(SmallNet(), mean=MEAN, std=(0.1, 0.1))
    with pytest.raises(SeewhyError, match=r"is no nn\.Module"):
        Model(lambda x: x, mean=MEAN, std=STD)


def test_pixels_are_normalised_and_nothing_else(small: Model, x: Tensor) -> None:
    mean, std = (torch.tensor(v)[:, None, None] for v in (MEAN, STD))
    with small.frozen():
        assert torch.equal(small(x), small.module((x - mean) / std))


@pytest.mark.parametrize("wrap", [nn.DataParallel, torch.compile])
def test_wrapped_modules_are_unwrapped(wrap: Callable[[nn.Module], nn.Module], small: Model, x: Tensor) -> None:
    wrapped = Model(wrap(small.module), mean=MEAN, std=STD, size=(16, 20))
    assert wrapped.module is small.module
    assert np.array_equal(explain(wrapped, x).values, explain(small, x).values)


def test_frozen_training_mode_and_half_precision_models_work(small: Model, x: Tensor) -> None:
    found = explain(small, x).values
    frozen = Model(copy.deepcopy(small.module).train().requires_grad_(False), mean=MEAN, std=STD, size=(16, 20))
    assert np.array_equal(explain(frozen, x).values, found)
    half = Model(copy.deepcopy(small.module).bfloat16(), mean=MEAN, std=STD, size=(16, 20))
    values = explain(half, x)
    assert values.precision == "bfloat16" and values.values.dtype == np.float32
    np.testing.assert_allclose(values.values, found, rtol=0, atol=0.1 * abs(found).max())


def test_inference_mode_weights_work(small: Model, x: Tensor) -> None:
    with torch.inference_mode():
        module = SmallNet()
    made = Model(module, mean=MEAN, std=STD, size=(16, 20))
    for id in ("gradcam", "saliency"):
        np.testing.assert_allclose(explain(made, x, id).values, explain(small, x, id).values, rtol=1e-5, atol=1e-7)


def test_explaining_inside_no_grad_and_inference_mode_works(small: Model, x: Tensor) -> None:
    found = explain(small, x, "saliency").values
    with torch.no_grad():
        assert np.array_equal(explain(small, x, "saliency").values, found)
    with torch.inference_mode():
        assert np.array_equal(explain(small, x.clone(), "saliency").values, found)


def test_the_fingerprint_follows_the_weights(small: Model) -> None:
    first = small.fingerprint
    assert small.fingerprint == first
    with torch.no_grad():
        small.module.fc.bias.add_(1)
    assert small.fingerprint != first
    assert Model(SmallNet(), mean=MEAN, std=STD).fingerprint == first, "equal weights, equal fingerprints"


def test_training_on_and_explaining_again_sees_the_new_weights(small: Model, x: Tensor) -> None:
    explain(small, x)
    with torch.no_grad():
        small.module.fc.weight.mul_(-2)
    fresh = Model(copy.deepcopy(small.module), mean=MEAN, std=STD, size=(16, 20))
    assert np.array_equal(explain(small, x).values, explain(fresh, x).values)


def test_layers_are_found_by_name_by_module_or_by_themselves(small: Model) -> None:
    assert small.layer(None) == "act3"
    assert small.layer("bn2") == "bn2"
    assert small.layer(small.module.conv2) == "conv2"
    with pytest.raises(SeewhyError, match=r"(?s)no layer is named 'conf2'.*near: conv2"):
        small.layer("conf2")
    with pytest.raises(SeewhyError, match="is not in the model"):
        small.layer(nn.ReLU())


def test_a_small_memory_means_small_chunks_and_the_same_scores(small: Model, x: Tensor) -> None:
    sizes: list[int] = []
    small.module.register_forward_hook(lambda _m, args, _o: sizes.append(len(args[0])))
    tight = Model(small.module, mean=MEAN, std=STD, size=(16, 20), memory=1, fast=False)
    variants = [x * k / 5 for k in range(5)]
    with small.frozen():
        target = as_target(1).pin(small.outputs(x), small.find)
        wide = small.scores(variants, target)
        sizes.clear()
        found = tight.scores(iter(variants), target)
    assert max(sizes[2:]) == 1, "the first two are the census' probes of two"
    assert torch.allclose(found, wide, atol=1e-6) and found.shape == (2, 5)


def test_gradients_equal_autograd(small: Model, x: Tensor) -> None:
    with small.frozen():
        target = as_target([1, 3]).pin(small.outputs(x), small.find)
        found = small.gradient(x, target)
        pixels = x.clone().requires_grad_()
        out = small(pixels)
        (wanted,) = torch.autograd.grad(out[0, 1] + out[1, 3], pixels)
    assert torch.allclose(found, wanted, atol=1e-7)


def test_a_tail_runs_the_network_from_a_layer_on(small: Model, x: Tensor) -> None:
    with small.frozen():
        target = as_target(2).pin(small.outputs(x), small.find)
        tail = small.tail(x, "bn2")
        maps = tail.maps()
        assert torch.allclose(tail(maps, torch.arange(2)), small(x), atol=1e-6)
        scores = tail.scores([maps, 0 * maps], target)
        assert torch.allclose(scores[:, 0], small(x)[:, 2], atol=1e-6)
        assert not torch.allclose(scores[:, 1], scores[:, 0])
        at_input = small.tail(x, "fc", at="input")
        assert torch.allclose(at_input(at_input.maps(), torch.arange(2)), small(x), atol=1e-6)


def test_a_model_without_gradients_offers_scores_alone() -> None:
    class Detached(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x.detach().amax((2, 3))

    assert Model(Detached(), mean=MEAN, std=STD, size=(8, 8)).offers == Need.SCORES


def test_a_model_that_was_used_can_be_copied(small: Model, x: Tensor) -> None:
    """With a module of its own."""
    with small.frozen():
        wanted = small.scored(x)
    visualize(small, "conv3:1", size=(16, 20), steps=2)
    other = copy.deepcopy(small)
    with torch.no_grad():
        for one in small.module.parameters():
            one.zero_()
    with other.frozen():
        assert torch.equal(other.scored(x), wanted)
    with small.frozen():
        assert not small.scored(x).any()
