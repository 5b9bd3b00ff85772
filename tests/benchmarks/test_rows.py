"""Every row's gate on tiny networks: ours and the peers' answers are the same. Times decide nothing here."""

import gc
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import torch

from benchmarks import probe, tiny
from benchmarks.answers import equal, pictures
from benchmarks.folding import folded
from benchmarks.networks import NETWORKS, copied
from benchmarks.photos import photos
from benchmarks.row import Row, WrongAnswer
from benchmarks.rows import ROWS, memory
from benchmarks.running import _try, filled, tiny_case
from seewhy import explain, load
from seewhy.model.half import lacking


@pytest.fixture(autouse=True)
def quick() -> Iterator[None]:
    gc.freeze()  # else each call's collection walks all that the tests have made so far
    yield
    gc.unfreeze()


@pytest.mark.filterwarnings("ignore")  # the peers warn of what they do themselves
@pytest.mark.parametrize("row", [row for row in ROWS.values() if row.fill is None], ids=lambda row: row.id)
def test_ours_and_each_peers_answers_are_the_same_in_every_setting(row: Row) -> None:
    if row.id.endswith("bfloat16") and (why := lacking(torch.device("cpu"))):
        pytest.skip(why)
    case = tiny_case(row)
    answer = row.ours(case)
    for peer in row.peers:
        for setting in peer.settings:
            tried = _try(peer, setting, case, answer, True, print)  # which raises WrongAnswer
            assert tried["seconds"] is not None, tried["skipped"]


@pytest.mark.parametrize("row", [row for row in ROWS.values() if row.id.startswith("limit")], ids=lambda row: row.id)
def test_the_limit_is_of_every_pass_and_both_layouts(row: Row) -> None:
    found = filled(row, tiny_case(row), once=True)
    assert set(found["limit"]) == {"forward", "forward and backward", "forward in bfloat16"}
    assert all(one["seconds"] > 0 for one in found["limit"].values())
    assert {"nchw", "channels_last"} <= {one["setting"].split(", ")[1] for one in found["tried"]}


@pytest.mark.parametrize("name", ["default", "resnet50"])
def test_folding_leaves_no_batch_norm_and_the_outputs_as_they_were(name: str) -> None:
    net = copied(NETWORKS[name].stand_in(), frozen=True, inplace=True)
    for one in net.modules():
        if isinstance(one, torch.nn.BatchNorm2d):
            one.running_mean.add_(0.3)
            one.running_var.mul_(2)
    without = folded(net)
    assert without is not None and not [one for one in without.modules() if isinstance(one, torch.nn.BatchNorm2d)]
    x = torch.rand(2, 3, 32, 32)
    torch.testing.assert_close(without(x), net(x))
    assert folded(copied(tiny.plain(), frozen=True, inplace=True)) is None


def test_another_class_fails_the_gates() -> None:
    row = ROWS["gradcam-default"]
    case = tiny_case(row)
    wrong = explain(case.model, case.x, "gradcam", [(one + 1) % 10 for one in case.classes])
    for peer in row.peers:
        with pytest.raises(WrongAnswer):
            _try(peer, peer.settings[0], case, wrong, True, print)
    assert equal(case, wrong, wrong.values * 1.00002).difference > 1e-5
    assert not pictures(case, wrong, row.peers[0].make(case, row.peers[0].settings[0])()).holds


def test_a_peak_is_seen_and_forgotten() -> None:
    probe.forget()
    own, size = probe.resident("VmRSS"), 2**26
    torch.ones(size // 4)
    seen = probe.resident("VmHWM") - own
    probe.forget()
    assert 0.9 * size < seen and probe.resident("VmHWM") - own < 0.5 * size


def test_the_memory_row_tells_each_peak_and_their_growth(monkeypatch: pytest.MonkeyPatch) -> None:
    assert list(probe.main("smoothgrad", "tiny", 2**20, [8, 4])) == [8, 4]
    monkeypatch.setattr(memory, "probed", lambda method, network, samples, granted: {str(n): 100 * n for n in samples})
    row = ROWS["memory-smoothgrad"]
    found = filled(row, tiny_case(row))
    assert found["peaks"] == {"16": 1600, "32": 3200, "48": 4800} and found["growth"] == 3
    assert list(probe.main("attention_relevance", "tiny", 2**20, [16, 32])) == [16, 32]
    row = ROWS["memory-attention_relevance"]
    found = row.fill(case := tiny_case(row), once=True)
    assert (found["growth"], found["target"], found["unit"], case.most) == (2, 1.1 * 4, "pixels a side", 4)


def test_the_digits_are_learnt_within_seconds() -> None:
    model, right = tiny.trained()
    assert right > 0.85
    assert model.census().head is not None


def test_the_eight_photos_differ_and_lie_in_range() -> None:
    x = photos(load("default", weights="random"), 8)
    assert x.shape == (8, 3, 224, 224) and 0 <= x.min() < x.max() <= 1
    assert min((x[i] - x[j]).abs().mean() for i in range(8) for j in range(i)) > 0.02


def test_ids_are_unique_and_name_files() -> None:
    assert all(id == row.id and "/" not in id and " " not in id for id, row in ROWS.items())
    assert {row.network for row in ROWS.values()} == set(NETWORKS)
    with pytest.raises(TypeError):
        replace(ROWS["gradcam-default"], **{"no such field": Any})
