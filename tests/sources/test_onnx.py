"""ONNX files by onnxruntime: what is read from them, and answers equal to the torch network they came from."""

import hashlib
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import seewhy
from conftest import MEAN, STD, SmallNet
from seewhy import Model, Need, explain, load, predict
from seewhy.errors import BadOption, ModelFailed, SeewhyError, Unsupported
from seewhy.sources.onnx_input import class_names
from seewhy.targets import as_target

onnx = pytest.importorskip("onnx", reason="needs seewhy[onnx]")
pytest.importorskip("onnxruntime", reason="needs seewhy[onnx]")
pytest.importorskip("onnxscript", reason="needs onnxscript, which torch exports with")

from onnx import TensorProto, helper, numpy_helper  # noqa: E402  # skipped above where there is none

INPUT: Any = {"mean": MEAN, "std": STD}
NAMES = ["a", "b", "c", "d"]
Export = Callable[..., Path]


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Export:
    """Write a network with today's exporter; dynamic: axes left open, by number."""
    folder = tmp_path_factory.mktemp("onnx")

    def write(name: str, net: nn.Module, x: Tensor, dynamic: tuple[int, ...] = (0,), **options: Any) -> Path:
        path = folder / f"{name}.onnx"
        axes = dict.fromkeys(dynamic, torch.export.Dim.DYNAMIC)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the exporter's own
            torch.onnx.export(
                net.eval(), (x,), path, dynamo=True, dynamic_shapes=(axes,) if axes else None, verbose=False, **options
            )
        return path

    return write


@pytest.fixture(scope="module")
def pair() -> Tensor:
    return torch.rand(2, 3, 16, 20, generator=torch.Generator().manual_seed(3))


@pytest.fixture(scope="module")
def file(export: Export, pair: Tensor) -> Path:
    """SmallNet, any number of images at once, its weights inside."""
    return export("small", SmallNet(), pair, external_data=False)


def outputs(model: Model, x: Tensor) -> Tensor:
    with model.frozen():
        return model.outputs(x)


def scores(model: Model, variants: list[Tensor], index: int) -> Tensor:
    with model.frozen():
        return model.scores(variants, as_target(index).pin(model.outputs(variants[0]), int))


def apart(found: Tensor, wanted: Tensor) -> float:
    return float((found - wanted).abs().max() / wanted.abs().max())


# Answers equal to the network's


def test_scores_and_maps_are_the_network_s(hiding: str, file: Path, small: Model, x: Tensor) -> None:
    model = load(str(file), classes=NAMES, **INPUT)
    assert (model.size, model.offers, model.name) == ((16, 20), Need.SCORES, "small")
    assert model.opaque and model.opaque.takes == "'x', float32 (n,3,16,20)"
    assert apart(outputs(model, x), outputs(small, x)) < 1e-5
    variants = [x, x / 2, 1 - x]
    assert apart(scores(model, variants, 2), scores(small, variants, 2)) < 1e-5
    for score in (None, "logit", "probability"):
        found, wanted = (explain(one, x, hiding, "c", score=score) for one in (model, small))
        assert found.score == wanted.score == (score or "log_probability")
        np.testing.assert_allclose(found.values, wanted.values, rtol=0, atol=2e-5 * abs(wanted.values).max())
    for one, other in zip(predict(model, x)[0], predict(small, x)[0], strict=True):
        assert one.label == other.label and one.probability == pytest.approx(other.probability, rel=1e-4)


@pytest.mark.parametrize("memory", [1, 10**6, None])
def test_no_chunk_changes_a_score(memory: int | None, hiding: str, file: Path, x: Tensor) -> None:
    model = load(str(file), **INPUT)
    whole, part = (explain(model, x, hiding, 1, memory=one).values for one in (None, memory))
    np.testing.assert_allclose(part, whole, rtol=0, atol=1e-5 * abs(whole).max())


@pytest.mark.parametrize("batch", [1, 3])
def test_a_fixed_batch_is_run_as_often_as_it_takes(
    batch: int, hiding: str, export: Export, small: Model, x: Tensor
) -> None:
    path = export(f"batch{batch}", SmallNet(), x[[0] * batch], dynamic=(), external_data=False)
    model = load(str(path), **INPUT)
    assert model.opaque and model.opaque.takes == f"'x', float32 ({batch},3,16,20)"
    many = torch.cat([x, 1 - x, x / 2])[:5]
    assert apart(outputs(model, many), outputs(small, many)) < 1e-5
    found, wanted = (explain(one, x, hiding, 1).values for one in (model, small))
    np.testing.assert_allclose(found, wanted, rtol=0, atol=2e-5 * abs(wanted).max())


