"""The Plotly figure's numbers: they are the explanation's, on the original photo's pixels, the right way up."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import seewhy
from handmade import RANDOM, blob, handmade, plain
from seewhy.errors import BadInput, BadOption, Unsupported
from seewhy.lang import languages, text
from seewhy.render.colors import paint, table
from seewhy.render.normalize import SIGNS, limit, normalize
from seewhy.render.plotly import plotly, scale_of
from seewhy.render.scene import scene

pytest.importorskip("plotly", reason="needs plotly: the extra 'plotly'")
BOTH_SIGNS = blob(7, 7, 3, 3) - 0.5 * blob(7, 7, 5, 5)


def colour(figure: Any, value: float) -> list[int]:
    """What Plotly paints: between the two neighbours of the colour scale, linearly."""
    map = figure.data[1]
    share = (value - map.zmin) / (map.zmax - map.zmin)
    at = [place for place, _ in map.colorscale]
    colors = np.array([[int(part) for part in said[4:-1].split(",")] for _, said in map.colorscale])
    return [round(np.interp(share, at, colors[:, i])) for i in range(3)]


def test_the_values_are_the_heat_map_on_the_photos_pixels() -> None:
    made, figure = handmade(), plotly(handmade())
    photo, map = figure.data
    assert np.array_equal(map.z, made.heatmap()[0], equal_nan=True) and np.isnan(map.z).any()
    assert not map.hoverongaps and photo.source.startswith("data:image/webp;base64,")
    for one in figure.data:
        assert (one.x0, one.dx, one.y0, one.dy) == (0, 1, 0, 1)
    height, width = made.photos[0].pixels.shape[:2]
    assert figure.layout.xaxis.range == (-0.5, width - 0.5) and figure.layout.yaxis.range == (height - 0.5, -0.5)
    assert figure.layout.yaxis.scaleanchor == "x" and figure.layout.yaxis.scaleratio == 1


def test_of_a_large_photo_each_value_is_that_of_the_pixel_it_names() -> None:
    values = np.random.default_rng(0).normal(size=(9, 13))
    made = handmade(values, plain(1500, 2667, 9, 9, 9), sign="all")
    map, heat = plotly(made).data[1], made.heatmap()[0]
    assert max(map.z.shape) == 1000
    for row in (0, 1, 7, 333, len(map.z) - 1):
        for column in (0, 2, 500, 998, 999):
            y, x = (float(f"{start + at * step:.0f}") for start, at, step in
                    ((map.y0, row, map.dy), (map.x0, column, map.dx)))  # fmt: skip
            assert map.z[row, column] == heat[int(y), int(x)]
    edges = [map.x0 - map.dx / 2, map.x0 + 999.5 * map.dx]
    assert np.allclose(edges, [-0.5, 2666.5], atol=1e-4), "the map covers the photo, and no more"


@pytest.mark.parametrize("sign", SIGNS)
def test_colours_and_clipping_are_those_of_the_other_figures(sign: Any) -> None:
    made = handmade(BOTH_SIGNS, sign="positive")
    figure, heat = plotly(made, sign=sign), made.heatmap()[0]
    name = "bluewhitered" if sign == "all" else "inferno"
    wanted = paint(normalize(scene(made).heat, sign), name, sign)
    map = figure.data[1]
    assert max(abs(map.zmin), abs(map.zmax)) == pytest.approx(limit(scene(made).heat, sign))
    for y, x in ((150, 225), (40, 330), (200, 300), (230, 330), (100, 120)):
        shown = float(np.clip(map.z[y, x], map.zmin, map.zmax))
        assert np.abs(np.subtract(colour(figure, shown), wanted[y, x].astype(int))).max() <= 2, (y, x)
        read = map.z if map.customdata is None else map.customdata
        assert read[y, x] == heat[y, x], "the pointer reads raw values"
    assert map.colorscale[0][0] == 0 and map.colorscale[-1][0] == 1


def test_the_middle_of_a_signed_scale_is_white_and_a_negative_one_begins_with_its_strongest() -> None:
    signed = scale_of("bluewhitered", "all")
    assert signed[127] == (0.5, "rgb(255,255,255)")
    strongest = ",".join(map(str, table("inferno")[255].tolist()))
    assert (
        scale_of("inferno", "negative")[0]
        == (0.0, f"rgb({strongest})")
        == (0.0, scale_of("inferno", "positive")[-1][1])
    )


@pytest.mark.parametrize("lang", languages())
def test_it_speaks_the_readers_language(lang: str) -> None:
    figure = plotly(handmade(), lang=lang)
    labels = [one.label for one in figure.layout.updatemenus[0].buttons]
    assert labels == [text(name, lang) for name in ("heat_map", "photo", "both")]
    assert figure.layout.sliders[0].currentvalue.prefix.strip() == text("opacity", lang)
    assert figure.data[1].hovertemplate.startswith(
        text("hover_value", lang, x="%{x:.0f}", y="%{y:.0f}", value="%{z:.4g}")
    )


def test_a_map_without_evidence_shows_the_photo_and_says_so() -> None:
    figure = plotly(handmade(np.zeros((3, 3))))
    assert figure.data[1].opacity == 0 and not figure.data[1].showscale
    assert figure.layout.annotations[0].text == text("no_positive_evidence")
    assert not figure.layout.updatemenus and not figure.layout.sliders


def test_names_are_text_and_random_weights_are_told() -> None:
    bad = "<b>x</b> & <a href='javascript:alert(1)'>y</a>"
    figure = plotly(replace(handmade(), labels=(bad,), model=replace(RANDOM, name=bad)))
    assert "<b>" not in figure.layout.title.text and "<a" not in figure.layout.title.text
    assert "&lt;b&gt;x&lt;/b&gt; &amp; " in figure.layout.title.text
    assert text("random_weights").upper() in figure.layout.title.text


def test_it_is_refused_where_it_makes_no_sense() -> None:
    batch = replace(handmade(), photos=handmade().photos * 2)
    with pytest.raises(BadInput, match="2 images"):
        plotly(batch)
    for asked in ({"sign": "up"}, {"cmap": "infernoo"}, {"lang": "fr"}, {"opacity": 1.5}):
        with pytest.raises(BadOption):
            plotly(handmade(), **asked)  # type: ignore[arg-type]  # the wrong ones are the test


def test_without_plotly_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr("seewhy.render.plotly.import_module", absent)
    with pytest.raises(Unsupported, match="needs plotly") as refusal:
        seewhy.plotly(handmade())
    assert refusal.value.hint == 'pip install "seewhy[plotly]"'


def test_it_is_plain_json_with_numbers_as_bytes() -> None:
    told = json.loads(plotly(handmade()).to_json())
    assert set(told["data"][1]["z"]) >= {"bdata", "dtype"} and told["data"][1]["z"]["dtype"] == "f4"
