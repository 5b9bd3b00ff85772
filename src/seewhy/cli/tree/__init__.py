"""seewhy tree: a network as a decision tree. One file a command, imported when it is called."""

from importlib import import_module

import click

from seewhy.cli.output import CODES

COMMANDS = ("build", "explain", "view", "evaluate", "train")


class Trees(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        found: click.Command = import_module(f"seewhy.cli.tree.{cmd_name}").command
        return found


@click.group(cls=Trees, no_args_is_help=False, epilog=CODES)
def command() -> None:
    """A network as a tree of decisions that one can read."""
