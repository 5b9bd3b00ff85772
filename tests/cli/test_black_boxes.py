"""A function of pictures, and an ONNX file, from the command line."""

import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import Result

import seewhy
from blackboxes import PREDICT
from conftest import SmallNet

Call = Callable[..., Result]
Told = Callable[..., Any]
NAMES = ["tabby cat", "tiger cat", "dog", "car"]
MEAN_STD = ("--mean", "0.45,0.4,0.35", "--std", "0.25,0.3,0.2")


@pytest.fixture
def function(there: Path) -> tuple[str, ...]:
    (there / "black.py").write_text(PREDICT)
    (there / "names.txt").write_text("\n".join(NAMES))
    return ("--model", "callable:black.py:logits", "--input", "float", "--size", "16x20", "--classes", "names.txt")


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("onnxruntime", reason="needs seewhy[onnx]")
    pytest.importorskip("onnxscript", reason="needs onnxscript, which torch exports with")
    path = tmp_path_factory.mktemp("onnx") / "net.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's own
        torch.onnx.export(SmallNet().eval(), (torch.rand(1, 3, 16, 20),), path, dynamo=True, verbose=False)
    return path


def test_a_function_is_explained_predicted_and_computed_again(
    hiding: str, undrawn: None, function: tuple[str, ...], call: Call, told: Told
) -> None:
    result = call("explain", "photos", *function, "--method", hiding, "--target", "dog")
    assert result.exit_code == 0 and "%" not in result.stdout and ", answer " in result.stdout, result.stderr
    found = seewhy.open("seewhy-out/cat")
    model = seewhy.load(function[1], input="float", size=(16, 20), classes=NAMES)
    assert np.array_equal(found.values, seewhy.explain(model, "photos/cat.jpg", hiding, "dog").values)
    scores = {one.label: one.score for one in found.predictions[0]}
    rows = told("predict", "photos/cat.jpg", *function)["photos"][0]["predictions"]
    assert {one["label"]: one["score"] for one in rows} == scores and "probability" not in rows[0]
    lines = call("predict", "photos/cat.jpg", *function).stdout.splitlines()[1:]
    assert [float(line.split()[0]) for line in lines] == pytest.approx([one["score"] for one in rows], rel=1e-3)

    refused = call("again", "seewhy-out")
    assert refused.exit_code == 2 and "--trust" in refused.stderr
    again = told("again", "seewhy-out", "--trust")["explanations"]
    assert [one["largest_difference"] for one in again] == [0.0, 0.0]
    assert all("no fingerprint" in one["notes"][0] for one in again)
    chinese = call("again", "seewhy-out/cat", "--trust", "--lang", "zh").stdout
    assert "说明：无法得知 logits 是否就是当时解释的模型" in chinese


def test_a_manifest_says_what_it_is(hiding: str, undrawn: None, function: tuple[str, ...], call: Call) -> None:
    call("explain", "photos/cat.jpg", *function, "--method", hiding)
    kept = json.loads(Path("seewhy-out/cat/manifest.json").read_text())
    assert kept["score"] == "answer" and kept["model"]["spec"] == "callable:black.py:logits"
    assert kept["model"]["overrides"]["input"] == "float" and kept["model"]["fingerprint"] == ""
    assert kept["predictions"][0][0].keys() == {"index", "label", "score"}


def test_probabilities_are_percent_and_may_be_asked_for(
    hiding: str, undrawn: None, function: tuple[str, ...], call: Call, told: Told
) -> None:
    given = ("--model", "callable:black.py:probabilities", "--input", "uint8", *function[4:])
    assert "%" in call("predict", "photos/cat.jpg", *given).stdout
    row = told("explain", "photos/cat.jpg", *given, "-m", hiding, "--score", "probability")["photos"][0]
    assert row["explanations"][0]["score"] == "probability" and "probability" in row["predictions"][0]
    assert "%" not in call("predict", "photos/cat.jpg", *given, "--answers", "score").stdout


def test_without_a_method_one_that_needs_scores_alone_is_found(
    hiding: str, undrawn: None, function: tuple[str, ...], call: Call
) -> None:
    result = call("explain", "photos/cat.jpg", *function)
    assert result.exit_code == 0 and "'gradcam' needs GRADIENT" in result.stderr


