"""A table that was broken off goes on; a page is written between its markers and nowhere else."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks import __main__ as command
from benchmarks import chinese, page, store
from benchmarks.machine import ROOT, machine
from benchmarks.row import WrongAnswer
from benchmarks.rows import ROWS, memory
from benchmarks.running import filled, tiny_case

PAGES = [one.name for one in (page.PAGE, page.README, page.CHINESE)]

IDS = ("gradcam-default", "cams-together")


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """The rows that the command measures, each with figures made up; results and pages lie in a folder of the test."""
    measured: list[str] = []

    def filled(row: Any, case: Any, **_: Any) -> dict[str, Any]:
        measured.append(row.id)
        return figures(row.id)

    few = {id: ROWS[id] for id in IDS}
    monkeypatch.setattr(command, "ROWS", few)
    monkeypatch.setattr(command, "filled", filled)
    monkeypatch.setattr(command, "case_of", lambda row, device: None)
    monkeypatch.setattr(command.page, "write", lambda: None)
    monkeypatch.setattr(store, "RESULTS", tmp_path)
    monkeypatch.setattr(store, "path_of", lambda row, device: tmp_path / device / f"{row}.json")
    return measured


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["benchmarks", *words])
    return command.main()


def figures(id: str, ratio: float = 5.0) -> dict[str, Any]:
    peer = {"peer": "grad-cam", "version": "1.5.7", "target": 4.0, "at_most": False, "setting": "one at a time"}
    measured = {"ratio": ratio, "interval": [4.5, 5.5], "ours_seconds": 0.08, "default_ratio": 9.0}
    return {
        "row": id,
        "images": 8,
        "needs": [1, 0],
        "passes": [1, 1],
        "peers": [{**peer, **measured, "gate": {"difference": 2e-7}}],
        "machine": machine("cpu"),
    }


def test_a_row_that_is_there_is_skipped_unless_it_is_named_or_all_are_anew(
    ran: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(monkeypatch) == 0 and ran == list(IDS)
    assert run(monkeypatch) == 0 and ran == list(IDS), "both are there"
    assert run(monkeypatch, "--row", "cams-together") == 0 and ran[2:] == ["cams-together"]
    assert run(monkeypatch, "--fresh") == 0 and ran[3:] == list(IDS)
    assert run(monkeypatch, "--row", "nothing") == 2


def test_a_table_broken_off_goes_on_with_the_row_that_was_missing(
    ran: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    store.save(figures(IDS[0]), tmp_path / "cpu" / f"{IDS[0]}.json")
    assert run(monkeypatch) == 0 and ran == [IDS[1]]


def test_a_wrong_answer_leaves_no_figure_and_the_other_rows_go_on(
    ran: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "cpu" / f"{IDS[0]}.json"
    store.save(figures(IDS[0]), path)
    good = command.filled

    def wrong(row: Any, case: Any, **more: Any) -> Any:
        if row.id == IDS[0]:
            raise WrongAnswer("far off")
        return good(row, case, **more)

    monkeypatch.setattr(command, "filled", wrong)
    assert run(monkeypatch, "--fresh") == 1
    assert store.read(path) == {"refused": "no figure is kept, the answers differ: far off"} and ran == [IDS[1]]


def test_a_file_is_whole_or_not_there(tmp_path: Path) -> None:
    path = tmp_path / "cpu" / "row.json"
    store.save({"a": 1}, path)
    with pytest.raises(ValueError):
        store.save({"a": float("nan")}, path)
    with pytest.raises(TypeError):
        store.save({"a": object()}, path)
    assert store.read(path) == {"a": 1} and store.read(tmp_path / "none.json") is None
    assert [one.name for one in path.parent.iterdir()] == ["row.json"]


def test_the_page_is_written_between_its_markers_and_twice_is_once(tmp_path: Path) -> None:
    results = tmp_path / "results"
    store.save(figures("gradcam-default", ratio=3.0), results / "cpu" / "gradcam-default.json")
    pages = [tmp_path / name for name in PAGES]
    for one in pages:
        one.write_text(f"before\n{page.START}\nold\n{page.END}\nafter\n", "utf-8")
    page.write(results, *pages)
    once = [one.read_text("utf-8") for one in pages]
    page.write(results, *pages)
    assert [one.read_text("utf-8") for one in pages] == once
    for text in once:
        assert text.startswith("before\n") and text.endswith("\nafter\n") and "old" not in text
    row = "| 0.08 | grad-cam 1.5.7 | one at a time | **3.00** | 4.50 to 5.50 | at least 4 | no | 9.00 |"
    assert row in once[0], "a row below its target is printed like the others"
    assert "| grad-cam | 3.0 times | 4.50 to 5.50 |" in once[1]
    assert "| grad-cam | 3.0 倍 | 4.50 至 5.50 |" in once[2] and "times" not in once[2]
    assert all(table_is_even(text) for text in once)


@pytest.mark.filterwarnings("ignore")  # the peers warn of what they do themselves
def test_what_a_row_measures_can_be_stored_and_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        memory, "probed", lambda method, network, samples, granted: {str(n): 2**20 * n for n in samples}
    )
    for id in (
        "gradcam-resnet50",
        "limit-resnet50",
        "gradcam-vit",
        "gradcam-classes",
        "memory-smoothgrad",
        "memory-rise",
        "activations-default",
        "embeddings-folder",
    ):
        found = filled(ROWS[id], tiny_case(ROWS[id]), once=True)
        store.save(found, store.path_of(id, "cpu", tmp_path))
    pages = [tmp_path / name for name in PAGES]
    for one in pages:
        one.write_text(f"{page.START}{page.END}", "utf-8")
    page.write(tmp_path, *pages)
    text = pages[0].read_text("utf-8")
    for said in ("grad-cam 1.5.7", "captum 0", "torchcam 0", "ms an image"):
        assert said in text
    assert "at most 1.5" in text and "MiB at 16 samples" in text and table_is_even(text)
    assert "embeddings of many photos, 20: " in text and "one forward whose hooks copy" in text


def table_is_even(text: str) -> bool:
    lines = [line for line in text.splitlines() if line.startswith("|")]
    tables = [len(line.split(" | ")) for line in lines]
    heads = [i for i, line in enumerate(lines) if set(line) <= set("|- ")]
    return all(tables[i - 1] == tables[i] == tables[i + 1] for i in heads)


def test_a_page_without_markers_is_an_error_and_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text("no markers", "utf-8")
    with pytest.raises(ValueError, match="markers"):
        page.replace(path, "text")
    assert path.read_text("utf-8") == "no markers"


def test_the_distance_to_the_limit_is_the_time_over_that_of_the_passes_needed() -> None:
    limit = {"limit": {"forward": {"seconds": 0.01}, "forward and backward": {"seconds": 0.03}}}
    assert page.distance({"images": 2, "needs": [1, 0]}, 0.04, limit) == "2.00"
    assert page.distance({"images": 1, "passes": [52, 50]}, 1.52 * 2, limit) == "2.00"
    assert page.distance({"images": 1}, 1.0, limit) == page.distance({"images": 1, "needs": [1, 0]}, 1.0, None) == ""


def test_a_target_grows_with_what_was_measured_on_the_case() -> None:
    one = {"target": 1.8, "gain": 2.5, "gain_name": "share", "at_most": False, "ratio": 4.4}
    assert page.aim(one) == 4.5 and not page.met(one) and page.wanted(one) == "1.8 × 2.50 (share)"
    assert page.met({"target": 1.3, "at_most": True, "ratio": 1.2})


def test_the_pages_of_the_repository_are_those_of_its_figures(tmp_path: Path) -> None:
    theirs = [page.PAGE, page.README, page.CHINESE]
    ours = [tmp_path / one.name for one in theirs]
    for one, copy in zip(theirs, ours, strict=True):
        copy.write_text(one.read_text("utf-8"), "utf-8")
    page.write(store.RESULTS, *ours)
    for one, copy in zip(theirs, ours, strict=True):
        assert copy.read_text("utf-8") == one.read_text("utf-8"), "make bench"


def test_every_headline_has_chinese_words() -> None:
    headlines = [row for row in ROWS.values() if row.headline]
    assert {row.what for row in headlines} == set(chinese.WHAT)


def test_the_machine_is_described_and_not_named() -> None:
    import platform

    said = json.dumps(machine("cpu"))
    assert str(ROOT) not in said and platform.node() not in said
    assert {"date", "processor", "flags", "cores", "threads", "versions", "commit"} <= set(machine("cpu"))
