"""What is said of maps that do not sum to what they should."""

import torch

from seewhy.ops.completeness import attributed, completeness_gap, incomplete


def test_the_gap_is_the_sum_less_the_difference() -> None:
    assert torch.equal(completeness_gap(torch.ones(2, 3, 1, 2), torch.tensor([6.0, 4.0])), torch.tensor([0.0, 2.0]))


def test_a_large_gap_is_said_with_its_image_and_its_share() -> None:
    difference = torch.tensor([1.0, -2.0, 3.0])
    assert incomplete(torch.tensor([0.04, 0.0, -0.1]), difference, "hint") == []
    (said,) = incomplete(torch.tensor([0.04, 1.0, -0.3]), difference, "take more")
    assert said == "the map's sum misses the score's difference by 50.0% (images 1, 2): take more"
    assert incomplete(torch.tensor([-0.5]), torch.tensor([1.0]), "x") == [
        "the map's sum misses the score's difference by 50.0%: x"
    ]


def test_a_gap_within_what_sampling_allows_is_not() -> None:
    gap, difference = torch.tensor([0.5, 0.5]), torch.tensor([1.0, 1.0])
    assert incomplete(gap, difference, "x", torch.tensor([0.6, 0.6])) == []
    assert "(images 1)" in incomplete(gap, difference, "x", torch.tensor([0.6, 0.4]))[0]


def test_each_target_has_its_own_gap_and_is_told_of_no_other() -> None:
    values, difference = torch.ones(2, 1, 1, 1, 2), torch.tensor([[2.0], [4.0]])
    fine, short = attributed(values, difference, "more", extras={"own": torch.tensor([[7.0], [8.0]])}, notes=["always"])
    assert fine.notes == ["always"] and short.notes[1].endswith("by 50.0%: more")
    assert [float(one.extras["completeness_gap"]) for one in (fine, short)] == [0.0, -2.0]
    assert [float(one.extras["own"]) for one in (fine, short)] == [7.0, 8.0]
