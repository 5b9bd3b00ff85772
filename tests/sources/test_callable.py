"""Functions of pictures: what they are given, what they may answer, and that they are explained as they answer."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import seewhy
from blackboxes import PREDICT, hidden, network, windows
from conftest import MEAN, SmallNet
from contract import QUICK
from seewhy import Contrast, Model, Need, Rest, Top, black_box, explain, load, predict
from seewhy.errors import BadOption, ModelFailed, SeewhyError, UnknownName, Unsupported
from seewhy.targets import as_target

NAMES = ["a", "b", "c", "d"]


class Spy:
    """The mean of each channel, and what it was given."""

    def __init__(self) -> None:
        self.given: list[Any] = []

    def __call__(self, pictures: Any) -> Any:
        assert type(pictures) is np.ndarray and pictures.flags.c_contiguous and pictures.flags.writeable
        self.given.append(pictures.copy())
        found = pictures.astype(np.float64).mean((1, 2))
        pictures[:] = 7  # it is the function's own
        return found

    @property
    def counts(self) -> list[int]:
        return [len(one) for one in self.given]


@pytest.fixture
def spy() -> Spy:
    return Spy()


@pytest.fixture
def photo() -> Any:
    return np.random.default_rng(0).integers(0, 256, (9, 14, 3), np.uint8)


def softmax(outputs: Any) -> Any:
    return torch.as_tensor(outputs).softmax(1)


# What it is given


def test_a_photo_s_bytes_come_back_as_they_were(spy: Spy, photo: Any) -> None:
    predict(black_box(spy, input="uint8"), photo)
    assert spy.given[0].dtype == np.uint8 and np.array_equal(spy.given[0], photo[None])
    predict(black_box(spy, input="float"), photo)
    assert spy.given[1].dtype == np.float32 and np.array_equal(spy.given[1], photo[None].astype(np.float32) / 255)


@pytest.mark.parametrize("order", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("input", ["uint8", "float"])
def test_it_may_write_into_what_it_is_given(spy: Spy, input: Any, order: torch.memory_format, x: Tensor) -> None:
    x = x.contiguous(memory_format=order)
    kept, model = x.clone(), black_box(spy, input=input)
    first, second = (model.outputs(x) for _ in range(2))
    assert torch.equal(x, kept) and torch.equal(first, second)
    assert spy.given[0].shape == (2, 16, 20, 3)


def test_uint8_is_the_nearest_and_pixels_outside_are_clipped(spy: Spy) -> None:
    values = torch.tensor([-0.5, 0.0, 0.4 / 255, 0.6 / 255, 127.4 / 255, 127.6 / 255, 254.6 / 255, 1.0, 1.7])
    x = values.view(1, 1, 1, -1).expand(1, 3, 1, -1)
    black_box(spy, input="uint8").outputs(x)
    assert spy.given[0][0, 0, :, 0].tolist() == [0, 0, 0, 1, 127, 128, 255, 255, 255]
    black_box(spy, input="float").outputs(x)
    assert np.array_equal(spy.given[1][0, 0, :, 0], values.clamp(0, 1).numpy())


def test_photos_are_fitted_to_a_size_or_come_as_they_are(spy: Spy, photo: Any) -> None:
    predict(black_box(spy, input="uint8", size=(6, 8)), photo)
    predict(black_box(spy, input="uint8"), [photo, photo[:5]])
    assert [one.shape for one in spy.given] == [(1, 6, 8, 3), (1, 9, 14, 3), (1, 5, 14, 3)]


@pytest.mark.parametrize("channels", [1, 2, 4])
def test_pictures_have_three_channels(spy: Spy, channels: int) -> None:
    with pytest.raises(SeewhyError, match=r"takes \(b,3,h,w\)"):
        predict(black_box(spy, input="float"), torch.rand(1, channels, 4, 4))
    assert spy.given == []


# How often it is called


def test_it_is_called_for_pictures_that_are_asked_for_and_no_others(hiding: str, spy: Spy, x: Tensor) -> None:
    model = black_box(spy, input="uint8", size=(16, 20))
    assert model.offers == Need.SCORES and model.census().outputs == "answer"
    assert {one.id for one in seewhy.list_methods(model) if one.offered} >= {hiding}
    with pytest.raises(SeewhyError):
        explain(model, x, "gradcam")
    assert spy.counts == []
    found = explain(model, x, hiding)
    assert sum(spy.counts) == 2 + 2 + 2 * 20 and found.passes.forward == sum(spy.counts)
    assert max(spy.counts) == 32
    spy.given.clear()
    explain(model, x, hiding, memory=1)
    assert set(spy.counts) == {1}
    spy.given.clear()
    assert seewhy.doctor(model).classes == 3 and spy.counts == [2]


# What it may answer


@pytest.mark.parametrize(
    "answer",
    [
        lambda rows: rows,
        lambda rows: rows.astype(np.float32),
        lambda rows: rows.tolist(),
        lambda rows: [tuple(row) for row in rows],
        lambda rows: list(map(torch.from_numpy, rows)),
        lambda rows: torch.from_numpy(rows),
        lambda rows: torch.from_numpy(rows).requires_grad_(),
        lambda rows: torch.from_numpy(rows).T.contiguous().T,
    ],
)
def test_arrays_lists_and_tensors_are_answers(answer: Any, x: Tensor) -> None:
    model = black_box(lambda pictures: answer(pictures.astype(np.float64).mean((1, 2))), input="float")
    outputs = model.outputs(x)
    assert outputs.dtype == torch.float32 and not outputs.requires_grad
    assert torch.allclose(outputs, x.mean((2, 3)), atol=1e-6)


@pytest.mark.parametrize("kind", ["int64", "bool", "float16", "torch.bfloat16", "torch.int32", "torch.bool"])
def test_any_kind_of_number_is_an_answer(kind: str, x: Tensor) -> None:
    def answer(pictures: Any) -> Any:
        rows = np.tile([0, 1, 1], (len(pictures), 1))
        kept = kind.removeprefix("torch.")
        return torch.from_numpy(rows).to(getattr(torch, kept)) if "torch" in kind else rows.astype(kept)

    assert torch.equal(black_box(answer, input="uint8").outputs(x), torch.tensor([[0.0, 1, 1]] * 2))


def test_an_answer_is_copied_before_the_next_overwrites_it(x: Tensor) -> None:
    own = np.zeros((1, 2), np.float32)

    def answer(pictures: Any) -> Any:
        own[:] = pictures.mean()
        return own

    model = black_box(answer, input="float")
    model._set(memory=1)
    assert torch.allclose(model.outputs(x)[:, 0], x.mean((1, 2, 3)), atol=1e-6)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda n: np.zeros(n), r"shape \(2,\) for 2 pictures"),
        (lambda n: np.zeros((n + 1, 3)), r"shape \(3, 3\) for 2 pictures"),
        (lambda n: np.zeros((n, 0)), r"shape \(2, 0\)"),
        (lambda n: np.zeros((n, 3, 1)), r"shape \(2, 3, 1\)"),
        (lambda n: 0.5, r"shape \(\)"),
        (lambda n: None, "returned object, not numbers"),
        (lambda n: {"scores": [1, 2]}, "returned object, not numbers"),
        (lambda n: [["0.5", "1"]] * n, "returned <U3, not numbers"),
        (lambda n: np.zeros((n, 2), complex), "returned complex128, not numbers"),
        (lambda n: torch.zeros(n, 2, dtype=torch.complex64), "returned complex64, not numbers"),
        (lambda n: [[1, 2], [3]], "a list that is no array"),
        (lambda n: [[1, float("nan")]] * n, "NaN or infinity"),
        (lambda n: np.full((n, 2), np.inf), "NaN or infinity"),
        (lambda n: np.full((n, 2), 1e300), "NaN or infinity"),
    ],
)
def test_what_is_no_answer_is_refused_in_words(answer: Any, words: str, x: Tensor) -> None:
    model = black_box(lambda pictures: answer(len(pictures)), input="float")
    with pytest.raises(ModelFailed, match=words) as raised:
        predict(model, x)
    assert raised.value.hint and "\n" not in raised.value.problem


def test_a_number_of_scores_that_changes_is_refused(hiding: str, x: Tensor) -> None:
    with pytest.raises(ModelFailed, match=r"returned 20 scores a picture, and 1 before"):
        explain(black_box(lambda pictures: np.ones((len(pictures), len(pictures))), input="float"), x[:1], hiding)


def test_what_it_raises_is_told_with_what_it_was_given(x: Tensor) -> None:
    def answer(pictures: Any) -> Any:
        raise KeyError("scores")

    with pytest.raises(ModelFailed, match=r"(?s)raised KeyError: 'scores'.*an array of uint8, \(2, 16, 20, 3\)"):
        predict(black_box(answer, input="uint8"), x)
    with pytest.raises(KeyboardInterrupt):
        predict(black_box(lambda pictures: (_ for _ in ()).throw(KeyboardInterrupt), input="uint8"), x)


def test_as_many_names_as_scores(spy: Spy, x: Tensor) -> None:
    with pytest.raises(BadOption, match="2 class names for 3 scores"):
        predict(black_box(spy, input="uint8", classes=["a", "b"]), x)


# What is declared


@pytest.mark.parametrize(
    ("function", "given", "error", "words"),
    [
        (network, {}, BadOption, r"(?s)not known.*input='uint8' or input='float'.*no default"),
        (network, {"input": "int8"}, BadOption, "input is 'int8'"),
        (network, {"input": "float", "answers": "logits"}, BadOption, "answers is 'logits'"),
        (network, {"input": "float", "size": "big"}, BadOption, "size"),
        (7, {"input": "float"}, Unsupported, "a int is no function"),
        (Spy, {"input": "float"}, Unsupported, "the class Spy is no function"),
        (SmallNet(), {"input": "float"}, Unsupported, "(?s)SmallNet is no function.*seewhy.Model"),
    ],
)
def test_what_is_not_declared_or_no_function_is_refused(
    function: Any, given: dict[str, Any], error: type[SeewhyError], words: str
) -> None:
    with pytest.raises(error, match=words):
        black_box(function, **given)


def test_a_bare_function_or_a_model_is_no_black_box(small: Model, x: Tensor) -> None:
    with pytest.raises(Unsupported, match=r"seewhy\.black_box"):
        explain(network, x)
    with pytest.raises(Unsupported, match="a Model already"):
        black_box(small, input="float")


# How it is explained


@pytest.mark.parametrize(
    "target",
    [None, 2, "c", Contrast("c", "a"), Contrast(None, Top(1)), lambda y: y[:, 2]],
    ids=["predicted", "index", "label", "contrast", "with the second", "function"],
)
def test_it_is_explained_as_the_network_in_it(hiding: str, target: Any, small: Model, x: Tensor) -> None:
    model = black_box(network, input="float", size=(16, 20), classes=NAMES)
    found, wanted = explain(model, x, hiding, target), explain(small, x, hiding, target, score="logit")
    assert found.score == "answer" and found.labels == wanted.labels and found.notes == ()
    np.testing.assert_allclose(found.values, wanted.values, rtol=0, atol=1e-5 * abs(wanted.values).max())
    np.testing.assert_allclose(found.scores, wanted.scores, rtol=1e-5)


def test_its_map_is_the_one_computed_picture_by_picture_and_knows_no_chunks(hiding: str, x: Tensor) -> None:
    model, wanted = black_box(network, input="float"), hidden(network, x, 2)
    assert abs(wanted).max() > 0.01
    for memory in (None, 1, 300_000):
        values = explain(model, x, hiding, 2, memory=memory).values
        np.testing.assert_allclose(values, wanted, rtol=0, atol=1e-5 * abs(wanted).max())
    pinned = as_target(2).pin(model.outputs(x), int)
    scores = model.scores(windows(x), pinned)
    alone = torch.cat([model.scores(windows(one[None]), pinned) for one in x])
    assert torch.allclose(scores, alone, atol=1e-5)


@pytest.mark.parametrize("id", [one.id for one in seewhy.list_methods() if one.info.needs == Need.SCORES])
def test_every_method_that_needs_scores_explains_it_as_the_network_in_it(id: str, small: Model, x: Tensor) -> None:
    options = dict(QUICK.get(id, {}))
    options |= {"segments": "grid"} if "segments" in options else {}  # those of the contract are of larger pictures
    options |= {"fill": 0.35} if "fill" in options else {}  # a function's mean is not known
    found = explain(black_box(network, input="float"), x, id, 2, **options)
    wanted = explain(small, x, id, 2, score="logit", **options)
    assert found.score == "answer"
    np.testing.assert_allclose(found.values, wanted.values, rtol=0, atol=1e-3 * abs(wanted.values).max())


def test_the_mean_colour_of_what_a_function_was_trained_on_is_not_made_up(spy: Spy, x: Tensor) -> None:
    for id, options in (("rise", {"baseline": "mean"}), ("partition_shap", {"fill": "mean"})):
        with pytest.raises(BadOption, match="mean is not known"):
            explain(black_box(spy, input="float"), x, id, 2, **options)


def test_probabilities_are_explained_as_they_are_and_said_to_be_when_asked(hiding: str, x: Tensor) -> None:
    model, wanted = black_box(lambda one: softmax(network(one)), input="float"), hidden(network, x, 2, softmax)
    for score, kind in ((None, "answer"), ("answer", "answer"), ("probability", "probability")):
        found = explain(model, x, hiding, 2, score=score)
        assert found.score == kind
        np.testing.assert_allclose(found.values, wanted, rtol=0, atol=1e-5 * abs(wanted).max())


@pytest.mark.parametrize("score", ["logit", "log_probability", "probability", "odds"])
def test_no_softmax_and_no_logarithm_is_made_up(hiding: str, spy: Spy, score: Any, x: Tensor) -> None:
    with pytest.raises(BadOption) as raised:
        explain(black_box(spy, input="float"), x, hiding, score=score)
    assert raised.value.hint and sum(spy.counts) == (2 if score == "probability" else 0)


def test_what_needs_logits_is_refused(hiding: str, spy: Spy, x: Tensor) -> None:
    for target in (Rest(1), Contrast(Rest(1), 0)):
        with pytest.raises(BadOption, match="Rest needs logits"):
            explain(black_box(spy, input="float"), x, hiding, target)


def test_an_answer_is_not_a_network_s_score(hiding: str, small: Model, x: Tensor) -> None:
    with pytest.raises(BadOption, match="score 'answer' of a network"):
        explain(small, x, hiding, score="answer")


def test_what_is_declared_holds(hiding: str, spy: Spy, x: Tensor) -> None:
    sure = black_box(spy, input="float", answers="probability")
    assert explain(sure, x, hiding, score="probability").score == "probability"
    assert predict(sure, x)[0][0].score is None
    unsure = black_box(lambda one: softmax(network(one)), input="float", answers="score")
    assert predict(unsure, x)[0][0].probability is None
    with pytest.raises(BadOption, match="no probabilities"):
        explain(unsure, x, hiding, score="probability")


def test_predictions_are_the_answers(spy: Spy, x: Tensor) -> None:
    for found, means in zip(predict(black_box(spy, input="float"), x), x.mean((2, 3)), strict=True):
        assert [one.index for one in found] == means.argsort(descending=True).tolist()
        assert [one.score for one in found] == pytest.approx(means.sort(descending=True).values.tolist())
        assert {one.probability for one in found} == {None}
    (top, *_), _ = predict(black_box(lambda one: softmax(network(one)), input="float"), x)
    p = softmax(network(x.permute(0, 2, 3, 1).numpy()))
    assert top.probability == pytest.approx(float(p[0].max())) and top.score is None


def test_a_column_alone_is_a_score_unless_declared(x: Tensor) -> None:
    for answers, wanted in ((None, (None, 1.0)), ("probability", (1.0, None))):
        model = black_box(lambda one: np.ones((len(one), 1)), input="float", answers=answers)
        (found,), _ = predict(model, x)
        assert (found.probability, found.score) == wanted


def test_each_image_is_looked_at_by_itself() -> None:
    """One image's answers sum to one by chance; they are told the same alone and together."""
    x = torch.stack([torch.full((3, 4, 4), 1 / 3), torch.full((3, 4, 4), 0.5)])
    model = black_box(Spy(), input="float")
    together = predict(model, x)
    assert together == [predict(model, one) for one in x]
    assert [found[0].probability is None for found in together] == [False, True]


