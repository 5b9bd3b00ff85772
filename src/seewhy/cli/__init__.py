"""The command line: one file a command, imported when it is called, and nothing heavy before it runs."""

import sys
import traceback
from typing import Any

import click

from seewhy import __version__
from seewhy.cli.lazy import Lazy
from seewhy.cli.output import BUG, CODES, DONE, INTERRUPTED, REFUSED

COMMANDS = (
    "explain",
    "predict",
    "again",
    "inspect",
    "concepts",
    "tree",
    "serve",
    "visualize",
    "dream",
    "invert",
    "doctor",
    "methods",
    "models",
    "completion",
)  # as the help lists them
ISSUES = "this is a bug in seewhy or in the model's own code; please report it with the lines above"


class Commands(Lazy):
    """Every way a call can end is an exit code."""

    def main(self, *args: Any, standalone_mode: bool = True, **extra: Any) -> Any:
        try:
            code = super().main(*args, standalone_mode=False, **extra)  # type: ignore[call-overload]  # click has no such overload
        except click.ClickException as error:
            code = _usage(error)
        except (click.Abort, KeyboardInterrupt):
            click.echo("interrupted", err=True)
            code = INTERRUPTED
        except Exception:
            traceback.print_exc()
            click.echo(f"\n{ISSUES}", err=True)
            code = BUG
        if standalone_mode:
            sys.exit(code if isinstance(code, int) else DONE)
        return code


def _usage(error: click.ClickException) -> int:
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "seewhy"
    click.echo(f"error: {error.format_message()}\n  hint: see `{path} --help`", err=True)
    return REFUSED


@click.group(
    cls=Commands,
    package=__name__,
    files=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog=CODES,
)
@click.version_option(__version__, prog_name="seewhy")
def main() -> None:
    """See why a vision network said what it said."""
