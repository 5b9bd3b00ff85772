"""CRAFT and deep feature factorization on the planted network: they find the texture, where it is; and refusals."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import interpolate

from attentive import TinyViT
from benchmarks.textures.fills import CLASSES
from benchmarks.textures.network import load, pixels
from benchmarks.textures.scenes import SIDE, draw
from conftest import MEAN, STD, SmallNet
from seewhy import Model, black_box
from seewhy.concepts import craft, factors
from seewhy.concepts.crops import crops
from seewhy.concepts.nmf import nmf, shares
from seewhy.concepts.sobol import designs, total_indices
from seewhy.errors import BadInput, BadOption, ModelFailed, SeewhyError, UnknownName, Unsupported


@pytest.fixture(scope="module")
def net() -> Model:
    return load()


def share(maps: np.ndarray, masks: np.ndarray) -> float:
    """Of maps (b,r,q) on the picture, the part that lies on masks (b,h,w)."""
    large = interpolate(torch.from_numpy(maps)[:, None], masks.shape[1:], mode="bilinear")[:, 0]
    return float((large * torch.from_numpy(masks)).sum() / large.sum())


@pytest.mark.parametrize("texture", ["striped", "dotted", "checked"])
def test_the_most_important_concept_is_the_texture(net: Model, texture: str) -> None:
    """Its map lies on the shape, three times as much as by chance; and its crops are of the shape."""
    scenes = draw(30, (3, 0), texture)
    found = craft(net, pixels(scenes.pixels), texture, "stage3", concepts=6)
    area, most = float(scenes.masks.mean()), found[0]
    on_shape = share(most.maps, scenes.masks)
    print(f"{texture}: importance {most.importance:.2f}, {on_shape:.2f} of the map on {area:.2f} of the picture")
    assert on_shape > 2.5 * area
    covered = [
        scenes.masks[crop.image, crop.box[0] : crop.box[2], crop.box[1] : crop.box[3]].mean() for crop in most.crops
    ]
    assert np.mean(covered) > 0.6
    assert [one.importance for one in found] == sorted((one.importance for one in found), reverse=True)
    assert found.predicted > 0.9 and found.side == round(SIDE / 3.5) and not found.notes


def test_importance_maps_and_crops_are_those_of_a_slow_reference(net: Model) -> None:
    scenes = draw(3, (3, 1), "striped")
    x = pixels(scenes.pixels)
    found = craft(net, x, "striped", "stage3", concepts=3, samples=8, seed=5)
    module = net.module.eval()

    def upto(part: Tensor) -> Tensor:
        with torch.no_grad():
            return module.stage3(module.stage2(module.stage1((part - 0.5) / 0.25)))

    with net.frozen():
        cut = crops(x, found.side)
        seen = upto(cut.pixels).double().mean((2, 3))
        made = nmf(seen, 3)
        own = shares(upto(x).double().movedim(1, -1).flatten(0, 2), made.h).view(3, 8, 8, 3)
        scores = []
        for mask in designs(3, 8, 5):
            maps = ((own * mask) @ made.h).movedim(-1, 1).float()
            with torch.no_grad():
                scores.append(module.head(module.stage4(maps).mean((2, 3)))[:, 0])
    wanted = total_indices(torch.stack(scores, 1), 3)
    order = wanted.mean(0).argsort(descending=True)
    np.testing.assert_allclose([one.importance for one in found], wanted.mean(0)[order], rtol=2e-3, atol=1e-4)
    for one, i in zip(found, order.tolist(), strict=True):
        np.testing.assert_allclose(one.maps, own[..., i], rtol=1e-2, atol=1e-3)
        assert one.crops[0].strength == pytest.approx(float(made.w[:, i].max()), rel=1e-2)
    assert found.lost == pytest.approx(made.error(seen), rel=1e-2)
    assert found.passes.forward == 3 + 75 + 2 * 3 + 3 * 8 * 5 or found.passes.forward > 75


def test_factors_find_the_shapes_and_call_them_by_their_texture(net: Model) -> None:
    scenes = draw(6, (3, 2), "dotted")
    found = factors(net, pixels(scenes.pixels), 4, "stage3")
    named = [one for one in found if one.classes[0].label == "dotted" and one.classes[0].probability > 0.9]
    best = max(share(one.maps, scenes.masks) for one in named)
    assert best > 2.5 * scenes.masks.mean()
    assert all(one.maps.max() == pytest.approx(1) for one in found)
    assert [p[0].label for p in found.predictions] == ["dotted"] * 6
    assert found.strongest().shape == (6, 8, 8)
    assert found.lost < factors(net, pixels(scenes.pixels), 2, "stage3").lost < 1


def test_a_factor_is_called_what_the_head_says_of_it(net: Model) -> None:
    """Behind the last maps is a mean and a linear layer: the network of every place alike is the head of the vector."""
    found = factors(net, pixels(draw(5, (3, 4)).pixels), 4, "stage4")
    with net.frozen(), torch.no_grad():
        for one in found:
            said = net.module.head(torch.from_numpy(one.direction)).softmax(0)
            assert one.classes[0].label == CLASSES[int(said.argmax())]
            assert one.classes[0].probability == pytest.approx(float(said.max()), rel=1e-4)


def test_factors_times_their_maps_are_the_activations_but_for_what_is_lost(net: Model) -> None:
    x = pixels(draw(4, (3, 6)).pixels)
    found = factors(net, x, 5, "stage3")
    made = sum(one.maps[:, None] * one.direction[None, :, None, None] for one in found)
    with net.frozen():
        seen = net.read(x, ["stage3"])[0].numpy()
    assert np.linalg.norm(seen - made) / np.linalg.norm(seen) == pytest.approx(found.lost, rel=1e-3)


def noise(n: int, *shape: int, seed: int = 0) -> Tensor:
    return torch.rand(n, *shape, generator=torch.Generator().manual_seed(seed))


def test_tokens_below_zero_are_factorized_less_their_minimum_and_it_is_said() -> None:
    model = Model(TinyViT(), mean=MEAN, std=STD, size=(16, 20))
    x = noise(3, 3, 16, 20)
    found = craft(model, x, 1, "blocks.1", concepts=2, samples=4, side=9)
    assert found[0].maps.shape == (3, 4, 5) and any("negative numbers" in one for one in found.notes)
    parts = factors(model, x, 2, "blocks.1")
    assert parts[0].maps.shape == (3, 4, 5) and "negative numbers" in parts.notes[0]
    with model.frozen():
        tokens = model.read(x, ["blocks.1"])[0][:, -20:]
    assert parts.lost < 1 and tokens.amin() < 0


@pytest.mark.parametrize("find", [craft, factors])
def test_a_grey_network_comes_back_as_it_was_and_its_files_hold_what_was_found(find: Any, tmp_path: Path) -> None:
    module = torch.nn.Sequential(torch.nn.Conv2d(1, 6, 3, padding=1), torch.nn.ReLU(), torch.nn.AdaptiveAvgPool2d(1),
                                 torch.nn.Flatten(), torch.nn.Linear(6, 3)).train()  # fmt: skip
    model = Model(module, mean=(0.5,), std=(0.5,), size=(12, 15))
    x = noise(2, 1, 12, 15)
    found = craft(model, x, 1, "1", concepts=2, samples=4) if find is craft else factors(model, x, 2, "1")
    assert module.training and not any(one._forward_hooks for one in module.modules())
    for lang in ("en", "zh"):
        folder = found.save(tmp_path / lang, lang)
    name = find.__name__
    pages = {"craft.html"} if find is craft else set()
    assert {one.name for one in folder.iterdir()} == {f"{name}.png", f"{name}.json", f"{name}.npz"} | pages
    kept = np.load(folder / f"{name}.npz", allow_pickle=False)
    assert kept["maps"].shape == (2, 2, 12, 15) and kept["directions"].shape == (2, 6)
    assert json.loads((folder / f"{name}.json").read_text("utf-8")) == json.loads(json.dumps(found.as_data()))


def answers(pictures: np.ndarray) -> np.ndarray:
    return np.stack([pictures.mean((1, 2, 3)), 1 - pictures.mean((1, 2, 3))], 1)


def broken() -> Model:
    net = SmallNet()
    with torch.no_grad():
        net.conv2.weight.fill_(float("nan"))
    return Model(net, mean=MEAN, std=STD, size=(16, 20))


def dead() -> Model:
    net = SmallNet()
    with torch.no_grad():
        net.bn3.weight.zero_()
        net.bn3.bias.fill_(-1)
    return Model(net, mean=MEAN, std=STD, size=(16, 20))


def small() -> Model:
    return Model(SmallNet(), mean=MEAN, std=STD, size=(16, 20))


X = noise(2, 3, 16, 20)


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (lambda: craft(small(), X, 9), UnknownName, "of a model with 4 classes"),
        (lambda: craft(small(), X, 1, "act9"), UnknownName, "no layer is named"),
        (lambda: craft(small(), X, 1, "fc"), Unsupported, "no maps"),
        (lambda: craft(small(), X, 1, "act3", concepts=0), BadOption, "concepts is 0"),
        (lambda: craft(small(), X, 1, "act3", concepts=99), BadInput, "99 factors of"),
        (lambda: craft(small(), X, 1, "act3", side=17), BadOption, "side is 17"),
        (lambda: craft(small(), X, 1, "act3", samples=1), BadOption, "samples is 1"),
        (lambda: craft(small(), [], 1), BadInput, "the list is empty"),
        (lambda: craft(black_box(answers, size=(16, 20), input="float"), X, 1), Unsupported, "CRAFT of"),
        (lambda: craft(broken(), X, 1, "conv2"), ModelFailed, "NaN"),
        (lambda: craft(dead(), X, 1, "act3"), BadInput, "nothing but zeros"),
        (lambda: factors(small(), X, 0), BadOption, "k is 0"),
        (lambda: factors(small(), X, 99, "act3"), BadInput, "99 factors of"),
        (lambda: factors(small(), X, 2, "fc"), Unsupported, "no maps"),
        (lambda: factors(broken(), X, 2, "conv2"), ModelFailed, "NaN"),
        (lambda: factors(dead(), X, 2, "act3"), BadInput, "nothing but zeros"),
        (lambda: factors(black_box(answers, size=(16, 20), input="float"), X), Unsupported, "factorization of"),
    ],
)
def test_refusals(call: Callable[[], Any], error: type[SeewhyError], said: str) -> None:
    with pytest.raises(error, match=said) as refused:
        call()
    assert refused.value.hint


def test_a_folder_is_its_pictures(net: Model, tmp_path: Path) -> None:
    drawn = draw(3, 5).pixels
    files = [tmp_path / f"{i}.png" for i in range(3)]
    for file, one in zip(files, drawn, strict=True):
        Image.fromarray(one).save(file)
    by_folder, by_list = (factors(net, one, 2) for one in (tmp_path, files))
    assert len(by_folder.photos) == 3
    for one, other in zip(by_folder, by_list, strict=True):
        np.testing.assert_array_equal(one.maps, other.maps)


def test_a_class_that_is_not_predicted_is_said(net: Model) -> None:
    found = craft(net, pixels(draw(4, 3, "plain").pixels), "striped", "stage3", concepts=2, samples=2)
    assert found.notes == ("0 of 4 pictures of striped are predicted as striped",)
