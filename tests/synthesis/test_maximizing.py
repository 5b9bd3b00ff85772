"""Optimised pictures: a step by hand, promises, refusals, and what a planted network asks for."""

from dataclasses import replace
from threading import get_ident
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from attentive import TinyViT
from conftest import MEAN, STD, SmallNet
from seewhy import Model, SeewhyError, black_box
from seewhy.errors import BadOption, ModelFailed
from seewhy.model.rules import Rules
from seewhy.synthesis import NONE, Transforms, objectives, visualize
from seewhy.synthesis.adam import Adam
from seewhy.synthesis.climbing import evenly
from seewhy.synthesis.parametrization import NAMED, Fourier, Pixels
from seewhy.synthesis.redirected import REDIRECTED

FEW: dict[str, Any] = {"size": (16, 20), "steps": 6}


def last(found: Any, at: int = 0) -> np.ndarray:
    return np.asarray(found[at].images[-1])


def test_adam_is_torchs() -> None:
    generator = torch.Generator().manual_seed(0)
    grads = [torch.randn(3, 4, generator=generator) * 10.0**-at for at in range(6)]
    own, other = torch.zeros(3, 4), torch.zeros(3, 4, requires_grad=True)
    mine, torchs = Adam([own], 0.05), torch.optim.Adam([other], 0.05)
    for grad in grads:
        mine.step([grad])
        other.grad = grad.clone()
        torchs.step()
        torch.testing.assert_close(own, other.detach())


def test_steps_are_those_of_the_network_alone(small: Model) -> None:
    """Without transforms: Adam on the parameters, through the whole network by plain autograd."""
    model = small.at("float64")
    own = Pixels()
    (start,) = own.start((3, 16, 20), [torch.Generator().manual_seed(0)])
    parameter = start.double().requires_grad_()
    adam = torch.optim.Adam([parameter], 0.05)
    values = []
    mean, std = (torch.tensor(one, dtype=torch.float64)[:, None, None] for one in (MEAN, STD))
    with model.frozen() as net:
        for _ in range(6):
            image = own.image([parameter], (16, 20))
            seen: list[Tensor] = []
            handle = net.conv3.register_forward_hook(lambda _m, _i, out, seen=seen: seen.append(out))
            net((image - mean) / std)
            handle.remove()
            value = seen[0][:, 5].mean() - 1e-3 * (image.diff(dim=2).abs().sum() + image.diff(dim=3).abs().sum())
            values.append(float(value.detach()))
            adam.zero_grad()
            (-value).backward()
            adam.step()
    found = visualize(model, "conv3:5 - 1e-3*tv", parametrization="pixels", transforms=NONE, redirect=0, seed=0, **FEW)
    np.testing.assert_allclose(found[0].values[:, 0], values, rtol=1e-4)
    wanted = own.image([parameter], (16, 20)).detach().permute(0, 2, 3, 1).numpy()
    np.testing.assert_allclose(last(found), wanted, atol=1e-4)


@pytest.mark.parametrize("name", NAMED)
def test_every_parametrization_climbs(bright: Model, name: str) -> None:
    found = visualize(bright, "class:red", size=(32, 40), steps=120, parametrization=name)
    values = found[0].values[:, 0]
    assert values[-5:].mean() > values[0] + 1, name
    red, green, blue = found[0].image.mean((0, 1))
    assert red > green and red > blue, "class 1 grows with bright red"
    assert found[0].transparency.max() == 1 and found[0].transparency.min() >= 0


