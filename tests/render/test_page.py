import base64
import hashlib
import json
import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from handmade import CAT, blob, handmade, plain
from seewhy.errors import BadInput, BadOption
from seewhy.render.page import bundle, embed, page
from seewhy.types import Prediction

HOSTILE = "</script><img src=x onerror=alert(1)>{{script}}&\u2028\u2029'\""


def data(html: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', html, re.S)
    assert found
    return json.loads(found[1])


def hostile() -> Any:
    one = handmade(labels=(HOSTILE,), method=HOSTILE, notes=(HOSTILE,), predictions=((Prediction(1, HOSTILE, 0.5),),))
    return replace(one, photos=(replace(one.photos[0], name=HOSTILE),))


def test_nothing_is_asked_of_any_network() -> None:
    html = page([handmade()])
    assert not re.search(r"https?:|//[a-z]|@import|url\(", html.split("<body>")[0])
    assert not re.search(r'(src|href)="(?!data:)', html)
    assert "fetch(" not in html
    assert "XMLHttpRequest" not in html


def test_only_the_scripts_and_styles_it_was_made_with_may_run() -> None:
    html = page([handmade()])
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html)
    assert policy
    assert policy[1].startswith("default-src 'none'")
    assert "unsafe" not in policy[1]
    for tag in ("style", "script"):
        inside = re.findall(rf"<{tag}(?: type=\"module\")?>(.*?)</{tag}>", html, re.S)
        assert len(inside) == 1
        digest = base64.b64encode(hashlib.sha256(inside[0].encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy[1]


def test_names_can_not_break_out_of_the_page() -> None:
    html = page([hostile()])
    assert "<img src=x" not in html
    assert "{{" not in html.replace(HOSTILE[-17:], "").split('id="data"')[0].replace("{{script}}", "")
    assert data(html)["photo"]["name"] == HOSTILE
    assert data(html)["explanations"][0]["method"] == HOSTILE
    assert not set("<>&\u2028\u2029") & set(embed({"name": HOSTILE}))


def test_it_holds_the_raw_maps_at_their_own_resolution() -> None:
    values = np.random.default_rng(0).normal(size=(3, 5, 8)).astype(np.float32)
    summed, largest = data(page([handmade(values), handmade(values, reduce="max")]))["explanations"]
    for one, expected in ((summed, values.sum(0)), (largest, values.max(0))):
        held = np.frombuffer(base64.b64decode(one["values"]), "<f4").reshape(one["rows"], one["columns"])
        np.testing.assert_array_equal(held, expected)


def test_a_large_photo_is_embedded_smaller_while_pixels_are_counted_as_before() -> None:
    big = np.tile(CAT, (6, 6, 1))
    held = data(page([handmade(np.ones((7, 7)), big)]))
    assert (held["photo"]["height"], held["photo"]["width"]) == big.shape[:2]
    assert len(held["photo"]["src"]) < 1_000_000


def test_a_photo_and_six_methods_stay_under_two_megabytes() -> None:
    rng = np.random.default_rng(0)
    big = np.asarray(np.clip(np.kron(CAT, np.ones((4, 4, 1))) + rng.normal(0, 6, (1200, 1804, 3)), 0, 255), np.uint8)
    maps = [*(blob(7, 7, 3, 3) for _ in range(4)), rng.normal(size=(3, 224, 224)), rng.normal(size=(3, 224, 224))]
    assert len(page([handmade(one, big, method=f"m{n}") for n, one in enumerate(maps)])) < 2_000_000


def test_blank_and_unseen_maps_have_numbers_json_can_hold() -> None:
    embed(bundle([handmade(np.zeros((3, 3)))]))


@pytest.mark.parametrize(("lang", "declared", "word"), [("en", "en", "Side by side"), ("zh", "zh-CN", "并排比较")])
def test_it_speaks_the_language_asked_for(lang: str, declared: str, word: str) -> None:
    html = page([handmade()], lang)
    assert f'<html lang="{declared}">' in html
    assert word in html


def test_without_scripts_there_is_a_still_picture() -> None:
    assert re.search(r'<noscript>.*<img class="still" alt="[^"]+" src="data:image/', page([handmade()]), re.S)


def test_what_can_not_stand_on_one_page_is_refused() -> None:
    with pytest.raises(BadInput):
        page([])
    with pytest.raises(BadInput, match="different photos"):
        page([handmade(), handmade(pixels=plain(9, 9, 1, 2, 3))])
    with pytest.raises(BadOption):
        page([handmade()], "xx")


def test_notes_are_in_the_language_of_the_page_and_strangers_notes_as_they_are() -> None:
    said = ("the map's sum misses the score's difference by 10.2%: take more n_steps", "a note of <nobody>")
    held = data(page([handmade(notes=said)]))["explanations"][0]["notes"]
    assert held == [{"en": said[0], "zh": "热力图的总和与得分之差相差 10.2%：请增大 n_steps"}, said[1]]