def test_the_doctor_and_the_methods_say_what_can_be_had(
    hiding: str, function: tuple[str, ...], call: Call, told: Told
) -> None:
    said = call("doctor", *function).stdout
    for words in (
        "model          logits (callable:black.py:logits)",
        "no fingerprint: whether they changed can't be told",
        "float32 arrays (n,h,w,3), 0 to 1",
        "normalisation  none",
        "answers, explained as they are, 4 an image",
        "none: it is a function",
    ):
        assert words in said, said
    assert "layers" not in said.split("methods")[0] and "parameters" not in said and "memory" not in said
    assert told("doctor", *function)["outputs"] == "answer"
    offered = {one["id"]: one for one in told("methods", *function)}
    assert offered[hiding]["offered"] and not offered["gradcam"]["offered"]
    assert "it is a function" in offered["gradcam"]["reason"]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--model", "callable:black.py:logits"), "--input uint8, --input float"),
        (("--model", "callable:black.py:logitz", "--input", "float"), "did you mean logits"),
        (("--model", "callable:black.py:number", "--input", "float"), "a int is no function"),
        (("--model", "callable:black.py:flat", "--input", "float"), "shape (1,) for 1 pictures"),
        (("--model", "callable:black.py:raises", "--input", "float"), "raised ValueError: no such picture"),
        (("--model", "callable:black.py:logits", "--input", "float", *MEAN_STD), "mean is no option"),
        (("--model", "callable:black.py:logits", "--input", "float", "--device", "cpu:1"), "cpu:1"),
        (("--model", "nets.py:build", "--input", "float"), "input is no option of 'nets.py:build'"),
        (("--model", "nets.py:build", "--output-name", "y"), "output is no option"),
        (("--model", "missing.onnx", *MEAN_STD), "there is no file 'missing.onnx'"),
        (("--model", "bad.onnx", *MEAN_STD), "can't be read as ONNX"),
    ],
)
def test_what_can_t_be_is_a_problem_and_a_hint(
    more: tuple[str, ...], words: str, function: tuple[str, ...], call: Call
) -> None:
    Path("bad.onnx").write_bytes(b"no onnx")
    if "onnx" in more[1]:
        pytest.importorskip("onnxruntime", reason="needs seewhy[onnx]")
    result = call("predict", "photos/cat.jpg", *more)
    assert result.exit_code == 2 and words in result.stderr and "hint: " in result.stderr, result.stderr


@pytest.mark.parametrize("score", ["logit", "log_probability", "probability"])
def test_a_score_that_would_be_made_up_is_refused(
    score: str, hiding: str, undrawn: None, function: tuple[str, ...], call: Call
) -> None:
    result = call("explain", "photos/cat.jpg", *function, "-m", hiding, "--score", score)
    assert result.exit_code == 2 and "leave score out" in result.stderr
    assert not Path("seewhy-out/cat").exists()
    gradcam = call("explain", "photos/cat.jpg", *function, "-m", "gradcam")
    assert gradcam.exit_code == 2 and "it is a function" in gradcam.stderr
    layer = call("explain", "photos/cat.jpg", *function, "--layer", "conv1", "-m", "gradcam")
    assert layer.exit_code == 2


def test_an_onnx_file_is_a_network_to_every_command(
    hiding: str, undrawn: None, there: Path, exported: Path, call: Call, told: Told
) -> None:
    given = ("--model", str(exported), *MEAN_STD)
    assert call("explain", "photos/cat.jpg", *given, "-m", hiding, "-t", "2").exit_code == 0
    found = seewhy.open("seewhy-out/cat")
    network = seewhy.load("nets.py:build")
    wanted = seewhy.explain(network, "photos/cat.jpg", hiding, 2).values
    np.testing.assert_allclose(found.values, wanted, rtol=0, atol=2e-5 * abs(wanted).max())
    (again,) = told("again", "seewhy-out")["explanations"]
    assert again["largest_difference"] == 0.0 and again["notes"] == []
    assert "%" in call("predict", "photos/cat.jpg", *given).stdout
    report = told("doctor", *given)
    assert report["takes"] == "'x', float32 (1,3,16,20)" and report["model"]["weights"] == "in the file"
    assert [one["id"] for one in told("methods", *given) if one["offered"]].count(hiding) == 1
    refused = call("predict", "photos/cat.jpg", "--model", str(exported))
    assert refused.exit_code == 2 and "--mean" in refused.stderr


def test_the_pictures_of_a_function_say_its_score(hiding: str, function: tuple[str, ...], call: Call) -> None:
    assert call("explain", "photos/cat.jpg", *function, "-m", hiding).exit_code == 0
    page = Path("seewhy-out/cat/page.html").read_text()
    found = seewhy.open("seewhy-out/cat")
    data = json.loads(page.split('id="data">')[1].split("</script>")[0])
    (said,) = {one["score"] for one in data["explanations"][0]["predictions"][:1]}
    assert said == found.predictions[0][0].score and "probability" not in data["explanations"][0]["predictions"][0]
    assert f"answer {found.scores[0]:.3f}" in page