def test_channels_may_stand_last(export: Export, small: Model, x: Tensor) -> None:
    class Last(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = SmallNet()

        def forward(self, x: Tensor) -> Tensor:
            return self.net(x.permute(0, 3, 1, 2))

    model = load(str(export("last", Last(), x.permute(0, 2, 3, 1))), **INPUT)
    assert model.size == (16, 20) and model.opaque and model.opaque.takes == "'x', float32 (n,16,20,3)"
    assert apart(outputs(model, x), outputs(small, x)) < 1e-5


def test_half_precision_is_said(export: Export, small: Model, x: Tensor) -> None:
    model = load(str(export("half", SmallNet().half(), x.half())), **INPUT)
    assert model.precision == "float16" and outputs(model, x).dtype == torch.float32
    assert apart(outputs(model, x), outputs(small, x)) < 5e-3


def test_a_file_that_takes_bytes_normalises_by_itself(export: Export, small: Model) -> None:
    class Bytes(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = SmallNet()
            self.register_buffer("mean", torch.tensor(MEAN)[:, None, None])
            self.register_buffer("std", torch.tensor(STD)[:, None, None])

        def forward(self, x: Tensor) -> Tensor:
            return self.net((x.float() / 255 - self.mean) / self.std)

    photo = np.random.default_rng(0).integers(0, 256, (16, 20, 3), np.uint8)
    path = str(export("bytes", Bytes(), torch.from_numpy(photo).permute(2, 0, 1)[None].repeat(2, 1, 1, 1)))
    found, wanted = predict(load(path), photo), predict(small, photo)
    assert [one.index for one in found] == [one.index for one in wanted]
    assert [one.probability for one in found] == pytest.approx([one.probability for one in wanted], rel=1e-4)
    for given in ({"mean": MEAN}, {"std": STD}, INPUT):
        with pytest.raises(BadOption, match="takes uint8 pixels"):
            load(path, **given)


def test_a_grey_input_has_one_mean(export: Export) -> None:
    net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 36, 3))
    path = str(export("grey", net, torch.rand(2, 1, 8, 8)))
    x = torch.rand(2, 1, 8, 8)
    assert apart(outputs(load(path, mean=0.2, std=0.5), x), outputs(Model(net, 0.2, 0.5), x)) < 1e-5
    with pytest.raises(Unsupported, match="3 channels, as many as means"):
        load(path, **INPUT)


@pytest.mark.parametrize("name", ["resnet18", "test_vit"])
def test_real_networks_give_the_same(name: str, hiding: str, export: Export) -> None:
    spec = f"torchvision:{name}" if name == "resnet18" else f"timm:{name}"
    network = load(spec, weights="random", size=64 if name == "resnet18" else None)
    assert network.size
    x = torch.rand(2, 3, *network.size, generator=torch.Generator().manual_seed(0))
    path = export(name, network.module, x)
    model = load(f"onnx:{path}", mean=network.mean, std=network.std)
    assert apart(outputs(model, x), outputs(network, x)) < 1e-5
    variants = [x, x * 0.9, x.flip(3)]
    assert apart(scores(model, variants, 3), scores(network, variants, 3)) < 1e-5


