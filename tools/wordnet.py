"""Make src/seewhy/trees/wordnet.zip anew from WordNet 3.0's files of nouns: `apt-get install wordnet-base`.

    python tools/wordnet.py [/usr/share/wordnet]

Each member has a line a synset, in the order of their offsets: its offset, its lemmas, the place of each lemma's sense
among all of that lemma, and its hypernyms, the first one first, by how many lines they are further up; those after an
"i" are of an instance. exceptions: plurals that no rule makes, and what they are of.
"""

import re
import sys
import zipfile
from pathlib import Path

TARGET = Path(__file__).parent.parent / "src/seewhy/trees/wordnet.zip"
MADE = (2006, 12, 6, 0, 0, 0)  # so that the same text gives the same bytes


def lines(path: Path) -> list[list[str]]:
    """The words of each line but those of the licence, which begin with a space, and of the glosses."""
    return [line.partition(" | ")[0].split() for line in path.read_text("utf-8").splitlines() if line[0] != " "]


def pairs(words: list[str]) -> tuple[list[str], list[tuple[str, int]]]:
    """A synset's lemmas, and its hypernyms with the kind of each."""
    count = int(words[3], 16)
    lemmas = words[4 : 4 + 2 * count : 2]
    links = words[5 + 2 * count : 5 + 2 * count + 4 * int(words[4 + 2 * count])]
    return lemmas, [
        (kind, int(offset)) for kind, offset in zip(links[::4], links[1::4], strict=True) if kind in ("@", "@i")
    ]


def members(folder: Path) -> dict[str, str]:
    sense = {}
    for word, _, senses, links, *rest in lines(folder / "index.noun"):
        for place, offset in enumerate(rest[int(links) + 2 :]):
            sense[word, int(offset)] = place
        assert len(rest[int(links) + 2 :]) == int(senses)
    synsets = {int(words[0]): pairs(words) for words in lines(folder / "data.noun")}
    at = {offset: line for line, offset in enumerate(synsets)}
    assert list(synsets) == sorted(synsets)
    above = []
    for offset, (_, found) in synsets.items():
        kinds = [[at[offset] - at[one] for kind, one in found if kind == wanted] for wanted in ("@", "@i")]
        above.append(" i ".join(" ".join(map(str, one)) for one in kinds) if kinds[1] else " ".join(map(str, kinds[0])))
    return {
        "offsets": "\n".join(map(str, synsets)),
        "lemmas": "\n".join(" ".join(lemmas) for lemmas, _ in synsets.values()),
        "senses": "\n".join(
            " ".join(str(sense[lemma.lower(), offset]) for lemma in lemmas) for offset, (lemmas, _) in synsets.items()
        ),
        "hypernyms": "\n".join(above),
        "exceptions": (folder / "noun.exc").read_text("utf-8").strip(),
    }


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "/usr/share/wordnet")
    head = [line for line in (folder / "data.noun").read_text("utf-8").splitlines()[:40] if line[0] == " "]
    licence = "\n".join(re.sub(r"^ +\d+ ?", "", line).rstrip() for line in head)
    TARGET.with_name("WORDNET-LICENSE.txt").write_text(licence.strip() + "\n", "utf-8")
    with zipfile.ZipFile(TARGET, "w", zipfile.ZIP_LZMA) as file:
        for name, text in {"LICENSE": licence, **members(folder)}.items():
            file.writestr(zipfile.ZipInfo(name, MADE), text, zipfile.ZIP_LZMA)
    print(f"{TARGET.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
