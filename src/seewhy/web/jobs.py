"""Long work: one piece after another, each told of as it goes, cancelled when asked, and remembered for a while."""

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from threading import Condition, Event, Lock, Thread
from typing import Any, Literal
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from seewhy.errors import SeewhyError
from seewhy.geometry import Geometry
from seewhy.web.asked import Asked
from seewhy.web.limits import Limits
from seewhy.web.refusing import Refusal, as_data

State = Literal["waiting", "running", "done", "failed", "cancelled"]
ENDED = ("done", "failed", "cancelled")
QUIET = 15  # seconds without an event after which a stream says that it is alive
SELDOM = 0.2  # seconds between two events about how far it is
BUG = {"code": "bug", "problem": "something went wrong in here", "hint": "the server's log says what"}


class Cancelled(Exception):
    """Raised inside of work that was cancelled, or took too long."""


@dataclass(eq=False)
class Job:
    """One piece of work. events: all that was told of it, numbered from 1. latest: how far it was last."""

    asked: Asked
    id: str = field(default_factory=lambda: uuid4().hex)
    state: State = "waiting"
    events: list[dict[str, Any]] = field(default_factory=list)
    cancelled: Event = field(default_factory=Event)
    partial: dict[str, NDArray[np.float32]] = field(default_factory=dict)  # of a result's key, the map so far (r,q)
    latest: dict[str, Any] = field(default_factory=dict)
    geometry: Geometry | None = None  # where they lie on the photo
    until: float = float("inf")
    _waiters: set[Callable[[], None]] = field(default_factory=set)
    _lock: Lock = field(default_factory=Lock)
    _last: float = 0.0

    def tell(self, kind: str, state: State | None = None, **data: Any) -> None:
        """An event, and the state from then on: whoever sees that it has ended has all events."""
        with self._lock:
            self.events.append({"number": len(self.events) + 1, "kind": kind, **data})
            if kind == "progress":
                self.latest = data
            self.state = state or self.state
            waiters = list(self._waiters)
        for wake in waiters:
            wake()

    def end(self, state: State, **data: Any) -> None:
        self.tell(state, state, **data)

    def progress(self, **data: Any) -> None:
        """Told now and then; raises Cancelled where the work is to end."""
        if self.cancelled.is_set() or time.monotonic() > self.until:
            raise Cancelled
        if (now := time.monotonic()) - self._last >= SELDOM:
            self._last = now
            self.tell("progress", **data)

    @property
    def device(self) -> str:
        return str(self.asked.model.device)

    @property
    def ended(self) -> bool:
        return self.state in ENDED

    async def follow(self, after: int = 0) -> AsyncIterator[dict[str, Any] | None]:
        """Events behind number `after`, those to come too, until the last; None where there was none for a while."""
        loop, more = asyncio.get_running_loop(), asyncio.Event()

        def wake() -> None:
            loop.call_soon_threadsafe(more.set)

        with self._lock:
            self._waiters.add(wake)
        try:
            while True:
                more.clear()
                ended = self.ended  # before the events are read: none comes behind the last
                for event in self.events[after:]:
                    after = event["number"]
                    yield event
                if ended:
                    return
                try:
                    await asyncio.wait_for(more.wait(), QUIET)
                except TimeoutError:
                    yield None
        finally:
            with self._lock:
                self._waiters.discard(wake)


class Queue:
    """Work waits for its turn: one piece at a time on each device. `work` does a job, and tells of it."""

    def __init__(self, work: Callable[[Job], None], limits: Limits, failed: Callable[[BaseException], None]) -> None:
        self._work, self._limits, self._failed = work, limits, failed
        self._waiting: deque[Job] = deque()
        self._known: OrderedDict[str, Job] = OrderedDict()
        self._changed, self._closed = Condition(), False
        self._threads = dict[str, Thread]()  # of devices

    def submit(self, asked: Asked) -> Job:
        """The job, the one that does the same already where there is one. Raises Refusal where the queue is full."""
        with self._changed:
            for job in self._known.values():
                if not job.ended and not job.cancelled.is_set() and job.asked.key == asked.key:
                    return job
            if len(self._waiting) >= self._limits.waiting:
                raise Refusal("busy", f"{len(self._waiting)} pieces of work wait already", "try again later", 429)
            job = Job(asked)
            self._waiting.append(job)
            self._known[job.id] = job
            for id in [one.id for one in self._known.values() if one.ended][: len(self._known) - self._limits.kept]:
                del self._known[id]
            job.tell("waiting", before=self.before(job))
            if job.device not in self._threads and not self._closed:
                made = Thread(target=self._run, args=[job.device], name=f"seewhy-work-{job.device}", daemon=True)
                self._threads[job.device] = made
                made.start()
            self._changed.notify_all()
        return job

    def get(self, id: str) -> Job:
        if id not in self._known:
            raise Refusal("unknown_job", "no such piece of work", "it may have ended long ago: ask for it again", 404)
        return self._known[id]

    def before(self, job: Job) -> int:
        """How many are done first on its device, the one that runs included."""
        running = sum(one.state == "running" and one.device == job.device for one in list(self._known.values()))
        waiting = self._behind(job.device)
        return waiting.index(job) + running if job in waiting else 0

    def _behind(self, device: str) -> list[Job]:
        return [one for one in list(self._waiting) if one.device == device]

    def listed(self) -> list[Job]:
        """What runs or waits, in order."""
        return [job for job in list(self._known.values()) if not job.ended]

    def idle(self) -> bool:
        return not self.listed()

    def cancel(self, job: Job) -> None:
        job.cancelled.set()
        with self._changed:
            if job in self._waiting:
                self._waiting.remove(job)
                job.end("cancelled")

    def close(self) -> None:
        with self._changed:
            self._closed = True
            for job in self.listed():
                job.cancelled.set()
            while self._waiting:
                self._waiting.popleft().end("cancelled")
            self._changed.notify_all()
        until = time.monotonic() + 10
        for thread in self._threads.values():
            thread.join(max(0, until - time.monotonic()))

    def _run(self, device: str) -> None:
        while True:
            with self._changed:
                while not self._behind(device) and not self._closed:
                    self._changed.wait()
                if self._closed:
                    return
                job, *rest = self._behind(device)
                self._waiting.remove(job)
                job.until = time.monotonic() + self._limits.seconds
                job.tell("running", "running")
            for place, other in enumerate(rest, 1):
                other.tell("waiting", before=place)
            self._do(job)

    def _do(self, job: Job) -> None:
        try:
            self._work(job)
        except Cancelled:
            pass
        except SeewhyError as error:
            if not job.cancelled.is_set():  # else it says that nothing was sampled
                job.end("failed", error=as_data(error))
        except Exception as error:  # the server goes on, and its log has the trace
            self._failed(error)
            job.end("failed", error=BUG)
        if not job.ended:
            late = time.monotonic() > job.until
            job.end("cancelled" if job.cancelled.is_set() or late else "done", **({"late": True} if late else {}))
