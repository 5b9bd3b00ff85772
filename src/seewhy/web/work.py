"""A job's explanations, one method after another, each told of as it is ready."""

import time
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from typing import Any

from seewhy.api import compare
from seewhy.geometry import Geometry
from seewhy.images import Batch, load_all
from seewhy.model import Model
from seewhy.model.course import Course
from seewhy.model.recorded import Meter
from seewhy.types import Explanation, Map, reduced
from seewhy.web.asked import Cell
from seewhy.web.costs import Costs
from seewhy.web.jobs import Job
from seewhy.web.photos import Photos
from seewhy.web.recent import Recent
from seewhy.web.results import Results

MEMORY = 256 * 2**20  # bytes of photos as they were loaded last, for the next method
SURE = 0.05  # of all samples, before the time left is told
SOON, RARE = 0.5, 20  # seconds between two looks at a map, and times what a look takes


@dataclass(frozen=True, eq=False)
class Work:
    photos: Photos
    results: Results
    costs: Costs
    loaded: Recent[Batch] = field(default_factory=lambda: Recent(MEMORY, _held))  # by photo and preprocessing

    def __call__(self, job: Job) -> None:
        asked = job.asked
        for method, cells in asked.methods:
            missing = [cell for cell in cells if cell.key not in self.results]
            for cell in cells:
                if cell not in missing:
                    job.tell("result", **_named(cell), cached=True)
            if missing:
                job.progress(method=method.info.id)
                made = self._made(job, missing)
                for cell, found in zip(missing, made, strict=True):
                    self._keep(job, cell, found)
                if not job.cancelled.is_set():
                    self.costs.keep(asked.model, method, len(missing), made)

    def _made(self, job: Job, cells: list[Cell]) -> list[Explanation]:
        """One method's explanations of some targets."""
        asked, method = job.asked, cells[0].method
        batch = self.loaded.get((asked.photo, asked.model.preprocess), lambda: self._batch(job))
        model = heard(asked.model, job, cells, lambda: batch.photos[0].geometry)
        options: dict[str, Any] = {"score": asked.score, "seed": asked.seed}
        return list(compare(model, batch, [method], [cell.target for cell in cells], **options))

    def _batch(self, job: Job) -> Batch:
        (batch,) = load_all(self.photos.picture(job.asked.photo), job.asked.model.preprocess)
        return batch

    def _keep(self, job: Job, cell: Cell, found: Explanation) -> None:
        job.partial.pop(cell.key, None)
        if job.cancelled.is_set():  # what was sampled so far is no result of what was asked for
            return
        self.results.add(cell.key, found)
        job.tell("result", **_named(cell), seconds=found.seconds, cached=False)


def heard(model: Model, job: Job, cells: Sequence[Cell], lies: Callable[[], Geometry]) -> Model:
    """The model, whose steps a job tells of, and which stops when it is cancelled. cells: of one method. lies: where
    the network's input lies on the photo."""
    method = cells[0].method
    began, known = time.monotonic(), dict[str, Any](method=method.info.id)
    looked = [began]

    def passes(forward: int, backward: int) -> None:
        known.update(forward=forward, backward=backward)
        job.progress(**known)

    def samples(done: int, total: int) -> None:
        left = (time.monotonic() - began) * (total - done) / done if done >= SURE * total else None
        known.update(done=done, total=total, left=left)
        job.progress(**known)

    def look(maps: Callable[[], Sequence[Map]]) -> None:
        """Keep the maps of so far, seldom enough that they cost little."""
        started = time.monotonic()
        if started - looked[-1] < max(SOON, RARE * (looked[-1] - looked[0] if len(looked) > 1 else 0)):
            return
        found = maps()
        job.geometry = job.geometry or lies()
        if len(found) == len(cells):  # else two cells ask for one class, and have one map
            for cell, one in zip(cells, found, strict=True):
                job.partial[cell.key] = reduced(one.values.detach().float().cpu().numpy(), method.info.reduce)[0]
                job.tell("partial", **_named(cell))
        looked[:] = [started, time.monotonic()]

    course = Course(tell=samples, stopped=job.cancelled.is_set, look=look)
    made = copy(model)  # not replace, which would check all of it again
    made._set(meter=Meter(tell=passes), course=course)
    return made


def _held(batch: Batch) -> int:
    return batch.pixels.nbytes + sum(photo.pixels.nbytes for photo in batch.photos)


def _named(cell: Cell) -> Mapping[str, Any]:
    return {"method": cell.method.info.id, "target": cell.text, "key": cell.key}
