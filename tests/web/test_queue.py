"""One piece of work at a time on each device, and a queue that a page finds again when it is opened anew."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event
from types import SimpleNamespace
from typing import Any, cast

from starlette.testclient import TestClient

from seewhy.web import Limits
from seewhy.web.asked import Asked
from seewhy.web.jobs import Job, Queue
from serving import ended, long, send


@dataclass
class Slow:
    """Work that goes on until it is let go, and notes what runs beside what."""

    beside: list[tuple[str, ...]] = field(default_factory=list)
    running: list[str] = field(default_factory=list)
    go: dict[str, Event] = field(default_factory=dict)

    def asked(self, key: str, device: str) -> Asked:
        self.go[key] = Event()
        return cast(Asked, SimpleNamespace(key=key, model=SimpleNamespace(device=device), cells=(), photo="", spec=""))

    def __call__(self, job: Job) -> None:
        self.running.append(job.asked.key)
        self.beside.append(tuple(sorted(self.running)))
        assert self.go[job.asked.key].wait(10)
        self.running.remove(job.asked.key)


def until(met: Callable[[], bool]) -> None:
    for _ in range(2000):
        if met():
            return
        time.sleep(0.002)
    raise AssertionError("it does not come to that")


def made() -> tuple[Queue, Slow, list[BaseException]]:
    slow, failed = Slow(), list[BaseException]()
    return Queue(slow, Limits(waiting=4), failed.append), slow, failed


def test_devices_work_beside_each_other_and_each_does_one_thing_at_a_time() -> None:
    queue, slow, failed = made()
    jobs = {key: queue.submit(slow.asked(key, key[:-1])) for key in ("cpu1", "cuda:01", "cpu2", "cuda:02")}
    until(lambda: len(slow.running) == 2)
    assert sorted(slow.running) == ["cpu1", "cuda:01"]
    assert [queue.before(job) for job in jobs.values()] == [0, 0, 1, 1]
    slow.go["cuda:01"].set()
    until(lambda: jobs["cuda:02"].state == "running")
    assert jobs["cpu2"].state == "waiting" and sorted(slow.running) == ["cpu1", "cuda:02"]
    for one in slow.go.values():
        one.set()
    until(lambda: all(job.state == "done" for job in jobs.values()))
    assert all(len({key[:-1] for key in several}) == len(several) for several in slow.beside) and not failed
    queue.close()


def test_a_queue_that_is_closed_ends_what_waits() -> None:
    queue, slow, _ = made()
    first, second = (queue.submit(slow.asked(f"cpu{i}", "cpu")) for i in range(2))
    until(lambda: first.state == "running")
    slow.go["cpu0"].set()
    queue.close()
    until(lambda: first.ended)
    assert second.state == "cancelled" and "cpu1" not in slow.running


def test_a_page_that_is_opened_anew_finds_the_work_and_how_far_it_is(client: TestClient) -> None:
    work: dict[str, Any] = {"photo": send(client), "methods": ["gradcam", long(150_000)], "targets": ["top", "dog"]}
    job = client.post("/api/jobs", json=work).json()["id"]
    waiting = client.post("/api/jobs", json={**work, "seed": 1}).json()["id"]

    def listed() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = client.get("/api/jobs").json()["jobs"]
        return found

    until(lambda: "total" in listed()[0]["progress"])
    first, second = listed()
    assert (first["id"], first["state"], second["id"], second["before"]) == (job, "running", waiting, 1)
    assert first["progress"]["method"] == "rise" and first["progress"]["total"] == 150_000
    assert [cell["ready"] for cell in first["cells"]] == [True, True, False, False]
    assert second["progress"] == {} and not any(cell["ready"] for cell in second["cells"])
    for id in (waiting, job):
        client.delete(f"/api/jobs/{id}")
        assert ended(client, id)["state"] == "cancelled", "what ended lately can still be asked for"
    assert listed() == []
