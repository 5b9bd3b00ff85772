"""Hierarchies as node-link JSON, the form that networkx writes and the authors of the paper ship their trees in."""

import json
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any

from seewhy.errors import BadInput
from seewhy.results.hierarchy import Hierarchy
from seewhy.trees.matching import matched

FORM = '{"nodes": [{"id": ..., "label": ...}], "links": [{"source": ..., "target": ...}]}'
GENERATED = "(generated)"  # what the authors' program calls a node without a name


def load(path: str | PathLike[str], classes: Sequence[str] | str | PathLike[str] | None = None) -> Hierarchy:
    """A tree from node-link JSON.

    classes: in the order of the network's scores, ids of the leaves or their names, or a file of them, one a line. By
    default the order that `save` wrote down, else the one in which the file lists the leaves.
    Raises BadInput for what is no such file or no tree of these classes.
    """
    data = _data(Path(path))
    nodes = [(_id(node, "id"), _name(node)) for node in _rows(data, "nodes")]
    edges = [(_id(edge, "source"), _id(edge, "target")) for edge in _rows(data, "links", "edges")]
    ids, names = [own for own, _ in nodes], [name for _, name in nodes]
    above = {parent for parent, _ in edges}
    leaves = {own: name for own, name in nodes if own not in above}
    if classes is None:
        graph = data.get("graph")
        kept = graph.get("classes") if isinstance(graph, dict) else None
        return Hierarchy.of(ids, edges, [str(own) for own in kept] if isinstance(kept, list) else list(leaves), names)
    wanted = _listed(classes)
    order = matched(wanted, leaves)
    called = {own: name for own, name in zip(order, wanted, strict=True) if own != name}
    return Hierarchy.of(ids, edges, order, [called.get(own, name) for own, name in nodes])


def save(tree: Hierarchy, path: str | PathLike[str]) -> Path:
    """Node-link JSON that `load` reads, and networkx by `node_link_graph(json.load(file), edges="links")`."""
    target = Path(path)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(json.dumps(as_data(tree), ensure_ascii=False, indent=1) + "\n", "utf-8")
    except OSError as error:
        raise BadInput(f"{target} can't be written: {error.strerror or error}", "choose another path") from error
    return target


def as_data(tree: Hierarchy) -> dict[str, Any]:
    """The nodes and links as plain data; graph.classes: the leaf of each class."""
    return {
        "directed": True,
        "multigraph": False,
        "graph": {"classes": [tree.ids[leaf] for leaf in tree.leaves]},
        "nodes": [{"id": own, "label": name} for own, name in zip(tree.ids, tree.names, strict=True)],
        "links": [
            {"source": tree.ids[node], "target": tree.ids[child]}
            for node in tree.inner
            for child in tree.children[node]
        ],
    }


def _data(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise BadInput(f"{path} can't be read: {error.strerror or error}", "name a node-link JSON file") from error
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{path} is no JSON: {error}", f"a hierarchy is {FORM}") from error
    if not isinstance(data, dict):
        raise BadInput(f"{path} holds a {type(data).__name__}, not a graph", f"a hierarchy is {FORM}")
    if data.get("directed") is False:
        raise BadInput(f"{path} holds a graph without directions", "links go from the parent to the child")
    return data


def _rows(data: dict[str, Any], *keys: str) -> list[dict[str, Any]]:
    rows = next((data[key] for key in keys if key in data), None)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise BadInput(f"a hierarchy without a list of {' or '.join(keys)}", f"it is {FORM}")
    return rows


def _id(row: dict[str, Any], key: str) -> str:
    """An id as text; networkx numbers nodes that nobody named."""
    own = row.get(key)
    if isinstance(own, bool) or not isinstance(own, str | int):
        raise BadInput(f"{json.dumps(row)[:80]} has no {key}", f"a hierarchy is {FORM}")
    return str(own)


def _name(row: dict[str, Any]) -> str:
    label = row.get("label")
    return label.replace("_", " ") if isinstance(label, str) and label != GENERATED else ""


def _listed(classes: Any) -> list[str]:
    if isinstance(classes, str | PathLike):
        try:
            return [line.strip() for line in Path(classes).read_text("utf-8").splitlines() if line.strip()]
        except (OSError, ValueError) as error:
            raise BadInput(f"{classes} can't be read: {error}", "a file of classes has one a line") from error
    found = list(classes)
    if strange := [one for one in found if not isinstance(one, str)]:
        raise BadInput(f"a class is called {strange[0]!r}", "give names or ids of the leaves")
    return found