def test_threads_and_nothing_else_are_ours(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import onnxruntime

    kept: list[Any] = []
    made = onnxruntime.InferenceSession
    monkeypatch.setattr(onnxruntime, "InferenceSession", lambda *a, **k: kept.append((a, k)) or made(*a, **k))
    monkeypatch.setattr(torch, "get_num_threads", lambda: 3)
    load(str(file), **INPUT)
    ((_, settings), options) = kept[0]
    assert settings.intra_op_num_threads == 3 and options == {"providers": ["CPUExecutionProvider"]}


# What its outputs are


class Two(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.net = SmallNet()

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        y = self.net(x)
        return y.softmax(1), y


def ended(file: Path, path: Path, *operations: str) -> str:
    """The file with more operations behind its output."""
    made = onnx.load(str(file))
    (out,) = made.graph.output
    names = [out.name, *(f"{out.name}-{i}" for i in range(len(operations)))]
    for operation, before, after in zip(operations, names, names[1:], strict=False):
        made.graph.node.append(helper.make_node(operation, [before], [after]))
    out.name = names[-1]
    onnx.save(made, path)
    return str(path)


@pytest.mark.parametrize(
    ("operations", "end", "kind"),
    [
        (["Softmax"], nn.Softmax(1), "probability"),
        (["Sigmoid"], nn.Sigmoid(), "probability"),
        (["Sigmoid", "Identity", "Flatten"], nn.Sigmoid(), "probability"),
        (["LogSoftmax"], nn.LogSoftmax(1), "logit"),
        (["Sigmoid", "Tanh"], nn.Sequential(nn.Sigmoid(), nn.Tanh()), "logit"),
        (["Relu"], nn.ReLU(), "logit"),
    ],
)
def test_probabilities_are_seen_as_in_a_network(
    operations: list[str], end: nn.Module, kind: str, hiding: str, file: Path, x: Tensor, tmp_path: Path
) -> None:
    model = load(ended(file, tmp_path / "ending.onnx", *operations), **INPUT)
    assert model.census().outputs == kind
    network = Model(nn.Sequential(SmallNet(), end), **INPUT)
    found, wanted = (explain(one, x, hiding, 1, score="logit") for one in (model, network))
    assert (found.score, found.notes) == (wanted.score, wanted.notes)
    np.testing.assert_allclose(found.values, wanted.values, rtol=0, atol=2e-5 * abs(wanted.values).max())


def test_of_several_outputs_one_is_named_or_picked(export: Export, small: Model, x: Tensor) -> None:
    path = str(export("two", Two(), x, output_names=["p", "y"]))
    with pytest.raises(BadOption, match=r"(?s)has 2 outputs: p, y.*output=.*--output-name.*head="):
        load(path, **INPUT)
    with pytest.raises(BadOption, match=r"(?s)no output 'z'.*it has p, y"):
        load(path, output="z", **INPUT)
    named, picked = load(path, output="y", **INPUT), load(path, head=lambda outputs: outputs["y"], **INPUT)
    for model in (named, picked):
        assert apart(outputs(model, x), outputs(small, x)) < 1e-5 and model.census().outputs == "logit"
    assert load(path, output="p", **INPUT).census().outputs == "probability"
    assert dict(named.card.overrides)["output"] == "y"


# What is missing or wrong


def test_mean_and_std_have_no_default(file: Path) -> None:
    for given in ({}, {"mean": MEAN}, {"std": STD}):
        with pytest.raises(BadOption, match=r"(?s)does not say how its input is normalised.*no default"):
            load(str(file), **given)


def test_a_size_left_open_is_asked_for(export: Export, small: Model, x: Tensor) -> None:
    path = str(export("open", SmallNet(), x, dynamic=(0, 2, 3)))
    with pytest.raises(BadOption, match=r"(?s)pictures of any size.*size=\(height, width\)"):
        load(path, **INPUT)
    model = load(path, size=(16, 20), **INPUT)
    assert model.size == (16, 20) and apart(outputs(model, x), outputs(small, x)) < 1e-5


def test_another_size_than_the_file_s_is_refused(file: Path) -> None:
    assert load(str(file), size=(16, 20), **INPUT).size == (16, 20)
    with pytest.raises(BadOption, match=r"size 20x16 .* takes 16x20"):
        load(str(file), size=(20, 16), **INPUT)


def graph(shape: Any, kind: int = TensorProto.FLOAT, inputs: int = 1) -> Any:
    """A file that flattens its input, or adds several up."""
    given = [helper.make_tensor_value_info(f"x{i}", kind, shape) for i in range(inputs)]
    made = [helper.make_node("Sum" if inputs > 1 else "Identity", [one.name for one in given], ["y"])]
    return helper.make_model(helper.make_graph(made, "g", given, [helper.make_tensor_value_info("y", kind, shape)]))


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (lambda: graph([1, 3, 4, 4], inputs=2), "has 2 inputs: x0, x1"),
        (lambda: graph([1, 48]), r"takes \(1,48\), no batch of pictures"),
        (lambda: graph([1, 3, 4, 4], TensorProto.INT64), r"takes tensor\(int64\)"),
        (lambda: graph([1, 3, 4, 4], TensorProto.DOUBLE), r"takes tensor\(double\)"),
        (lambda: graph([1, "c", 4, 4]), r"takes \(1,c,4,4\): 3 channels, .* stand at neither of axes 1 and 3"),
        (lambda: graph([1, 3, 4, 3]), "stand at both of axes 1 and 3"),
        (lambda: graph([1, 5, 4, 7]), "neither"),
    ],
)
def test_an_input_that_is_no_picture_is_refused(made: Any, words: str, tmp_path: Path) -> None:
    onnx.save(made(), tmp_path / "odd.onnx")
    with pytest.raises(Unsupported, match=words) as raised:
        load(f"{tmp_path}/odd.onnx", **INPUT)
    assert raised.value.hint


