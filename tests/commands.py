"""Commands on tiny photos and a tiny network that loads by name."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from matplotlib.figure import Figure
from PIL import Image

from seewhy.cli import main

BUILD = """
import torch
from conftest import MEAN, STD, SmallNet
from seewhy import Model


def build():
    return Model(SmallNet(), mean=MEAN, std=STD, size=(16, 20), classes=["tabby cat", "tiger cat", "dog", "car"])


def bare():
    return SmallNet()


class Flat(torch.nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.fc = torch.nn.Linear(960, 4)

    def forward(self, x):
        return self.fc(x.flatten(1))


def flat():
    return Model(Flat(), mean=MEAN, std=STD, size=(16, 20))


class Dead(torch.nn.Module):
    def forward(self, x):
        return torch.zeros(len(x), 4) + 0 * x.flatten(1)[:, :1] + torch.tensor([3.0, 2.0, 1.0, 0.0])


def dead():
    return Model(Dead(), mean=MEAN, std=STD, size=(16, 20))


def broken():
    net = SmallNet()
    with torch.no_grad():
        net.fc.weight.fill_(float("nan"))
    return Model(net, mean=MEAN, std=STD, size=(16, 20))


def soft():
    return Model(torch.nn.Sequential(SmallNet(), torch.nn.Softmax(1)), mean=MEAN, std=STD, size=(16, 20))
"""


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in: photos/cat.jpg, photos/dog.png of another size, bad.jpg, and nets.py."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    (tmp_path / "photos").mkdir()
    for name, size in (("cat.jpg", (30, 41)), ("dog.png", (25, 22))):
        Image.fromarray(rng.integers(0, 256, (*size, 3), np.uint8)).save(tmp_path / "photos" / name)
    (tmp_path / "bad.jpg").write_text("no photo")
    (tmp_path / "nets.py").write_text(BUILD)
    return tmp_path


@pytest.fixture
def call() -> Callable[..., Result]:
    """Run a command in this process."""

    def run(*args: str) -> Result:
        result = CliRunner().invoke(main, list(args), prog_name="seewhy")
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        assert "Traceback" not in result.stderr, result.stderr
        return result

    return run


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Empty figures and pages, for tests that are not about them: drawing takes longer than all else."""
    monkeypatch.setattr("seewhy.cli.style.Style.all", lambda *_: Figure(figsize=(1, 1)))
    monkeypatch.setattr("seewhy.cli.results.page", lambda *_: "<html>")


@pytest.fixture
def told(call: Callable[..., Result]) -> Callable[..., Any]:
    """Run a command with --json: its document, after a look at the exit code."""

    def run(*args: str, code: int = 0) -> Any:
        result = call(*args, "--json")
        assert result.exit_code == code, result.stderr
        return json.loads(result.stdout)

    return run
