"""Fifty clients at once, some of which stall, leave or flood: what others notice, by `make load` into docs/server.md.

The server is `seewhy serve` in a process of its own; the clients are sockets, which can do what no library would.
"""

import asyncio
import json
import os
import random
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "server.md"
START, END = "<!-- load -->", "<!-- end of load -->"
CLIENTS = {"asking": 20, "stalling": 10, "leaving": 10, "flooding": 10}
TRACES = (b"Traceback", b'File "', b"site-packages")


class Place(NamedTuple):
    port: int
    token: str
    pid: int


class Answer(NamedTuple):
    status: int
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Seen:
    """What the clients noticed. seconds: of each kind of request, those that were answered as they should be."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    statuses: dict[int, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    attacks: int = 0

    def note(self, answer: Answer, what: str) -> Answer:
        self.statuses[answer.status] = self.statuses.get(answer.status, 0) + 1
        if any(trace in answer.body for trace in TRACES) or answer.status >= 500:
            self.wrong.append(f"{what}: {answer.status} {answer.body[:200]!r}")
        return answer


def run(making: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """In a thread of its own, as the caller's may have a loop that runs."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: asyncio.run(making())).result()


@contextmanager
def serving(*args: str, folder: Path, **environment: str) -> Iterator[Place]:
    """`seewhy serve` beside this process, its network loaded."""
    command = [sys.executable, "-m", "seewhy.cli", "serve", "--no-browser", "--folder", str(folder), *args]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, **environment})
    try:
        assert process.stdout is not None
        said = re.search(r":(\d+)/\?token=(\S+)", process.stdout.readline())
        assert said, "it does not say where it is"
        place = Place(int(said[1]), said[2], process.pid)
        assert run(lambda: ask(place, "GET", "/api/models")).status == 200
        yield place
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


async def ask(place: Place, method: str, path: str, body: bytes = b"", token: str | None = None) -> Answer:
    reader, writer = await asyncio.open_connection("127.0.0.1", place.port)
    try:
        writer.write(head(place, method, path, len(body), token) + body)
        await writer.drain()
        return read(await reader.read())
    finally:
        writer.close()


def head(place: Place, method: str, path: str, length: int, token: str | None = None) -> bytes:
    return (
        f"{method} {path} HTTP/1.1\r\nhost: 127.0.0.1:{place.port}\r\nconnection: close\r\n"
        f"authorization: Bearer {place.token if token is None else token}\r\ncontent-length: {length}\r\n\r\n"
    ).encode()


def read(raw: bytes) -> Answer:
    top, _, body = raw.partition(b"\r\n\r\n")
    if b"transfer-encoding: chunked" in top.lower():
        parts, rest = [], body
        while rest:
            size, _, rest = rest.partition(b"\r\n")
            length = int(size, 16)
            parts.append(rest[:length])
            rest = rest[length + 2 :]
        body = b"".join(parts)
    return Answer(int(top.split(b" ", 2)[1]) if top else 0, body)


