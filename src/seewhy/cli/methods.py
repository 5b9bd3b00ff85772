"""seewhy methods: how can it be explained?"""

from typing import Any

import click

from seewhy.cli import options
from seewhy.cli.names import complete_model
from seewhy.cli.output import Command, columns, document


@click.command(cls=Command)
@click.option(
    "-M",
    "--model",
    metavar="NAME",
    shell_complete=complete_model,
    help="Also say which of them this network offers, and why not the others.",
)
@click.option("--family", metavar="NAME", help="Only one family: gradient, cam, perturbation, attention.")
@options.network_options
@options.json_option
def command(model: str | None, family: str | None, as_json: bool, **asked: Any) -> None:
    """The methods: what each is called, what it costs, and its paper."""
    from seewhy.errors import UnknownName
    from seewhy.registry import list_methods

    loaded = options.loaded(model, asked) if model else None
    listed = list_methods(loaded)
    families = dict.fromkeys(one.info.family for one in listed)
    if family and family not in families:
        raise UnknownName(f"no family of methods is named {family!r}", f"families: {', '.join(families)}")
    chosen = [one for one in listed if family in (None, one.info.family)]
    if as_json:
        document([_data(one, loaded is not None) for one in chosen])
        return
    for line in columns([_row(one, loaded is not None) for one in chosen]):
        click.echo(line)


def _row(one: Any, asked: bool) -> list[str]:
    info = one.info
    told = ["" if not asked else "yes" if one.offered else "no"]
    return [info.family, info.id, *told, info.cost, info.paper, one.reason if asked else info.summary]


def _data(one: Any, asked: bool) -> dict[str, Any]:
    info = one.info
    found = {
        name: getattr(info, name) for name in ("id", "title", "family", "cost", "paper", "summary", "score", "sign")
    }
    return found | ({"offered": one.offered, "reason": one.reason} if asked else {})