class Gabor(nn.Module):
    """Two channels that know one wave each: across every 6 pixels, and down every 4."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.act = nn.Conv2d(3, 2, 25, padding=12, bias=False), nn.ReLU()
        at = torch.arange(25.0) - 12
        window = torch.exp(-at.square() / 50)
        waves = torch.stack(
            [torch.cos(2 * torch.pi * at / 6).expand(25, 25), torch.cos(2 * torch.pi * at / 4)[:, None].expand(25, 25)]
        )
        with torch.no_grad():
            weight = waves * window * window[:, None]
            self.conv.weight.copy_((weight - weight.mean((1, 2), keepdim=True))[:, None].expand(-1, 3, -1, -1))

    def forward(self, x: Tensor) -> Tensor:
        return self.act(self.conv(x)).mean((2, 3))


@pytest.mark.parametrize("name", ["fourier", "pixels"])
def test_the_picture_of_a_channel_has_the_wave_that_it_knows(name: str) -> None:
    """Its spectrum is loudest within the filter's bandwidth of its wave, and hardly there around the other's."""
    model = Model(Gabor(), mean=MEAN, std=STD, size=(48, 48))
    found = visualize(model, ["act:0", "act:1"], size=48, steps=300, parametrization=name, transforms=NONE)
    down, across = np.meshgrid(np.fft.fftfreq(48) * 48, np.arange(25), indexing="ij")
    near = [np.hypot(np.abs(down) - own, across - other) <= 3 for own, other in ((0, 8), (12, 0))]
    for at, one in enumerate(found.found):
        grey = one.image.mean(2)
        loud = np.abs(np.fft.rfft2(grey - grey.mean())) ** 2
        assert near[at][np.unravel_index(loud.argmax(), loud.shape)]
        assert loud[near[at]].sum() > 10 * loud[near[1 - at]].sum()


def test_each_class_gets_its_own_colour(bright: Model) -> None:
    found = visualize(bright, ["class:red", "class:green"], size=(32, 40), steps=60)
    red, green = (one.image.mean((0, 1)) for one in found.found)
    assert red.argmax() == 0 and green.argmax() == 1
    with bright.frozen():
        x = torch.from_numpy(np.stack([one.image for one in found.found])).permute(0, 3, 1, 2)
        assert bright(x).argmax(1).tolist() == [1, 2]


def test_a_picture_is_the_same_alone_and_in_any_batch(small: Model) -> None:
    model = small.at("float64")
    asked = ["conv3:5", "conv3:2", "class:c", "conv2:1 - 1e-3*tv"]
    together = visualize(model, asked, size=(16, 20), steps=20)
    backwards = visualize(replace(model, memory=1), asked[::-1], size=(16, 20), steps=20)  # one at a time
    for at, one in enumerate(asked):
        alone = visualize(model, one, size=(16, 20), steps=20)
        assert alone[0].name == together[at].name == one
        np.testing.assert_allclose(last(alone), last(together, at), atol=1e-5)
        np.testing.assert_allclose(last(alone), last(backwards, 3 - at), atol=1e-5)
        np.testing.assert_allclose(alone[0].values, together[at].values, rtol=1e-4, atol=1e-6)
    first = visualize(model, "conv3:5", size=(16, 20), steps=20, batch=1)
    two = visualize(model, "conv3:5", size=(16, 20), steps=20, batch=2)
    np.testing.assert_allclose(last(first)[0], last(two)[0], atol=1e-5)
    assert np.abs(last(two)[0] - last(two)[1]).max() > 0.01, "pictures of one batch begin differently"


@pytest.mark.engine
def test_each_core_has_pictures_of_its_own_and_they_are_those_of_one_core(small: Model, two_cores: None) -> None:
    model = replace(small.at("float64"), memory=1)  # of a core's two pictures one goes through the network at a time
    asked, threads = ["conv3:5", "conv3:2 - 1e-3*tv", "conv3:1"], set()

    class Seen(Pixels):
        def image(self, parameters: Any, size: tuple[int, int]) -> Tensor:
            threads.add((get_ident(), torch.get_num_threads()))
            return super().image(parameters, size)

    both = visualize(model, asked, size=(16, 20), steps=20, parametrization=Seen())
    main = get_ident()
    assert len({ident for ident, _ in threads} - {main}) == 2 and {n for i, n in threads if i != main} == {1}
    torch.set_num_threads(1)
    threads.clear()
    one = visualize(model, asked, size=(16, 20), steps=20, parametrization=Seen())
    assert {ident for ident, _ in threads} == {main}
    alone = [visualize(model, name, size=(16, 20), steps=20, parametrization=Pixels())[0] for name in asked]
    for a, b, c in zip(both.found, one.found, alone, strict=True):
        np.testing.assert_allclose(a.images, c.images, atol=1e-6)
        np.testing.assert_allclose(a.images, b.images, atol=1e-6)
        np.testing.assert_allclose(a.values, b.values, rtol=1e-5, atol=1e-7)


def test_what_goes_wrong_on_a_core_is_said_and_modules_are_run_by_one_thread(small: Model, two_cores: None) -> None:
    idents, over = set(), []

    class Late(Pixels):
        def image(self, parameters: Any, size: tuple[int, int]) -> Tensor:
            return super().image(parameters, size) * (float("nan") if over else 1)

    class Watched(Broken):
        def forward(self, x: Tensor) -> Tensor:
            idents.add(get_ident())
            return super().forward(x)

    def late(step: Any) -> None:
        if step.done == 18:
            over.append(True)

    watched = Model(Watched(), mean=MEAN, std=STD, size=(8, 8), fast=False)
    with pytest.raises(ModelFailed, match="NaN or infinite in step 1"):
        visualize(watched, ["class:4", "class:5"], size=8, steps=3, redirect=0)
    assert idents == {get_ident()}
    with pytest.raises(ModelFailed, match="NaN or infinite in step 19"):
        asked = ["deepdream:conv3", "deepdream:conv3 - 1e-9*tv"]
        visualize(small, asked, size=(16, 20), steps=20, tell=late, parametrization=Late())
    assert torch.get_num_threads() == 2


def test_the_seed_decides_and_nothing_else_is_touched(small: Model) -> None:
    torch.manual_seed(7)
    state, numpys = torch.get_rng_state(), np.random.get_state()[1].copy()
    a, b, c = (visualize(small, "conv3:5", seed=seed, **FEW) for seed in (3, 3, 4))
    assert np.array_equal(last(a), last(b)) and not np.array_equal(last(a), last(c))
    assert torch.equal(state, torch.get_rng_state()) and np.array_equal(numpys, np.random.get_state()[1])


def test_pictures_are_kept_on_the_way(small: Model) -> None:
    found = visualize(small, "conv3:5", thresholds=[4, 2], **FEW)
    assert found.steps == (2, 4, 6) and found[0].images.shape == (3, 1, 16, 20, 3)
    assert found[0].values.shape == (6, 1)
    short = visualize(small, "conv3:5", size=(16, 20), steps=4)
    np.testing.assert_allclose(found[0].images[1], last(short), atol=1e-6)


def test_it_tells_of_each_step_and_can_be_stopped(small: Model) -> None:
    told: list[Any] = []

    def tell(step: Any) -> bool:
        told.append(step)
        return step.done == 3

    found = visualize(small, ["conv3:5", "class:a"], thresholds=[2], tell=tell, **FEW)
    assert [one.done for one in told] == [1, 2, 3] and all(one.total == 6 and len(one.values) == 2 for one in told)
    assert found.steps == (2, 3) and found[0].values.shape == (3, 1)
    assert told[2].values == pytest.approx([one.values[2, 0] for one in found.found])


def test_diversity_makes_pictures_differ(small: Model) -> None:
    def alike(text: str) -> float:
        """The mean cosine between the pictures' Gram matrices at the layer."""
        found = visualize(small, text, size=(16, 20), steps=60, batch=3, transforms=NONE)
        with small.frozen():
            (maps,) = small.maps(torch.from_numpy(last(found)).permute(0, 3, 1, 2), ["conv3"])
        grams = np.einsum("ndrq,nerq->nde", maps.numpy(), maps.numpy()).reshape(3, -1)
        grams /= np.linalg.norm(grams, axis=1, keepdims=True)
        return float((grams @ grams.T)[np.triu_indices(3, 1)].mean())

    assert alike("conv3:5 + 20*diversity:conv3") < 0.8 < 0.95 < alike("conv3:5")


