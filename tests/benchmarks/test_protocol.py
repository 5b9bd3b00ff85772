"""Ratios, their interval, and the gate before the clock."""

import time
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from benchmarks import protocol
from benchmarks.answers import relative
from benchmarks.protocol import Took, interval, pairs_wanted, summary
from benchmarks.row import Case, Gate, Peer, Row, Setting, WrongAnswer
from benchmarks.running import filled, tiny_case
from benchmarks.tiny import pooled
from seewhy import explain


def test_the_interval_of_equal_ratios_is_a_point_and_that_of_spread_ones_holds_the_median() -> None:
    assert interval([2.0] * 7) == (2.0, 2.0)
    ratios = [1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 9.0]
    low, high = interval(ratios) or (0, 0)
    assert 1.0 < low < 1.3 < high <= 9.0
    # The share of bootstrap medians at or above the sixth of seven is known: P(Bin(7, 2/7) >= 4) is over 2.5 %.
    assert high >= 1.5


def test_fewer_than_three_pairs_claim_no_interval() -> None:
    assert interval([2.0, 3.0]) is None
    assert interval([1.0, 2.0, 3.0]) == (1.0, 3.0)


@pytest.mark.parametrize(("seconds", "pairs"), [(0.1, 7), (4.9, 7), (5.0, 3), (59.0, 3), (60.0, 1)])
def test_slower_calls_get_fewer_pairs(seconds: float, pairs: int) -> None:
    assert pairs_wanted(seconds) == pairs


def test_a_ratio_is_the_median_of_the_pairs_ratios_not_the_ratio_of_medians() -> None:
    pairs = [(Took(1, 2), Took(3, 2)), (Took(2, 2), Took(2, 4)), (Took(4, 1), Took(20, 6))]
    found = summary(pairs)
    assert found["ratio"] == 3 and found["cpu_ratio"] == 2 and found["pairs"][2] == [4, 20, 1, 6]
    assert summary(pairs, at_most=True)["ratio"] == pytest.approx(1 / 3)


def test_calls_alternate_and_both_clocks_run() -> None:
    order: list[str] = []
    pairs = protocol.interleaved(lambda: order.append("a"), lambda: (order.append("b"), time.sleep(0.02)), 3)
    assert order == list("ababab")
    assert all(theirs.wall >= 0.02 and theirs.cpu < theirs.wall for _, theirs in pairs)


def peer(answer: Any, seconds: dict[str, float] | None = None, **more: Any) -> Peer:
    """A peer that answers what it is told to, after the seconds of its setting."""

    def make(case: Case, setting: Setting) -> Any:
        return lambda: (time.sleep((seconds or {}).get(setting.name, 0)), answer)[1]

    def compare(case: Case, ours: Any, theirs: Any) -> Gate:
        return Gate(relative(ours, theirs), 1e-5, "relative")

    return Peer("peer", "torch", 1.0, make, compare, **more)


def row(rival: Peer) -> Row:
    return Row("row", "what", "default", lambda case: torch.ones(3), (rival,))


@pytest.mark.parametrize("wrong", [[1.0, 1.0, 1.0001], [1.0, 1.0, float("nan")], [0.0, 0.0, 0.0], [1.0, 1.0]])
def test_the_gate_refuses_a_wrong_answer(wrong: list[float]) -> None:
    one = row(peer(torch.tensor(wrong)))
    with pytest.raises(WrongAnswer):
        filled(one, tiny_case(one))


def test_a_wrong_answer_of_any_setting_is_refused() -> None:
    answers = {"good": torch.ones(3), "bad": torch.zeros(3) + 2}
    rival = replace(
        peer(None, settings=(Setting("good"), Setting("bad"))),
        make=lambda case, setting: lambda: answers[setting.name],
    )
    with pytest.raises(WrongAnswer, match="bad"):
        filled(row(rival), tiny_case(row(rival)))


def test_the_ratio_is_against_the_quickest_setting_and_the_default_is_kept() -> None:
    settings = (Setting("default"), Setting("slow"), Setting("quick"))
    one = row(peer(torch.ones(3), {"default": 0.02, "slow": 0.03, "quick": 0.004}, settings=settings))
    found = filled(one, tiny_case(one))["peers"][0]
    assert found["setting"] == "quick" and len(found["pairs"]) == 7 and found["interval"]
    assert [one["setting"] for one in found["tried"]] == ["default", "slow", "quick"]
    assert found["default_ratio"] > found["ratio"]


def test_a_missing_peer_and_one_that_raises_are_skipped_and_said() -> None:
    lines: list[str] = []
    gone = replace(peer(torch.ones(3)), package="no-such-package")
    found = filled(row(gone), tiny_case(row(gone)), say=lines.append)
    assert found["peers"][0]["skipped"] == "no-such-package is not installed" and "not installed" in lines[0]
    broken = replace(peer(None), make=lambda case, setting: 1 / 0)
    assert "ZeroDivisionError" in filled(row(broken), tiny_case(row(broken)))["peers"][0]["skipped"]


def test_a_setting_that_would_not_fit_the_memory_is_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.running.free_bytes", lambda device: 1000)
    one = row(replace(peer(None), make=lambda case, setting: pytest.fail("it ran")))
    assert "GiB" in filled(one, tiny_case(one))["peers"][0]["skipped"]


def test_what_seewhy_refuses_is_a_row_with_the_reason() -> None:
    one = replace(row(peer(torch.ones(3))), ours=lambda case: explain(case.model, case.x, "gradcam", layer="fc"))
    assert filled(one, tiny_case(one))["refused"].startswith("seewhy refuses: ")


def test_the_random_state_is_left_alone() -> None:
    one = row(peer(torch.ones(3)))
    rival = replace(peer(torch.ones(3)), make=lambda case, setting: lambda: (np.random.seed(0), torch.ones(3))[1])
    before = np.random.get_state()[1].copy()
    filled(replace(one, peers=(rival,)), tiny_case(one))
    assert (np.random.get_state()[1] == before).all()


def test_the_classes_are_found_once_and_not_under_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    case = tiny_case(row(peer(None)))
    found = case.classes, case.top(3)
    monkeypatch.setattr(type(case.model), "outputs", lambda *_: pytest.fail("a forward of the benchmark's own"))
    assert (case.classes, case.top(3)) == found and case.top(3)[0] == case.classes[0]


def test_passes_are_an_images() -> None:
    from benchmarks.running import passes

    made = explain(pooled(), torch.rand(2, 3, 32, 32), "integrated_gradients", n_steps=5)
    assert passes(made) == [7, 5] and passes(SimpleNamespace()) is None