class Clients:
    """until: when they stop to begin anew. photo: what they send."""

    def __init__(self, place: Place, photo: bytes, seconds: float) -> None:
        self.place, self.photo, self.seen = place, photo, Seen()
        self.until = time.monotonic() + seconds

    async def run(self) -> Seen:
        kinds: dict[str, Callable[[random.Random], Awaitable[None]]] = {name: getattr(self, name) for name in CLIENTS}
        every = [self.again(kinds[name], random.Random(f"{name} {i}")) for name, n in CLIENTS.items() for i in range(n)]
        await asyncio.gather(*every)
        return self.seen

    async def again(self, run: Callable[[random.Random], Awaitable[None]], draw: random.Random) -> None:
        while time.monotonic() < self.until:
            await run(draw)

    async def timed(self, kind: str, method: str, path: str, body: bytes = b"", *wanted: int) -> Answer:
        began = time.monotonic()
        answer = self.seen.note(await ask(self.place, method, path, body), kind)
        self.seen.seconds.setdefault(kind, []).append(time.monotonic() - began)
        if answer.status not in (wanted or (200,)):
            self.seen.wrong.append(f"{kind}: {answer.status} {answer.body[:200]!r}")
        return answer

    async def asking(self, draw: random.Random) -> None:
        """As a page does: a photo, its predictions, an explanation with its events, its values."""
        sent = await self.timed("photo", "PUT", "/api/photos", self.photo, 201)
        photo = sent.json()["id"]
        await self.timed("predictions", "POST", "/api/predictions", json.dumps({"photo": photo}).encode())
        work = {"photo": photo, "methods": ["gradcam"], "seed": draw.randrange(10**9)}
        job = await self.timed("job", "POST", "/api/jobs", json.dumps(work).encode(), 202, 429)
        if job.status == 429:  # the queue is full, and says so
            await asyncio.sleep(0.2)
            return
        told = await self.timed("explanation", "GET", f"/api/jobs/{job.json()['id']}/events")
        if b"event: done" not in told.body:
            self.seen.wrong.append(f"no end: {told.body[-200:]!r}")
        result = await self.timed("result", "GET", f"/api/results/{job.json()['cells'][0]['key']}")
        if not result.json().get("values"):
            self.seen.wrong.append("a result without values")

    async def stalling(self, draw: random.Random) -> None:
        """Half of a head or of a body, and then nothing for a while."""
        _, writer = await asyncio.open_connection("127.0.0.1", self.place.port)
        whole = head(self.place, "PUT", "/api/photos", len(self.photo)) + self.photo
        with suppress(OSError):
            writer.write(whole[: draw.randrange(1, len(whole))])
            await writer.drain()
            await asyncio.sleep(max(0, min(5.0, self.until - time.monotonic())))
        writer.close()
        self.seen.attacks += 1

    async def leaving(self, draw: random.Random) -> None:
        """Gone in the middle of what is sent, of an answer, or of events; work that nobody waits for is cancelled."""
        photo = (await ask(self.place, "PUT", "/api/photos", self.photo)).json()["id"]
        work = {"photo": photo, "methods": [{"id": "rise", "options": {"n_samples": draw.randrange(10**4, 10**5)}}]}
        job = self.seen.note(await ask(self.place, "POST", "/api/jobs", json.dumps(work).encode()), "leaving")
        paths = ["/api/models", f"/api/photos/{photo}", "/viewer.js"]
        if job.status == 202:
            paths.append(f"/api/jobs/{job.json()['id']}/events")
        _, writer = await asyncio.open_connection("127.0.0.1", self.place.port)
        writer.write(head(self.place, "GET", draw.choice(paths), 0))
        with suppress(OSError):
            await writer.drain()
            await asyncio.sleep(draw.random() * 0.1)
        writer.transport.abort()
        if job.status == 202:
            self.seen.note(await ask(self.place, "DELETE", f"/api/jobs/{job.json()['id']}"), "leaving")
        self.seen.attacks += 1
        await asyncio.sleep(0.05)

    async def flooding(self, draw: random.Random) -> None:
        """As much as goes: without a token, with no JSON, with more than may be, with no HTTP."""
        kinds = [
            lambda: ask(self.place, "GET", "/api/models", token="wrong"),
            lambda: ask(self.place, "POST", "/api/jobs", b"[" * 5000),
            lambda: ask(self.place, "POST", "/api/predictions", b"x" * 100_000),
            lambda: ask(self.place, "PUT", "/api/photos", draw.randbytes(1000)),
            lambda: self.raw(draw.randbytes(300) + b"\r\n\r\n"),
            lambda: self.raw(b"GET / HTTP/1.1\r\n" + b"x: y\r\n" * 20_000),
        ]
        with suppress(OSError, ValueError, IndexError):  # the server may hang up on these
            self.seen.note(await draw.choice(kinds)(), "flooding")
        self.seen.attacks += 1

    async def raw(self, data: bytes) -> Answer:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.place.port)
        try:
            writer.write(data)
            await writer.drain()
            return read(await asyncio.wait_for(reader.read(), 5))
        except TimeoutError:
            return Answer(0, b"")
        finally:
            writer.close()


