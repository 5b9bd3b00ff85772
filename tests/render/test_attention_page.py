"""The attention viewer's file: what is stored in it, read with Python."""

import base64
import json
import re
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from handmade import CAT, CROP
from seewhy.errors import BadInput, BadOption
from seewhy.render.attention_page import LEVELS, WEIGHTS, attention_page
from seewhy.results.attention import AttentionCall, AttentionMaps, Other, Tokens
from seewhy.types import ModelCard, Photo

HOSTILE = "</script><img src=x onerror=alert(1)>{{script}}&\u2028\u2029'\""


def maps_of(weights: NDArray[np.float32], layers: int = 1, **changed: Any) -> AttentionMaps:
    """Calls of attention (m,1,n,n) among CLS and a square of cells, in 255 levels."""
    side = round((weights.shape[-1] - 1) ** 0.5)
    step = weights.max(-1) / np.float32(255)
    codes = np.rint(weights / step[..., None]).astype(np.uint8)
    tokens = Tokens(1 + np.arange(side * side).reshape(side, side), (Other("cls"),))
    error = float(np.abs(codes * step[..., None] - weights).max())
    call = AttentionCall(0, "blocks.0.attn", len(weights), codes, 0 * step, step, error, tokens, tokens)
    calls = tuple(replace(call, number=i) for i in range(layers))
    return replace(AttentionMaps(calls, Photo(CAT, CROP, "chelsea"), ModelCard("vit")), **changed)


def random(heads: int, side: int, layers: int = 1, spread: float = 1.0) -> tuple[AttentionMaps, NDArray[np.float32]]:
    n = side * side + 1
    scores = np.exp(spread * np.random.default_rng(0).normal(size=(heads, 1, n, n)))
    weights = (scores / scores.sum(-1, keepdims=True)).astype(np.float32)
    return maps_of(weights, layers), weights


def data(html: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', html, re.S)
    assert found
    return json.loads(found[1])


def stored(call: dict[str, Any]) -> NDArray[np.float32]:
    """The weights (m,windows,n,n') as a browser reads them."""
    raw = zlib.decompress(base64.b64decode(call["packed"]))
    shape = (call["stored"], call["windows"], *call["counts"])
    rows = shape[0] * shape[1] * shape[2]
    low, step = np.frombuffer(raw[: 8 * rows], "<f4").reshape(2, *shape[:3], 1)
    return low + step * np.frombuffer(raw[8 * rows :], np.uint8).reshape(shape)


def test_the_file_holds_the_arrays_to_the_bit_and_the_weights_within_the_error_it_states() -> None:
    maps, weights = random(2, 4, layers=3)
    held = data(attention_page(maps))
    assert len(held["calls"]) == 3
    for call, own in zip(held["calls"], maps.calls, strict=True):
        assert call["levels"] == 255
        np.testing.assert_array_equal(stored(call), own.weights())
        assert own.error <= float(call["error"]) <= 1.02 * own.error
        assert np.abs(stored(call) - weights).max() <= float(call["error"])
    assert held["calls"][0]["queries"]["at"] == list(range(1, 17))


@pytest.mark.parametrize("spread", [0.02, 0.4, 3.0])  # nearly equal, the hardest to pack, a few large ones
def test_a_page_of_vit_b_is_under_five_megabytes_and_leaves_no_weight_out(spread: float) -> None:
    maps, weights = random(12, 14, 12, spread)
    html = attention_page(maps)
    calls = data(html)["calls"]
    assert len(html) < 5_000_000 and sum(len(one["packed"]) for one in calls) <= WEIGHTS
    assert calls[0]["levels"] in LEVELS and calls[0]["counts"] == [197, 197] and calls[0]["stored"] == 12
    off = np.abs(stored(calls[0]) - weights)
    assert off.max() <= float(calls[0]["error"])
    assert (off <= (0.5 / calls[0]["levels"] + 0.5 / 255 + 1e-6) * weights.max(-1, keepdims=True)).all()


def test_nothing_is_asked_of_any_network_and_only_its_own_script_runs() -> None:
    html = attention_page(random(2, 4)[0])
    assert not re.search(r"https?:|//[a-z]|@import|url\(", html.split("<body>")[0])
    assert not re.search(r'(src|href)="(?!data:)', html)
    assert "fetch(" not in html and "XMLHttpRequest" not in html
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html)
    assert policy and policy[1].startswith("default-src 'none'") and "unsafe" not in policy[1]


def test_names_can_not_break_out_of_the_page() -> None:
    maps, _ = random(2, 4)
    calls = (replace(maps[0], layer=HOSTILE),)
    html = attention_page(replace(maps, calls=calls, photo=replace(maps.photo, name=HOSTILE), notes=(HOSTILE,)))
    assert "<img src=x" not in html
    held = data(html)
    assert held["photo"]["name"] == held["calls"][0]["layer"] == held["notes"][0] == HOSTILE


@pytest.mark.parametrize(("lang", "declared", "word"), [("en", "en", "Who attends to it"), ("zh", "zh-CN", "谁关注它")])
def test_it_speaks_the_language_asked_for(lang: str, declared: str, word: str) -> None:
    html = attention_page(random(2, 4)[0], lang)
    assert f'<html lang="{declared}">' in html and word in html
    with pytest.raises(BadOption):
        attention_page(random(2, 4)[0], "xx")


def test_random_weights_are_stamped() -> None:
    maps, _ = random(2, 4)
    assert not data(attention_page(maps))["random"]
    assert data(attention_page(replace(maps, model=ModelCard("vit", weights="random"))))["random"]


def test_saving_writes_a_whole_page_or_says_why_not(tmp_path: Path) -> None:
    maps, _ = random(2, 4)
    file = maps.save(tmp_path / "new" / "page.html", "zh")
    assert file.read_text("utf-8") == attention_page(maps, "zh")
    assert [one.name for one in file.parent.iterdir()] == ["page.html"]
    with pytest.raises(BadInput, match="can't be written"):
        maps.save(file / "page.html")
    with pytest.raises(BadInput, match="can't be written"):
        maps.save(file.parent)
