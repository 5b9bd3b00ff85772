"""seewhy concepts: which concepts does a network use? One file a command, imported when it is called."""

from importlib import import_module

import click

from seewhy.cli.output import CODES

COMMANDS = ("tcav", "craft", "factors")


class Concepts(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        found: click.Command = import_module(f"seewhy.cli.concepts.{cmd_name}").command
        return found


@click.group(cls=Concepts, no_args_is_help=False, epilog=CODES)
def command() -> None:
    """Concepts that a network uses: those you show it, and those found in it."""
