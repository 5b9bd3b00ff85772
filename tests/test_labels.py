"""A typed label is one class, or an error that lists what it could be."""

import pytest

from seewhy.errors import UnknownName
from seewhy.labels import find

CATS = ("tabby", "tiger cat", "Persian cat", "tiger", "catamaran", "crane", "crane", "dam, dike, dyke")


@pytest.mark.parametrize(
    ("label", "index"),
    [("tabby", 0), (" TABBY ", 0), ("Tiger", 3), ("persian", 2), ("catam", 4), ("2", 2), ("dike", 7), ("dam, d", 7)],
)
def test_a_label_is_a_number_a_name_a_synonym_a_word_or_a_part_in_that_order(label: str, index: int) -> None:
    assert find(label, CATS) == index


def test_a_word_of_several_names_is_refused_with_their_numbers() -> None:
    with pytest.raises(UnknownName, match=r"'cat' could be 1 tiger cat, 2 Persian cat\n.*hint") as error:
        find("cat", CATS)
    assert "catamaran" not in str(error.value)


def test_two_classes_of_one_name_are_refused_with_their_numbers() -> None:
    with pytest.raises(UnknownName, match="5 crane, 6 crane"):
        find("crane", CATS)


def test_a_long_list_of_candidates_is_cut() -> None:
    with pytest.raises(UnknownName, match=r"7 a cat 7 and 12 more"):
        find("cat", [f"a cat {i}" for i in range(20)])


def test_a_misspelt_label_is_answered_with_its_neighbours() -> None:
    with pytest.raises(UnknownName, match="did you mean tabby"):
        find("taby", CATS)


@pytest.mark.parametrize("label", ["", "  ", "zzz", "8", "-1", ".*", "1.5"])
def test_what_names_no_class_is_refused(label: str) -> None:
    with pytest.raises(UnknownName) as error:
        find(label, CATS)
    assert error.value.hint


def test_without_class_names_a_number_is_taken_and_a_label_is_refused() -> None:
    assert find("7", ()) == 7
    with pytest.raises(UnknownName, match="no class names"):
        find("cat", ())


def test_a_number_that_is_also_the_name_of_another_class_is_refused() -> None:
    assert find("1", ("0", "1")) == 1
    assert find("7", ("3", "7")) == 1
    with pytest.raises(UnknownName, match="0 1, 1 0"):
        find("1", ("1", "0"))
