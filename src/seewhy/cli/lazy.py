"""A group of commands, one file each, that are imported when they are called."""

from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module
from typing import Any

import click


class Lazy(click.Group):
    """Commands by the names of the files in a package, in the order of its help."""

    def __init__(self, *args: Any, package: str, files: Sequence[str], **extra: Any) -> None:
        super().__init__(*args, **extra)
        self.package, self.files = package, tuple(files)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.files)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.files:
            return None
        found: click.Command = import_module(f"{self.package}.{cmd_name}").command
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in self.files and (near := get_close_matches(args[0], self.files, n=1)):
            raise click.UsageError(f"no command is named {args[0]!r}; did you mean {near[0]!r}?", ctx)
        return super().resolve_command(ctx, args)
