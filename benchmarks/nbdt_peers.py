"""nbdt 0.0.4 and the hierarchies it ships, as they can still be had.

It is installed without its dependencies. What it imports and does not use here is stubbed while it is imported: nltk,
which asks for WordNet, and pytorchcv. networkx has since renamed the edges of its files, which is told it; and the
graph of a file is read once, not once a node.
"""

import importlib
import io
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import mock

from seewhy.trees import Hierarchy

SHIPPED = (
    *(("CIFAR10", f"induced{one}") for one in ("", "-ResNet10", "-ResNet18", "-wrn28_10_cifar10")),
    *(("CIFAR100", f"induced{one}") for one in ("", "-ResNet18", "-wrn28_10_cifar100")),
    *(("TinyImagenet200", f"induced{one}") for one in ("", "-ResNet18", "-wrn28_10")),
    *(("CIFAR10", "wordnet"), ("CIFAR100", "wordnet"), ("CIFAR100", "wordnet-single")),
    *(("TinyImagenet200", "wordnet"), ("TinyImagenet200", "wordnet-single")),
    ("Imagenet1000", "induced-efficientnet_b7b"),
)
STUBS = {
    "nltk": (),
    "pytorchcv": (),
    "pytorchcv.models": (),
    "pytorchcv.models.efficientnet": (),
    "pytorchcv.models.wrn_cifar": ("wrn28_10_cifar10", "wrn28_10_cifar100", "get_wrn_cifar"),
}
PARTS = ("graph", "data.custom", "loss", "analysis", "utils")


@cache
def nbdt() -> dict[str, ModuleType]:
    """Its modules by their names, patched."""
    from networkx import node_link_graph

    stubs = {name: ModuleType(name) for name in STUBS if name not in sys.modules}
    for name, module in stubs.items():
        vars(module).update(dict.fromkeys(STUBS[name]))
    sys.modules.update(stubs)
    try:
        with mock.patch("os.popen", return_value=io.StringIO("24 80")):  # it asks a terminal for its size
            found = {name: importlib.import_module(f"nbdt.{name}") for name in PARTS}
    finally:
        for name in stubs:
            del sys.modules[name]
    graph, custom = found["graph"], found["data.custom"]
    graph.node_link_graph = partial(node_link_graph, edges="links")
    graph.wnid_to_synset = custom.wnid_to_synset = graph.FakeSynset
    custom.read_graph = cache(graph.read_graph)
    custom.Node.get_nodes = staticmethod(_once(custom.Node.get_nodes))
    return found


def _once(nodes: Callable[..., Any]) -> Callable[..., Any]:
    kept = cache(lambda graph, wnids, classes: nodes(graph, wnids, list(classes)))
    return lambda graph, wnids, classes: kept(graph, wnids, tuple(classes))


@dataclass(frozen=True)
class Shipped:
    """A hierarchy of its distribution, as ours and as what its classes ask for."""

    dataset: str
    graph: str
    wnids: str
    classes: tuple[str, ...]
    tree: Hierarchy

    @property
    def nodes(self) -> Any:
        return nbdt()["data.custom"].Node.get_nodes(self.graph, self.wnids, self.classes)

    def rules(self, kind: str) -> Any:
        made = getattr(nbdt()["analysis"], f"{kind}EmbeddedDecisionRules")
        return made(self.dataset, self.graph, self.wnids, list(self.classes))

    def loss(self, kind: str, criterion: Any, **options: Any) -> Any:
        made = getattr(nbdt()["loss"], f"{kind}TreeSupLoss")
        return made(self.dataset, criterion, self.graph, self.wnids, list(self.classes), **options)


@cache
def shipped(dataset: str, name: str) -> Shipped:
    of = nbdt()["utils"]
    graph, wnids = of.hierarchy_to_path_graph(dataset, name), of.dataset_to_default_path_wnids(dataset)
    data = json.loads(Path(graph).read_text("utf-8"))
    leaves = Path(wnids).read_text("utf-8").split()
    edges = [(one["source"], one["target"]) for one in data["links"]]
    labels = [one.get("label", "") for one in data["nodes"]]
    tree = Hierarchy.of([one["id"] for one in data["nodes"]], edges, leaves, labels)
    return Shipped(dataset, graph, wnids, tuple(nbdt()["data.custom"].dataset_to_dummy_classes(dataset)), tree)


def decisions(found: Any) -> list[list[tuple[str, float]]]:
    """Of each sample the nodes that it goes to and their shares; "" for the leaf, which nbdt has no node for."""
    return [[(step["node"].wnid if step["node"] else "", step["prob"]) for step in one[1:]] for one in found]
