"""What a tree decides on a photo equals loops by hand; each sample has its own steps."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import decided_by_hand as by_hand
from conftest import MEAN, STD, SmallNet
from random_trees import anyhow
from seewhy import Model, black_box
from seewhy.errors import BadInput, BadOption, SeewhyError, Unsupported
from seewhy.results.decisions import Decisions, Step, collapsed
from seewhy.trees import HardRules, Hierarchy, SoftRules, decide, induce

CLASSES = ["tabby cat", "tiger cat", "dog", "car"]
TREE = Hierarchy.of(
    ["car", "thing", "animal", "dog", "cat", "tabby", "tiger"],
    [("thing", "animal"), ("thing", "car"), ("animal", "cat"), ("animal", "dog"), ("cat", "tabby"), ("cat", "tiger")],
    ["tabby", "tiger", "dog", "car"],
    ["", "thing", "animal", "", "", "", ""],
)


def photos(n: int = 3, seed: int = 3) -> Tensor:
    return torch.rand(n, 3, 16, 20, generator=torch.Generator().manual_seed(seed))


def net(module: nn.Module | None = None) -> Model:
    return Model(module or SmallNet(), mean=MEAN, std=STD, size=(16, 20), classes=CLASSES)


@pytest.mark.parametrize("tree", [anyhow(7, 3, 1), anyhow(40, 6, 2)], ids=len)
@pytest.mark.parametrize("rules", [SoftRules, HardRules])
def test_each_sample_has_its_own_steps(tree: Hierarchy, rules: type[SoftRules] | type[HardRules]) -> None:
    made = torch.Generator().manual_seed(0)
    given = 3 * torch.randn(5, len(tree.leaves), generator=made, dtype=torch.float64)
    outputs, found = rules(tree).forward_with_decisions(given)
    torch.testing.assert_close(outputs, rules(tree)(given))
    ends = set()
    for way, one in zip(found, given.numpy(), strict=True):
        own, reached, at = by_hand.shares(tree, one), 1.0, 0
        likeliest = tree.leaves[int(np.argmax(by_hand.soft(tree, one)))]
        nodes = by_hand.hard(tree, one) if rules is HardRules else tree.path(likeliest)[1:]
        assert [step.node for step in way] == list(nodes)
        for step in way:
            reached *= own[step.node]
            siblings = [node for node in tree.children[at] if node != step.node]
            assert step.share == pytest.approx(own[step.node]) and step.reached == pytest.approx(reached)
            assert [other.node for other in step.rejected] == siblings
            assert [other.share for other in step.rejected] == pytest.approx([own[node] for node in siblings])
            entropy = -sum(own[node] * math.log(own[node]) for node in tree.children[at])
            assert step.entropy == pytest.approx(entropy, abs=1e-12)
            for other in (step, *step.rejected):
                assert other.best == max(tree.classes[other.node], key=lambda number: one[number])
                assert (other.count, other.leaf) == (len(tree.classes[other.node]), not tree.children[other.node])
            at = step.node
        ends.add(at)
    assert len(ends) > 1, "samples that all go one way would not tell them apart"


def test_a_photos_decisions_are_those_of_its_logits() -> None:
    model, x = net(), photos()
    with torch.no_grad(), model.frozen():
        logits = model(x).double()
    for one, row in zip(decide(model, x, TREE), logits, strict=True):
        soft = by_hand.soft(TREE, row.numpy())
        assert one.index == int(np.argmax(soft)) and one.probability == pytest.approx(max(soft), rel=1e-5)
        assert one.label == CLASSES[one.index] == one.steps[-1].name
        said = int(row.argmax())
        assert (one.network.index, one.agrees) == (said, said == one.index)
        assert one.network.probability == pytest.approx(float(row.softmax(0)[said]), rel=1e-5)
        assert one.passes.forward == 1 and one.photo.pixels.shape == (16, 20, 3)
    assert isinstance(decide(model, np.zeros((30, 20, 3), np.uint8), TREE, "hard"), Decisions)


def test_steps_to_unnamed_nodes_are_in_the_next_with_a_name() -> None:
    with torch.no_grad():
        net_ = SmallNet()
        net_.fc.bias.copy_(torch.tensor([4.0, 9.0, 3.0, 0.0]))
    found = decide(net(net_), photos(1), TREE)[0]
    assert [one.name for one in found.steps] == ["animal", "", "tiger cat"]
    assert [one.name for one in found.shown] == ["animal", "tiger cat"]
    animal, cat, tiger = found.steps
    last = found.shown[1]
    assert last.share == pytest.approx(cat.share * tiger.share) and last.reached == tiger.reached
    assert {one.name: one.share for one in last.rejected} == pytest.approx(
        {"tabby cat": cat.share * tiger.rejected[0].share, "dog": cat.rejected[0].share}
    )
    assert last.share + sum(one.share for one in last.rejected) == pytest.approx(1)
    shares = [last.share, *(one.share for one in last.rejected)]
    assert last.entropy == pytest.approx(-sum(one * math.log(one) for one in shares))
    assert [one.share for one in last.rejected] == sorted((one.share for one in last.rejected), reverse=True)
    assert replace(found, every=True).shown == found.steps
    data = found.as_data()
    assert [one["name"] for one in data["decisions"]] == ["animal", "tiger cat"] and len(data["steps"]) == 3
    assert data["decisions"][1]["rejected"][0]["best"]["label"] in CLASSES and data["agrees"] is True
    assert data["root"] == {"id": "thing", "name": "thing"} and animal.rejected[0].name == "car"


def test_of_a_tree_without_names_every_step_is_shown() -> None:
    bare = replace(TREE, names=("root", *[""] * 6))
    found = decide(net(), photos(1), bare)[0]
    assert found.shown == found.steps


def test_without_a_hierarchy_it_is_the_one_of_the_last_layer() -> None:
    model = net()
    found = decide(model, photos(1))[0]
    assert found.tree == induce(model) and found.steps[-1].node == found.tree.leaves[found.index]


def test_classes_without_names_are_called_as_the_tree_calls_them() -> None:
    model = Model(SmallNet(), mean=MEAN, std=STD, size=(16, 20))
    names = ("thing", "animal", "", "Tabby", "Tiger", "Dog", "Car")
    ids = ["thing", "animal", "cat", "tabby", "tiger", "dog", "car"]
    edges = [(TREE.ids[parent], TREE.ids[node]) for node, parent in enumerate(TREE.parents) if parent >= 0]
    tree = Hierarchy.of(ids, edges, ["tabby", "tiger", "dog", "car"], names)
    found = decide(model, photos(1), tree)[0]
    assert (
        found.label
        == found.steps[-1].name
        == found.labels[found.index]
        == ["Tabby", "Tiger", "Dog", "Car"][found.index]
    )


def test_collapsed_keeps_what_is_named() -> None:
    way = tuple(
        Step(i, str(i), name, 0.5, False, 2, 0, 0.5**i, 0.7, ()) for i, name in enumerate(("a", "", "", "b", ""))
    )
    assert [(one.name, one.share) for one in collapsed(way)] == [("a", 0.5), ("b", 0.125), ("", 0.5)]


def test_a_softmax_at_the_end_changes_no_decision_and_is_told() -> None:
    x = photos()
    plain, soft = decide(net(), x, TREE), decide(net(nn.Sequential(SmallNet(), nn.Softmax(1))), x, TREE)
    for one, other in zip(plain, soft, strict=True):
        assert [step.node for step in one.steps] == [step.node for step in other.steps]
        assert [step.share for step in other.steps] == pytest.approx([step.share for step in one.steps], rel=1e-4)
        assert other.network.probability == pytest.approx(one.network.probability, rel=1e-4)
        assert one.notes == () and "logarithms" in other.notes[0]


class Every(nn.Module):
    """Says yes or no of each class."""

    def __init__(self) -> None:
        super().__init__()
        self.net = SmallNet()

    def forward(self, x: Tensor) -> Tensor:
        return torch.sigmoid(self.net(x))


def test_what_is_no_choice_of_one_class_is_refused() -> None:
    x = photos()
    with pytest.raises(Unsupported, match="says yes or no of each class"):
        decide(net(Every()), x, TREE)
    with pytest.raises(BadInput, match="for a tree of 7 classes"):
        decide(net(), x, anyhow(7, 3, 1))
    with pytest.raises(BadOption, match="rule is 'firm'"):
        decide(net(), x, TREE, "firm")
    with pytest.raises(Unsupported, match="returns"):
        decide(net(nn.Conv2d(3, 4, 1)), x, TREE)
    with pytest.raises(BadInput, match="pass scores"):
        SoftRules(TREE).forward_with_decisions(torch.zeros(1, 4, 2))


def test_a_function_that_answers_probabilities_is_decided_and_one_of_scores_refused() -> None:
    def predict(pixels: np.ndarray) -> np.ndarray:
        means = pixels.reshape(len(pixels), -1).mean(1) / 255
        odds = np.exp(np.stack([means, 2 * means, 0 * means, 1 - means], 1))
        return np.asarray(odds / odds.sum(1, keepdims=True))

    picture = np.full((16, 20, 3), 200, np.uint8)
    found = decide(black_box(predict, input="uint8", classes=CLASSES), picture, TREE)
    p = predict(picture[None])[0]
    assert found.probability == pytest.approx(max(by_hand.soft(TREE, np.log(p))), rel=1e-4) and found.notes
    with pytest.raises(SeewhyError, match="no probabilities that sum to one"):
        decide(black_box(lambda pixels: 3 * predict(pixels), input="uint8"), picture, TREE)
