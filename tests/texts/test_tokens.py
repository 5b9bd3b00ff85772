"""Rows of tokens are the tokenizers' own, and their words those of the text."""

import pytest
import torch
from open_clip.tokenizer import HFTokenizer, SimpleTokenizer

from pairs import tokenizer as own
from seewhy.errors import BadInput, Unsupported
from seewhy.texts.tokens import tokenizer

LINES = [
    "a dog",
    "The Blanket on top, isn't it?",
    "一只猫在毯子上",
    "кот &amp; café",
    "a t-shirt!!! 😀",
    "word " * 90,
    "x" * 300,
]


@pytest.mark.parametrize("text", LINES)
def test_clips_own_and_that_of_transformers_agree(text: str) -> None:
    clip, hub = (tokenizer(own(kind), 77) for kind in ("vit", "hf clip"))
    one, other = clip.row(text), hub.row(text)
    assert torch.equal(one.ids, own("vit")([text])[0])
    if "&" not in text:  # open_clip reads it as HTML, transformers does not
        assert torch.equal(one.ids[: len(other.ids)], other.ids)
        assert (one.length, one.cut) == (other.length, other.cut)
        assert [word.places for word in one.words] == [word.places for word in other.words]
        assert [word.text for word in one.words] == [word.text.lower() for word in other.words]


@pytest.mark.parametrize("text", LINES[:5])
def test_each_token_but_those_at_the_ends_is_in_one_word(text: str) -> None:
    row = tokenizer(own("vit")).row(text)
    places = [place for word in row.words for place in word.places]
    assert places == list(range(1, row.length - 1))
    assert "".join(word.text for word in row.words) == row.clean.replace(" ", "")


def test_what_is_cut_is_counted() -> None:
    row = tokenizer(own("vit")).row("word " * 100)
    assert (row.length, row.cut, len(row.words)) == (102, 25, 75)
    small = tokenizer(own("hf chinese"), 8).row("a dog, a cat, the dog")
    assert (row.cut, len(small.ids), small.cut) == (25, 8, small.length - 8)
    assert not tokenizer(own("vit")).row("word " * 75).cut


def test_unknown_tokens_are_counted_and_nothing_else_is_refused() -> None:
    made = tokenizer(own("hf chinese"))
    assert made.row("a dog").unknown == 0
    assert made.row("a zebra and a dog").unknown == 2
    with pytest.raises(BadInput, match="knows nothing"):
        made.row("zebra crossing")


@pytest.mark.parametrize("kind", ["vit", "hf clip", "hf chinese", "hf siglip"])
@pytest.mark.parametrize("text", ["", " ", "\n\t"])
def test_a_text_without_a_token_is_refused(kind: str, text: str) -> None:
    with pytest.raises(BadInput, match="no token"):
        tokenizer(own(kind), 16, full=kind == "hf siglip").row(text)


def test_siglips_rows_are_filled_up_and_nothing_is_masked() -> None:
    row = tokenizer(own("hf siglip"), 16, full=True).row("the dogs on top")
    assert row.mask is None and row.ids.shape == (16,) and int((row.ids == 0).sum()) == 16 - row.length
    assert [word.text for word in row.words] == ["the", "dogs", "on", "top"]


def test_transformers_tokenizer_in_open_clips_clothes() -> None:
    wrapped = HFTokenizer.__new__(HFTokenizer)
    vars(wrapped).update(tokenizer=own("hf siglip"), context_length=16, clean_fn=str.lower, tokenizer_mode="")
    wrapped.strip_sep_token = False
    row = tokenizer(wrapped).row("The Dogs")
    assert torch.equal(row.ids, wrapped(["The Dogs"])[0])
    assert [word.text for word in row.words] == ["the", "dogs"]


def test_a_tokenizer_with_rules_of_its_own_keeps_its_rows() -> None:
    class Odd(HFTokenizer):
        def __init__(self) -> None:
            self.tokenizer, self.context_length, self.clean_fn = own("hf siglip"), 16, str.lower

        def __call__(self, texts: list[str], context_length: int | None = None) -> torch.Tensor:
            return torch.full((len(texts), 16), 4)

    row = tokenizer(Odd()).row("a dog")
    assert row.ids.unique().tolist() == [4] and row.words == ()


def test_functions_and_what_is_none() -> None:
    row = tokenizer(lambda texts: torch.tensor([[1, 2, 3]] * len(texts))).row("a")
    assert row.ids.tolist() == [1, 2, 3] and row.words == ()
    with pytest.raises(BadInput, match="raised ZeroDivisionError"):
        tokenizer(lambda texts: 1 / 0).row("a")
    with pytest.raises(BadInput, match="returned"):
        tokenizer(lambda texts: torch.rand(3)).row("a")
    for strange in (None, 3, SimpleTokenizer, "bert"):
        with pytest.raises(Unsupported, match="no tokenizer"):
            tokenizer(strange)
