"""Scores by a compiled program (torch.compile, inductor), asked for: tried in the run beside the program as it is.

Compiling takes seconds to a minute, and on a CPU a program of fused convolutions gains little by it. So it is begun
only where the images ahead take long, the scores of a chunk are compared, both ways are timed in turn, and the faster
goes on. Where there is no compiler, or it fails, the program runs as ever. A note says which, and what it took.
"""

import os
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import torch
from torch import Tensor

from seewhy.errors import first_line
from seewhy.model.apart import Run, apart
from seewhy.model.inverted import Inverted
from seewhy.model.packed import Convolution
from seewhy.model.programs import Pass
from seewhy.model.stream import out_of_memory
from seewhy.model.sums import Summed
from seewhy.types import Map

TRIED = 3  # chunks by which each way is timed
PAYS = 120.0  # seconds that the images ahead take: in less, a third more speed would not make up for half a minute
EXACT = 1e-5  # of the largest score
Why = Literal["", "unwritten", "bfloat16", "none", "failed", "other"]  # there is no compiler, it failed, other scores
VARIABLES = ("TORCHINDUCTOR", "_TORCHINDUCTOR", "TRITON")  # of the environment, which a compiler leaves set


@dataclass(eq=False)
class Trial:
    """A network's program for chunks of one size: as it is and compiled, and what is known of both.

    why: it can't be compiled, with the compiler's error. times: seconds an image, as it is and compiled.
    """

    eager: Pass
    compiled: Run | None = None
    why: Why = ""
    error: str = ""
    times: tuple[list[float], list[float]] = field(default_factory=lambda: ([], []))

    def __call__(self, x: Tensor) -> Tensor:
        """The next chunk, by the way that is faster, or that was timed less."""
        if self.why or self.compiled is None:
            return self._timed(0, x)
        if self.timed:
            return self._by_compiled(x)
        found = self._timed(int(len(self.times[1]) <= len(self.times[0])), x)
        if self.timed and not self.faster:
            self.compiled = None  # which takes memory
        return found

    @property
    def timed(self) -> bool:
        return all(len(own) == TRIED for own in self.times)

    @property
    def faster(self) -> bool:
        return self.timed and min(self.times[1]) < min(self.times[0])

    @property
    def milliseconds(self) -> tuple[float, float]:
        """An image, as it is and compiled."""
        eager, compiled = (1000 * min(own) for own in self.times)
        return eager, compiled

    def compile(self, x: Tensor) -> Tensor:
        """A chunk's outputs, by a program that is compiled now if it can be."""
        try:
            made = inductor(self.eager, x)
            found = made(x)
        except Exception as error:  # whatever a compiler does to a program, and what there is in the place of one
            self._failed(error)
            return self.eager(x)
        wanted = self.eager(x)
        if apart(found, wanted, EXACT):
            self.why = "other"
        else:
            self.compiled, self.times = made, ([], [])
        return wanted

    def _timed(self, way: int, x: Tensor) -> Tensor:
        if len(self.times[way]) == TRIED:
            return self.eager(x)
        _wait(x)
        start = time.perf_counter()
        found = self._by_compiled(x) if way else self.eager(x)
        _wait(x)
        self.times[way].append((time.perf_counter() - start) / len(x))
        return found

    def _by_compiled(self, x: Tensor) -> Tensor:
        try:
            assert self.compiled is not None
            return self.compiled(x)
        except Exception as error:  # it was made for these pictures, but who knows
            if out_of_memory(error):
                raise
            self._failed(error)
            return self.eager(x)

    def _failed(self, error: Exception) -> None:
        self.error, self.compiled = first_line(error), None
        self.why = "none" if "compiler found" in self.error else "failed"


