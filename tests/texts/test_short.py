"""Texts of open_clip are read up to their end, where that changes nothing."""

from typing import Any

import open_clip
import pytest
import torch
from open_clip.tokenizer import SimpleTokenizer
from torch import nn

from seewhy import image_text
from seewhy.model.trace import inputs
from seewhy.texts.short import _reader, cut, short_vectors, shortens

PICTURES = {"layers": 1, "width": 16, "head_width": 8, "patch_size": 8, "image_size": 16}
WORDS = {"context_length": 77, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 2}
TEXTS = ["a cat", "a photo of a small tabby cat on a red blanket", "!"]


def network(kind: str = "CLIP", **words: Any) -> Any:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return getattr(open_clip, kind)(embed_dim=8, vision_cfg=PICTURES, text_cfg=WORDS | words).eval()


@pytest.mark.parametrize(("kind", "words"), [("CLIP", {}), ("CustomTextCLIP", {}), ("CLIP", {"pool_type": "eos"})])
def test_a_text_has_the_vector_that_it_has_with_what_fills_it_up(kind: str, words: dict[str, Any]) -> None:
    net, ids = network(kind, **words), SimpleTokenizer()(TEXTS)
    if "pool_type" in words:
        net.text_eos_id = 49407
    assert shortens(net, 0) and cut(ids, 0).shape == (3, 13)
    before = {name: value.clone() for name, value in net.state_dict().items()}
    with torch.no_grad():
        full, short = net.encode_text(ids), short_vectors(net, cut(ids, 0))
        torch.testing.assert_close(nn.functional.normalize(short, dim=-1), nn.functional.normalize(full, dim=-1))
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
    assert len((net if kind == "CLIP" else net.text).positional_embedding) == 77


@pytest.mark.parametrize("words", [{"no_causal_mask": True}, {"pool_type": "last"}, {"embed_cls": True}])
def test_texts_whose_end_is_not_all_that_is_read_stay_as_long_as_they_are(words: dict[str, Any]) -> None:
    net = network("CustomTextCLIP", **words)
    assert not shortens(net, 0)
    model = image_text(net, SimpleTokenizer(), mean=[0.5] * 3, std=[0.5] * 3, size=16, texts=TEXTS)
    assert not model.towers.short and model.towers.batch([row for (row,) in model.rows], torch.device("cpu"))[
        0
    ].shape == (3, 77)


def test_a_network_that_looks_behind_a_texts_end_is_found_out() -> None:
    class Looks(open_clip.CLIP):
        def encode_text(self, text: torch.Tensor, normalize: bool = False) -> torch.Tensor:
            return super().encode_text(text, normalize) + self.token_embedding(text).mean((1, 2))[:, None]

    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = Looks(embed_dim=8, vision_cfg=PICTURES, text_cfg=WORDS).eval()
    assert not shortens(net, 0)


def test_a_mask_that_hides_nothing_is_seen_before_anything_is_tried() -> None:
    net = network()
    net.attn_mask.zero_()
    assert _reader(net) is None and _reader(network()) is not None


def test_its_tower_is_given_no_more_tokens_than_there_are() -> None:
    net = network()
    model = image_text(net, SimpleTokenizer(), mean=[0.5] * 3, std=[0.5] * 3, size=16, texts=TEXTS[:1])
    with inputs(net, "token_embedding") as seen, model.frozen():
        assert [tuple(one.shape) for one in seen] == [(1, 4)]