# What it can't do


def test_what_can_t_be_had_of_a_function_is_refused_with_the_reason(spy: Spy, x: Tensor) -> None:
    model = black_box(spy, input="float")
    for listed in seewhy.list_methods(model):
        if Need.SCORES not in listed.info.needs:
            assert not listed.offered and "it is a function" in listed.reason
    with pytest.raises(Unsupported, match="it has no layers: it is a function"):
        model.layer(None)
    for precision in ("float64", "bfloat16"):
        with pytest.raises(Unsupported, match=f"precision '{precision}' for Spy: it is a function"):
            model.at(precision)
    assert model.at("float32") is model and model.precision == "float32"


# By name


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    (tmp_path / "my_predictor.py").write_text(PREDICT)
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    for name in ("my_predictor", "seewhy_factory_my_predictor"):
        sys.modules.pop(name, None)


def test_a_module_a_file_and_a_method_are_places_for_a_function(home: Path, x: Tensor) -> None:
    wanted = softmax(network(np.rint(255 * x.permute(0, 2, 3, 1).numpy()).astype(np.float32) / 255))
    for where in ("my_predictor:probabilities", f"{home}/my_predictor.py:probabilities"):
        model = load(f"callable:{where}", input="uint8", classes=NAMES, size=(16, 20))
        assert (model.name, model.card.spec) == ("probabilities", f"callable:{where}")
        assert torch.allclose(model.outputs(x), wanted, atol=1e-6)
    assert load("callable:my_predictor:classifier.predict_proba", input="uint8").name == "Classifier.predict_proba"
    assert model.classes == tuple(NAMES) and model.size == (16, 20) and model.fingerprint == ""


