import random
import threading

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from seewhy import Model, explain
from seewhy.errors import Unsupported
from seewhy.model.trace import frozen, inputs, override, record


def net(inplace: bool = True) -> nn.Sequential:
    with torch.random.fork_rng():
        torch.default_generator.manual_seed(0)
        return nn.Sequential(nn.Conv2d(3, 2, 3), nn.ReLU(inplace=inplace), nn.AdaptiveAvgPool2d(1), nn.Flatten())


def recorded(inplace: bool, x: Tensor) -> tuple[Tensor, Tensor]:
    module = net(inplace)
    with torch.no_grad(), record(module, ["0"], cut=True) as seen:
        score = module(x).sum()
    (maps,) = seen["0"]
    return maps.detach(), torch.autograd.grad(score, maps)[0]


def test_an_in_place_layer_does_not_rewrite_the_record() -> None:
    x = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(0)) - 0.5
    for plain, inplace in zip(recorded(False, x), recorded(True, x), strict=True):
        assert torch.equal(plain, inplace)
    assert recorded(True, x)[0].min() < 0, "the record is what the convolution returned, before the ReLU"


def test_the_graph_starts_at_the_layer() -> None:
    module = net()
    with torch.no_grad(), record(module, ["0"], cut=True) as seen:
        module(torch.rand(1, 3, 8, 8))
    assert seen["0"][0].is_leaf


def test_gradient_mode_ends_with_the_block() -> None:
    with torch.no_grad():
        with torch.no_grad(), record(net(), ["0"], cut=True):
            pass
        assert not torch.is_grad_enabled()


def test_each_call_of_a_reused_layer_is_kept() -> None:
    relu = nn.ReLU()
    module = nn.Sequential(nn.Conv2d(3, 2, 1), relu, nn.Conv2d(2, 2, 1), relu)
    with record(module, ["1"], cut=False) as seen:
        module(torch.rand(1, 3, 4, 4))
    assert len(seen["1"]) == 2
    assert not torch.equal(*seen["1"])


def test_an_unknown_layer_releases_the_known_ones() -> None:
    module = net()
    with pytest.raises(AttributeError), record(module, ["0", "nope"], cut=True):
        pass
    assert not module[0]._forward_hooks


def test_a_layer_that_returns_a_tuple_is_refused() -> None:
    module = nn.Sequential(nn.Flatten(2), nn.LSTM(16, 4, batch_first=True))
    with pytest.raises(Unsupported, match="deals in tuple"), record(module, ["1"], cut=True):
        module(torch.rand(1, 3, 4, 4))


def test_override_puts_maps_in_a_layers_place() -> None:
    module = net(inplace=False)
    maps = torch.full((1, 2, 6, 6), 3.0)
    with override(module, "0", maps):
        assert torch.equal(module(torch.rand(1, 3, 8, 8)), torch.full((1, 2), 3.0))
    with override(module, "1", -maps, at="input"), inputs(module, "2") as seen:
        assert torch.equal(module(torch.rand(1, 3, 8, 8)), torch.zeros(1, 2))
    assert torch.equal(seen[0], torch.zeros(1, 2, 6, 6))
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in module.modules())


def test_frozen_restores_every_mode_and_flag_also_after_an_exception() -> None:
    module = net().train()
    module[1].eval()
    module[0].bias.requires_grad_(False)
    with pytest.raises(KeyError), frozen(module):
        assert not any(p.requires_grad for p in module.parameters())
        assert not any(m.training for m in module.modules())
        raise KeyError
    assert [m.training for m in module] == [True, False, True, True]
    assert module[0].weight.requires_grad and not module[0].bias.requires_grad


class Counting(nn.Module):
    """Each forward changes its buffers, in place and by new ones, and its output follows."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.fc = nn.Conv2d(3, 4, 3), nn.Linear(4, 3)
        self.register_buffer("times", torch.ones(1))
        self.register_buffer("latest", torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        self.times *= 1.5
        self.latest = self.latest + 1
        return self.fc(self.conv(x).relu().mean((2, 3))) * self.times * self.latest


@pytest.mark.parametrize("id", ["gradcam", "saliency", "integrated_gradients", "ablationcam", "deep_lift"])
def test_a_network_that_changes_its_buffers_starts_each_forward_from_the_same(id: str, x: Tensor) -> None:
    net = Counting()
    model = Model(net, mean=(0, 0, 0), std=(1, 1, 1), size=(16, 20))
    held = dict(net.named_buffers())
    first, again = explain(model, x, id, 1).values, explain(model, x, id, 1, memory=1).values
    assert abs(first - again).max() <= 1e-5 * abs(first).max()
    assert all(one is held[name] for name, one in net.named_buffers())
    assert net.times == 1 and net.latest == 0


class Drawing(Counting):
    def forward(self, x: Tensor) -> Tensor:
        noise = torch.rand(1).item() + np.random.rand() + random.random()
        return super().forward(x + noise)


def test_a_network_that_draws_leaves_the_global_generators_as_they_were(x: Tensor) -> None:
    model = Model(Drawing(), mean=(0, 0, 0), std=(1, 1, 1), size=(16, 20))
    before = torch.get_rng_state(), np.random.get_state()[1].copy(), random.getstate()
    explain(model, x, "smoothgrad", 1, n_samples=2)
    after = torch.get_rng_state(), np.random.get_state()[1], random.getstate()
    assert torch.equal(before[0], after[0]) and (before[1] == after[1]).all() and before[2] == after[2]


def test_a_network_compiled_in_place_is_explained_uncompiled_and_stays_compiled(x: Tensor) -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3)).eval()
    plain = explain(Model(net, mean=(0, 0, 0), std=(1, 1, 1), size=(16, 20)), x, "guided_backprop", 1).values
    runs: list[int] = []
    net.compile(backend=lambda graph, _inputs: runs.append(1) or graph.forward)
    compiled = net._compiled_call_impl
    found = explain(Model(net, mean=(0, 0, 0), std=(1, 1, 1), size=(16, 20)), x, "guided_backprop", 1).values
    assert np.array_equal(found, plain) and not runs
    assert net._compiled_call_impl is compiled and compiled is not None


def test_two_threads_on_one_network_take_turns(small: Model, x: Tensor) -> None:
    small.module.train()
    wanted = [explain(small, one[None], "gradcam", 1).values for one in x]
    wrong: list[object] = []

    def explained(i: int) -> None:
        for _ in range(15):
            found = explain(small, x[i : i + 1], "gradcam", 1).values
            wrong.extend([] if np.array_equal(found, wanted[i]) else [found])

    threads = [threading.Thread(target=explained, args=(i,)) for i in (0, 1)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert not wrong and small.module.training
