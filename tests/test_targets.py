import numpy as np
import pytest
import torch
from torch import Tensor

from seewhy import ClassLogit, Contrast, Custom, Model, Negative, Region, Rest, SeewhyError, Top, explain, predict
from seewhy.labels import find
from seewhy.scores import transform
from seewhy.targets import as_decided, as_target, from_decided

CLASSES = ["cat", "dog", "hen"]
OUTPUTS = torch.tensor([[1.0, 3.0, 2.0], [5.0, 0.0, 4.0]])


def pin(target: object) -> object:
    return as_target(target).pin(OUTPUTS, lambda label: find(label, CLASSES))


@pytest.mark.parametrize(
    ("asked", "classes", "scores"),
    [
        (None, [1, 0], [3.0, 5.0]),
        (2, [2, 2], [2.0, 4.0]),
        (np.int64(2), [2, 2], [2.0, 4.0]),
        ([0, 2], [0, 2], [1.0, 4.0]),
        (torch.tensor([0, 2]), [0, 2], [1.0, 4.0]),
        ((0, "hen"), [0, 2], [1.0, 4.0]),
        ("dog", [1, 1], [3.0, 0.0]),
        (Top(1), [2, 2], [2.0, 4.0]),
        (ClassLogit("hen"), [2, 2], [2.0, 4.0]),
        (Contrast("hen", 0), [2, 2], [1.0, -1.0]),
        (Contrast(None, Top(1)), [1, 0], [1.0, 1.0]),
        (Negative("dog"), [1, 1], [-3.0, 0.0]),
        (lambda outputs: outputs.sum(1), None, [6.0, 9.0]),
        (Custom(lambda outputs: outputs[:, 0] * 2), None, [2.0, 10.0]),
    ],
)
def test_what_can_be_asked_for(asked: object, classes: list[int] | None, scores: list[float]) -> None:
    pinned = pin(asked)
    assert torch.equal(pinned(OUTPUTS), torch.tensor(scores))
    assert (None if pinned.index is None else pinned.index.tolist()) == classes


def test_rows_of_a_chunk_keep_the_class_of_their_image() -> None:
    pinned = pin(None)  # class 1 for the first image, 0 for the second
    rows = torch.tensor([1, 0, 1])
    assert pinned(torch.tensor([[1.0, 2, 3], [4, 5, 6], [7, 8, 9]]), rows).tolist() == [1, 5, 7]


def test_rest_is_the_logit_and_its_log_probability() -> None:
    wanted = OUTPUTS[:, 1] + OUTPUTS.log_softmax(1)[:, 1]
    assert torch.allclose(pin(Rest("dog"))(OUTPUTS), wanted)


def test_a_region_sums_one_class_inside_its_mask() -> None:
    maps = torch.arange(2 * 3 * 2 * 2.0).view(2, 3, 2, 2)
    mask = torch.tensor([[True, False], [False, True]])
    pinned = Region(mask, 1).pin(maps, lambda label: 0)
    assert pinned(maps).tolist() == [4 + 7, 16 + 19]
    with pytest.raises(SeewhyError, match="a mask"):
        Region(mask[:1], 1).pin(maps, lambda label: 0)


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        (3, "class 3 of a model with 3 classes"),
        (-1, "class -1 of a model"),
        ([0, 1, 2], "3 targets for 2 images"),
        ("cow", "no class is called 'cow'"),
        (Top(3), "rank 3 of 3 classes"),
    ],
)
def test_what_can_not_be_asked_for(asked: object, problem: str) -> None:
    with pytest.raises(SeewhyError, match=problem):
        pin(asked)


def test_scores() -> None:
    p = OUTPUTS.softmax(1)
    assert torch.equal(transform("logit", "logit")(OUTPUTS), OUTPUTS)
    assert torch.allclose(transform("probability", "logit")(OUTPUTS), p)
    assert torch.allclose(transform("log_probability", "logit")(OUTPUTS), p.log(), atol=1e-6)
    assert torch.equal(transform("probability", "probability")(p), p)
    assert torch.allclose(transform("log_probability", "probability")(p), p.log())


