"""Objectives as text: what is read, and where what can't be is marked."""

import numpy as np
import pytest

from seewhy.errors import BadInput
from seewhy.synthesis.parsing import Unreadable, parse
from seewhy.synthesis.terms import CENTER, Channel, Direction, Logit, Weighted


@pytest.mark.parametrize(
    "text",
    [
        "layer4:12",
        "layer4:12:3,4",
        "blocks.4.0:12:center",
        "inner/conv_1:3",
        '"my-layer":3',
        "class:tabby",
        "class:golden retriever + 0.001*tv",
        'class:"sea-cucumber" - l2',
        "layer4:12 + 0.5*layer4:30 - 0.001*tv",
        "-2*tv",
        "l1:0.5 - l2 + blur",
        "deepdream:layer3 + diversity:layer3 - alignment:layer3:3",
        "interpolate:a:1:b:2",
        "style:layer3:photos/a.jpg - caricature:layer2:b.jpg - difference:c.jpg",
    ],
)
def test_what_is_read_is_written_the_same(text: str) -> None:
    made = parse(text)
    assert str(made) == text and made.name == text


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("  layer4:12+0.5*layer4:30-1e-3*tv ", "layer4:12 + 0.5*layer4:30 - 0.001*tv"),
        ("tv/2 - 3 * l1:0.5", "0.5*tv - 3*l1:0.5"),
        ("layer1:3*2", "2*layer1:3"),
        ("+tv", "tv"),
        ('"layer4":12', "layer4:12"),
    ],
)
def test_other_ways_to_write_it(text: str, same: str) -> None:
    assert str(parse(text)) == same and parse(text).name == " ".join(text.split())


def test_its_parts() -> None:
    (plain, first), (half, second), (less, third) = parse(
        "a.b:1:2,3 + 0.5*class:great white shark - 2*c:4:center"
    ).terms
    assert (plain, half, less) == (1.0, 0.5, -2.0)
    assert isinstance(first, Channel) and (first.layer, first.channel, first.cell) == ("a.b", 1, (2, 3))
    assert isinstance(second, Logit) and second.asked == "great white shark"
    assert isinstance(third, Channel) and third.cell == CENTER


def test_words_of_the_language_in_quotes_are_layers() -> None:
    ((_, one),) = parse('"tv":3').terms
    assert isinstance(one, Channel) and one.layer == "tv"
    ((_, other),) = parse("tv2:3").terms
    assert isinstance(other, Channel) and other.layer == "tv2"


def test_directions_come_from_files(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    np.save("v.npy", np.arange(4.0))
    ((_, one),) = parse("direction:layer3:v.npy:1,2").terms
    assert isinstance(one, Direction) and one.vector.tolist() == [0, 1, 2, 3] and one.cell == (1, 2)
    for place, cell, group in (("", None, (1, 1)), (":center", CENTER, (1, 1)), (":1,2:3,4", (1, 2), (3, 4))):
        ((_, weighted),) = parse(f"weighted:layer3:v.npy{place}").terms
        assert isinstance(weighted, Weighted) and (weighted.cell, weighted.group) == (cell, group)
        assert str(weighted) == f"weighted:layer3:vector{place}"
    (tmp_path / "w.npy").write_text("no array")
    with pytest.raises(BadInput, match="holds no array"):
        parse("direction:layer3:w.npy")


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        ("^", "a layer, or one of class"),
        ("layer4^", "':' and a channel"),
        ("layer4:^x", "the number of a channel"),
        ("layer4:^-1", "the number of a channel"),
        ("layer4:^1.5", "the number of a channel"),
        ("layer4:12:^x", "a row"),
        ("layer4:12:3^", "',' and a column"),
        ("layer4:12:3,^", "a column"),
        ("layer4:12 ^layer4:13", r"\+ or -"),
        ("layer4:12 + 0.5*^", "a layer"),
        ("layer4:12 * ^x", "a number"),
        ("class:^", "a class"),
        ("tv/^", "a number"),
        ("direction:a:^nofile.npy", "an .npy file"),
        ("weighted:a:^nofile.npy", "an .npy file"),
        ("^(layer:1)", "a layer"),
        ("deepdream^ + tv", "':' and a layer"),
        ("interpolate:a:1:b^", "':' and a channel"),
    ],
)
def test_the_place_that_can_not_be_read_is_marked(marked: str, expected: str) -> None:
    text = marked.replace("^", "")
    with pytest.raises(Unreadable) as caught:
        parse(text)
    assert caught.value.at == marked.index("^") and caught.value.text == text
    assert caught.value.problem == f"the objective can't be read at ^: {' '.join(marked.split())}".rstrip()
    import re

    assert re.match(expected, caught.value.hint), caught.value.hint