async def latencies(place: Place, photo: bytes) -> tuple[list[float], list[float]]:
    """Seconds that the server adds to explanations, until the event of their result; and of six that are kept."""
    id = (await ask(place, "PUT", "/api/photos", photo)).json()["id"]

    async def asked(methods: list[str], seed: int) -> list[Any]:
        work = json.dumps({"photo": id, "methods": methods, "seed": seed}).encode()
        job = (await ask(place, "POST", "/api/jobs", work)).json()
        reader, writer = await asyncio.open_connection("127.0.0.1", place.port)
        writer.write(head(place, "GET", f"/api/jobs/{job['id']}/events", 0))
        for _ in methods:
            await reader.readuntil(b"event: result")
        writer.close()
        return [cell["key"] for cell in job["cells"]]

    added, kept = [], []
    for seed in range(35):
        began = time.perf_counter()
        (key,) = await asked(["gradcam"], seed)
        took = time.perf_counter() - began
        added.append(took - (await ask(place, "GET", f"/api/results/{key}")).json()["seconds"])
    six = ["gradcam", "hirescam", "layercam", "xgradcam", "eigencam", "saliency"]
    for _ in range(11):
        began = time.perf_counter()
        for key in await asked(six, 0):
            await ask(place, "GET", f"/api/results/{key}")
        kept.append(time.perf_counter() - began)
    return added[5:], kept[1:]  # the first are those of a network that has not run yet


def quick(added: list[float], kept: list[float]) -> str:
    said = [f"{statistics.median(one) * 1000:.0f} ms (at most {max(one) * 1000:.0f})" for one in (added, kept)]
    return f"""\
With one client, the server adds {said[0]} to an explanation by gradcam, of {len(added)}, from the request to the
event of its result. Six explanations that are kept are asked for and read in {said[1]}.

"""


def memory(pid: int) -> int:
    """Resident bytes of a process."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def table(seen: Seen, before: int, after: int, seconds: float) -> str:
    rows = [
        f"| {kind} | {len(took)} | {statistics.median(took) * 1000:.0f} ms | {max(took) * 1000:.0f} ms |"
        for kind, took in seen.seconds.items()
    ]
    said = ", ".join(f"{count} {name}" for name, count in CLIENTS.items())
    held = [f"{amount / 2**20:.0f} MiB" for amount in (before, after)]
    return f"""\
{sum(CLIENTS.values())} clients at once for {seconds:.0f} seconds on {os.cpu_count()} cores, {said}: {seen.attacks:,}
requests that stalled, left or flooded, and of those that asked as a page does none failed. The server held {held[0]}
before and {held[1]} after. An explanation's time is that in the queue, behind those of all others.

| request | answered | median | worst |
| --- | --- | --- | --- |
""" + "\n".join(rows)


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 30.0
    photo = files("skimage.data").joinpath("chelsea.png").read_bytes()
    with tempfile.TemporaryDirectory() as folder, serving(folder=Path(folder)) as place:
        alone = quick(*asyncio.run(latencies(place, photo)))
        before = memory(place.pid)
        seen = asyncio.run(Clients(place, photo, seconds).run())
        alive = asyncio.run(ask(place, "GET", "/api/models")).status
        after = memory(place.pid)
    print(json.dumps(seen.statuses), file=sys.stderr)
    if seen.wrong or alive != 200:
        sys.exit("\n".join(["it failed:", *seen.wrong[:20]]))
    text = PAGE.read_text("utf-8")
    made = f"{START}\n{alone}{table(seen, before, after, seconds)}\n{END}"
    PAGE.write_text(re.sub(f"{START}.*{END}", lambda _: made, text, flags=re.S), encoding="utf-8")
    print(made)


if __name__ == "__main__":
    main()
