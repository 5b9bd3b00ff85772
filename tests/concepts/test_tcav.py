"""TCAV on the planted network: stripes matter to striped, colours do not, noise does not; and what it refuses."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from attentive import TinyViT
from benchmarks.textures import sets
from benchmarks.textures.network import load, pixels
from benchmarks.textures.scenes import draw
from conftest import MEAN, STD, Bright, SmallNet
from seewhy import Model, black_box
from seewhy.concepts import along, load_cavs, reading, tcav
from seewhy.errors import BadInput, BadOption, ModelFailed, SeewhyError, UnknownName, Unsupported
from seewhy.results.tcav import ConceptScores

N = 45
LAYERS = ["stage2", "stage3", "stage4"]


@pytest.fixture(scope="module")
def net() -> Model:
    return load()


@pytest.fixture(scope="module")
def random() -> list[Tensor]:
    return [pixels(sets.concept("random", N, (2, i))) for i in range(20)]


def striped(n: int = 40) -> Tensor:
    return pixels(draw(n, (3, 0), "striped").pixels)


@pytest.fixture(scope="module")
def found(net: Model, random: list[Tensor]) -> ConceptScores:
    named = {name: pixels(sets.concept(name, N, (1, i))) for i, name in enumerate(("stripes", "red", "green", "blue"))}
    named |= {f"noise {i}": pixels(sets.concept("random", N, (5, i))) for i in range(2)}
    return tcav(net, named, random, striped(), "striped", LAYERS)


def test_stripes_are_significant_where_the_network_knows_them(found: ConceptScores) -> None:
    for layer in LAYERS:
        one = found["stripes", layer]
        assert one.verdict == "significant" and one.score > 0.95 and one.runs.accuracy > 0.75, layer


@pytest.mark.parametrize("name", ["red", "green", "blue", "noise 0", "noise 1"])
def test_colours_and_noise_are_not(found: ConceptScores, name: str) -> None:
    for layer in LAYERS:
        assert found[name, layer].verdict == "not significant", (name, layer, found[name, layer].corrected)


def test_noise_never_passes_on_the_network_either(net: Model) -> None:
    """Twelve networks' worth of seeds, three layers each, without any correction."""
    passed = told = 0
    for seed in range(12):
        random = [pixels(sets.concept("random", 20, (seed, 2, i))) for i in range(10)]
        noise = {"noise": pixels(sets.concept("random", 20, (seed, 5)))}
        for one in tcav(net, noise, random, striped(10), "striped", LAYERS, correction="none", seed=seed):
            passed += one.verdict == "significant"
            told += one.p_scores < 0.05
    assert passed == 0 and told > 3, "the t-test alone is fooled: if it is not, this test tells nothing"


def test_one_forward_a_picture_and_one_backward_a_picture_of_the_class(found: ConceptScores) -> None:
    assert (found.passes.forward, found.passes.backward) == (26 * N + 40, 40)
    assert found.predicted == 1.0 and found.tests == 18 and not found.notes


def test_relative_cavs_tell_concepts_from_one_another(net: Model, random: list[Tensor]) -> None:
    named = {name: pixels(sets.concept(name, N, (1, i))) for i, name in enumerate(("stripes", "dots", "checks"))}
    found = tcav(net, named, random[:10], striped(), "striped", "stage3", relative=True)
    scores = {one.concept: one for one in found if one.against != "random"}
    assert scores["stripes"].score > 0.95 and scores["dots"].score < 0.05
    assert scores["dots"].against == "stripes, checks" and scores["dots"].verdict == "not tested"
    assert all(one.runs.accuracy > 0.9 for one in scores.values())


def test_a_step_along_the_cav_raises_the_class(found: ConceptScores, net: Model) -> None:
    plain = pixels(draw(1, 4, "plain").pixels)
    for layer in LAYERS:
        logits = along(net, plain, found.cavs["stripes", layer], (-1, 0, 1, 2))[:, 0]
        assert (np.diff(logits) > 0).all(), layer
    with net.frozen():
        same = net.outputs(plain)[0].numpy()
    np.testing.assert_allclose(along(net, plain, found.cavs["stripes", "stage2"], (0,))[0], same, atol=1e-4)


