"""What a command says: results on stdout, as text or one JSON document; progress and errors on stderr."""

import json
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any
from unicodedata import east_asian_width

import click

from seewhy.errors import SeewhyError

DONE, BUG, REFUSED, INTERRUPTED = 0, 1, 2, 130
SELDOM = 10  # seconds between lines that say how far a call is
BAR = 24  # characters of a full bar
SURE = 2  # seconds that tell how long the rest will take
CODES = "Exit codes: 0 all done, 2 something was refused or failed, 130 interrupted."


class Command(click.Command):
    """A command whose refusals are one line and a hint on stderr, and JSON where that was asked for."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except SeewhyError as error:
            complain(error)
            if ctx.params.get("as_json"):
                document({"error": as_data(error)})
            ctx.exit(REFUSED)

    def get_short_help_str(self, limit: int = 45) -> str:
        return str(self.help).strip().splitlines()[0]

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_epilog(ctx, formatter)
        formatter.write_paragraph()
        formatter.write_text(CODES)


def complain(error: SeewhyError, about: str = "") -> None:
    """The problem in one line and the hint in another."""
    problem = " ".join(error.problem.split())
    before = f"{about}: " if about and about not in problem else ""
    click.echo(f"error: {before}{problem}", err=True)
    if error.hint:
        click.echo(f"  hint: {' '.join(error.hint.split())}", err=True)


def as_data(error: SeewhyError) -> dict[str, str]:
    return {"code": error.code, "problem": error.problem, "hint": error.hint}


def document(data: Any) -> None:
    """The one JSON document of a call."""
    click.echo(json.dumps(data, ensure_ascii=False, indent=1))


def clock(seconds: float) -> str:
    """1:02:03, or 2:03."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def columns(rows: Sequence[Sequence[str]], indent: str = "") -> Iterator[str]:
    """Lines in which the cells of a column begin under each other, Chinese ones too."""
    widths = [max(map(wide, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [cell + " " * (width - wide(cell)) for cell, width in zip(row, widths, strict=True)]
        yield indent + "  ".join(cells).rstrip()


def wide(said: str) -> int:
    """Places a text takes in a terminal: two for each Chinese character."""
    return sum(2 if east_asian_width(one) in "WF" else 1 for one in said)


class Progress:
    """Where a long call is. This one says nothing of it, and results all the same."""

    def say(self, text: str) -> None:
        """Results on stdout."""
        with self.aside():
            click.echo(text)

    def note(self, said: str) -> None:
        """What is not as one would expect, on stderr."""
        with self.aside():
            click.echo(said, err=True)

    def failed(self, about: str, error: SeewhyError) -> dict[str, str]:
        """One of several things failed, and the others go on: said on stderr, and returned for the document."""
        with self.aside():
            complain(error, about)
        return as_data(error)

    def aside(self) -> AbstractContextManager[Any]:
        """A block in which others may write."""
        return nullcontext()

    def step(self, said: str) -> None:
        """A new thing has begun."""

    def passes(self, forward: int, backward: int) -> None:
        """Images through the network so far in this step."""

    def samples(self, done: int, total: int) -> None:
        """Samples so far of those asked for, by a method that can stop and keep them."""
        now = time.monotonic()
        if not self.sampling:
            self._began = now, done
        self.sampling = done < total
        passed, more = now - self._began[0], done - self._began[1]
        if passed > SURE and more:
            self.sampled(done, total, passed * (total - done) / more)

    def climbed(self, done: int, total: int, said: str) -> None:
        """Steps so far of an optimisation, and where it has come."""

    sampling = False
    unit = "samples"  # what they are called
    _began = 0.0, 0

    def sampled(self, done: int, total: int, left: float) -> None:
        """left: seconds."""


class Lines(Progress):
    """A line a step, for logs."""

    _next = 0.0

    def step(self, said: str) -> None:
        self.sampling = False
        click.echo(f"{said} ...", err=True)

    def sampled(self, done: int, total: int, left: float) -> None:
        if time.monotonic() > self._next:
            self._next = time.monotonic() + SELDOM
            click.echo(f"  {done} of {total} {self.unit}, {clock(left)} left", err=True)

    def climbed(self, done: int, total: int, said: str) -> None:
        if time.monotonic() > self._next or done == total:
            self._next = time.monotonic() + SELDOM
            click.echo(f"  {done} of {total} steps, {said}", err=True)


class Live(Progress):
    """A spinner with counts that rewrites itself, for terminals."""

    def __init__(self, status: Any) -> None:
        self._status, self._said, self._counts, self._samples = status, "", "", ""

    @contextmanager
    def aside(self) -> Iterator[None]:
        # The spinner would write over the line, and sends what is printed under it to its own stream.
        self._status.stop()
        try:
            yield
        finally:
            self._status.start()

    def step(self, said: str) -> None:
        from rich.markup import escape

        self._said, self._counts, self._samples, self.sampling = escape(said), "", "", False
        self._status.update(self._said)

    def passes(self, forward: int, backward: int) -> None:
        self._counts = f"  {forward} forward, {backward} backward"
        self._status.update(f"{self._said}{self._counts}{self._samples}")

    def climbed(self, done: int, total: int, said: str) -> None:
        bar = "█" * (BAR * done // total)
        self._status.update(f"{self._said}  {bar:░<{BAR}} {done}/{total}  {said}")

    def sampled(self, done: int, total: int, left: float) -> None:
        self._samples = f"; {done} of {total} {self.unit}, {clock(left)} left"
        self._status.update(f"{self._said}{self._counts}{self._samples}")


@contextmanager
def progress(*, quiet: bool) -> Iterator[Progress]:
    """Progress on stderr: live on a terminal, lines elsewhere, nothing where quiet."""
    if quiet:
        yield Progress()
    elif not sys.stderr.isatty():
        yield Lines()
    else:
        from rich.console import Console

        console = Console(stderr=True)
        with console.status("") as status:
            live = Live(status)
            yield live
