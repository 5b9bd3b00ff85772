"""seewhy methods: how can it be explained?"""

import textwrap
from collections.abc import Iterator
from dataclasses import MISSING, asdict
from typing import TYPE_CHECKING, Any

import click

from seewhy.cli import options
from seewhy.cli.names import complete_method, complete_model
from seewhy.cli.output import Command, columns, document

if TYPE_CHECKING:
    from seewhy.cards import Card
    from seewhy.registry import Listed

WIDTH = 100  # characters of a card's line; a Chinese one is as wide as two


@click.command(cls=Command)
@click.argument("method", required=False, shell_complete=complete_method)
@click.option(
    "-M",
    "--model",
    metavar="NAME",
    shell_complete=complete_model,
    help="Also say which of them this network offers, and why not the others.",
)
@click.option("--family", metavar="NAME", help="Only one family: gradient, cam, perturbation, attention.")
@options.network_options
@options.lang_option
@options.json_option
def command(method: str | None, model: str | None, family: str | None, lang: str, as_json: bool, **asked: Any) -> None:
    """The methods: what each is called, what it costs, and its paper.

    With a METHOD, its card: what it answers, when it misleads, when to use it, and its options.
    """
    from seewhy.cards import method_card
    from seewhy.errors import UnknownName
    from seewhy.registry import list_methods

    loaded = options.loaded(model, asked) if model else None
    listed = list_methods(loaded)
    if method is not None:
        card = method_card(method, lang)
        one = next(each for each in listed if each.id == method)
        if as_json:
            document(_data(one, loaded is not None) | asdict(card) | {"options": _options(one, lang)})
        else:
            click.echo("\n".join(_card(one, card, lang, loaded is not None)))
        return
    families = dict.fromkeys(one.info.family for one in listed)
    if family and family not in families:
        raise UnknownName(f"no family of methods is named {family!r}", f"families: {', '.join(families)}")
    chosen = [one for one in listed if family in (None, one.info.family)]
    if as_json:
        document([_data(one, loaded is not None) for one in chosen])
        return
    for line in columns([_row(one, loaded is not None, lang) for one in chosen]):
        click.echo(line)


def _row(one: "Listed", asked: bool, lang: str) -> list[str]:
    from seewhy.cards import method_card

    info, card = one.info, method_card(one.id, lang)
    told = ["" if not asked else "yes" if one.offered else "no"]
    return [info.family, info.id, *told, card.cost, info.paper, one.reason if asked else card.summary]


def _card(one: "Listed", card: "Card", lang: str, asked: bool) -> Iterator[str]:
    from seewhy.lang import text

    yield f"{card.title} ({one.id}) · {text(f'family_{card.family}', lang)}"
    yield from _wrapped(card.summary, lang)
    if asked:
        yield "  " + (text("offered", lang) if one.offered else one.reason)
    for name, said in (
        ("answers", card.answers),
        ("misleads", card.misleads),
        ("use", card.use),
        ("cost", card.cost),
        ("paper", card.link),
    ):
        yield f"\n{text(f'card_{name}', lang)}"
        yield from _wrapped(said, lang)
    if found := _options(one, lang):
        yield f"\n{text('options', lang)}"
        rows = [[f"-O {each['name']}={each['default']}", each["allowed"], each["help"]] for each in found]
        yield from columns(rows, "  ")


def _wrapped(said: str, lang: str) -> list[str]:
    width = WIDTH // 2 if lang == "zh" else WIDTH
    return textwrap.wrap(said, width, initial_indent="  ", subsequent_indent="  ")


def _options(one: "Listed", lang: str) -> list[dict[str, Any]]:
    from seewhy.lang.cards import option_help
    from seewhy.registry import declared, get_method

    found = []
    for each in declared(get_method(one.id)).values():
        known = each.metadata
        low, high = known["low"], known["high"]
        bounds = "" if low is None and high is None else f"{'' if low is None else low}..{'' if high is None else high}"
        default = None if each.default is MISSING else each.default
        plain = default if isinstance(default, bool | int | float | str | None) else ",".join(map(str, default))
        allowed = "|".join(known["choices"]) or bounds
        found.append(
            {"name": each.name, "default": plain, "allowed": allowed, "help": option_help(known["help"], lang)}
        )
    return found


def _data(one: "Listed", asked: bool) -> dict[str, Any]:
    info = one.info
    found = {
        name: getattr(info, name) for name in ("id", "title", "family", "cost", "paper", "summary", "score", "sign")
    }
    return found | ({"offered": one.offered, "reason": one.reason} if asked else {})
