"""A server that is killed while it writes loses no result that it told of, and leaves no half of one."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

import numpy as np
import pytest

from seewhy import Model, explain
from seewhy.web.folder import swept
from serving import TOKEN, png, values

ROUNDS = 12
METHODS = ("gradcam", "saliency", "hirescam", "layercam", "input_x_gradient", "guided_backprop", "eigencam", "fem")
ROOT = Path(__file__).parents[2]


class Server:
    def __init__(self, maker: "subprocess.Popen[str]") -> None:
        assert maker.stdin and maker.stdout
        maker.stdin.write("\n")
        maker.stdin.flush()
        self.port, self.pid = map(int, maker.stdout.readline().split())

    def ask(self, path: str, data: bytes | None = None, method: str | None = None) -> Any:
        headers = {"authorization": f"Bearer {TOKEN}"}
        request = Request(f"http://127.0.0.1:{self.port}{path}", data, headers, method=method)
        return urlopen(request, timeout=30)

    def json(self, *asked: Any) -> Any:
        with self.ask(*asked) as answer:
            return json.load(answer)

    def follow(self, job: str, told: dict[str, str]) -> None:
        """Keys of results that it told of, with their methods, until it dies."""
        try:
            with self.ask(f"/api/jobs/{job}/events") as stream:
                for line in stream:
                    if line.startswith(b"data: ") and line.endswith(b"}\n"):
                        event = json.loads(line[6:])
                        if event["kind"] == "result":
                            told[event["key"]] = event["method"]
        except (OSError, URLError, ValueError):
            pass

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)


@pytest.fixture
def maker(tmp_path: Path) -> Any:
    path = os.pathsep.join(map(str, (ROOT / "src", ROOT / "tests")))
    script = Path(__file__).with_name("killable.py")
    process = subprocess.Popen(
        [sys.executable, str(script), str(tmp_path / "kept"), TOKEN], text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": path},
    )  # fmt: skip
    yield process
    process.stdin.close()  # type: ignore[union-attr]  # it is a pipe
    process.wait(timeout=30)
    process.stdout.close()  # type: ignore[union-attr]  # as above


def test_a_second_server_sweeps_nothing_while_the_first_writes(tmp_path: Path) -> None:
    (tmp_path / "results").mkdir()
    half = tmp_path / "results" / ".half"
    half.mkdir()
    holder = type("Holder", (), {})()
    first = swept(tmp_path, holder)
    assert not half.exists()
    half.mkdir()
    second = swept(tmp_path, type("Second", (), {}))
    assert half.exists()
    first()
    second()
    swept(tmp_path, holder)()
    assert not half.exists()


def test_what_was_told_of_is_there_when_the_server_was_killed(maker: Any, network: Model, tmp_path: Path) -> None:
    draw, told, halves, killed_at_work = random.Random(0), dict[str, str](), 0, 0
    photo = png(1, (400, 300))
    (tmp_path / "photo.png").write_bytes(photo)
    folder = tmp_path / "kept"
    for number in range(ROUNDS):
        server = Server(maker)
        id = server.json("/api/photos", photo, "PUT")["id"]
        jobs = [
            server.json("/api/jobs", json.dumps({"photo": id, "methods": METHODS, "seed": 100 * number + i}).encode())
            for i in range(8)
        ]
        followers = [threading.Thread(target=server.follow, args=[job["id"], told]) for job in jobs]
        for one in followers:
            one.start()
        before = len(told)
        while len(told) == before:
            time.sleep(0.001)
        time.sleep(draw.random() * 0.2)
        server.kill()
        for one in followers:
            one.join(timeout=30)
        halves += sum(1 for path in folder.rglob(".*") if path.name != ".lock")
        killed_at_work += len(told) - before < len(METHODS) * len(jobs)
    assert killed_at_work == ROUNDS, "each was killed in the middle of its work"
    server = Server(maker)
    server.json("/api/models")
    leftovers = [path for path in folder.rglob(".*") if path.name != ".lock"]
    assert leftovers == [] and len(told) > ROUNDS
    wanted = {method: explain(network, str(tmp_path / "photo.png"), method).reduced()[0] for method in METHODS}
    for key, method in told.items():
        np.testing.assert_array_equal(values(server.json(f"/api/results/{key}")), wanted[method])
    for path in (folder / "results").iterdir():  # those it had no time to tell of are whole, too
        server.json(f"/api/results/{path.name}")
    server.kill()
    print(f"{len(told)} results told of before {ROUNDS} kills, {halves} leftovers swept")
