import json
from pathlib import Path

import pytest

from nbdt_files import folder, wnids
from random_trees import anyhow
from seewhy.errors import BadInput
from seewhy.lang.classes import table
from seewhy.trees import Hierarchy, load, save
from seewhy.trees.files import as_data
from seewhy.trees.synsets import _table

NODES = [{"id": "n1", "label": "living_thing"}, {"id": "c1", "label": "cat, house_cat"}, {"id": "c2", "label": "Dog"}]
LINKS = [{"source": "n1", "target": "c1"}, {"source": "n1", "target": "c2"}]


def written(folder: Path, **data: object) -> Path:
    path = folder / "tree.json"
    path.write_text(json.dumps({"nodes": NODES, "links": LINKS, **data}))
    return path


@pytest.mark.parametrize("seed", range(5))
def test_a_tree_comes_back_as_it_was_saved(tmp_path: Path, seed: int) -> None:
    tree = anyhow(30, seed=seed)
    assert load(save(tree, tmp_path / "new" / "tree.json")) == tree
    turned = Hierarchy(tree.ids, tree.names, tree.parents, tree.leaves[::-1])
    assert load(save(turned, tmp_path / "tree.json")) == turned
    assert load(save(turned, tmp_path / "tree.json"), [f"c{n}" for n in range(30)]) == tree


def test_networkx_reads_what_is_saved_and_is_read(tmp_path: Path) -> None:
    networkx = pytest.importorskip("networkx", reason="needs networkx, which reads what we write")
    tree = anyhow(20)
    graph = networkx.node_link_graph(json.loads(save(tree, tmp_path / "a.json").read_text()), edges="links")
    assert networkx.is_arborescence(graph) and dict(graph.nodes(data="label")) == dict(
        zip(tree.ids, tree.names, strict=True)
    )
    assert set(graph.edges) == {(tree.ids[tree.parents[node]], tree.ids[node]) for node in range(1, len(tree))}
    for key in ("links", "edges"):
        path = tmp_path / f"{key}.json"
        path.write_text(json.dumps(networkx.node_link_data(graph, edges=key)))
        assert load(path) == tree


@pytest.mark.parametrize(
    ("classes", "leaves"),
    [
        (None, ["c1", "c2"]),
        (["c2", "c1"], ["c2", "c1"]),
        (["dog", "House Cat"], ["c2", "c1"]),
        (["hound, dog", "cat,  house cat"], ["c2", "c1"]),
    ],
)
def test_leaves_are_the_classes_asked_for(tmp_path: Path, classes: list[str] | None, leaves: list[str]) -> None:
    path = written(tmp_path)
    tree = load(path, classes)
    assert [tree.ids[leaf] for leaf in tree.leaves] == leaves
    assert tree.called(0) == "living thing"
    if classes is not None:
        own = [tree.called(leaf) for leaf in tree.leaves]
        assert own == (["Dog", "cat, house cat"] if classes[0] == "c2" else classes)
        lines = tmp_path / "classes.txt"
        lines.write_text("\n".join(classes) + "\n\n")
        assert load(path, lines) == tree


def test_generated_nodes_have_no_name(tmp_path: Path) -> None:
    nodes = [{"id": 0, "label": "(generated)"}, {"id": 1}, {"id": 2, "label": None}]
    tree = load(written(tmp_path, nodes=nodes, links=[{"source": 0, "target": 1}, {"source": 0, "target": 2}]))
    assert tree.names == ("", "", "") and tree.ids == ("0", "1", "2")


@pytest.mark.parametrize(
    ("data", "classes", "problem"),
    [
        ({"links": None}, None, "without a list of links or edges"),
        ({"nodes": [1]}, None, "without a list of nodes"),
        ({"nodes": [*NODES, {"label": "no id"}]}, None, "has no id"),
        ({"links": [*LINKS, {"source": "n1"}]}, None, "has no target"),
        ({"directed": False}, None, "without directions"),
        ({"nodes": [*NODES, {"id": "c3"}]}, None, "2 roots"),
        ({"nodes": [*NODES, {"id": "c2"}]}, None, "is there twice"),
        ({"links": [*LINKS, {"source": "c1", "target": "n1"}]}, None, "without a root"),
        ({"links": [*LINKS, {"source": "n1", "target": "c1"}]}, None, "two parents"),
        ({"graph": {"classes": ["c1"]}}, None, "1 leaves of 2 are no class: 'c2'"),
        ({}, ["cat"], "1 leaves of 2 are no class: 'c2'"),
        ({}, ["cat", "house cat"], "'c1' is there twice"),
        ({}, ["cat", "dig"], "the class 'dig' is no leaf"),
        ({}, ["cat", "dog", "bus"], "the class 'bus' is no leaf"),
        ({}, ["cat", 7], "a class is called 7"),
        ({}, ["cat, dog", "dog"], "could be c1 or c2"),
        ({}, "nowhere.txt", "nowhere.txt can't be read"),
    ],
)
def test_what_is_no_tree_of_these_classes_is_refused(
    tmp_path: Path, data: dict[str, object], classes: list[str] | None, problem: str
) -> None:
    with pytest.raises(BadInput, match=problem) as refused:
        load(written(tmp_path, **data), classes)
    assert refused.value.hint


@pytest.mark.parametrize(("text", "problem"), [("{", "is no JSON"), ("[]", "holds a list"), ("\xff", "is no JSON")])
def test_what_is_no_graph_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "tree.json"
    path.write_text(text, "latin-1")
    with pytest.raises(BadInput, match=problem):
        load(path)
    with pytest.raises(BadInput, match="can't be read"):
        load(tmp_path / "none.json")
    with pytest.raises(BadInput, match="can't be written"):
        save(anyhow(3), path / "below.json")


def test_data_are_as_the_authors_write_them() -> None:
    assert set(as_data(anyhow(3))) == {"directed", "multigraph", "graph", "nodes", "links"}


def test_all_that_nbdt_ships_loads(tmp_path: Path) -> None:
    shipped = sorted((folder() / "hierarchies").glob("*/*.json"))
    assert len(shipped) == 16
    for path in shipped:
        classes = wnids(path.parent.name)
        tree, raw = load(path, classes), json.loads(path.read_text())
        assert [tree.ids[leaf] for leaf in tree.leaves] == classes
        assert {(tree.ids[tree.parents[node]], tree.ids[node]) for node in range(1, len(tree))} == {
            (link["source"], link["target"]) for link in raw["links"]
        }
        named = {
            node["id"]: node.get("label", "").replace("_", " ").replace("(generated)", "") for node in raw["nodes"]
        }
        assert dict(zip(tree.ids, tree.names, strict=True)) == named
        assert load(path, folder() / "wnids" / f"{path.parent.name}.txt") == load(path) == tree
        assert load(save(tree, tmp_path / "again.json")) == tree


@pytest.mark.parametrize(
    ("dataset", "names"),
    [
        ("CIFAR10", ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]),
        ("CIFAR100", sorted(_table()["cifar100"])),
        ("Imagenet1000", [english for english, _ in table()]),
    ],
)
def test_what_nbdt_ships_loads_by_the_names_of_the_classes(dataset: str, names: list[str]) -> None:
    for path in (folder() / "hierarchies" / dataset).glob("*.json"):
        tree = load(path, names)
        assert [tree.ids[leaf] for leaf in tree.leaves] == wnids(dataset)
        assert [tree.called(leaf) for leaf in tree.leaves] == names
