"""How branches of a tree are called: by their names, or by the classes below them."""

from seewhy.lang import class_name, text
from seewhy.results.decisions import Branch, Decisions, Step


def taken(one: Branch, lang: str) -> str:
    """A node that was gone to: its name, of a class in the reader's language, or its id."""
    return class_name(one.name, lang, one.best) if one.leaf else one.name or one.id


def turned_down(one: Branch, step: Step, found: Decisions, lang: str) -> str:
    """A rejected branch: its name, or where it has none its likeliest class and how many more there are; both where
    another branch of this step has the same name."""
    named = [other.name for other in (step, *step.rejected)]
    alone = one.leaf or (one.name and named.count(one.name) == 1)
    if alone:
        return taken(one, lang)
    best = class_name(found.labels[one.best], lang, one.best)
    others = text("tree_and_others", lang, best=best, count=one.count - 1)
    return f"{one.name} ({others})" if one.name else others


def share(value: float) -> str:
    """In percent, with a digit more where it would round to nothing or all."""
    shown = f"{value:.1%}"
    if shown == "100.0%" and value < 1:
        return ">99.9%"
    return "<0.1%" if shown == "0.0%" and value > 0 else shown


def verdict(found: Decisions, lang: str) -> str:
    """Whether the network itself says the same."""
    network = class_name(found.network.label, lang, found.network.index)
    own = share(found.network.probability or 0.0)
    if found.agrees:
        return text("tree_agrees", lang, network=network, own=own)
    label = class_name(found.label, lang, found.index)
    return text("tree_disagrees", lang, tree=label, network=network, own=own)


def notes(found: Decisions) -> list[str]:
    """Those of the decisions, and of their maps, each once."""
    return list(dict.fromkeys([*found.notes, *(said for one in found.maps if one for said in one.notes)]))
