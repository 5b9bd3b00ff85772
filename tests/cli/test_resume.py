"""Ctrl-C keeps what was sampled, and --resume goes on."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result

import seewhy
from seewhy.cli.interrupt import interruptible
from seewhy.cli.output import Lines, Progress, clock

Call = Callable[..., Result]
ASKED = ("explain", "photos/cat.jpg", "--model", "nets.py:build", "-m", "rise")


def test_ctrl_c_keeps_what_was_sampled_and_resume_goes_on(
    undrawn: None, there: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = Progress.samples

    def samples(self: Progress, done: int, total: int) -> None:
        told(self, done, total)
        if done == 64:
            os.kill(os.getpid(), signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr(Progress, "samples", samples)
        result = call(*ASKED, "photos/dog.png", "-O", "n_samples=4000", "-o", "part")
    assert result.exit_code == 130 and "stopped: --resume DIR" in result.stderr
    assert "dog" not in result.stderr, "the photos behind it are not even begun"
    part = seewhy.open("part/cat")
    done = int(part.extras["samples"][0])
    assert 64 <= done < 4000 and not Path("part/dog").exists()
    result = call(*ASKED, "-O", "n_samples=200", "-o", "whole", "--resume", "part")
    assert result.exit_code == 0, result.stderr
    fresh = seewhy.explain("nets.py:build", "photos/cat.jpg", "rise", n_samples=200)
    np.testing.assert_allclose(seewhy.open("whole").values, fresh.values, rtol=0, atol=1e-6)


def test_what_can_not_go_on_is_refused(undrawn: None, there: Path, call: Call) -> None:
    assert call("explain", "photos/cat.jpg", "--model", "nets.py:build", "-o", "cam").exit_code == 0
    assert call(*ASKED, "-O", "n_samples=20", "-o", "part").exit_code == 0
    for asked, problem in (
        ((*ASKED, "--resume", "cam"), "nothing in cam can go on"),
        ((*ASKED, "--resume", "nowhere"), "nothing in nowhere can go on"),
        ((*ASKED, "-O", "keep=0.3", "--resume", "part"), "another keep"),
        (("explain", "photos/dog.png", *ASKED[2:], "--resume", "part"), "other pictures"),
    ):
        result = call(*asked)
        assert result.exit_code == 2 and problem in result.stderr, result.stderr


def test_ctrl_c_ends_at_once_where_nothing_samples_and_the_second_time() -> None:
    where = Progress()
    before = signal.getsignal(signal.SIGINT)
    with interruptible(where) as stop:
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
        where.samples(8, 100)
        os.kill(os.getpid(), signal.SIGINT)
        assert stop() and stop.asked
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def test_the_time_left_is_told_once_it_can_be_known(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    now = iter((0.0, 1.0, 4.0, 4.0, 5.0))
    monkeypatch.setattr("time.monotonic", lambda: next(now, 5.0))
    where = Lines()
    for done in (10, 20, 50):
        where.samples(done, 110)
    assert capsys.readouterr().err == "  50 of 110 samples, 0:06 left\n"
    assert clock(3661) == "1:01:01" and clock(61.4) == "1:01"
