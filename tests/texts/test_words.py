"""Tokens become the words that people read."""

import pytest

from seewhy.texts.words import WORD, words


def spans(*lengths: int) -> list[tuple[int, int, int]]:
    found, at = [], 0
    for place, length in enumerate(lengths, 1):
        found.append((place, at, at + length))
        at += length
    return found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a dog", ["a", "dog"]),
        ("the blanket, isn't it?", ["the", "blanket", ",", "isn't", "it", "?"]),
        ("a t-shirt!!! 12.5%", ["a", "t-shirt", "!!!", "12", ".", "5", "%"]),
        ("snake_case", ["snake", "_", "case"]),
        ("一只猫 on top", ["一", "只", "猫", "on", "top"]),
        ("猫cat猫", ["猫", "cat", "猫"]),
        ("日本語のネコ", [*"日本語のネコ"]),
        ("кот naïve", ["кот", "naïve"]),
        ("", []),
    ],
)
def test_a_text_is_taken_apart_as_people_read_it(text: str, found: list[str]) -> None:
    assert WORD.findall(text) == found


def test_pieces_of_a_word_are_put_together() -> None:
    found = words("dogs, on", [(1, 0, 3), (2, 3, 4), (3, 4, 5), (4, 6, 8)])
    assert [(one.text, one.places) for one in found] == [("dogs", (1, 2)), (",", (3,)), ("on", (4,))]


def test_a_token_over_several_words_makes_one_of_them() -> None:
    found = words("New York is", [(1, 0, 8), (2, 9, 11)])
    assert [(one.text, one.places) for one in found] == [("New York", (1,)), ("is", (2,))]


def test_tokens_that_share_a_character_are_one_word_each_character() -> None:
    found = words("猫狗", [(1, 0, 1), (2, 0, 1), (3, 1, 2)])
    assert [(one.text, one.places) for one in found] == [("猫", (1, 2)), ("狗", (3,))]


def test_what_was_cut_has_no_word_and_a_space_is_none() -> None:
    assert [one.text for one in words("a dog runs", spans(1, 1, 3))] == ["a", "dog"]
