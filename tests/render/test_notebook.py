"""What notebooks are handed: a widget with little state, or a page in a frame and a picture."""

import html
import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

import seewhy
import seewhy.render.notebook as notebook
from handmade import blob, handmade, plain
from seewhy.errors import BadInput, BadOption
from seewhy.render.page import bundle, page
from seewhy.types import Comparison, Explanation

BAD = "</script><img src=x onerror=alert(1)>\" onload='alert(2)'"


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine without anywidget."""

    def absent(name: str) -> Any:
        raise ImportError(name)

    notebook._widget.cache_clear()
    monkeypatch.setattr("seewhy.render.notebook.import_module", absent)
    yield
    notebook._widget.cache_clear()


@pytest.fixture
def faked(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """anywidget's and traitlets' names, and nothing behind them."""

    class Widget:
        def __init__(self, **traits: Any) -> None:
            self.traits = traits

    class Trait:
        def __init__(self, **options: Any) -> None:
            self.options = options

        def tag(self, **metadata: Any) -> "Trait":
            self.metadata = metadata
            return self

    modules = {"anywidget": SimpleNamespace(AnyWidget=Widget), "traitlets": SimpleNamespace(Dict=Trait, List=Trait)}
    notebook._widget.cache_clear()
    monkeypatch.setattr("seewhy.render.notebook.import_module", modules.__getitem__)
    yield
    notebook._widget.cache_clear()


def frames(said: str) -> list[str]:
    """The documents of the frames, each of which may do nothing but run its own script."""
    found = re.findall(
        r'<iframe title="([^"]*)" sandbox="allow-scripts" style="[^"]*" srcdoc="([^"]*)"></iframe>', said
    )
    assert len(found) == said.count("<iframe")
    return [html.unescape(document) for _, document in found]


def several() -> list[Explanation]:
    return [handmade(), handmade(-blob(7, 7, 2, 2), method="saliency", sign="all")]


def test_without_the_extra_a_page_in_a_frame_and_a_picture(bare: None) -> None:
    shown = seewhy.show(several(), lang="zh")
    (document,) = frames(shown._repr_html_())
    assert document == page(several(), "zh")
    picture = Image.open(io.BytesIO(shown._repr_png_()))
    assert picture.format == "PNG" and picture.width > 300 and np.asarray(picture.convert("L")).std() > 10
    assert not hasattr(shown, "_repr_mimebundle_")


def test_a_cell_that_ends_with_an_explanation_or_a_comparison_shows_it() -> None:
    one = handmade()
    assert frames(one._repr_html_()) == [page([one])]
    assert one._repr_png_()[:4] == b"\x89PNG"  # type: ignore[index]  # it is bytes where something is drawn
    table = Comparison(tuple((each,) for each in several()))
    assert frames(table._repr_html_()) == [page(list(table))]
    assert Image.open(io.BytesIO(table._repr_png_())).height > 300  # type: ignore[arg-type]  # bytes, too


def test_of_a_batch_each_of_the_first_photos_has_a_page() -> None:
    photos = tuple(
        replace(handmade().photos[0], pixels=plain(300, 451, 40 * i, 0, 0), name=f"{i}.png") for i in range(6)
    )
    batch = replace(
        handmade(np.repeat(handmade().values, 6, 0)), photos=photos, classes=(282,) * 6, labels=("tiger cat",) * 6,
        scores=np.ones(6, np.float32), predictions=handmade().predictions * 6,
    )  # fmt: skip
    documents = frames(said := batch._repr_html_())
    assert [f'"name":"{i}.png"' in document for i, document in enumerate(documents)] == [True] * 4
    assert said.endswith("<p>The first 4 of 6 photos</p>")
    assert batch._repr_png_() is None
    both = Comparison(((batch[:2],), (batch[:2],)))
    assert [document.count('"name":"1.png"') for document in frames(both._repr_html_())] == [0, 1]


def test_names_never_become_markup(bare: None) -> None:
    named = replace(handmade().photos[0], name=BAD)
    one = replace(handmade(), labels=(BAD,), photos=(named,), target=BAD)
    for said in (one._repr_html_(), seewhy.show(one)._repr_html_()):
        assert "<img" not in said and "</script" not in said and said.count("<iframe") == 1
        assert re.sub(r'="[^"]*"', "", said) == "<iframe title sandbox style srcdoc></iframe>"
        (document,) = frames(said)
        assert "<img src=x" not in document and "onload='alert(2)'\"" not in re.sub(
            r"<script.*?</script>", "", document
        )


def test_with_the_extra_a_widget_whose_state_is_the_viewers_data(faked: None) -> None:
    made = seewhy.show(several(), lang="zh")
    assert made.traits == {"data": bundle(several(), "zh")}
    kind = type(made)
    assert kind.at.metadata == kind.view.metadata == kind.data.metadata == {"sync": True}
    assert kind.at.options == {"default_value": None, "allow_none": True}
    assert type(seewhy.show(several())) is kind


def test_a_widgets_state_is_json_and_small() -> None:
    pytest.importorskip("anywidget", reason="needs anywidget: the extra 'notebook'")
    noise = np.random.default_rng(0).normal(size=(3, 3, 224, 224)).astype(np.float32)
    pixels = np.random.default_rng(1).integers(0, 255, (3000, 4000, 3), np.uint8) // 8 + 100
    six = [handmade(noise[i % 3], pixels, method=f"m{i}") for i in range(6)]
    made = seewhy.show(six)
    state = made.get_state()
    assert set(state) >= {"data", "at", "view", "_esm"} and state["at"] is None and state["view"] == {}
    text = json.dumps(state, allow_nan=False)
    assert len(text) < 4e6, len(text)
    made.at, made.view = [3, 5], {"opacity": 50}
    assert made.get_state(["at", "view"]) == {"at": [3, 5], "view": {"opacity": 50}}
    assert any("widget" in kind for kind in made._repr_mimebundle_()[0])


def test_what_cant_be_shown_is_refused_with_and_without_the_extra(bare: None) -> None:
    other = handmade(pixels=plain(60, 90, 1, 2, 3))
    for asked in ([], [handmade(), other]):
        with pytest.raises(BadInput):
            seewhy.show(asked)
    with pytest.raises(BadOption):
        seewhy.show(handmade(), lang="fr")
