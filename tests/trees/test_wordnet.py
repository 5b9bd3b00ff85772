import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

import seewhy.trees.wordnet as wordnet
from seewhy.errors import UnknownName

DEBIAN = Path("/usr/share/wordnet")


def test_a_synset() -> None:
    dog = wordnet.synset("n02084071")
    assert dog.name == "dog" and dog.lemmas == ("dog", "domestic dog", "Canis familiaris")
    assert [wordnet.synset(one).name for one in dog.hypernyms] == ["canine", "domestic animal"]
    assert dog.depth == 13 and not dog.instance  # of 13 steps by canine, 8 by domestic animal
    assert wordnet.synset("n00001740").depth == 0
    names = [wordnet.synset(one).name for one in wordnet.line("n02084071")]
    assert names[:5] == ["dog", "canine", "carnivore", "placental", "mammal"] and names[-1] == "entity"
    assert {"n02083346", "n01317541", "n02084071", "n00001740"} <= wordnet.kinds("n02084071")


def test_instances_are_below_what_they_are_of() -> None:
    (rhine,) = wordnet.senses("Rhine River")
    river = wordnet.synset(rhine)
    assert river.instance and [wordnet.synset(one).name for one in river.hypernyms] == ["river"]


def test_what_several_are_is_sorted_from_the_deepest() -> None:
    cat, dog = "n02121620", "n02084071"
    found = wordnet.common([cat, dog])
    assert [wordnet.synset(one).name for one in found[:3]] == ["carnivore", "placental", "mammal"]
    assert [wordnet.synset(one).depth for one in found] == sorted([wordnet.synset(one).depth for one in found])[::-1]
    assert wordnet.common([dog])[0] == dog
    assert wordnet.common([dog, "n02083346"])[0] == "n02083346"  # a canine is its own


@pytest.mark.parametrize(
    ("word", "first", "count"),
    [
        ("dog", "n02084071", 7),
        ("Dogs", "n02084071", 7),
        ("mice", "n02330245", 4),
        ("tiger cat", "n02126465", 2),
        ("ice_bears", "n02134084", 1),
        ("T-shirt", "n03595614", 1),
        ("knives", "n03623556", 3),
        ("foxes", "n02118333", 7),
        ("butterflies", "n02274259", 2),
        ("policemen", "n10448983", 1),
        ("Egyptian cat", "n02124075", 1),
    ],
)
def test_senses_are_in_wordnets_order_also_of_plurals(word: str, first: str, count: int) -> None:
    found = wordnet.senses(word)
    assert found[0] == first and len(found) == count


@pytest.mark.parametrize("word", ["", " ", "blorb", "blorbs", "a/b"])
def test_strange_words_mean_nothing(word: str) -> None:
    assert wordnet.senses(word) == ()


@pytest.mark.parametrize("id", ["n00000001", "n99999999", "v02084071", "n2084071", "", "n0208407x", "n02084071 "])
def test_an_id_that_is_none_is_said(id: str) -> None:
    assert not wordnet.known(id)
    with pytest.raises(UnknownName, match="WordNet has no noun"):
        wordnet.synset(id)


def test_it_is_all_of_wordnets_nouns_and_its_licence() -> None:
    assert len(wordnet._nouns().offsets) == 82115
    assert wordnet.FILE.stat().st_size < 1.2e6
    licence = wordnet.FILE.with_name("WORDNET-LICENSE.txt").read_text()
    assert "WordNet 3.0 Copyright 2006 by Princeton University" in licence
    with zipfile.ZipFile(wordnet.FILE) as file:
        assert file.read("LICENSE").decode().strip() == licence.strip()


@pytest.mark.skipif(not DEBIAN.is_dir(), reason="needs wordnet-base, Debian's WordNet 3.0")
def test_every_synset_and_sense_is_that_of_wordnets_own_files() -> None:
    for line in (DEBIAN / "data.noun").read_text().splitlines():
        if line[0] == " ":
            continue
        words = line.partition(" | ")[0].split()
        count = int(words[3], 16)
        own = wordnet.synset(f"n{words[0]}")
        assert own.lemmas == tuple(one.replace("_", " ") for one in words[4 : 4 + 2 * count : 2])
        links = [words[at : at + 2] for at in range(5 + 2 * count, len(words), 4)]
        assert own.hypernyms == tuple(f"n{to}" for wanted in ("@", "@i") for kind, to in links if kind == wanted)
        assert own.instance == any(kind == "@i" for kind, _ in links)
    for line in (DEBIAN / "index.noun").read_text().splitlines()[29::50]:
        words = line.split()
        assert wordnet.senses(words[0]) == tuple(f"n{one}" for one in words[-int(words[2]) :])


def test_it_loads_when_it_is_asked_first_and_quickly() -> None:
    code = (
        "import time, seewhy.trees, seewhy.trees.wordnet as w; assert w._nouns.cache_info().currsize == 0;"
        "t = time.process_time(); w.senses('dog'); w.synset('n02084071'); print(time.process_time() - t)"
    )
    took = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert float(took) < 2  # 0.4 s on a quiet core
    start = time.process_time()
    for _ in range(1000):
        wordnet.senses("dogs")
    assert time.process_time() - start < 2
