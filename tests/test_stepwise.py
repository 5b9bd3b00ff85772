"""The map of a decision is that of its two branches' logits: against autograd by hand."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import seewhy
from conftest import MEAN, STD, Bright, SmallNet
from seewhy import Branches, Model, SeewhyError, black_box, explain
from seewhy.errors import BadInput, UnknownName
from seewhy.stepwise import branches, explain_decisions
from seewhy.targets import as_decided, as_target, from_decided
from seewhy.trees import Hierarchy

TREE = Hierarchy.of(
    ["thing", "animal", "car", "cat", "dog", "tabby", "tiger"],
    [("thing", "animal"), ("thing", "car"), ("animal", "cat"), ("animal", "dog"), ("cat", "tabby"), ("cat", "tiger")],
    ["tabby", "tiger", "dog", "car"],
    ["thing", "animal", "", "", "", "", ""],
)


def photo(seed: int = 3) -> Tensor:
    return torch.rand(1, 3, 16, 20, generator=torch.Generator().manual_seed(seed))


def small() -> Model:
    net = SmallNet()
    with torch.no_grad():
        net.fc.bias.copy_(torch.tensor([4.0, 9.0, 3.0, 0.0]))
    return Model(net, mean=MEAN, std=STD, size=(16, 20), classes=["tabby cat", "tiger cat", "dog", "car"])


def test_gradcam_of_a_decision_is_autograds() -> None:
    model, x = small(), photo()
    (found,) = explain_decisions(model, x, TREE, every=True)
    assert [one.name for one in found.shown] == ["animal", "", "tiger cat"]
    normal = (x - torch.tensor(MEAN)[:, None, None]) / torch.tensor(STD)[:, None, None]
    net = model.module.eval()
    kept = []
    hook = net.act3.register_forward_hook(lambda _module, _given, out: kept.append(out))
    out = net(normal)[0]
    hook.remove()
    wanted = [out[[0, 1, 2]].mean() - out[3], out[[0, 1]].mean() - out[2], out[1] - out[0]]
    for one, score in zip(found.maps, wanted, strict=True):
        (gradient,) = torch.autograd.grad(score, kept[0], retain_graph=True)
        map_ = (gradient.mean((2, 3), keepdim=True) * kept[0]).sum(1)
        np.testing.assert_allclose(one.values[0, 0], map_[0].detach(), rtol=1e-3, atol=1e-5)
        assert one.scores[0] == pytest.approx(float(score.detach()), rel=1e-4)
    assert len({one.values.tobytes() for one in found.maps}) == 3, "each step has a map of its own"


def test_unnamed_steps_are_explained_with_the_next_and_forwards_are_shared() -> None:
    model, x = small(), photo()
    (found,) = explain_decisions(model, x, TREE)
    assert [one.target for one in found.maps] == ["animal - car", "tiger cat - 2 others"]
    own = explain(model, x, "gradcam", Branches((1,), ((2,), (0,))))
    np.testing.assert_array_equal(found.maps[1].values, own.values)
    assert found.as_data()["method"] == "gradcam"
    (many,) = explain_decisions(model, x, TREE, method="rise", n_samples=50)
    assert all(one.passes.forward < 60 for one in many.maps)


def test_the_map_of_what_decides_lies_on_it(bright: Model, planted: Tensor) -> None:
    edges = [("all", "lit"), ("all", "dark"), ("lit", "red"), ("lit", "green")]
    tree = Hierarchy.of(["all", "lit", "red", "green", "dark"], edges, ["dark", "red", "green"])
    for found in explain_decisions(bright, planted, tree, every=True):
        assert [one.id for one in found.steps] == ["lit", "red"]
        for one in found.maps:
            row, column = divmod(int(one.values[0, 0].argmax()), one.values.shape[3])
            assert row < 3 and column >= 7, "the red square is in the top-right corner"


def test_branches_are_a_target_that_is_stored_and_computed_again(tmp_path: Path) -> None:
    model, x = small(), photo()
    target = Branches((0, 1), ((2,), (3,)), name="cats")
    e = explain(model, x, "saliency", target)
    assert (e.target, e.classes, e.decided) == ("cats", (None,), ("branches", (0, 1), ((2,), (3,)), False, False))
    read = seewhy.open(e.save(tmp_path / "e"))
    assert from_decided(read.decided) == target == from_decided(as_decided(read.decided))
    assert seewhy.again(tmp_path / "e", model).absolute == 0
    outputs = torch.tensor([[1.0, 2, 3, 5]])
    pinned = as_target(target).pin(outputs, int)
    assert pinned(outputs).tolist() == [1.5 - 4]
    assert (
        pinned.key
        == Branches((0, 1), ((2,), (3,))).pin(outputs, int).key
        != Branches((0, 1), ((2, 3),)).pin(outputs, int).key
    )
    assert Branches((0,), ((1,),), True).pin(outputs, int)(outputs).tolist() == pytest.approx([-np.log(2)])


def test_by_marginal_rules_the_odds_of_a_share_are_explained() -> None:
    model, x = small(), photo()
    (found,) = explain_decisions(model, x, TREE, "marginal", "input_x_gradient")
    assert found.agrees and found.probability == pytest.approx(found.network.probability, rel=1e-4)
    for step, one in zip(found.shown, found.maps, strict=True):
        assert one.scores[0] == pytest.approx(np.log(step.share / (1 - step.share)), rel=1e-3)
    net = model.module.eval()
    given = x.clone().requires_grad_()
    out = net((given - torch.tensor(MEAN)[:, None, None]) / torch.tensor(STD)[:, None, None])[0]
    score = out[[0, 1, 2]].logsumexp(0) - out[3]
    (gradient,) = torch.autograd.grad(score, given)
    np.testing.assert_allclose(found.maps[0].values, (gradient * x).numpy(), rtol=1e-3, atol=1e-6)


def test_of_a_function_the_logarithms_of_its_answers_are_explained() -> None:
    def predict(pixels: Any) -> Any:
        means = np.asarray(pixels, float).reshape(len(pixels), -1, 3).mean(1) / 255
        odds = np.exp(np.concatenate([means, 1 - means[:, :1]], 1))
        return odds / odds.sum(1, keepdims=True)

    picture = np.random.default_rng(0).integers(0, 256, (32, 40, 3), np.uint8)
    model = black_box(predict, input="uint8", classes=["tabby cat", "tiger cat", "dog", "car"])
    found = explain_decisions(model, picture, TREE, method="occlusion", window=16, stride=16)
    p = np.log(predict(picture[None])[0])
    first = found.shown[0]
    inside = [p[list(TREE.classes[first.node])].mean(), p[list(TREE.classes[first.rejected[0].node])].mean()]
    assert found.maps[0].scores[0] == pytest.approx(inside[0] - inside[1], rel=1e-4)
    assert found.maps[0].score == "answer" and "logarithms" in found.notes[0]


@pytest.mark.parametrize(
    ("target", "error"),
    [(Branches((), ((1,),)), BadInput), (Branches((0,), ()), BadInput), (Branches((0,), ((9,),)), UnknownName)],
)
def test_branches_that_are_none(target: Branches, error: type[SeewhyError]) -> None:
    with pytest.raises(error):
        explain(small(), photo(), "saliency", target)


def test_a_step_without_a_choice_has_no_map() -> None:
    edges = [("all", "one"), ("one", "red"), ("one", "dark"), ("one", "green")]
    tree = Hierarchy.of(["all", "one", "red", "dark", "green"], edges, ["dark", "red", "green"])
    model = Model(Bright(), mean=MEAN, std=STD, size=(32, 40))
    found = explain_decisions(model, np.full((32, 40, 3), 128, np.uint8), tree, every=True)
    assert found.maps[0] is None and found.maps[1] is not None
    assert branches(found, found.steps[1]).others == tuple((one.best,) for one in found.steps[1].rejected)
