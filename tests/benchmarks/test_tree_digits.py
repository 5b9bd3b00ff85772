"""The tree's loss on digits: one seed, a few epochs; and what the page says of five."""

import re

from benchmarks.tree_digits import ALONE, BEFORE, DEFAULT, PAGE, run


def test_with_the_loss_the_soft_tree_is_about_as_right_as_the_network() -> None:
    after = run(0, (ALONE, DEFAULT), epochs=5, tuning=6).after
    assert after[BEFORE]["network"] > 0.9 and after[ALONE]["network"] > 0.95
    assert after[ALONE]["soft"] < after[ALONE]["network"] - 0.04
    assert after[DEFAULT]["soft"] > after[DEFAULT]["network"] - 0.02
    assert after[DEFAULT]["hard"] > after[ALONE]["hard"] + 0.03


def test_over_five_seeds_it_loses_a_point_at_most() -> None:
    page = PAGE.read_text("utf-8")
    row = re.search(rf"^\| {re.escape(DEFAULT)} \|(.*)$", page, re.MULTILINE)
    assert row is not None and "means over 5" in page
    own, other = (float(one) for one in row[1].split("|")[3:5])
    assert own <= 1 and other <= 1