def test_tokens_of_a_vit_and_networks_of_one_size(x: Tensor) -> None:
    vit = Model(TinyViT(), mean=MEAN, std=STD, size=(16, 20))
    found = visualize(vit, ["blocks.1:3", "blocks.2:4:center", "class:1"], steps=30, size=(16, 20))
    assert all(one.values[-3:].mean() > one.values[0, 0] for one in found.found)
    rows = nn.Sequential(nn.Conv2d(3, 4, 4, stride=4), nn.Flatten(), nn.Linear(80, 3))
    fixed = visualize(Model(rows, mean=MEAN, std=STD, size=(16, 20)), "class:1", size=(24, 30), steps=10)
    assert fixed[0].image.shape == (24, 30, 3) and fixed[0].values[-1, 0] > fixed[0].values[0, 0]
    assert fixed.notes == ("the network takes no other size than 16x20: pictures are resized to it in every step",)


def test_grey_networks_get_grey_pictures() -> None:
    grey = Model(nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU()), mean=0.5, std=0.5, size=(12, 12))
    found = visualize(grey, "0:2", size=(12, 14), steps=5)
    assert found[0].image.shape == (12, 14, 1)


class Shut(nn.Module):
    """A network whose only ReLU is shut for anything but very bright pictures."""

    def __init__(self, threshold: float) -> None:
        super().__init__()
        self.threshold, self.act = threshold, nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        return self.act(x.mean((1, 2, 3), keepdim=True).flatten(1) - self.threshold).expand(-1, 2)