@dataclass
class Compiling:
    """What becomes of it in one call.

    many: whether images were announced. left: those not scored yet, about. rows: of the largest chunk.
    """

    many: bool = False
    left: int = 0
    rows: int = 0
    spent: float = 0.0  # seconds of compiling
    why: Why = ""  # nothing can be compiled
    trial: Trial | None = None

    def clear(self) -> None:
        self.many, self.rows, self.spent, self.why, self.trial = False, 0, 0.0, "", None

    def announced(self, images: int) -> None:
        """About so many are to be scored; 0: not many."""
        self.many, self.left = images > 0, images

    def refused(self, why: Why) -> None:
        """Nothing can be compiled."""
        self.why = why if self.many else ""

    def outputs(self, trial: Trial, x: Tensor) -> Tensor:
        self.rows = max(self.rows, len(x))
        if not self.many or len(x) < self.rows:
            return trial.eager(x)
        self.left, self.trial = self.left - len(x), trial
        if trial.compiled is not None or trial.timed or trial.why or not self._pays(trial):
            return trial(x)
        start = time.perf_counter()
        found = trial.compile(x)
        self.spent += time.perf_counter() - start
        return found

    def _pays(self, trial: Trial) -> bool:
        own = trial.times[0]
        return len(own) == TRIED and self.left * min(own) >= PAYS

    def told(self, made: Map) -> Map:
        """The map with a note of it, where images were announced."""
        return replace(made, notes=(*made.notes, *self._notes()))

    def _notes(self) -> list[str]:
        trial, when = self.trial, f"in {self.spent:.0f} s" if self.spent else "in an earlier call"
        if trial is None:
            return [f"not compiled: {_because(self.why)}"] if self.why else []
        if trial.why:
            lost = f", after {self.spent:.0f} s" if self.spent else ""
            return [f"not compiled{lost}: {_because(trial.why, trial.error)}"]
        if not trial.timed and trial.compiled is None:
            return ["not compiled: the passes are too few to make up for it"]
        if not trial.timed:
            return [f"compiled {when}, too late to be timed"]
        own, compiled = trial.milliseconds
        if not trial.faster:
            return [f"compiled {when} and not used: {compiled:.2f} ms an image in the place of {own:.2f}"]
        times = own / compiled
        return [f"compiled {when}: {times:.2f} times as fast, {compiled:.2f} ms an image in the place of {own:.2f}"]


def _because(why: Why, error: str = "") -> str:
    if why == "unwritten":
        return "its forward can't be written down"
    if why == "bfloat16":
        return "scores in bfloat16 are not"
    if why == "other":
        return "its scores are not the program's"
    return "there is no C++ compiler" if why == "none" else f"the compiler failed: {error}"


def inductor(run: Pass, x: Tensor) -> Run:
    """The same for pixels of exactly x's shape, compiled. Raises whatever the compiler does.

    It is given a graph of its own, so that nothing of it is left once it is forgotten, and no function of the user's
    that is compiled as well has less room.
    """
    from torch.fx.experimental.proxy_tensor import make_fx  # which takes a second to import

    calls = [
        replace(call, function=call.function.in_its_layout)
        if isinstance(call.function, Convolution | Summed | Inverted)
        else call
        for call in run.program.calls
    ]
    plain = replace(run.program, calls=calls)
    with _surroundings_kept(), torch.no_grad():
        graph = make_fx(lambda x: plain([x], len(x))[0])(x)
        made: Callable[..., Any] = torch.compile(graph, fullgraph=True, dynamic=False, options={"freezing": True})
        made(x)

    def compiled(x: Tensor) -> Tensor:
        found: Tensor = made(x)
        return found

    return compiled


def _wait(x: Tensor) -> None:
    if x.is_cuda:
        torch.cuda.synchronize(x.device)


@contextmanager
def _surroundings_kept() -> Iterator[None]:
    before = _variables()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what it compiles and how
            yield
    finally:
        for name in _variables().keys() - before.keys():
            del os.environ[name]
        os.environ.update(before)


def _variables() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name.startswith(VARIABLES)}