def test_cavs_are_kept_without_pickle(found: ConceptScores, tmp_path: Path, net: Model) -> None:
    folder = found.save(tmp_path / "out")
    assert {one.name for one in folder.iterdir()} == {
        "tcav.json", "tcav.txt", "tcav.png", "cavs.json", "cavs.safetensors"
    }  # fmt: skip
    again = load_cavs(folder)
    assert again.model == net.fingerprint and len(again) == len(found)
    for one, kept in zip(found.cavs.each, again.each, strict=True):
        assert np.array_equal(one.directions, kept.directions)
        assert (one.concept, one.layer, one.accuracies, one.pool) == (kept.concept, kept.layer, kept.accuracies, "mean")
    np.testing.assert_allclose(np.linalg.norm(again["red", "stage3"].directions, axis=1), 1, rtol=1e-5)
    with pytest.raises(UnknownName, match="no CAV of 'grey'"):
        again["grey", "stage3"]
    (folder / "cavs.safetensors").write_bytes(b"no tensors")
    with pytest.raises(BadInput, match="broken"):
        load_cavs(folder)
    with pytest.raises(BadInput, match="holds no CAVs"):
        load_cavs(tmp_path)


def test_activations_are_read_from_disk_and_only_for_the_same_content(
    net: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sets.write(tmp_path, n=12, randoms=10)
    asked = ({"stripes": tmp_path / "concepts" / "stripes"}, tmp_path / "random", tmp_path / "classes" / "striped")
    args: tuple[Any, ...] = (*asked, "striped", LAYERS[:2])
    first = tcav(net, *args, cache=tmp_path / "kept")
    again = tcav(net, *args, cache=tmp_path / "kept")
    assert (first.passes.forward, again.passes.forward) == (12 * 12, 12)
    assert again["stripes", "stage3"].p == first["stripes", "stage3"].p
    other = tmp_path / "concepts" / "stripes" / "000.png"
    Image.fromarray(sets.concept("dots", 1, 99)[0]).save(other)
    assert tcav(net, *args, cache=tmp_path / "kept").passes.forward == 12 + 1
    assert tcav(net, *args, cache=tmp_path / "kept", pool="flatten").passes.forward == 12 * 12
    changed = load()
    with torch.no_grad():
        changed.module.stage1[0].weight.mul_(1.01)
    assert tcav(changed, *args, cache=tmp_path / "kept").passes.forward == 12 * 12
    kept = next(one for one in (tmp_path / "kept").rglob("*.npy"))
    kept.write_bytes(b"broken")
    assert tcav(net, *args, cache=tmp_path / "kept").passes.forward <= 12 + 1
    assert not list((tmp_path / "kept").rglob(".*"))


def noise(n: int, *shape: int, seed: int = 0) -> Tensor:
    return torch.rand(n, *shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("pool", ["mean", "flatten"])
def test_tokens_and_pictures_that_are_not_square(pool: Any) -> None:
    model = Model(TinyViT(), mean=MEAN, std=STD, size=(16, 20))
    random = [noise(12, 3, 16, 20, seed=i) for i in range(10)]
    light = noise(12, 3, 16, 20, seed=50) * 0.3 + 0.7
    found = tcav(model, {"light": light}, random, random[0], 0, ["blocks.0", "blocks.1.mlp", "fc"], pool=pool)
    assert found["light", "blocks.0"].runs.accuracy > 0.9
    assert all(np.isfinite(one.p) for one in found)
    by_hand(model, found, random[0], "blocks.0", pool)
    cav = found.cavs["light", "blocks.0"]
    moved = along(model, random[0][:1], cav, (0, 1))
    with model.frozen():
        np.testing.assert_allclose(moved[0], model.outputs(random[0][:1])[0], atol=1e-5)
    assert not np.allclose(moved[0], moved[1], atol=1e-4)
    with pytest.raises(BadInput, match="fit it anew"):
        along(model, random[0][:1], replace(cav, layer="fc"))
    with pytest.raises(BadOption, match="a step is 'far'"):
        along(model, random[0][:1], cav, ("far",))


def by_hand(model: Model, found: ConceptScores, x: Tensor, layer: str, pool: str) -> None:
    """The mean derivative by finite differences of the outputs, the whole layer moved along the CAV."""
    cav = found.cavs["light", layer]
    with model.frozen(), torch.no_grad():
        (values,) = model.read(x, [layer])
        tail = model.tail(x, layer, whole=True)
        direction = torch.from_numpy(cav.directions[0])
        step = 1e-2 * (direction if pool == "mean" else direction.view(1, *values.shape[1:]))
        rows = torch.arange(len(x))
        up, down = (tail(values + sign * step, rows)[:, found.index] for sign in (1, -1))
    slope = ((up - down) / 2e-2).numpy()
    assert found["light", layer].runs.derivatives[0] == pytest.approx(slope.mean(), rel=2e-2, abs=1e-4)
    assert found["light", layer].runs.scores[0] == pytest.approx((slope > 0).mean(), abs=0.1)


def test_a_grey_network_and_the_module_as_it_was() -> None:
    module = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
                           nn.Linear(4, 2)).train()  # fmt: skip
    before = {name: one.clone() for name, one in module.state_dict().items()}
    model = Model(module, mean=(0.5,), std=(0.5,), size=(12, 12))
    random = [noise(12, 1, 12, 12, seed=i) for i in range(10)]
    tcav(model, {"light": noise(12, 1, 12, 12, seed=50) * 0.3 + 0.7}, random, random[0], 1, "2")
    assert module.training and all(torch.equal(one, before[name]) for name, one in module.state_dict().items())
    assert not any(one._forward_hooks for one in module.modules())
    with pytest.raises(UnknownName):
        tcav(model, {"a": noise(12, 1, 12, 12, seed=70)}, random, random[0], 5)
    assert module.training


class Cut(Bright):
    """Its scores do not depend on the layer `unread`."""

    def __init__(self) -> None:
        super().__init__()
        self.unread = nn.Conv2d(3, 4, 3)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) + 0 * self.unread(x).mean((1, 2, 3))[:, None]