def test_as_many_channels_as_means_tell_where_they_stand(tmp_path: Path) -> None:
    onnx.save(graph([1, 5, 4, 3]), tmp_path / "five.onnx")
    assert load(f"{tmp_path}/five.onnx", mean=[0.5] * 5, std=[0.5] * 5).opaque.takes == "'x0', float32 (1,5,4,3)"


def test_a_file_that_returns_no_row_an_image_is_refused(tmp_path: Path) -> None:
    made = graph([None, 3, 4, 4])
    made.graph.node[0].op_type = "Shape"
    made.graph.output[0].CopyFrom(helper.make_tensor_value_info("y", TensorProto.INT64, [4]))
    onnx.save(made, tmp_path / "shape.onnx")
    with pytest.raises(ModelFailed, match=r"not scores \(b,k\)"):
        predict(load(f"{tmp_path}/shape.onnx", **INPUT), torch.rand(1, 3, 4, 4))


@pytest.mark.parametrize("content", [b"", b"no onnx at all", b"\x08\x07"])
def test_what_is_no_onnx_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "bad.onnx").write_bytes(content)
    with pytest.raises(Unsupported, match=r"'bad\.onnx' can't be read as ONNX") as raised:
        load(f"{tmp_path}/bad.onnx", **INPUT)
    assert "\n" not in raised.value.problem and raised.value.hint


def test_a_file_that_is_not_there_or_has_no_random_weights_is_refused(file: Path, tmp_path: Path) -> None:
    for spec in (f"{tmp_path}/no.onnx", f"onnx:{tmp_path}/no", f"onnx:{tmp_path}"):
        with pytest.raises(BadOption, match="there is no file"):
            load(spec, **INPUT)
    with pytest.raises(BadOption, match="weights are in the file"):
        load(str(file), weights="random", **INPUT)
    with pytest.raises(BadOption, match=r"(?s)input is no option of 'onnx:.*it takes weights"):
        load(f"onnx:{file}", input="float", **INPUT)


def test_weights_beside_the_file_must_be_there_and_count(
    export: Export, small: Model, x: Tensor, tmp_path: Path
) -> None:
    path = export("beside", SmallNet(), x, external_data=True)
    beside = path.with_name("beside.onnx.data")
    model = load(str(path), **INPUT)
    assert apart(outputs(model, x), outputs(small, x)) < 1e-5
    assert model.fingerprint == hashlib.sha256(path.read_bytes() + beside.read_bytes()).hexdigest()
    shutil.copy(path, tmp_path / "alone.onnx")
    with pytest.raises(BadOption, match=r"(?s)weights in 'beside\.onnx\.data', which is not there.*put it into"):
        load(f"{tmp_path}/alone.onnx", **INPUT)


@pytest.mark.parametrize("where", ["../secret.bin", "/etc/passwd", "a/../../secret.bin"])
def test_weights_outside_the_folder_are_not_read(where: str, tmp_path: Path) -> None:
    made = graph([1, 3, 4, 4])
    tensor = numpy_helper.from_array(np.zeros(3, np.float32), "w")
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=where)
    made.graph.initializer.append(tensor)
    (tmp_path / "outside.onnx").write_bytes(made.SerializeToString())
    with pytest.raises(Unsupported, match="outside its folder"):
        load(f"{tmp_path}/outside.onnx", **INPUT)


@pytest.mark.parametrize("missing", ["onnx", "onnxruntime"])
def test_without_the_extra_there_is_a_hint(missing: str, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, missing, None)
    with pytest.raises(Unsupported, match=r"(?s)need onnx and onnxruntime.*pip install 'seewhy\[onnx\]'"):
        load(str(file), **INPUT)


