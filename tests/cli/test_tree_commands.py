"""seewhy tree explain and view: the tutorial's line, files, one JSON document, refusals."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result
from PIL import Image

from seewhy.trees import Hierarchy, save

Call = Callable[..., Result]
Told = Callable[..., Any]
NET = ("--model", "nets.py:build")
TREE = Hierarchy.of(
    ["thing", "animal", "car", "f1", "dog", "tabby", "tiger"],
    [("thing", "animal"), ("thing", "car"), ("animal", "f1"), ("animal", "dog"), ("f1", "tabby"), ("f1", "tiger")],
    ["tabby", "tiger", "dog", "car"],
    ["entity", "animal", "car", "", "dog", "tabby cat", "tiger cat"],
)


@pytest.fixture
def place(there: Path) -> Path:
    save(TREE, there / "tree.json")
    nets = there / "nets.py"
    drawn = nets.read_text().replace("return Model(SmallNet(), mean=MEAN, std=STD, size=(16, 20), classes",
                                     "return Model(cats(), mean=MEAN, std=STD, size=(16, 20), classes")  # fmt: skip
    nets.write_text(
        drawn + "\n\ndef cats():\n    net = SmallNet()\n    with torch.no_grad():\n"
        "        net.fc.bias.copy_(torch.tensor([4.0, 9.0, 3.0, 0.0]))\n    return net\n"
    )
    return there


def test_a_photo_in_the_tutorials_form_with_a_figure_a_page_and_numbers(place: Path, call: Call) -> None:
    done = call("tree", "explain", "photos/cat.jpg", *NET, "--tree", "tree.json", "--rule", "soft")
    assert done.exit_code == 0, done.stderr
    lines = done.stdout.splitlines()
    folder = Path("seewhy-out/cat-tree")
    data = json.loads((folder / "decisions.json").read_text())
    first, last = data["decisions"]
    way = f"animal ({first['share']:.1%}), tiger cat ({last['share']:.1%})"
    assert lines[0] == f"photos/cat.jpg: Prediction: tiger cat // Decisions: {way}"
    assert lines[1].split() == ["animal", f"{first['share']:.1%}", "not", "car", f"{first['rejected'][0]['share']:.1%}"]
    assert "the network says so, too: tiger cat" in lines[3] and str(folder / "decisions.html") in lines[4]
    assert data["method"] == "gradcam" and len(data["steps"]) == 3
    with Image.open(folder / "decisions.png") as drawn:
        assert np.asarray(drawn.convert("L")).std() > 10
    with np.load(folder / "decisions.npz") as kept:
        assert kept["map_1"].shape[0] == 1 and kept["map_0"].ndim == 3 and kept["shares"].shape == (7,)
        assert kept["reached"][last["node"]] == pytest.approx(last["reached"], rel=1e-5)
    assert (folder / "decisions.html").stat().st_size > 20_000
    done = call("tree", "explain", "photos/cat.jpg", *NET, "--tree", "tree.json", "--all", "--lang", "zh", "--no-maps")
    assert done.stdout.startswith("photos/cat.jpg: 预测：tiger cat // 决策：animal (") and ", f1 (" in done.stdout
    assert call("tree", "explain", "photos/cat.jpg", *NET, "-q", "--no-maps").output == ""


def test_several_photos_one_of_them_bad_as_one_document(place: Path, told: Told) -> None:
    asked = ("tree", "explain", "photos", "bad.jpg", *NET, "--tree", "tree.json", "-o", "out")
    found = told(*asked, "--rule", "hard", "--method", "saliency", code=2)
    cat, dog, bad = found["photos"]
    assert (cat["rule"], cat["method"], dog["folder"]) == ("hard", "saliency", "out/dog-tree")
    assert "is no image" in bad["error"]["problem"] and Path("out/cat-tree/decisions.png").exists()
    assert cat["decisions"][0]["share"] + sum(one["share"] for one in cat["decisions"][0]["rejected"]) == pytest.approx(
        1
    )
    names = tuple("" if node in TREE.inner else name for node, name in enumerate(TREE.names))
    save(replace(TREE, names=names), place / "bare.json")
    bare = ("--no-maps", "--tree", "bare.json")
    alone = told("tree", "explain", "photos/cat.jpg", *NET, *bare)["photos"][0]
    assert alone["method"] is None and alone["passes"] == {"forward": 1, "backward": 0}


def test_the_default_model_tells_what_a_cat_is(place: Path, told: Told) -> None:
    from skimage.data import chelsea

    Image.fromarray(chelsea()).save("chelsea.png")  # type: ignore[no-untyped-call]  # of scikit-image
    found = told("tree", "explain", "chelsea.png")["photos"][0]
    assert (found["class"]["label"], found["agrees"], found["rule"]) == ("tiger cat", True, "marginal")
    assert found["class"]["probability"] == pytest.approx(found["network"]["probability"], rel=1e-4)
    names = [one["name"] for one in found["decisions"]]
    assert names[-2:] == ["domestic cat", "tiger cat"] and "vertebrate" in names and found["root"]["name"] == "entity"
    assert all(one["share"] > 0.9 for one in found["decisions"][:-1]) and found["passes"]["forward"] == 2


def test_where_tree_and_network_disagree_it_is_said(place: Path, call: Call) -> None:
    split = [("thing", "a"), ("thing", "b"), ("a", "tabby"), ("a", "car"), ("b", "tiger"), ("b", "dog")]
    # The two with the highest scores part at the root, one beside the lowest.
    tree = Hierarchy.of(["thing", "a", "b", "tabby", "tiger", "dog", "car"], split, ["tabby", "tiger", "dog", "car"],
                        ["thing", "", "", "tabby cat", "tiger cat", "dog", "car"])  # fmt: skip
    save(tree, "odd.json")
    (place / "odd.py").write_text(
        "import torch\nfrom seewhy import Model\n\n\nclass Net(torch.nn.Module):\n"
        "    def __init__(self):\n        super().__init__()\n        self.fc = torch.nn.Linear(3, 4)\n\n"
        "    def forward(self, x):\n"
        "        return 0 * self.fc(x.mean((2, 3))) + torch.tensor([3.0, 2.9, 2.8, -4.0])\n\n\n"
        "def build():\n    return Model(Net(), mean=(0, 0, 0), std=(1, 1, 1), size=(8, 8),\n"
        "                 classes=['tabby cat', 'tiger cat', 'dog', 'car'])\n"
    )
    asked = ("tree", "explain", "photos/cat.jpg", "--model", "odd.py:build", "--tree", "odd.json", "--no-maps")
    done = call(*asked)
    assert "Prediction: tabby cat" in done.stdout and "note: by soft rules the tree says tiger cat (" in done.stdout
    done = call(*asked, "--rule", "soft")
    assert done.exit_code == 0, done.stderr
    assert "Prediction: tiger cat" in done.stdout
    assert "note: the tree says tiger cat, and the network itself tabby cat (" in done.stdout


def test_view_writes_a_page(place: Path, call: Call, told: Told) -> None:
    for name in ("tiger cat", "car"):
        (place / "shots" / name).mkdir(parents=True)
        Image.new("RGB", (30, 20), "red").save(place / "shots" / name / "one.png")
    Image.new("RGB", (30, 20)).save(place / "shots" / "dog_1.png")
    Image.new("RGB", (30, 20)).save(place / "shots" / "cow.png")
    done = call("tree", "view", "photos/cat.jpg", *NET, "--tree", "tree.json", "--images", "shots", "--mark", "car",
                "-o", "deep/tree.html")  # fmt: skip
    assert done.exit_code == 0, done.stderr
    assert done.stdout.startswith("a tree of 4 classes: open deep/tree.html (0.")
    assert "pictures left out: 1, such as cow.png" in done.stdout
    found = told("tree", "view", "--tree", "tree.json")
    assert found["page"] == "seewhy-out/tree.html" and found["decisions"] is None and found["classes"] == 4
    assert told("tree", "view", *NET, "photos/dog.png")["decisions"]["rule"] == "marginal"


def test_refusals_of_tree_commands(place: Path, call: Call) -> None:
    (place / "none").mkdir()
    save(Hierarchy.of(["all", "a", "b"], [("all", "a"), ("all", "b")], ["a", "b"]), "two.json")
    for args, said in (
        (("explain", "photos/cat.jpg", *NET, "--tree", "no.json"), "no.json can't be read"),
        (("explain", "photos/cat.jpg", *NET, "--tree", "two.json"), "has 2 classes, and"),
        (("explain", "photos/cat.jpg", *NET, "--method", "gradcamm"), "gradcamm"),
        (("explain", "photos/cat.jpg", "--model", "nets.py:dead"), "last layer"),
        (("view", *NET, "-o", "tree.png"), "tree.png is no page"),
        (("view", *NET, "--mark", "cow"), "no class is called 'cow'"),
        (("view", *NET, "--images", "none"), "is called as a class"),
        (("view", *NET, "--images", "nowhere"), "no such folder: nowhere"),
        (("view", "bad.jpg", *NET), "is no image"),
    ):
        done = call("tree", *args)
        assert done.exit_code == 2 and said in done.stderr and "hint: " in done.stderr, (args, done.stderr)