def test_a_gradient_of_zero_is_undefined_and_said() -> None:
    model = Model(Cut(), mean=MEAN, std=STD, size=(32, 40))
    random = [noise(12, 3, 32, 40, seed=i) for i in range(10)]
    found = tcav(model, {"light": noise(12, 3, 32, 40, seed=50) * 0.3 + 0.7}, random, random[0], 1, "unread")
    assert [one.verdict for one in found] == ["undefined"]
    assert any("does not depend on unread: its gradient is zero" in one for one in found.notes)
    assert found.as_data()["results"][0]["p"] is None


def test_a_class_that_is_not_predicted_is_said(net: Model, random: list[Tensor]) -> None:
    stripes = {"stripes": pixels(sets.concept("stripes", N, 1))}
    found = tcav(net, stripes, random[:10], pixels(draw(12, 3, "plain").pixels), "striped", "stage4")
    assert found.predicted < 0.5
    assert found.notes[0].startswith("0 of 12 pictures of striped are predicted as striped")


def good(**changed: Any) -> dict[str, Any]:
    random = [noise(10, 3, 16, 20, seed=i) for i in range(10)]
    made = {"concepts": {"a": noise(10, 3, 16, 20, seed=60)}, "random": random, "images": random[0], "target": 0}
    return {**made, **changed}