@pytest.mark.parametrize(
    ("spec", "given", "error", "words"),
    [
        ("my_predictor:logits", {}, BadOption, "--input uint8"),
        ("my_predictor:logits", {"input": "double"}, BadOption, "input is 'double'"),
        ("my_predictor:logit", {"input": "float"}, UnknownName, "did you mean logits"),
        ("my_nothing:logits", {"input": "float"}, UnknownName, "no module 'my_nothing'"),
        ("logits", {"input": "float"}, UnknownName, "names no module"),
        ("my_predictor:", {"input": "float"}, UnknownName, "names no module"),
        ("my_predictor:number", {"input": "float"}, Unsupported, "a int is no function"),
        ("my_predictor:Classifier", {"input": "float"}, Unsupported, "the class Classifier"),
        ("my_predictor:net", {"input": "float"}, Unsupported, r"seewhy\.Model"),
        ("my_predictor:logits", {"input": "float", "mean": MEAN}, BadOption, "mean is no option .* input, answers"),
        ("my_predictor:logits", {"input": "float", "weights": "random"}, BadOption, "weights is no option"),
        ("my_predictor:logits", {"input": "float", "head": len}, BadOption, "head is no option"),
        ("my_predictor:logits", {"input": "float", "output": "y"}, BadOption, "output is no option"),
    ],
)
def test_what_is_no_function_or_no_option_of_one_is_refused(
    home: Path, spec: str, given: dict[str, Any], error: type[SeewhyError], words: str
) -> None:
    with pytest.raises(error, match=re.compile(words, re.DOTALL)):
        load(f"callable:{spec}", **given)


