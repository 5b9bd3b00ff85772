"""Evaluation of a tree on photos with labels: against loops, on the CNN of textures and a tree made by hand."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import decided_by_hand as by_hand
from benchmarks.textures import network as textures
from benchmarks.textures.scenes import draw
from seewhy import Model
from seewhy.errors import BadInput
from seewhy.trees import Hierarchy, evaluate

CLASSES = ("striped", "dotted", "checked", "plain")
EDGES = [("all", "patterned"), ("all", "plain"), ("patterned", "striped"), ("patterned", "cells"),
         ("cells", "dotted"), ("cells", "checked")]  # fmt: skip
TREE = Hierarchy.of(["all", "patterned", "cells", *CLASSES], EDGES, CLASSES)
COUNT = 10


@pytest.fixture(scope="module")
def model() -> Model:
    """The CNN of textures with a leaning, so that it is wrong now and then, and its tree elsewhere."""
    made = textures.load()
    with torch.no_grad():
        made.module.head.bias += torch.tensor([8.0, -9.0, 2.0, 9.0])
    return made


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("textures")
    for number, name in enumerate(CLASSES):
        (root / name).mkdir()
        for i, one in enumerate(draw(COUNT, (7, number), name).pixels):
            Image.fromarray(one).save(root / name / f"{i:02}.png")
    (root / "plain" / "broken.png").write_bytes(b"no picture")
    return root


@pytest.fixture(scope="module")
def scores(model: Model, folder: Path) -> np.ndarray:
    """(4 * COUNT, 4), class after class."""
    x = [textures.pixels(draw(COUNT, (7, number), name).pixels) for number, name in enumerate(CLASSES)]
    return model.outputs(torch.cat(x)).double().numpy()


def test_accuracies_are_those_of_a_loop(model: Model, folder: Path, scores: np.ndarray) -> None:
    told: list[tuple[int, int]] = []
    found = evaluate(model, folder, TREE, batch=7, tell=lambda done, all: told.append((done, all)))
    assert told[-1] == (41, 41) and found.passes.forward == 40
    assert [name for name, _ in found.failed] == [str(folder / "plain" / "broken.png")]
    labels = np.array([CLASSES.index(one.label) for one in found.photos])
    order = np.concatenate([np.arange(COUNT) + COUNT * number for number in labels[::COUNT]])  # folders are sorted
    given = scores[order]
    soft = [int(np.argmax(by_hand.soft(TREE, one))) for one in given]
    ways = [by_hand.hard(TREE, one) for one in given]
    hard = [TREE.leaves.index(way[-1]) for way in ways]
    said = np.array([given.argmax(1), soft, hard]).T
    assert [one.said for one in found.photos] == list(map(tuple, said.tolist()))
    assert list(found.accuracy.values()) == pytest.approx((said == labels[:, None]).mean(0))
    right = [TREE.path(TREE.leaves[label])[1:] for label in labels]
    for depth in (1, 2, 3):
        share = np.mean([tuple(way[:depth]) == own[:depth] for way, own in zip(ways, right, strict=True)])
        assert found.depths[depth - 1] == pytest.approx(share)
    assert found.depths[-1] == pytest.approx(found.accuracy["hard"]) and found.depths[0] > found.depths[-1]
    assert 1 > found.accuracy["network"] > found.accuracy["hard"]
    counts = found.confusion()
    assert counts.sum() == 40 and np.trace(counts) == (said[:, 2] == labels).sum()
    assert sum(count for *_, count in found.mistakes("soft")) == (said[:, 1] != labels).sum()


def test_what_the_nodes_do(model: Model, folder: Path, scores: np.ndarray) -> None:
    found = evaluate(model, folder, TREE)
    assert sum(one.doubt for one in found.nodes) == pytest.approx(found.entropy, rel=1e-4)
    own = [np.array(by_hand.soft(TREE, one)) for one in scores]
    assert found.entropy == pytest.approx(np.mean([-(p * np.log2(p)).sum() for p in own]), rel=1e-4)
    assert found.doubtful[0].doubt == max(one.doubt for one in found.nodes)
    cells = next(one for one in found.nodes if TREE.ids[one.node] == "cells")
    shares = [by_hand.shares(TREE, one) for one in scores[COUNT : 3 * COUNT]]  # dotted, then checked
    to = [TREE.ids[int(np.argmax([one[TREE.ids.index(name)] for name in ("dotted", "checked")])) +
                   TREE.ids.index("dotted")] for one in shares]  # fmt: skip
    assert cells.seen == 2 * COUNT > cells.right
    assert cells.right == sum(a == b for a, b in zip(to, ["dotted"] * COUNT + ["checked"] * COUNT, strict=True))
    assert sum(count for *_, count in cells.mistaken) == cells.seen - cells.right
    sure = [found.photos[number].label for number, _ in cells.images]
    assert len(sure) == 3 and set(sure) <= {"dotted", "checked"}
    at = [TREE.ids.index(name) for name in ("patterned", "cells")]
    reach = sorted((np.prod([by_hand.shares(TREE, one)[node] for node in at]) for one in scores), reverse=True)
    assert [share for _, share in cells.images] == pytest.approx(reach[:3], rel=1e-4)


def test_sure_and_unsure_photos(model: Model, folder: Path) -> None:
    found = evaluate(model, folder, TREE)
    entropies = [one.entropy for one in found.photos]
    assert found.most_sure[0].entropy == min(entropies) and found.least_sure[0].entropy == max(entropies)
    for one in found.photos:
        assert 0 <= one.spread <= 1 and 0 <= one.ahead <= one.probability <= 1 and one.steps <= 3


def test_kinds_that_are_no_class(model: Model, folder: Path) -> None:
    pairs = [(path, "patterned") for path in sorted((folder / "striped").iterdir())]
    pairs += [(path, "Cells") for path in sorted((folder / "plain").glob("0*.png"))]
    found = evaluate(model, pairs, TREE)
    by_name = {one.name: one for one in found.superclasses}
    assert (by_name["patterned"].classes, by_name["patterned"].photos) == (3, COUNT)
    said = [one.said for one in found.photos if one.label == "patterned"]
    assert by_name["patterned"].accuracy == pytest.approx([np.mean([row[i] != 3 for row in said]) for i in range(3)])
    assert by_name["Cells"].accuracy[0] < 0.5 < by_name["patterned"].accuracy[0]
    assert not found.of_classes and np.isnan(found.accuracy["hard"])
    assert found.as_data()["accuracy"]["hard"] is None


def test_labels_in_a_file_and_in_names(model: Model, folder: Path, tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = []
    for number, name in enumerate(CLASSES):
        for path in sorted((folder / name).glob("0[0-3].png")):
            (tmp_path / f"{name}_{path.name}").write_bytes(path.read_bytes())
            rows.append({"file": f"{name}_{path.name}", "label": number})
    by_names = evaluate(model, tmp_path, TREE)
    assert [one.label for one in by_names.photos] == sorted(CLASSES[row["label"]] for row in rows)
    (tmp_path / "labels.json").write_text(json.dumps(rows))
    by_file = evaluate(model, tmp_path, TREE)
    assert by_file.accuracy == by_names.accuracy
    (tmp_path / "labels.json").unlink()
    (tmp_path / "labels.csv").write_text("file,label\n" + "\n".join(f"{row['file']},{row['label']}" for row in rows))
    assert evaluate(model, tmp_path, TREE).accuracy == by_file.accuracy


def test_the_induced_tree_is_the_default(model: Model, folder: Path) -> None:
    found = evaluate(model, folder)
    assert found.classes == CLASSES and len(found.tree) == 7


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_report_is_saved(model: Model, folder: Path, tmp_path: Path, lang: str) -> None:
    found = evaluate(model, folder, TREE)
    found.save(tmp_path, lang)
    data = json.loads((tmp_path / "tree.json").read_text("utf-8"))
    assert data["photos"] == 40 and len(data["each"]) == 40 and data["nodes"][0]["id"] == "all"
    said = (tmp_path / "tree.txt").read_text("utf-8")
    assert "cells" in said and "broken.png" in said and f"{found.accuracy['soft']:.1%}" in said
    with Image.open(tmp_path / "tree.png") as drawn:
        assert drawn.size[0] > 1000


def test_what_is_refused(model: Model, folder: Path, tmp_path: Path) -> None:
    one = folder / "plain" / "00.png"
    with pytest.raises(BadInput, match="'spotty' is no class"):
        evaluate(model, [(one, "spotty")], TREE)
    with pytest.raises(BadInput, match="the label 4"):
        evaluate(model, [(one, 4)], TREE)
    with pytest.raises(BadInput, match="a tree of 3 classes for a network of 4"):
        evaluate(model, [(one, 0)], Hierarchy.of("abcr", [("r", "a"), ("r", "b"), ("r", "c")], "abc"))
    with pytest.raises(BadInput, match="none of 1 photos"):
        evaluate(model, [(folder / "plain" / "broken.png", "plain")], TREE)
    with pytest.raises(BadInput, match="no such folder"):
        evaluate(model, tmp_path / "nowhere", TREE)
    with pytest.raises(BadInput, match="there is no photo"):
        evaluate(model, [], TREE)
    (tmp_path / "labels.json").write_text('{"a.png": 1}')
    with pytest.raises(BadInput, match="files that are not there"):
        evaluate(model, tmp_path, TREE)
    (tmp_path / "labels.json").write_text('{"a.png": [1]}')
    with pytest.raises(BadInput, match="can't be read as labels"):
        evaluate(model, tmp_path, TREE)
