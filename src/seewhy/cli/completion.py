"""seewhy completion: names on the Tab key."""

import click
from click.shell_completion import get_completion_class

from seewhy.cli.output import Command

INSTALL = {
    "bash": 'add to ~/.bashrc:  eval "$(seewhy completion bash)"',
    "zsh": 'add to ~/.zshrc, behind compinit:  eval "$(seewhy completion zsh)"',
    "fish": "run once:  seewhy completion fish > ~/.config/fish/completions/seewhy.fish",
}


@click.command(cls=Command)
@click.argument("shell", type=click.Choice(list(INSTALL)))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the script that completes commands, options, methods and files.

    \b
    bash  add to ~/.bashrc:  eval "$(seewhy completion bash)"
    zsh   add to ~/.zshrc, behind compinit:  eval "$(seewhy completion zsh)"
    fish  run once:  seewhy completion fish > ~/.config/fish/completions/seewhy.fish
    """
    kind = get_completion_class(shell)
    assert kind is not None
    made = kind(ctx.find_root().command, {}, "seewhy", "_SEEWHY_COMPLETE")
    click.echo(f"# {INSTALL[shell]}\n{made.source_template % made.source_vars()}")
