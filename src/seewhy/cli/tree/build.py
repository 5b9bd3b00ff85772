"""seewhy tree build: a tree over a network's classes, as a file."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seewhy.cli import options
from seewhy.cli.output import Command, columns, document, progress
from seewhy.errors import BadOption
from seewhy.lang import text

if TYPE_CHECKING:
    from seewhy.results.hierarchy import Hierarchy
    from seewhy.trees.holding import Holding
    from seewhy.trees.synsets import Meaning

SHOWN = 8  # classes in a line of the summary
OWN = {  # which options belong to which method
    "linkage": ("induced",), "metric": ("induced",), "seed": ("random",), "branching": ("random",), "file": ("file",),
    "plain": ("induced", "random"),
}  # fmt: skip
FLAGS = {"plain": "no-names"}


@click.command(cls=Command)
@options.model_option()
@click.option(
    "--method", type=click.Choice(["induced", "wordnet", "random", "file"]), default="induced", show_default=True,
    help="From the last layer's weights, from WordNet's hypernyms, at random, or --file.",
)  # fmt: skip
@click.option(
    "--linkage", metavar="NAME", help="ward (default), complete, average, single, weighted, centroid, median."
)
@click.option("--metric", metavar="NAME", help="euclidean (default), cityblock, cosine, correlation, chebyshev.")
@click.option("--seed", type=int, help="Of the random order, 0 by default; -1 leaves the classes as they are.")
@click.option("--branching", type=int, help="Children of a random tree's nodes, 2 by default.")
@click.option("--file", type=click.Path(), metavar="FILE", help="Node-link JSON, as nbdt and networkx write it.")
@click.option(
    "--names", callback=options.read_classes, metavar="FILE",
    help="Names or WordNet ids of the classes, instead of the network's: one a line.",
)  # fmt: skip
@click.option("--no-names", "plain", is_flag=True, help="Number inner nodes, name none.")
@options.network_options
@click.option(
    "-o", "--out", type=click.Path(path_type=Path), default=Path("tree.json"), show_default=True, metavar="FILE",
    help="Where the tree goes, as node-link JSON.",
)  # fmt: skip
@options.lang_option
@options.json_option
@options.quiet_option
def command(model: str, method: str, out: Path, **asked: Any) -> None:
    """A tree over a network's classes, as a file for the other commands.

    Inner nodes are named by what all classes below them are, by WordNet. Classes that WordNet does not know or of
    which it is not sure what they mean are listed.
    """
    _check(method, out, asked)
    lang = asked["lang"]
    with progress(quiet=asked["quiet"]) as where:
        classes = asked["names"]
        network = None
        if method == "induced" or classes is None:
            where.step(text("loading", lang, name=model))
            network = options.loaded(model, asked)
        where.step(text("tree_building", lang))
        from seewhy.trees import holdings, meanings, save

        tree = _built(method, network, classes, asked)
        meant = () if network and not (classes or network.classes) else meanings(_leaves(tree, method))
        held = holdings(tree, meant) if meant else ()
        save(tree, out)
        if not (asked["quiet"] or asked["as_json"]):
            where.say("\n".join([*_lines(tree, meant, held, lang), text("tree_written", lang, file=out)]))
    if asked["as_json"]:
        document({"file": str(out), "method": method, **_data(tree, meant, held)})


def _check(method: str, out: Path, asked: dict[str, Any]) -> None:
    if out.is_dir():
        raise BadOption(f"{out} is a folder", "name a file: -o tree.json")
    if method == "file" and asked["file"] is None:
        raise BadOption("--method file without --file", "name a node-link JSON file: --file graph.json")
    for name, methods in OWN.items():
        if asked[name] not in (None, False) and method not in methods:
            flag = FLAGS.get(name, name)
            raise BadOption(f"--{flag} with --method {method}", f"it belongs to --method {' or '.join(methods)}")


def _built(method: str, network: Any, classes: list[str] | None, asked: dict[str, Any]) -> "Hierarchy":
    from seewhy.trees import at_random, from_wordnet, induce, load

    if method == "induced":
        ways = asked["linkage"] or "ward", asked["metric"] or "euclidean"
        return induce(network, *ways, classes=classes, name=not asked["plain"])
    of = network if classes is None else classes
    if method == "wordnet":
        return from_wordnet(of)
    if method == "random":
        given = {key: asked[key] for key in ("seed", "branching") if asked[key] is not None}
        return at_random(of, **given, name=not asked["plain"])
    return load(asked["file"], classes or network.classes or None)


def _leaves(tree: "Hierarchy", method: str) -> list[str]:
    """What the classes are looked up by: in a file synsets may stand already."""
    from seewhy.trees.wordnet import known

    ids = method == "file"
    return [tree.ids[leaf] if ids and known(tree.ids[leaf]) else tree.called(leaf) for leaf in tree.leaves]


def _data(tree: "Hierarchy", meant: Sequence["Meaning"], held: Sequence["Holding"]) -> dict[str, Any]:
    return {
        "classes": len(tree.leaves),
        "nodes": len(tree),
        "inner": len(tree.inner),
        "named": _named(tree),
        "depth": max(tree.depths),
        "widest": max(map(len, tree.children)),
        "ambiguous": [_sense(one) for one in meant if one.how == "chosen"],
        "kinds": [_sense(one) for one in meant if one.how == "kind"],
        "unknown": [one.name for one in meant if one.how == "unknown"],
        "held": [{**one.as_data(), "called": tree.called(one.node)} for one in held],
    }


def _sense(one: "Meaning") -> dict[str, Any]:
    return {"class": one.name, "id": one.id, "synset": one.synset, "senses": list(one.senses)}


def _named(tree: "Hierarchy") -> int:
    return sum(bool(tree.names[node]) for node in tree.inner)


def _lines(tree: "Hierarchy", meant: Sequence["Meaning"], held: Sequence["Holding"], lang: str) -> Iterator[str]:
    named = _named(tree)
    counts = {"classes": len(tree.leaves), "inner": len(tree.inner), "named": named, "depth": max(tree.depths)}
    yield text("tree_built", lang, numbered=len(tree.inner) - named, widest=max(map(len, tree.children)), **counts)
    for how in ("chosen", "kind", "unknown"):
        if some := [one for one in meant if one.how == how]:
            shown = ", ".join(_shown(one) for one in some[:SHOWN])
            more = text("tree_and_more", lang, count=len(some) - SHOWN) if len(some) > SHOWN else ""
            yield "  " + text(f"tree_{how}", lang, count=len(some), classes=shown + more)
    if held:
        keys = ("tree_group", "tree_size", "tree_held", "tree_others", "tree_nearest", "tree_own", "tree_others")
        heads = [text(key, lang) for key in keys]
        rows = [_row(tree, one, lang) for one in held]
        yield text("tree_holds", lang)
        yield from columns([heads, *rows], "  ")


def _row(tree: "Hierarchy", one: "Holding", lang: str) -> list[str]:
    near = [tree.called(one.best), str(one.best_own), f"{one.best_others:.1%}"]
    return [text(f"tree_{one.group}", lang), str(one.size), str(one.held), f"{one.others:.1%}", *near]


def _shown(one: "Meaning") -> str:
    """A class, and the meaning that was taken for it as its own name or the next more general one says it."""
    from seewhy.trees.wordnet import synset

    if not one.synset:
        return one.name
    found = synset(one.synset)
    above = synset(found.hypernyms[0]).name if found.hypernyms else found.name
    return f"{one.name} ({above if one.how == 'chosen' else found.name})"