def test_it_runs_where_it_runs(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seewhy.sources, "_device", torch.device)
    with pytest.raises(BadOption, match="device 'cuda:0' for a function"):
        load("callable:my_predictor:logits", input="float", device="cuda:0")


@pytest.mark.parametrize("name", ["input", "answers", "output"])
def test_a_network_takes_none_of_its_options(name: str) -> None:
    with pytest.raises(BadOption, match=f"(?s){name} is no option of 'default'.*it takes weights"):
        load("default", **{name: "float"})


# Once more


def test_it_is_computed_again_where_its_code_is_trusted(hiding: str, home: Path, photo: Any) -> None:
    spec = f"callable:{home}/my_predictor.py:probabilities"
    made = explain(load(spec, input="uint8", size=(16, 20), classes=NAMES), photo, hiding, "c")
    made.save(home / "stored")
    assert seewhy.open(home / "stored").score == "answer"
    assert seewhy.open(home / "stored").predictions == made.predictions
    with pytest.raises(Unsupported, match="asks to run"):
        seewhy.again(home / "stored")
    found = seewhy.again(home / "stored", trust=True)
    assert found.absolute == 0 and found.new.score == "answer" and found.new.labels == ("c",)
    assert found.notes == ("whether probabilities is what was explained can't be known: a function has no fingerprint",)


