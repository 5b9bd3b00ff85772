"""The contract's promises on networks in Keras, and the commands with them."""

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result
from torch import Tensor

import contract
import keras_networks as networks
import seewhy
from conftest import MEAN, STD
from contract import Promise
from seewhy import Model
from seewhy.sources.keras import library
from seewhy.targets import as_target

COPY = "ignore:__array__ implementation:DeprecationWarning:"  # what Keras does as it reads weights out
pytestmark = [
    pytest.mark.skipif(find_spec("keras") is None, reason="needs seewhy[keras]"),
    pytest.mark.filterwarnings(COPY + "keras.src.backend.common.variables", COPY + "keras.src.backend.torch.core"),
]
Call = Callable[..., Result]

METHODS = [  # of each kind one: from maps, from scores, with a changed backward, of many variants
    ("gradcam", "functional"),
    ("gradcam", "sequential"),
    ("scorecam", "functional"),
    ("guided_backprop", "functional"),
    ("integrated_gradients", "functional"),
]
PROMISES = [
    contract.has_the_right_shape_and_is_finite,
    contract.looks_at_the_planted_evidence,
    contract.lies_on_the_evidence_to_the_cell,
    contract.explains_the_class_asked_for,
    contract.sees_colour,
    contract.leaves_no_trace,
    contract.leaves_no_trace_when_the_model_fails,
    contract.gives_the_same_map_for_the_same_seed,
    contract.does_not_depend_on_batch_or_chunk,
    contract.is_the_same_alone_and_together,
    contract.changes_with_the_weights,
]


def made(kind: str = "functional") -> Model:
    net = networks.bright(library(), sequential=kind == "sequential")
    return Model(net, mean=MEAN, std=STD, classes=["dark", "red", "green"])


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.__name__)
@pytest.mark.parametrize(("id", "kind"), METHODS)
def test_the_contract_holds_for_networks_in_keras(id: str, kind: str, promise: Promise, planted: Tensor) -> None:
    model = made(kind)
    net: Any = model.module
    before = networks.traces(net.model)
    promise(id, model, planted)
    if promise is contract.leaves_no_trace:
        before[1][0] = (*before[1][0][:1], False, *before[1][0][2:])  # which it asks for itself
    if promise is not contract.changes_with_the_weights:
        assert networks.traces(net.model) == before


# Commands


@pytest.fixture
def own(there: Path) -> tuple[str, ...]:
    networks.small(library()).save(there / "own.keras")
    Path("names.txt").write_text("tabby cat\ntiger cat\ndog\ncar\n")
    return ("--model", "own.keras", "--mean", "0.45,0.4,0.35", "--std", "1/4,0.3,0.2", "--classes", "names.txt")


def test_a_file_goes_through_every_command(
    undrawn: None, own: tuple[str, ...], call: Call, told: Callable[..., Any]
) -> None:
    report = told("doctor", *own)
    assert report["preprocess"]["std"] == [0.25, 0.3, 0.2] and report["engine"].startswith("fast")
    assert report["maps"] == "act3" and "softmax of 'fc'" in report["told"][0]
    assert "note" in call("doctor", *own).stdout
    said = {one["id"]: one for one in told("methods", *own)}
    assert said["guided_gradcam"]["offered"] and not said["fullgrad"]["offered"]
    assert told("predict", "photos/cat.jpg", *own)["photos"][0]["predictions"][0]["label"] in (
        "tabby cat",
        "dog",
        "car",
    )
    assert call("explain", "photos/cat.jpg", *own, "--method", "gradcam", "--target", "dog").exit_code == 0
    assert seewhy.open("seewhy-out/cat").labels == ("dog",)
    assert told("again", "seewhy-out")["explanations"][0]["largest_difference"] == 0.0


def test_a_name_goes_through_every_command(undrawn: None, there: Path, call: Call, told: Callable[..., Any]) -> None:
    name = ("--model", "keras:MobileNetV3Small", "--weights", "random", "--size", "32x48")
    assert told("doctor", *name)["model"]["weights"] == "random"
    assert call("explain", "photos/cat.jpg", *name, "--method", "gradcam", "--target", "tabby").exit_code == 0
    found = seewhy.open("seewhy-out/cat")
    assert found.model.spec == "keras:MobileNetV3Small" and dict(found.model.overrides)["size"] == (32, 48)
    assert told("again", "seewhy-out")["explanations"][0]["largest_difference"] == 0.0
    assert "keras:MobileNetV3Small" in json.loads(call("models", "mobilenetv3", "--json").stdout)


def test_refusals_end_in_2(there: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("old.h5").touch()
    for asked in (("--model", "old.h5"), ("--model", "keras:ResNet5"), ("--model", "none.keras")):
        result = call("doctor", *asked)
        assert result.exit_code == 2 and "hint:" in result.stderr, asked
    monkeypatch.delitem(sys.modules, "keras")
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    result = call("doctor", "--model", "keras:ResNet50", "--weights", "random")
    assert result.exit_code == 2 and "KERAS_BACKEND=torch" in result.stderr


def test_variants_are_scored_by_keras_itself_as_by_the_engine(planted: Tensor) -> None:
    model = made()
    with model.frozen():
        target = as_target(1).pin(model.outputs(planted), model.find)
        fast = model.scores(iter([planted * 0.5, planted * 0.9]), target)
        plain = replace(model, fast=False).scores(iter([planted * 0.5, planted * 0.9]), target)
    np.testing.assert_allclose(fast, plain, rtol=1e-5)
