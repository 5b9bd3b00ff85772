"""Ctrl-C: what was sampled is kept where a method samples; anything else ends at once, and so does the second time."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from seewhy.cli.output import Progress


class Interrupt:
    def __init__(self, where: Progress) -> None:
        self._where, self.asked = where, False

    def __call__(self) -> bool:
        """Whether to stop sampling."""
        return self.asked

    def heard(self, _number: int, _frame: FrameType | None) -> None:
        if self.asked or not self._where.sampling:
            raise KeyboardInterrupt
        self.asked = True
        self._where.note("stopping; once more to end without a result")


@contextmanager
def interruptible(where: Progress) -> Iterator[Interrupt]:
    made = Interrupt(where)
    try:
        before: Any = signal.signal(signal.SIGINT, made.heard)
    except ValueError:  # not the main thread: whoever runs this here has a way of his own
        yield made
        return
    try:
        yield made
    finally:
        signal.signal(signal.SIGINT, before)
