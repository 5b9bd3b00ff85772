"""seewhy serve: there at once, open to this machine alone, and gone when it is told to go."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from click.testing import Result

from seewhy.cli.serve import PORT, _listening
from seewhy.errors import BadInput, BadOption
from seewhy.web.folder import token, usual

ROOT = Path(__file__).parents[2]


class Running(NamedTuple):
    process: subprocess.Popen[str]
    address: str  # without the token
    token: str

    def open(self, path: str, data: bytes | None = None, method: str | None = None, **headers: str) -> Any:
        known = {"authorization": f"Bearer {self.token}", **headers}
        return urlopen(Request(self.address + path, data, known, method=method), timeout=60)

    def get(self, *args: Any, **headers: str) -> bytes:
        with self.open(*args, **headers) as answer:
            return bytes(answer.read())

    def end(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=30)


@pytest.fixture
def start(there: Path) -> Iterator[Callable[..., Running]]:
    """`seewhy serve` beside this process, once it has said where it is."""
    running: list[subprocess.Popen[str]] = []
    path = os.pathsep.join(map(str, (ROOT / "src", ROOT / "tests", there)))

    def go(*args: str, **environment: str) -> Running:
        command = [sys.executable, "-m", "seewhy.cli", "serve", "--folder", str(there / "kept"), *args]
        process = subprocess.Popen(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   env={**os.environ, "PYTHONPATH": path, **environment})  # fmt: skip
        running.append(process)
        assert process.stdout is not None
        address = re.search(r"(http://\S+)/\?token=(\S+)", process.stdout.readline())
        assert address
        return Running(process, *address.groups())

    yield go
    for process in running:
        process.kill()
        process.communicate()


def test_it_answers_at_once_and_loads_what_it_was_asked_for(start: Callable[..., Running]) -> None:
    began = time.monotonic()
    server = start("--no-browser", "--model", "nets.py:build", "--lang", "zh")
    page = server.get("/").decode()
    took = time.monotonic() - began
    print(f"the page after {took:.2f} s")
    assert "<seewhy-app>" in page and '"lang":"zh"' in page
    models = json.loads(server.get("/api/models"))
    assert [one["id"] for one in models["models"]] == ["nets.py:build"] and models["loading"] == []
    assert json.loads(server.get("/api/models/nets.py%3Abuild/classes"))["classes"][0] == "tabby cat"
    port = int(server.address.rpartition(":")[2])
    with pytest.raises(HTTPError) as refusal:
        server.get("/", host=f"example.org:{port}")
    assert refusal.value.code == 421
    refusal.value.close()
    with socket.socket() as other, pytest.raises(OSError):
        other.connect(("127.0.0.2", port))  # another address of this machine
    assert server.end() == 0
    out, err = server.process.communicate()
    assert (out, err.strip()) == ("", "")


def test_it_ends_before_it_is_ready_and_with_a_stream_that_is_open(start: Callable[..., Running]) -> None:
    assert start("--no-browser", "--model", "nets.py:build").end() == 0
    server = start("--no-browser", "--model", "nets.py:build")
    server.get("/api/models")
    photo = json.loads(server.get("/api/photos", Path("photos/cat.jpg").read_bytes(), "PUT"))["id"]
    work = {"photo": photo, "methods": [{"id": "rise", "options": {"n_samples": 2_000_000}}]}
    job = json.loads(server.get("/api/jobs", json.dumps(work).encode()))["id"]
    with server.open(f"/api/jobs/{job}/events") as stream:
        assert b"id: 1" in stream.readline()
        began = time.monotonic()
        assert server.end() == 0
        assert time.monotonic() - began < 10
        assert b"event: cancelled" in stream.read()


def test_a_model_that_is_not_there_ends_it(start: Callable[..., Running]) -> None:
    server = start("--no-browser", "--model", "nets.py:nothing")
    assert server.process.wait(timeout=60) == 2
    err = server.process.communicate()[1]
    assert "error:" in err and "hint:" in err and "Traceback" not in err


def test_the_browser_is_sent_to_the_address(start: Callable[..., Running], there: Path) -> None:
    script = there / "browse"
    script.write_text(f'#!/bin/sh\necho "$1" > {there}/opened\n')
    script.chmod(0o755)
    server = start("--model", "nets.py:build", BROWSER=str(script))
    for _ in range(500):
        if (there / "opened").exists() and (there / "opened").read_text():
            break
        time.sleep(0.02)
    assert (there / "opened").read_text().strip() == f"{server.address}/?token={server.token}"


def test_ports(call: Callable[..., Result], there: Path) -> None:
    with _listening(None) as first, _listening(None) as second:
        ports = [one.getsockname()[1] for one in (first, second)]
        assert ports[1] > ports[0] >= PORT
        with pytest.raises(BadOption, match=str(ports[0])):
            _listening(ports[0])
        refused = call("serve", "--no-browser", "--folder", str(there / "kept"), "--port", str(ports[0]))
        assert refused.exit_code == 2 and "hint: choose another" in refused.stderr


def test_the_token_outlives_the_server_and_is_its_users_alone(there: Path) -> None:
    folder = there / "new" / "kept"
    made = token(folder)
    assert token(folder) == made != token(there / "other") and len(made) > 30
    assert (folder / "token").stat().st_mode & 0o077 == 0
    (folder / "token").write_text("")
    with pytest.raises(BadInput, match="no token"):
        token(folder)
    with pytest.raises(BadInput, match="can't be used"):
        token(there / "bad.jpg")


@pytest.mark.parametrize(
    ("system", "variables", "wanted"),
    [
        ("linux", {}, "home/.local/share/seewhy"),
        ("linux", {"XDG_DATA_HOME": "data"}, "data/seewhy"),
        ("darwin", {}, "home/Library/Application Support/seewhy"),
        ("win32", {"LOCALAPPDATA": "local"}, "local/seewhy"),
    ],
)
def test_where_systems_keep_data(
    monkeypatch: pytest.MonkeyPatch, system: str, variables: dict[str, str], wanted: str
) -> None:
    monkeypatch.setattr("sys.platform", system)
    monkeypatch.setattr(Path, "home", lambda: Path("home"))
    for name in ("XDG_DATA_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert usual() == Path(wanted)