def test_redirected_gradients_open_what_is_shut() -> None:
    model = Model(Shut(0.03), mean=0.5, std=1.0, size=(8, 8))
    opened = visualize(model, "act:0", size=8, steps=30, transforms=NONE)
    assert opened[0].values[0, 0] == 0 and opened[0].values[-1, 0] > 0.05
    with pytest.raises(ModelFailed, match=r"the gradient of 'act:0' is zero in each of 16 steps"):
        visualize(model, "act:0", size=8, steps=30, redirect=0, transforms=NONE)


def test_redirected_gradients_by_hand() -> None:
    x = torch.tensor([[-1.0, -2.0, 7.0, 8.0], [-1.0, 2.0, 7.0, 3.0]], requires_grad=True)
    weights = torch.tensor([[1.0, -1.0, 2.0, -2.0]])
    with Rules(REDIRECTED):
        loss = (nn.functional.relu6(x) * weights).sum()
    (grad,) = torch.autograd.grad(loss, x)
    # Nothing gets through in the first row: what would go further down below 0 or further up above 6 is stopped.
    assert grad.tolist() == [[0.0, -1.0, 2.0, 0.0], [0.0, -1.0, 0.0, -2.0]]
    with Rules(REDIRECTED):
        kept = torch.relu_(x.detach().clone().requires_grad_() * 1)
    assert torch.equal(kept, x.detach().clamp_min(0))


