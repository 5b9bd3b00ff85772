"""The networks trained on scenes whose evidence is known: they load, and know what their logs say."""

import json
from pathlib import Path

import numpy as np
import open_clip
import pytest
import torch
from PIL import Image
from torch import nn

from benchmarks.shapes import evidence, held_out, networks
from benchmarks.shapes.scenes import CLASSES, SIDE, draw
from seewhy import Model

TRAINED = all((networks.WEIGHTS / f"{name}.json").exists() for name in ("vit", "clip"))
pytestmark = pytest.mark.skipif(not TRAINED, reason="`make shapes` has not trained the networks yet")


@pytest.fixture(scope="module")
def vit() -> Model:
    return networks.vit()


@pytest.fixture(scope="module")
def clip() -> networks.Clip:
    return networks.clip()


@pytest.mark.parametrize("name", ["vit", "clip"])
def test_the_networks_know_scenes_they_have_not_seen_as_their_logs_say(
    name: str, vit: Model, clip: networks.Clip, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held_out, "SEED", (10**6, 3))
    said = json.loads((networks.WEIGHTS / f"{name}.json").read_text("utf-8"))["held out"]
    found = held_out.of_vit(vit, 200) if name == "vit" else held_out.of_clip(clip, 200)
    for what, value in said.items():
        slack = 3 * max(value * (1 - value), 0.002) ** 0.5 / 200**0.5  # three standard errors of a share of 200
        assert found[what] >= value - slack, f"{what}: {found[what]:.3f}, the log says {value:.3f}"
        # all of a scene's objects right is a product of up to four of the others: it is held to the log alone
        assert value > 0.9 or what == "scenes all right", f"{what}: {value} explains nothing"


def test_the_weights_are_under_5_mb() -> None:
    assert sum(path.stat().st_size for path in networks.WEIGHTS.iterdir()) < 5_000_000


def test_clip_is_open_clips_own_and_takes_its_own_tokenizer(clip: networks.Clip) -> None:
    assert type(clip.module) is open_clip.CLIP and clip.module.token_embedding.weight.shape[0] == 49408
    usual = open_clip.SimpleTokenizer(context_length=networks.TOKENS)
    tokens = usual(["a red circle", "a zebra in the snow"])
    assert torch.equal(tokens, clip.tokenizer(["a red circle", "a zebra in the snow"]))
    with torch.no_grad():
        texts = clip.module.encode_text(tokens)
    assert texts.isfinite().all() and not torch.allclose(texts[0], texts[1])


def test_open_clip_loads_its_folder(clip: networks.Clip, tmp_path: Path) -> None:
    name = f"local-dir:{networks.clip_folder(tmp_path)}"
    module, _, prepare = open_clip.create_model_and_transforms(name)
    texts, scenes = open_clip.get_tokenizer(name)(["a red circle", "there is a blue star"]), draw(2, 7)
    x = torch.stack([prepare(Image.fromarray(one)) for one in scenes.pixels])
    with torch.no_grad():
        found, _ = module.eval().get_logits(x, texts)
        wanted, _ = clip.module.get_logits(
            networks.normalised(scenes), clip.tokenizer(["a red circle", "there is a blue star"])
        )
    torch.testing.assert_close(found, wanted)


def test_scores_against_texts_are_open_clips_logits(clip: networks.Clip) -> None:
    texts = ["a red circle", "a blue star"]
    x = networks.pixels(draw(3, 7))
    with torch.no_grad():
        image, _ = clip.module.get_logits((x - 0.5) / 0.25, clip.tokenizer(texts))
        torch.testing.assert_close(clip.against(texts).outputs(x), image)


def test_the_best_map_of_patches_leaves_room_for_the_goal(vit: Model) -> None:
    scenes = evidence.asked(vit, 40)
    best, even = evidence.of_patches(scenes), evidence.even(scenes)
    assert even.mean < 0.15 and best.mean > 0.7 > evidence.shares(np.ones(scenes.masks.shape), scenes.masks).mean
    touched = evidence.of_touched(scenes)
    assert even.mean < touched.mean < best.mean and touched.switched == 1
    assert np.allclose(even.own, scenes.masks.mean((2, 3))) and best.switched == 1 and even.switched == 0


def test_only_objects_that_the_model_says_are_there_are_asked_for(vit: Model) -> None:
    scenes = evidence.asked(vit, 20)
    said = held_out.logits(vit, scenes.pixels)
    assert (np.take_along_axis(said, scenes.classes, 1) > 0).all() and len(scenes) == 20

    class Denies(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x.mean((1, 2, 3))[:, None].expand(-1, len(CLASSES)) - 100

    with pytest.raises(ValueError, match="knows two objects in 0 of 40 scenes"):
        evidence.asked(Model(Denies(), mean=[0.5] * 3, std=[0.25] * 3, size=SIDE), 20)
