"""Linear layers by oneDNN: torch's own numbers to their rounding, and only where they are asked for alike."""

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from attentive import TinyViT
from conftest import MEAN, STD
from seewhy import Model, explain
from seewhy.model import linear as HERE
from seewhy.model.linear import linear, quick
from seewhy.model.tape import Call, Slot

HAS = torch.backends.mkldnn.is_available() and hasattr(torch.ops.mkldnn, "_linear_pointwise")
pytestmark = pytest.mark.skipif(not HAS, reason="torch was built without oneDNN's linear layer")
WEIGHT = torch.rand(24, 16, generator=torch.Generator().manual_seed(1)) - 0.5


@pytest.fixture
def products(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    """oneDNN's products that were made, all of which are worth it here."""
    made: list[tuple[int, ...]] = []
    own = HERE._product
    monkeypatch.setattr(HERE, "quicker", lambda: True)
    monkeypatch.setattr(HERE, "WORTH", 1)
    monkeypatch.setattr(HERE, "_product", lambda x, *rest: made.append(tuple(x.shape)) or own(x, *rest))
    return made


def moving(*shape: int) -> Tensor:
    return (torch.rand(shape, generator=torch.Generator().manual_seed(0)) - 0.5).requires_grad_()


@pytest.mark.parametrize("bias", [None, torch.linspace(-1, 1, 24)])
@pytest.mark.parametrize("shape", [(9, 16), (2, 9, 16), (2, 3, 4, 16), (9, 2, 16)])
def test_values_and_gradients_are_torchs(shape: tuple[int, ...], bias: Any, products: list[Any]) -> None:
    x = moving(*shape)
    given = [x, x.transpose(0, 1)] if len(shape) == 3 else [x]
    for one in given:
        found, wanted = linear(one, WEIGHT, bias), F.linear(one, WEIGHT, bias)
        torch.testing.assert_close(found, wanted, rtol=1e-6, atol=1e-6)
        grads = torch.randn(3, *found.shape, generator=torch.Generator().manual_seed(2))
        each = [torch.autograd.grad(F.linear(one, WEIGHT, bias), x, grad)[0] for grad in grads]
        alone = torch.autograd.grad(found, x, grads[0], retain_graph=True)[0]
        together = torch.autograd.grad(found, x, grads, is_grads_batched=True)[0]
        torch.testing.assert_close(alone, each[0], rtol=1e-6, atol=1e-6)
        torch.testing.assert_close(together, torch.stack(each), rtol=1e-6, atol=1e-6)
    assert len(products) == 3 * len(given)


def test_a_gradient_has_a_gradient(products: list[Any]) -> None:
    x = moving(9, 16)

    def twice(layer: Any) -> Tensor:
        (grad,) = torch.autograd.grad(layer(x, WEIGHT).tanh().sum(), x, create_graph=True)
        return torch.autograd.grad(grad.square().sum(), x)[0]

    torch.testing.assert_close(twice(linear), twice(F.linear), rtol=1e-5, atol=1e-6)
    assert products


def test_what_is_not_asked_alike_is_torchs(products: list[Any]) -> None:
    x, few = moving(9, 16), moving(3, 16)
    learning = WEIGHT.clone().requires_grad_()
    (grad,) = torch.autograd.grad(linear(x, learning).sum(), learning)
    assert grad.shape == WEIGHT.shape
    assert torch.equal(linear(few, WEIGHT), F.linear(few, WEIGHT))
    assert linear(x.double(), WEIGHT.double()).dtype == torch.float64
    with pytest.raises(RuntimeError, match="mat1 and mat2 shapes"):
        linear(moving(9, 17), WEIGHT)
    assert not products
    linear(x, learning.detach())
    with torch.no_grad():
        linear(x, learning)
    assert len(products) == 2


def test_calls_of_layers_with_weights_of_their_own_are_changed_and_no_others() -> None:
    own = quick(Call(F.linear, (Slot(0), WEIGHT), {}, Slot(1)))
    assert own.name == "linear" and own.function is not F.linear and own.reads == (0,)
    for other in (Call(F.linear, (Slot(0), Slot(2)), {}, Slot(1)), Call(F.gelu, (Slot(0),), {}, Slot(1))):
        assert quick(other) is other


@pytest.mark.parametrize("id", ["attention_relevance", "attention_rollout", "integrated_gradients", "occlusion", "lrp"])
def test_maps_are_the_same_with_it_and_without(id: str, products: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    x = torch.rand(2, 3, 16, 20, generator=torch.Generator().manual_seed(3))
    options = {"integrated_gradients": {"n_steps": 4}, "occlusion": {"window": 8}}.get(id, {})

    def made() -> Any:
        torch.manual_seed(0)
        return explain(Model(TinyViT(), mean=MEAN, std=STD, size=(16, 20)), x, id, 1, **options).values

    with torch.random.fork_rng():
        found, count = made(), len(products)
        monkeypatch.setattr(HERE, "quicker", lambda: False)
        wanted = made()
    assert count and len(products) == count
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-5 * abs(wanted).max())


def test_networks_with_many_kinks_keep_their_own(products: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    for steady in (True, False):
        if not steady:
            monkeypatch.setattr("seewhy.model.tape.STEADY", -1)
        for how in ("fused", "module"):
            model = Model(TinyViT(how), mean=MEAN, std=STD, size=(16, 20))
            assert model.census().tape is not None and not products, "a probe sees the network's own numbers"
            for id in ("integrated_gradients", "attention_relevance"):
                explain(model, torch.rand(1, 3, 16, 20), id, 1)
                assert bool(products) == steady
                products.clear()


def test_a_model_that_is_to_run_as_it_is_does(products: list[Any]) -> None:
    for how in ("fused", "module"):
        model = Model(TinyViT(how), mean=MEAN, std=STD, size=(16, 20), fast=False)
        for id in ("integrated_gradients", "attention_relevance"):
            explain(model, torch.rand(1, 3, 16, 20), id, 1)
    assert not products


def test_it_is_timed_once_and_says_yes_or_no() -> None:
    HERE.quicker.cache_clear()
    first = HERE.quicker()
    assert first is HERE.quicker() and HERE.quicker.cache_info().misses == 1