@pytest.mark.parametrize(
    ("changed", "error", "said"),
    [
        (lambda: {"concepts": {}}, BadOption, "no concept is named"),
        (lambda: {"concepts": {"a": noise(9, 3, 16, 20)}}, BadInput, "a has 9 different pictures"),
        (lambda: {"concepts": {"a": noise(1, 3, 16, 20).repeat(20, 1, 1, 1)}}, BadInput, "a has 1 different pictures"),
        (lambda: {"concepts": {"a": noise(10, 3, 16, 20, seed=3)}}, BadInput, "a and random 3 are the same pictures"),
        (
            lambda: {"concepts": {"a": noise(10, 3, 16, 20, seed=60), "b": noise(10, 3, 16, 20, seed=60)}},
            BadInput,
            "a and b are the same pictures",
        ),
        (
            lambda: {"random": [noise(10, 3, 16, 20, seed=i % 10) for i in range(11)]},
            BadInput,
            "random 0 and random 10 are the same pictures",
        ),
        (lambda: {"random": [noise(10, 3, 16, 20, seed=i) for i in range(9)]}, BadInput, "there are 9 random sets"),
        (lambda: {"random": noise(99, 3, 16, 20)}, BadInput, "99 random pictures make no 10 sets"),
        (lambda: {"random": noise(200, 3, 16, 20), "random_sets": 21}, BadInput, "200 random pictures make no 21 sets"),
        (lambda: {"random_sets": 3}, BadOption, "random_sets is 3"),
        (lambda: {"images": noise(5, 3, 16, 20)}, BadInput, "the class has 5 different pictures"),
        (lambda: {"target": 4}, UnknownName, "class 4 of a model with 4 classes"),
        (lambda: {"layers": "act9"}, UnknownName, "no layer is named 'act9'"),
        (lambda: {"relative": True}, BadOption, "relative CAVs of one concept"),
        (lambda: {"pool": "max"}, BadOption, "pool is 'max'"),
        (lambda: {"classifier": "tree"}, BadOption, "classifier is 'tree'"),
        (lambda: {"correction": "fdr"}, BadOption, "correction is 'fdr'"),
        (lambda: {"level": 2}, BadOption, "level is 2"),
    ],
)
def test_bad_input_is_refused_with_a_hint(
    changed: Callable[[], dict[str, Any]], error: type[SeewhyError], said: str
) -> None:
    model = Model(SmallNet(), mean=MEAN, std=STD, size=(16, 20))
    with pytest.raises(error, match=said) as refused:
        tcav(model, **good(**changed()))
    assert refused.value.hint


def test_folders_that_are_empty_or_missing(tmp_path: Path) -> None:
    model = Model(SmallNet(), mean=MEAN, std=STD, size=(16, 20))
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadInput, match="holds no photos"):
        tcav(model, **good(concepts={"a": tmp_path / "empty"}))
    with pytest.raises(BadInput, match="no such file"):
        tcav(model, **good(concepts={"a": tmp_path / "missing"}))


def test_black_boxes_and_broken_weights_are_refused() -> None:
    def answers(pictures: np.ndarray) -> np.ndarray:
        return np.stack([pictures.mean((1, 2, 3)), 1 - pictures.mean((1, 2, 3))], 1)

    with pytest.raises(Unsupported, match="TCAV of"):
        tcav(black_box(answers, size=(16, 20), input="float"), **good())
    net = SmallNet()
    with torch.no_grad():
        net.conv2.weight.fill_(float("nan"))
    with pytest.raises(ModelFailed):
        tcav(Model(net, mean=MEAN, std=STD, size=(16, 20)), **good(layers="conv2"))


def test_more_numbers_than_can_be_held_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST", 1000)
    model = Model(SmallNet(), mean=MEAN, std=STD, size=(16, 20))
    with pytest.raises(BadInput, match="110 pictures of 480 numbers in 'conv2' are too many to hold"):
        tcav(model, **good(layers="conv2", pool="flatten"))


def test_one_large_folder_is_cut_into_sets(net: Model, random: list[Tensor]) -> None:
    stripes = {"stripes": pixels(sets.concept("stripes", 30, 1))}
    found = tcav(net, stripes, torch.cat(random), striped(20), "striped", "stage4")
    assert found.sizes == {"stripes": 30, **{f"random {i}": 30 for i in range(30)}}
    assert found["stripes", "stage4"].verdict == "significant"


def test_too_few_random_sets_for_so_many_tests_are_said(net: Model, random: list[Tensor]) -> None:
    named = {f"noise {i}": pixels(sets.concept("random", 12, (7, i))) for i in range(12)}
    found = tcav(net, named, random[:10], striped(10), "striped", LAYERS)
    assert found.tests == 36
    assert any("no score could be significant" in one for one in found.notes)
    assert all(one.attainable * 36 > 0.05 and one.attainable <= one.p for one in found)


def test_the_same_seed_gives_the_same_and_no_global_seed_is_touched(net: Model, random: list[Tensor]) -> None:
    stripes = {"stripes": pixels(sets.concept("stripes", 12, 1))}
    before = torch.get_rng_state(), np.random.get_state()[1].tolist()
    a, b = (tcav(net, stripes, random[:10], striped(10), "striped", "stage3", classifier="sgd") for _ in range(2))
    assert a.as_data() == b.as_data()
    assert torch.equal(before[0], torch.get_rng_state()) and before[1] == np.random.get_state()[1].tolist()