def test_a_model_that_ends_in_a_softmax_is_explained_by_log_probability_and_says_so(small: Model, x: Tensor) -> None:
    ends = Model(torch.nn.Sequential(small.module, torch.nn.Softmax(1)), mean=small.mean, std=small.std, size=(16, 20))
    found = explain(ends, x, "saliency", 1)
    assert found.score == "log_probability" and "log-probability is explained" in found.notes[0]
    wanted = explain(small, x, "saliency", 1, score="log_probability")
    np.testing.assert_allclose(found.values, wanted.values, rtol=0, atol=1e-5 * wanted.values.max())
    assert explain(ends, x, "saliency", 1, score="probability").score == "probability"


def test_a_single_output_answers_yes_or_no(x: Tensor) -> None:
    net = torch.nn.Sequential(torch.nn.Conv2d(3, 1, 3), torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten())
    model = Model(net, mean=(0.5,) * 3, std=(0.5,) * 3, size=(16, 20), classes=["cat"])
    with model.frozen():
        logits = model.outputs(x)
    assert predict(model, x)[0][0].probability == pytest.approx(float(logits[0].sigmoid()))
    np.testing.assert_allclose(explain(model, x, "saliency", score="probability").scores, logits[:, 0].sigmoid())
    yes, no = (explain(model, x, "input_x_gradient", target) for target in (None, Negative()))
    np.testing.assert_allclose(yes.values, -no.values)


def test_a_region_of_a_segmentation_is_explained(x: Tensor) -> None:
    net = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3, padding=1), torch.nn.ReLU(), torch.nn.Conv2d(4, 2, 1))
    model = Model(net, mean=(0.5,) * 3, std=(0.5,) * 3, size=(16, 20), classes=["sky", "road"])
    mask = torch.zeros(16, 20, dtype=torch.bool)
    mask[10:14, 3:8] = True
    found = explain(model, x, "saliency", Region(mask, "road"))
    assert found.classes == (1, 1) and found.labels == ("road", "road") and found.predictions == ((), ())
    seen = found.values.sum((0, 1)) > 0
    assert seen[9:15, 2:9].any() and not seen[:9].any() and not seen[:, 9:].any(), "the region and its border alone"
    with pytest.raises(SeewhyError, match=r"(?s)no predicted class of the whole image.*Region"):
        explain(model, x, "saliency")


def test_the_score_explained_is_the_one_asked_for(small: Model, x: Tensor) -> None:
    logit, p = (explain(small, x, "saliency", 1, score=score) for score in ("logit", "probability"))
    with small.frozen():
        outputs = small.outputs(x)
    np.testing.assert_allclose(logit.scores, outputs[:, 1], rtol=1e-6)
    np.testing.assert_allclose(p.scores, outputs.softmax(1)[:, 1], rtol=1e-5)
    assert not np.allclose(logit.values, p.values)


def test_a_pinned_target_is_plain_data_and_comes_back() -> None:
    outputs = torch.tensor([[0.0, 2.0, 1.0], [3.0, 1.0, 2.0]])
    for target in (Top(), ClassLogit([2, 1]), Contrast(None, Top(1)), Negative(Contrast(0, 1)), Rest(2)):
        pinned = target.pin(outputs, int)
        again = from_decided(as_decided(pinned.key)).pin(outputs, int)
        assert again.key == pinned.key and torch.equal(again(outputs), pinned(outputs))
    for unknown in (Custom(lambda scores: scores[:, 0]), Contrast(0, Custom(lambda scores: scores[:, 0]))):
        with pytest.raises(SeewhyError, match="custom of your own"):
            from_decided(as_decided(unknown.pin(outputs, int).key))
    assert as_decided("whatever") == ("custom",) and as_decided(("mine", object())) == ("mine",)