class Broken(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([x.mean((2, 3)), (x.mean((2, 3)) - 9).sqrt()], 1)


def test_what_can_not_be_optimised_is_refused(small: Model) -> None:
    class Cut(SmallNet):
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(x.detach())

    broken = Model(Broken(), mean=MEAN, std=STD, size=(8, 8))
    with pytest.raises(ModelFailed, match=r"'class:4' or its gradient is NaN or infinite in step 1"):
        visualize(broken, "class:4", size=8, steps=3)
    with pytest.raises(SeewhyError, match="no gradient of its input"):
        visualize(Model(Cut(), mean=MEAN, std=STD, size=(16, 20)), "class:1", **FEW)
    with pytest.raises(SeewhyError, match="nothing can be optimised through"):
        visualize(black_box(lambda p: np.zeros((len(p), 3)), input="float", size=(8, 8)), "class:1", **FEW)
    for wrong, said in (
        ({"objectives": []}, "no objective"),
        ({"objectives": [3]}, "an objective is 3"),
        ({"size": 2}, "size is 2"),
        ({"steps": 0}, "steps"),
        ({"thresholds": [7]}, "a threshold"),
        ({"batch": 0}, "batch"),
        ({"parametrization": "waves"}, "parametrization is"),
        ({"transforms": "none"}, "transforms is"),
        ({"lr": 0}, "lr"),
        ({"seed": -1}, "seed"),
    ):
        with pytest.raises(BadOption, match=said):
            visualize(small, wrong.pop("objectives", "conv3:1"), **{**FEW, **wrong})
    with pytest.raises(SeewhyError, match="not used"):
        unused = SmallNet()
        unused.more = nn.Conv2d(1, 1, 1)
        visualize(Model(unused, mean=MEAN, std=STD, size=(16, 20)), "more:0", **FEW)


def test_the_model_comes_back_as_it_was(small: Model) -> None:
    net = small.module.train()
    before = {name: p.clone() for name, p in net.state_dict().items()}

    def raising(step: Any) -> None:
        if step.done == 2:
            raise RuntimeError("stop")

    visualize(small, "conv3:5", **FEW)
    with pytest.raises(RuntimeError):
        visualize(small, "conv3:5", tell=raising, **FEW)
    assert net.training and all(p.requires_grad and p.grad is None for p in net.parameters())
    assert all(torch.equal(before[name], p) for name, p in net.state_dict().items())
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in net.modules())


@pytest.mark.engine
def test_no_more_of_the_network_is_run_than_up_to_the_layer(small: Model) -> None:
    runs = []
    small.module.fc.register_forward_hook(lambda *_: runs.append(1))
    small.census()
    with small.frozen():
        small.read(torch.rand(1, 3, 32, 40), ["conv2"])
    runs.clear()
    visualize(small, "conv2:1", size=(16, 20), steps=3, transforms=Transforms(pad=8), network_size=(32, 40))
    assert not runs


def test_on_the_default_model_a_class_is_found(default_model: Model) -> None:
    """A short run of what `make visualize` shows: at 64 steps the goldfish is called so, under jitter."""
    found = visualize(default_model, "class:goldfish", size=112, steps=48)
    picture = torch.from_numpy(found[0].image).permute(2, 0, 1)[None]
    jitter = Transforms(pad=8, jitter=17, scales=(1.0,), angles=(0.0,), last=0)
    draws = [torch.Generator().manual_seed(at) for at in range(4)]
    x = jitter(picture.expand(4, -1, -1, -1), jitter.drawn((112, 112), draws), (224, 224))
    with default_model.frozen():
        called = default_model.scored(x).argmax(1)
    assert (called == default_model.find("goldfish")).sum() >= 3
    values = found[0].values[:, 0]
    assert values[-8:].mean() > values[0] + 15


def test_objectives_may_be_made_in_python(small: Model) -> None:
    made = objectives.channel("conv3", 5) - 1e-3 * objectives.total_variation()
    a, b = visualize(small, made, **FEW), visualize(small, "conv3:5 - 0.001*tv", **FEW)
    assert np.array_equal(last(a), last(b)) and a[0].name == b[0].name == "conv3:5 - 0.001*tv"
    assert visualize(small, made.named("mine"), **FEW)[0].name == "mine"
    assert visualize(small, made, parametrization=Fourier(decay=2), **FEW).options["parametrization"]["decay"] == 2


@pytest.mark.parametrize(("count", "most", "each"), [(8, 6, 4), (8, 8, 8), (9, 4, 3), (1, 4, 1), (7, 2, 2)])
def test_pictures_go_evenly(count: int, most: int, each: int) -> None:
    assert evenly(count, most) == each
