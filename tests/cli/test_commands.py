"""The smaller commands, and what the program does without torch."""

import json
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result

import seewhy
from seewhy.cli import COMMANDS, names
from seewhy.cli.output import wide

Call = Callable[..., Result]
Told = Callable[..., Any]
NET = "nets.py:build"


def program(*args: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "seewhy.cli", *args],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment},
    )


def test_help_and_completion_do_not_import_torch() -> None:
    script = """
import sys
from seewhy.cli import main
from seewhy.cli.inspect import THINGS
inner = [["inspect", name, "--help"] for name in THINGS]
for args in (["--help"], ["--version"], *([name, "--help"] for name in sys.argv[1:]), *inner, ["completion", "zsh"]):
    assert main(args, "seewhy", standalone_mode=False) in (0, None), args
import os
os.environ.update(_SEEWHY_COMPLETE="zsh_complete", COMP_WORDS="seewhy explain --method inte", COMP_CWORD="3")
try:
    main([], "seewhy")
except SystemExit:
    pass
heavy = {"torch", "torchvision", "timm", "numpy", "matplotlib", "PIL", "rich"} & set(sys.modules)
assert not heavy, heavy
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", script, *COMMANDS], capture_output=True, text=True, timeout=60, env=environment
    )
    assert done.returncode == 0, done.stderr
    assert all(f"  {name} " in done.stdout for name in COMMANDS)
    assert done.stdout.endswith("plain\nintegrated_gradients\n_\n"), "completed --method inte"


def test_the_names_found_without_torch_are_the_registry_s() -> None:
    assert names.methods() == sorted(one.id for one in seewhy.list_methods())


def test_every_command_tells_its_exit_codes(call: Call) -> None:
    for name in COMMANDS:
        assert "130 interrupted" in call(name, "--help").stdout, name


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script_that_says_where_it_goes(shell: str, call: Call) -> None:
    result = call("completion", shell)
    assert result.exit_code == 0 and result.stdout.startswith("# ")
    assert f"_SEEWHY_COMPLETE={shell}_complete" in result.stdout
    if shutil.which(shell):
        checked = subprocess.run([shell, "-n"], input=result.stdout, text=True, capture_output=True)
        assert checked.returncode == 0, checked.stderr


def test_a_mistyped_command_is_named(call: Call) -> None:
    result = call("explan", "x.jpg")
    assert result.exit_code == 2 and "did you mean 'explain'" in result.stderr


def test_predict_says_what_the_api_says(there: Path, call: Call, told: Told) -> None:
    found = told("predict", "photos", "bad.jpg", "-M", NET, "--top", "2", code=2)
    rows = {one["photo"]: one for one in found["photos"]}
    assert rows["bad.jpg"]["error"]["code"] == "bad_input"
    for photo in ("photos/cat.jpg", "photos/dog.png"):
        direct = seewhy.predict(NET, photo, top=2)
        assert [one["label"] for one in rows[photo]["predictions"]] == [one.label for one in direct]
        assert [one["probability"] for one in rows[photo]["predictions"]] == [one.probability for one in direct]
    result = call("predict", "photos/cat.jpg", "-M", NET, "--top", "2")
    assert result.exit_code == 0 and len(result.stdout.splitlines()) == 3


def test_again_finds_every_explanation_below_and_prints_differences(
    undrawn: None, there: Path, call: Call, told: Told
) -> None:
    assert call("explain", "photos", "--model", NET, "-m", "gradcam", "-m", "saliency").exit_code == 0
    found = told("again", "seewhy-out", "--trust")["explanations"]
    assert len(found) == 4 and max(one["largest_difference"] for one in found) < 1e-6
    folder = Path("seewhy-out/cat/gradcam")
    result = call("again", str(folder), "seewhy-out/dog/saliency", "--trust")
    assert result.exit_code == 0 and result.stdout.count(" of the largest value") == 2  # alone, not two in a batch
    changed = seewhy.open(folder)
    values = changed.values + np.float32(0.5)
    replace(changed, values=values).save(folder)
    row = told("again", str(folder), "--model", NET)["explanations"][0]
    assert row["largest_difference"] == pytest.approx(0.5, abs=1e-5)
    assert row["relative"] == pytest.approx(0.5 / np.abs(values).max(), rel=1e-4)


def test_again_speaks_chinese(undrawn: None, there: Path, call: Call) -> None:
    assert call("explain", "photos/cat.jpg", "--model", NET, "-m", "saliency").exit_code == 0
    old = seewhy.open("seewhy-out/cat")
    replace(old, versions={**old.versions, "torch": "0.1"}).save("seewhy-out/cat")
    result = call("again", "seewhy-out", "--trust", "--lang", "zh")
    assert "正在重新计算 seewhy-out/cat" in result.stderr
    first, second = result.stdout.splitlines()
    assert first.startswith("seewhy-out/cat：saliency，") and "逐位相同" in first
    assert second.startswith("  说明：torch 当时：0.1，现在：")
    english = call("again", "seewhy-out", "--trust").stdout.splitlines()
    assert english[0].endswith("largest difference 0, 0 of the largest value: the same bit for bit")
    assert english[1].startswith("  note: torch 0.1 then, ")


def test_again_goes_on_behind_a_broken_folder(undrawn: None, there: Path, call: Call, told: Told) -> None:
    assert call("explain", "photos", "--model", NET).exit_code == 0
    Path("seewhy-out/cat/values.npz").write_bytes(b"")
    found = told("again", "seewhy-out", "--trust", code=2)["explanations"]
    assert ["error" in one for one in found] == [True, False]
    result = call("again", "photos")
    assert result.exit_code == 2 and "no explanation in photos" in result.stderr


def test_methods_lists_each_with_its_paper_and_its_reason(there: Path, call: Call, told: Told) -> None:
    every = told("methods")
    assert [one["id"] for one in every] == [one.id for one in seewhy.list_methods()]
    assert all(one["paper"] and one["cost"] and "offered" not in one for one in every)
    cams = told("methods", "--family", "cam", "-M", "nets.py:dead")
    assert {one["family"] for one in cams} == {"cam"}
    assert next(one["reason"] for one in cams if one["id"] == "gradcam").startswith("needs MAPS")
    result = call("methods", "-M", NET)
    assert re.search(r"^cam +gradcam +yes ", result.stdout, re.M)
    result = call("methods", "--family", "cat")
    assert result.exit_code == 2 and "families: " in result.stderr


def test_methods_shows_the_card_of_one_with_its_options(there: Path, call: Call, told: Told) -> None:
    found = told("methods", "rise", "-M", NET)
    assert found["id"] == "rise" and found["offered"] and found["link"] == "https://arxiv.org/abs/1806.07421"
    assert next(one for one in found["options"] if one["name"] == "keep")["allowed"] == "0.01..0.99"
    card = seewhy.method_card("rise", "zh")
    said = call("methods", "rise", "--lang", "zh").stdout
    for part in (
        "何时会误导",
        card.cost,
        card.link,
        "-O normalise=adjusted",
        "adjusted|visible|expected",
        "单元格可见的概率",
    ):
        assert part in said, part
    assert "".join(card.misleads.split()) in "".join(said.split())
    assert "needs MAPS" in call("methods", "gradcam", "-M", "nets.py:dead").stdout
    assert "50,100,150" in call("methods", "xrai").stdout
    result = call("methods", "rize")
    assert result.exit_code == 2 and "did you mean rise" in result.stderr
    listed = call("methods", "--lang", "zh").stdout.splitlines()
    papers = [re.search("arXiv:|doi:|DOI:|HAL:|https:", line) for line in listed]
    begins = {wide(line[: paper.start()]) for line, paper in zip(listed, papers, strict=True) if paper}
    assert len(begins) == 1 and all(papers), "columns begin under each other"


def test_models_finds_a_part_of_a_name(call: Call, told: Told) -> None:
    found = told("models", "resnet50")
    assert "torchvision:resnet50" in found and "timm:resnet50" in found
    assert "default" in told("models")
    result = call("models", "nosuchnetwork")
    assert result.exit_code == 2 and "hint: " in result.stderr


def test_doctor_says_what_was_found(there: Path, call: Call, told: Told) -> None:
    found = told("doctor", "-M", NET)
    assert found["preprocess"]["size"] == [16, 20] and found["classes"] == 4 and found["maps"] == "act3"
    assert [one["id"] for one in found["methods"]] == [one.id for one in seewhy.list_methods()]
    text = call("doctor", "-M", NET).stdout
    for said in ("16x20", "tabby cat, tiger cat, dog, car", "fc, linear in the mean", "act3", "in place", "relu x3"):
        assert said in text, said
    assert "log-probability is explained" in call("doctor", "-M", "nets.py:soft").stdout
    result = call("doctor", "-M", "nets.py:nothing")
    assert result.exit_code == 2 and "nothing" in result.stderr


def test_a_bug_shows_its_traceback_and_asks_for_a_report(there: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from click.testing import CliRunner

    from seewhy.cli import main

    def bug(*_args: Any, **_kwargs: Any) -> None:
        raise ZeroDivisionError("planted")

    monkeypatch.setattr("seewhy.api.predict", bug)
    result = CliRunner().invoke(main, ["predict", "photos/cat.jpg", "-M", NET])
    assert result.exit_code == 1 and "ZeroDivisionError: planted" in result.stderr and "report it" in result.stderr


def test_the_program_itself_explains_without_color_or_progress_bars(there: Path) -> None:
    done = program("explain", "photos/cat.jpg", "bad.jpg", "--model", NET, "--json", NO_COLOR="1")
    assert done.returncode == 2, done.stderr
    assert [sorted(one) for one in json.loads(done.stdout)["photos"]][1] == ["error", "photo"]
    assert "\x1b" not in done.stdout + done.stderr and "Traceback" not in done.stderr
    assert "loading" in done.stderr and "error: bad.jpg" in done.stderr


def test_on_a_terminal_the_spinner_leaves_results_on_stdout(there: Path) -> None:
    try:
        terminal, stderr = pty.openpty()
    except OSError as error:
        pytest.skip(f"no pseudo-terminal here: {error}")
    done = subprocess.run(
        [sys.executable, "-m", "seewhy.cli", "predict", "photos/cat.jpg", "bad.jpg", "-M", NET],
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "TERM": "xterm"},
    )
    os.close(stderr)
    said = os.read(terminal, 100_000).decode()
    os.close(terminal)
    assert done.returncode == 2 and done.stdout.startswith("photos/cat.jpg: SmallNet says\n  ")
    assert "\x1b" not in done.stdout and "loading" in said and "tabby" not in said
    assert re.search(r"(^|\n|\x1b\[2K)error: bad.jpg", said), said


def test_ctrl_c_ends_the_program_cleanly(there: Path) -> None:
    steps = ("-m", "integrated_gradients", "-O", "n_steps=10000")
    with subprocess.Popen(
        [sys.executable, "-m", "seewhy.cli", "explain", "photos/cat.jpg", "--model", NET, *steps],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    ) as running:
        assert running.stderr is not None
        for line in running.stderr:
            if line.startswith("explaining"):
                break
        time.sleep(0.2)
        running.send_signal(signal.SIGINT)
        said = running.stderr.read()
        assert running.wait(60) == 130
    assert "interrupted" in said and "Traceback" not in said
    assert not os.path.exists("seewhy-out")
