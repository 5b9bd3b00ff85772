import json
from collections import Counter
from pathlib import Path

import pytest
import timm

import seewhy.lang
from nbdt_files import wnids
from seewhy.lang.classes import table
from seewhy.trees import meanings
from seewhy.trees.synsets import _chosen, _looked_up, _once, _table
from seewhy.trees.wordnet import synset

IMAGENET = [english for english, _ in table()]
CIFAR10 = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]


def understood(names: list[str]) -> list[str]:
    """By the rule alone, as though no data set were known."""
    return [one.id for one in _once(_chosen([_looked_up(name, number) for number, name in enumerate(names)]))]


def info(name: str) -> str:
    return (Path(timm.__file__).parent / "data" / "_info" / name).read_text()


def test_imagenets_thousand_are_exact() -> None:
    exact = info("imagenet_synsets.txt").split()
    long = dict(line.split("\t", 1) for line in info("imagenet_synset_to_lemma.txt").splitlines())
    for names in (IMAGENET, [long[one] for one in exact], [one.replace(" ", "_") for one in IMAGENET], exact):
        found = meanings(names)
        assert [one.id for one in found] == exact
        assert [one.name for one in found] == names and {one.how for one in found} == {"known"}
    assert [one.id for one in meanings([*IMAGENET[::-1]])] != exact[::-1]  # by the rule, in another order
    assert exact == wnids("Imagenet1000")


def test_the_rule_alone_finds_most_of_imagenet() -> None:
    exact = list(_table()["imagenet"])
    found = understood(IMAGENET)
    right = sum(one == other for one, other in zip(found, exact, strict=True))
    assert right >= 880 and len(set(found)) == 1000
    first = [one.senses[0] if (one := _looked_up(name, 0)).senses else "" for name in IMAGENET]
    assert right > sum(one == other for one, other in zip(first, exact, strict=True)) + 60


def test_cifar() -> None:
    theirs, table100 = wnids("CIFAR10"), _table()["cifar100"]
    assert [one.id for one in meanings(CIFAR10)] == theirs == understood(CIFAR10)
    assert [one.id for one in meanings(CIFAR10[::-1])] == theirs[::-1]
    names = sorted(table100)
    off = {name: synset(own).name for name, own in zip(names, wnids("CIFAR100"), strict=True) if table100[name] != own}
    assert off == {  # what nbdt has instead
        "aquarium_fish": "fingerling", "dolphin": "dolphinfish", "forest": "forest", "skunk": "shutout",
        "television": "television", "trout": "trout",
    }  # fmt: skip
    assert {name: dict(zip(names, wnids("CIFAR100"), strict=True))[name] for name in off} == _table()["nbdt"]
    found = {one.name: one for one in meanings(names)}
    assert Counter(one.how for one in found.values()) == {"known": 99, "kind": 1}
    fish = found["aquarium_fish"]
    assert synset(fish.synset).name == "fish" and fish.id.startswith("c")
    animal = {"skunk", "dolphin", "trout"}
    assert {name for name in off if "n00015388" in seewhy.trees.wordnet.kinds(found[name].synset)} >= animal


@pytest.mark.parametrize(
    ("name", "others", "id", "how"),
    [
        ("n02084071", [], "n02084071", "id"),
        ("jaguar", [], "n02128925", "only"),
        ("tench, Tinca tinca", [], "n01440764", "only"),
        ("great_white_shark", [], "n01484850", "only"),
        ("Polar Bears", [], "n02134084", "only"),
        ("crane", ["heron", "stork"], "n02012849", "chosen"),
        ("crane", ["bulldozer", "steam shovel"], "n03126707", "chosen"),
        ("mouse", ["hamster", "squirrel"], "n02330245", "chosen"),
        ("mouse", ["joystick", "trackball"], "n03793489", "chosen"),
    ],
)
def test_names_are_understood_beside_others(name: str, others: list[str], id: str, how: str) -> None:
    found = meanings([name, *others])[0]
    assert (found.id, found.how) == (id, how)
    assert found.id == found.senses[0] and (len(found.senses) > 1) == (how == "chosen")


@pytest.mark.parametrize("name", ["red sports car", "(red) sports car", "very-fast sports-car"])
def test_a_name_that_is_not_there_is_a_kind_of_its_last_words(name: str) -> None:
    (found,) = meanings([name])
    assert (found.id, found.how, synset(found.synset).name) == ("c00000000", "kind", "sports car")


def test_what_is_unknown_has_an_id_of_its_own() -> None:
    found = meanings(["blorb", "dog", "", "blorb", "LABEL_3"])
    assert [one.id for one in found] == ["c00000000", "n02084071", "c00000002", "c00000003", "c00000004"]
    assert [one.how for one in found] == ["unknown", "chosen", "unknown", "unknown", "unknown"]


def test_no_two_classes_have_one_synset() -> None:
    cranes = meanings(["heron", "crane", "crane"])
    assert [synset(one.synset).name for one in cranes[1:]] == ["crane", "crane"] and cranes[1].id != cranes[2].id
    cars = meanings(["automobile", "motorcar", "n02958343"])
    assert [one.how for one in cars] == ["only", "kind", "kind"] and len({one.id for one in cars}) == 3
    assert {one.synset for one in cars} == {"n02958343"}
    dog = meanings(["dog", "n02084071"])  # who is surer has it
    assert dog[1].id == "n02084071" and dog[0].id != "n02084071"


def test_the_file_of_known_classes_is_text() -> None:
    path = Path(seewhy.trees.synsets.__file__).with_name("known_classes.json")
    assert set(json.loads(path.read_text())) == {"imagenet", "cifar10", "cifar100", "nbdt"}