def test_a_function_without_a_name_is_passed_to_be_explained_again(
    hiding: str, spy: Spy, x: Tensor, tmp_path: Path
) -> None:
    model = black_box(spy, input="float", name="means")
    explain(model, x, hiding, 1).save(tmp_path / "stored")
    with pytest.raises(Unsupported, match="means, has no name that can be loaded"):
        seewhy.again(tmp_path / "stored", trust=True)
    found = seewhy.again(tmp_path / "stored", model)
    assert found.absolute == 0 and len(found.notes) == 1
    scores = seewhy.open(tmp_path / "stored").predictions[0]
    assert [one.score for one in scores] == sorted((one.score for one in scores), reverse=True)
    with pytest.raises(BadOption, match="score 'answer' of a network"):
        seewhy.again(
            tmp_path / "stored", Model(nn.Sequential(nn.AvgPool2d((16, 20)), nn.Flatten()), (0,) * 3, (1,) * 3)
        )


# What the doctor says


def test_the_doctor_says_what_can_be_known(spy: Spy) -> None:
    report = seewhy.doctor(black_box(spy, input="uint8", classes=["r", "g", "b"]))
    assert (report.outputs, report.classes, report.named, report.layers) == ("answer", 3, 3, ())
    assert report.takes == "uint8 arrays (n,h,w,3), 0 to 255" and report.model.fingerprint == ""
    assert report.engine == "none: it is a function, of which nothing is seen but its answers"
    assert not report.differentiable and report.maps is None