# Class names


def test_names_in_the_file_are_the_classes_unless_others_are_given(file: Path, tmp_path: Path, x: Tensor) -> None:
    made = onnx.load(str(file))
    helper.set_model_props(made, {"names": "{0: 'person', 1: 'bicycle', 2: \"it's\", 3: 'bus'}", "stride": "32"})
    onnx.save(made, tmp_path / "named.onnx")
    path = f"{tmp_path}/named.onnx"
    assert load(path, **INPUT).classes == ("person", "bicycle", "it's", "bus")
    assert load(path, classes=NAMES, **INPUT).classes == tuple(NAMES)
    with pytest.raises(BadOption, match="2 class names for 4 scores"):
        predict(load(path, classes=["a", "b"], **INPUT), x)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", ()),
        ("{1: 'b', 0: 'a'}", ("a", "b")),
        ("['a', 'b']", ("a", "b")),
        ("{0: 'a', 10: 'k', " + ", ".join(f"{i}: '{i}'" for i in range(1, 10)) + "}", ("a", *"123456789", "k")),
    ],
)
def test_names_are_read_as_literals(text: str, wanted: tuple[str, ...]) -> None:
    assert class_names({"names": text}, "f.onnx") == wanted


@pytest.mark.parametrize(
    "text",
    [
        "{1: 'a', 2: 'b'}",
        "{0: 'a', 'x': 'b'}",
        "{0: 1}",
        "{}",
        "'ab'",
        "7",
        "__import__('os').getcwd()",
        "{",
        "[" * 9999,
    ],
)
def test_names_that_can_t_be_read_are_told(text: str) -> None:
    with pytest.raises(BadOption, match=r"(?s)class names in 'f\.onnx' can't be read.*classes="):
        class_names({"names": text}, "f.onnx")


# Again, and what the doctor says


def test_it_is_computed_again_without_trust_and_a_changed_file_is_told(
    hiding: str, file: Path, tmp_path: Path, small: Model
) -> None:
    path = tmp_path / "mine.onnx"
    shutil.copy(file, path)
    photo = np.random.default_rng(0).integers(0, 256, (30, 41, 3), np.uint8)
    made = explain(load(str(path), classes=NAMES, **INPUT), photo, hiding, "c")
    card = made.model
    assert (card.spec, card.weights) == (f"onnx:{path}", "in the file")
    assert card.fingerprint == hashlib.sha256(path.read_bytes()).hexdigest()
    made.save(tmp_path / "stored")
    found = seewhy.again(tmp_path / "stored")
    assert found.absolute == 0 and found.notes == () and found.new.labels == ("c",)
    path.rename(tmp_path / "moved.onnx")
    with pytest.raises(BadOption, match="there is no file"):
        seewhy.again(tmp_path / "stored")
    assert seewhy.again(tmp_path / "stored", weights=tmp_path / "moved.onnx").absolute == 0
    changed = onnx.load(str(tmp_path / "moved.onnx"))
    changed.doc_string = "another"
    onnx.save(changed, path)
    assert seewhy.again(tmp_path / "stored").notes == ("the network's weights are not those explained: mine",)


def test_the_doctor_and_refusals_say_what_it_is(hiding: str, file: Path, x: Tensor) -> None:
    model = load(str(file), **INPUT)
    report = seewhy.doctor(model)
    assert (report.outputs, report.classes, report.layers) == ("logit", 4, ())
    assert report.engine == "none: onnxruntime runs it, which shows neither gradients nor layers"
    for listed in report.methods:
        assert listed.offered == (listed.info.needs == Need.SCORES)
        assert listed.offered or "onnxruntime runs it" in listed.reason
    with pytest.raises(Unsupported, match=r"precision 'float64' for small: onnxruntime runs it"):
        explain(model, x, hiding, precision="float64")
    with pytest.raises(SeewhyError, match=r"(?s)'gradcam' needs .* hint: methods for this model: .*hiding"):
        explain(model, x, "gradcam")


def test_a_device_that_it_can_t_use_is_refused(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from seewhy import sources

    monkeypatch.setattr(sources, "_device", torch.device)
    with pytest.raises(Unsupported, match=r"(?s)can't run on cuda:1.*onnxruntime-gpu"):
        load(str(file), device="cuda:1", **INPUT)
