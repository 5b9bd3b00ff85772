"""`seewhy tree build`: every method, its words, its file, and what it refuses."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from nbdt_files import folder, wnids
from seewhy.sources import load as network
from seewhy.trees import at_random, from_wordnet, induce, load

Call = Callable[..., Result]
Told = Callable[..., Any]
NET = ("tree", "build", "--model", "nets.py:build")
NAMES = ["crane", "heron", "dog", "beagle", "sports car", "maple tree", "blorb"]


@pytest.fixture
def names(there: Path) -> str:
    (there / "names.txt").write_text("\n".join(NAMES))
    return "names.txt"


@pytest.mark.parametrize("ways", [(), ("--linkage", "average", "--metric", "cosine")])
def test_a_tree_from_a_networks_weights(there: Path, call: Call, ways: tuple[str, ...]) -> None:
    done = call(*NET, *ways, "-o", "trees/small.json")
    assert done.exit_code == 0, done.stderr
    assert done.stdout.splitlines()[0].startswith("a tree of 4 classes: 3 decisions, ")
    assert done.stdout.splitlines()[-1] == "the tree is in trees/small.json"
    assert load("trees/small.json") == induce(network("nets.py:build"), *ways[1::2])
    assert "[" not in done.stdout  # nothing filled in by Python's own words


def test_what_classes_are_understood_as_is_said(there: Path, call: Call, names: str) -> None:
    done = call("tree", "build", "--method", "wordnet", "--names", names)
    assert done.exit_code == 0, done.stderr
    assert load("tree.json") == from_wordnet(NAMES)
    said = done.stdout.splitlines()
    assert said[1] == "  2 classes with several meanings, understood as: crane (wading bird), dog (canine)"
    assert said[2] == "  1 classes that WordNet does not have as such, kinds of: maple tree (tree)"
    assert said[3] == "  1 classes that WordNet does not know: blorb"
    assert "loading" not in done.stderr  # no network is asked


def test_one_document(there: Path, told: Told, names: str) -> None:
    data = told("tree", "build", "--method", "wordnet", "--names", names, "-q")
    tree = from_wordnet(NAMES)
    counts = [data[key] for key in ("classes", "nodes", "inner", "named", "depth", "widest")]
    assert counts == [7, len(tree), len(tree.inner), len(tree.inner), max(tree.depths), max(map(len, tree.children))]
    assert [one["class"] for one in data["ambiguous"]] == ["crane", "dog"] and data["unknown"] == ["blorb"]
    assert data["kinds"] == [{"class": "maple tree", "id": "c00000005", "synset": "n13104059",
                              "senses": data["kinds"][0]["senses"]}]  # fmt: skip
    held = {one["group"]: (one["size"], one["held"], one["others"], one["called"]) for one in data["held"]}
    assert held == {"dogs": (2, 2, 0, "dog"), "animals": (4, 4, 0, "animal"), "birds": (2, 2, 0, "wading bird")} | (
        {"animals": held["animals"]}
    )
    assert (held["animals"][0], held["animals"][1]) == (4, 4)


def test_random_trees(there: Path, told: Told, names: str) -> None:
    told("tree", "build", "--method", "random", "--names", names, "--seed", "3", "--branching", "3", "-o", "a.json")
    assert load("a.json") == at_random(NAMES, 3, 3)
    told(*NET, "--method", "random", "--seed", "-1", "--no-names", "-o", "b.json")
    assert load("b.json") == at_random(["tabby cat", "tiger cat", "dog", "car"], -1, name=False)


def test_a_file_is_taken_over_with_the_names_of_the_classes(there: Path, told: Told) -> None:
    cifar = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
    (there / "cifar.json").write_text(json.dumps(cifar))
    shipped = str(folder() / "hierarchies" / "CIFAR10" / "graph-induced.json")
    data = told("tree", "build", "--method", "file", "--file", shipped, "--names", "cifar.json")
    tree = load("tree.json")
    assert [tree.called(leaf) for leaf in tree.leaves] == cifar
    assert [tree.ids[leaf] for leaf in tree.leaves] == wnids("CIFAR10")
    assert data["named"] == 9 and data["ambiguous"] == []
    assert {one["group"]: one["others"] for one in data["held"]} == {"animals": 0, "vehicles": 0}
    refused = told(*NET, "--method", "file", "--file", shipped, code=2)["error"]
    assert "no leaf of the tree" in refused["problem"] or "are no class" in refused["problem"]


def test_a_network_without_names_has_a_numbered_tree(there: Path, told: Told) -> None:
    data = told("tree", "build", "--model", "nets.py:flat")
    assert data["named"] == 0 and data["held"] == [] and data["unknown"] == []
    refused = told("tree", "build", "--model", "nets.py:flat", "--method", "wordnet", code=2)["error"]
    assert "have no names" in refused["problem"]


def test_in_chinese(there: Path, call: Call, names: str) -> None:
    done = call("tree", "build", "--method", "wordnet", "--names", names, "--lang", "zh")
    assert done.stdout.splitlines()[0].startswith("7 个类别的树")
    assert "WordNet 不认识：blorb" in done.stdout


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        (("--method", "file"), "--method file without --file"),
        (("--seed", "1"), "--seed with --method induced"),
        (("--method", "random", "--linkage", "ward"), "--linkage with --method random"),
        (("--method", "wordnet", "--no-names"), "--no-names with --method wordnet"),
        (("--linkage", "wards"), "linkage is 'wards'"),
        (("--metric", "cosine"), "metric 'cosine' with linkage 'ward'"),
        (("--method", "random", "--branching", "1"), "branching is 1"),
        (("--method", "file", "--file", "nets.py"), "nets.py is no JSON"),
        (("-o", "photos"), "photos is a folder"),
        (("--names", "two.txt"), "2 class names for 4 rows"),
        (("--model", "nets.py:soft", "--method", "wordnet"), "have no names"),
        (("--model", "nets.py:dead"), "is not linear"),
    ],
)
def test_what_is_refused(there: Path, call: Call, args: tuple[str, ...], problem: str) -> None:
    (there / "two.txt").write_text("cat\ndog")
    done = call(*NET, *args)
    assert done.exit_code == 2
    assert problem in done.stderr and "hint: " in done.stderr
    assert not (there / "tree.json").exists()
