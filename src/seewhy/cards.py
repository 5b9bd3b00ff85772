"""A card for each method: what it answers, what it costs, when it misleads, its paper."""

from dataclasses import dataclass

from seewhy.errors import UnknownName
from seewhy.lang import cards as words
from seewhy.registry import Info, get_method, list_methods

_LINKS = {  # by what stands before the colon, in any case
    "arxiv": "https://arxiv.org/abs/",
    "doi": "https://doi.org/",
    "hal": "https://hal.science/",
}


@dataclass(frozen=True)
class Card:
    """What a reader should know of a method before believing its maps, in one language."""

    title: str  # as the paper writes it, in any language
    family: str
    answers: str
    misleads: str
    use: str
    cost: str
    summary: str
    paper: str  # as "arXiv:1610.02391"
    link: str


def method_card(id: str, lang: str = "en") -> Card:
    """The card of a method by its id. Raises UnknownName, and BadOption for a language there are no words for."""
    return _card(get_method(id).info, lang)


def method_cards(lang: str = "en") -> dict[str, Card]:
    """Every method's card by its id, by family and name. Raises BadOption for an unknown language."""
    return {one.id: _card(one.info, lang) for one in list_methods()}


def link(paper: str) -> str:
    """The address of "arXiv:...", "doi:...", "HAL:..." or of what is an address already.

    Raises UnknownName for anything else.
    """
    kind, _, number = paper.partition(":")
    if kind.lower() == "https":
        return paper
    if kind.lower() not in _LINKS or not number:
        raise UnknownName(f"{paper!r} leads nowhere", "arXiv:, doi:, HAL: and a number, or an https address")
    return _LINKS[kind.lower()] + number


def _card(info: Info, lang: str) -> Card:
    said = words.card(info.id, lang)
    return Card(
        title=info.title,
        family=info.family,
        answers=said.answers,
        misleads=said.misleads,
        use=said.use,
        cost=said.cost or info.cost,
        summary=said.summary or info.summary,
        paper=info.paper,
        link=link(info.paper),
    )
