"""What an explanation will take: as it was when it was last made here, else by its words and this machine's pace."""

import json
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Lock

import torch
from torch import Tensor

from seewhy.errors import SeewhyError
from seewhy.model import Model
from seewhy.registry import Method, options_of
from seewhy.render.document import written
from seewhy.targets import Pinned, as_target
from seewhy.texts import TextModel
from seewhy.together import Together
from seewhy.types import Explanation, Need
from seewhy.web.words_of_cost import passes

SELDOM = 10  # seconds between two times that they are written
KEPT = 2000  # costs that are remembered
MANY = 32, 8  # pictures in one chunk, of which a pace is taken: of forwards and of backwards
SIDE = 224  # pixels of a picture for a network that takes any
# Whose time is not in their passes: segmentation, blur, kernels, rules, products beside the passes, one after another.
BESIDES = {
    "blur_integrated_gradients", "deconvnet", "deep_lift", "fullgrad", "guided_backprop", "guided_gradcam",
    "guided_integrated_gradients", "kpcacam", "lrp", "xrai",
}  # fmt: skip


@dataclass(frozen=True)
class Pace:
    """Seconds on this machine: of one picture's forward and backward, and of each of many."""

    forward: float
    backward: float
    each_forward: float
    each_backward: float

    def seconds(self, forward: int, backward: int) -> float:
        """backward: those that are whole; the others end early, and take little."""
        ahead = self.forward + (forward - 1) * self.each_forward
        return ahead + (self.backward + (backward - 1) * self.each_backward if backward else 0)


@dataclass(frozen=True)
class Cost:
    """Of all targets asked for together; None where it is not known."""

    forward: int | None = None
    backward: int | None = None
    seconds: float | None = None


class Costs:
    """file: where what was measured is kept between two servers."""

    def __init__(self, file: Path) -> None:
        self._file, self._lock = file, Lock()
        self._paces = dict[str, Pace | None]()
        self._measured, self._written = dict[str, list[float]](), 0.0
        with suppress(OSError, ValueError, TypeError, AttributeError):
            read = json.loads(file.read_text(encoding="utf-8"))
            self._measured = {str(key): [int(f), int(b), float(s)] for key, (f, b, s) in read.items()}

    def keep(self, model: Model, method: Method, targets: int, found: Sequence[Explanation]) -> None:
        """Remember what explanations of `targets` classes took together."""
        forwards = [one.passes.forward for one in found]
        shared = _shared(model)
        forward = max(forwards) if isinstance(method, Together) else shared + sum(one - shared for one in forwards)
        seconds = sum(one.seconds for one in found)
        with self._lock:
            key = _key(found[0].model.fingerprint, model, method, targets)
            self._measured.pop(key, None)
            self._measured[key] = [forward, sum(one.passes.backward for one in found), seconds]
            while len(self._measured) > KEPT:
                del self._measured[next(iter(self._measured))]
            if time.monotonic() - self._written > SELDOM:
                self._write()

    def close(self) -> None:
        with self._lock:
            self._write()

    def _write(self) -> None:
        self._written = time.monotonic()
        with suppress(SeewhyError):  # a disk that is full hinders no explanation
            written(self._file, json.dumps(self._measured).encode())

    def of(
        self, model: Model, method: Method, targets: int, idle: Callable[[], bool], fingerprint: str | None = None
    ) -> Cost:
        """idle: whether nothing else runs, else no pace is taken. fingerprint: the model's, where it is known."""
        fingerprint = fingerprint or model.fingerprint
        found = self._measured.get(_key(fingerprint, model, method, targets))
        if found is not None:
            return Cost(int(found[0]), int(found[1]), found[2])
        said = passes(method)
        if said is None:
            return Cost()
        own = said.forward - 1
        forward = _shared(model) + (own if isinstance(method, Together) else own * targets)
        backward = said.backward * targets
        pace = None if method.info.id in BESIDES else self._pace(model, fingerprint, idle)
        return Cost(forward, backward, pace.seconds(forward, said.whole * targets) if pace else None)

    def _pace(self, model: Model, fingerprint: str, idle: Callable[[], bool]) -> Pace | None:
        name = f"{fingerprint} {model.device}"
        with self._lock:
            if name not in self._paces and idle():
                self._paces[name] = None
                with suppress(SeewhyError):
                    self._paces[name] = pace(model)
            return self._paces.get(name)


def pace(model: Model) -> Pace:
    """Runs the network a few times. Raises a SeewhyError where it does not take a plain picture."""
    height, width = model.preprocess.size or (SIDE, SIDE)
    x = model.checked(torch.full((1, len(model.mean), height, width), 0.5))
    with model.frozen(), torch.inference_mode(False):
        target = as_target(None).pin(model.outputs(x), model.find)
        one, many = (_taken(partial(_scored, model, x, target, n)) for n in (1, 1 + MANY[0]))
        each = (many - one) / MANY[0]
        if Need.GRADIENT not in model.offers:
            return Pace(one, 0, each, 0)
        both, more = (_taken(partial(_graded, model, x, target, n)) for n in (1, 1 + MANY[1]))
    return Pace(one, max(both - one, 0), each, max((more - both) / MANY[1] - each, 0))


def _scored(model: Model, x: Tensor, target: Pinned, n: int) -> None:
    model.scores([x.clone() for _ in range(n)], target)


def _graded(model: Model, x: Tensor, target: Pinned, n: int) -> None:
    for _ in model.gradients([x.clone() for _ in range(n)], target):
        pass


def _shared(model: Model) -> int:
    """Forwards that all targets share: the picture's own, and the one by which texts' words are scored."""
    return 2 if isinstance(model, TextModel) else 1


def _taken(run: Callable[[], None]) -> float:
    """Seconds, the least of two."""
    found = []
    for _ in range(2):
        began = time.perf_counter()
        run()
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        found.append(time.perf_counter() - began)
    return min(found)


def _key(fingerprint: str, model: Model, method: Method, targets: int) -> str:
    options = sorted((name, repr(value)) for name, value in options_of(method).items())
    return json.dumps([fingerprint, str(model.device), method.info.id, options, targets])
