"""Keras on torch: what it gives is what Keras gives, by name, from a file, and of a model of one's own."""

import os
import random
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import keras_networks as networks
from conftest import MEAN, STD, Bright, SmallNet
from seewhy import Model, explain, list_methods, load, predict
from seewhy.errors import BadOption, UnknownName, Unsupported
from seewhy.sources import available
from seewhy.sources.keras import _check_installed, library, names
from seewhy.sources.keras_families import FAMILIES, MODES

COPY = "ignore:__array__ implementation:DeprecationWarning:"  # what Keras does as it reads weights out
pytestmark = [
    pytest.mark.skipif(find_spec("keras") is None, reason="needs seewhy[keras]"),
    pytest.mark.filterwarnings(COPY + "keras.src.backend.common.variables", COPY + "keras.src.backend.torch.core"),
]


@pytest.fixture(scope="session")
def keras() -> Any:
    return library()


@pytest.fixture
def model(keras: Any) -> Model:
    return Model(networks.small(keras), mean=MEAN, std=STD, classes=["a", "b", "c", "d"])


def by_hand(keras: Any, x: Tensor, layer: str, target: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """By Keras alone: logits, their gradient at the pixels, a layer's maps and the gradient there, channels first."""
    net = networks.small(keras, activation=None)
    whole = keras.Model(net.input, [net.get_layer(layer).output, net.output])
    x = x.clone().requires_grad_()
    pixels = (x - torch.tensor(MEAN)[:, None, None]) / torch.tensor(STD)[:, None, None]
    maps, logits = whole(pixels.permute(0, 2, 3, 1), training=False)
    grads = torch.autograd.grad(logits[:, target].sum(), [x, maps])
    return logits.detach(), grads[0], maps.detach().permute(0, 3, 1, 2), grads[1].permute(0, 3, 1, 2)


def close(found: Any, wanted: Any, tolerance: float = 1e-5) -> None:
    found, wanted = (np.asarray(one.detach() if isinstance(one, Tensor) else one) for one in (found, wanted))
    assert found.shape == wanted.shape and abs(wanted).max() > 0
    np.testing.assert_allclose(found, wanted, rtol=0, atol=tolerance * abs(wanted).max())


# What Keras itself computes


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize("layer", ["conv1", "pool", "bn3", "act3"])
def test_maps_and_gradients_are_those_of_keras(keras: Any, x: Tensor, layer: str, fast: bool) -> None:
    logits, of_pixels, maps, of_maps = by_hand(keras, x, layer, 2)
    net = networks.small(keras)
    model = Model(net, mean=MEAN, std=STD, fast=fast)
    with model.frozen():
        close(model.outputs(x), logits)
        close(model.outputs(x).softmax(1), net((x - 0.0).sub(_at(MEAN)).div(_at(STD)).permute(0, 2, 3, 1)))
    cam = (of_maps.mean((2, 3), keepdim=True) * maps).sum(1, keepdim=True)
    close(explain(model, x, "gradcam", 2, layer=layer).values, cam)
    close(explain(model, x, "layercam", 2, layer=layer).values, (of_maps.relu() * maps).sum(1, keepdim=True))
    close(explain(model, x, "saliency", 2).values, of_pixels.abs())
    assert model.census().tape is not None


def _at(values: Any) -> Tensor:
    return torch.tensor(values)[:, None, None]


LAYERED = {"layer": "act3"}
RUN: dict[str, dict[str, Any]] = {
    **dict.fromkeys(("gradcam", "gradcam++", "hirescam", "layercam", "xgradcam", "eigencam", "scorecam"), LAYERED),
    **dict.fromkeys(("ablationcam", "finercam", "guided_gradcam", "shapleycam"), LAYERED),
    "layer_integrated_gradients": {**LAYERED, "n_steps": 8},
    "cam": {},
    "saliency": {},
    "input_x_gradient": {},
    "guided_backprop": {},
    "deconvnet": {},
    "deep_lift": {},
    "smoothgrad": {"n_samples": 5},
    "integrated_gradients": {"n_steps": 8},
    "expected_gradients": {"n_samples": 8},
}
EXPECTED_AT_A_LAYER = {"n_samples": 8, "layer": "conv3"}


@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize("id", sorted(RUN))
def test_a_method_gives_what_it_gives_on_the_same_network_in_torch(
    keras: Any, small: Model, x: Tensor, id: str, nested: bool
) -> None:
    options = dict(RUN[id])
    wanted = explain(small, x, id, 1, **options)
    if nested and "layer" in options:
        options["layer"] = f"inner/{options['layer']}"
    found = explain(Model(networks.small(keras, nested=nested), mean=MEAN, std=STD), x, id, 1, **options)
    close(found.values, wanted.values)
    assert found.extras.keys() == wanted.extras.keys()


def test_expected_gradients_at_a_layer_are_torchs(model: Model, small: Model, x: Tensor) -> None:
    """At the input of the third convolution; Keras pads before it, in a layer of its own."""
    wanted = explain(small, x, "expected_gradients", 1, **EXPECTED_AT_A_LAYER)
    found = explain(model, x, "expected_gradients", 1, **{**EXPECTED_AT_A_LAYER, "layer": "pad"})
    close(found.values, wanted.values)


@pytest.mark.parametrize("form", [{"last": False}, {"sequential": True}])
def test_channels_first_and_sequential_models_are_one_thing(
    keras: Any, bright: Model, planted: Tensor, form: dict[str, bool]
) -> None:
    found = Model(networks.bright(keras, **form), mean=MEAN, std=STD)
    for id in ("gradcam", "guided_backprop", "ablationcam", "deep_lift"):
        options = {"layer": "act"} if "cam" in id else {}
        close(explain(found, planted, id, 1, **options).values, explain(bright, planted, id, 1, **options).values)


# The end


def test_probabilities_are_keras_own_and_the_logit_is_explained(keras: Any, x: Tensor) -> None:
    net = networks.small(keras)
    own = net((x - _at(MEAN)).div(_at(STD)).permute(0, 2, 3, 1), training=False)
    model = Model(net, mean=MEAN, std=STD)
    said = predict(model, x)
    close([one[0].probability for one in said], own.max(1).values)
    assert explain(model, x).score == "logit" and "softmax of 'fc'" in model.module.told[0]


@pytest.mark.parametrize("outputs", [1, 4])
def test_each_sigmoid_keeps_its_own_probability(keras: Any, x: Tensor, outputs: int) -> None:
    layers = keras.layers
    stack = [layers.Conv2D(5, 3, activation="relu"), layers.GlobalAveragePooling2D(), layers.Dense(outputs)]
    net = keras.Sequential([keras.Input((16, 20, 3)), *stack, layers.Activation("sigmoid")])
    net.layers[-2].set_weights([w + 1 for w in net.layers[-2].get_weights()])
    model = Model(net, mean=MEAN, std=STD)
    own = net((x - _at(MEAN)).div(_at(STD)).permute(0, 2, 3, 1), training=False)
    close([[one.probability for one in each] for each in predict(model, x)], own.sort(1, descending=True).values)
    logit, shown, log = (explain(model, x, "saliency", 0, score=s) for s in ("logit", "probability", "log_probability"))
    close(torch.tensor(logit.scores).sigmoid(), own[:, 0])
    close(shown.scores, own[:, 0])
    close(log.scores, torch.tensor(logit.scores).double().sigmoid().log())  # near 1 float32 has no digits left for it
    slope = (own * (1 - own))[:, 0].detach().numpy()[:, None, None, None]
    close(shown.values, logit.values * slope)


def test_softmax_as_a_layer_is_passed_by(keras: Any, x: Tensor) -> None:
    net = networks.small(keras, activation=None)
    soft = Model(keras.Sequential([net, keras.layers.Softmax()]), mean=MEAN, std=STD)
    bare = Model(net, mean=MEAN, std=STD)
    close(explain(soft, x, "saliency", 1).values, explain(bare, x, "saliency", 1).values)


def test_probabilities_that_no_layer_makes_are_explained_by_their_logarithm(keras: Any, x: Tensor) -> None:
    net = networks.small(keras, activation=None)
    soft = Model(keras.Model(net.input, keras.ops.softmax(net.output)), mean=MEAN, std=STD)
    found = explain(soft, x, "saliency", 1)
    assert found.score == "log_probability" and any("log-probability" in note for note in found.notes)
    close(found.values, explain(Model(net, mean=MEAN, std=STD), x, "saliency", 1, score="log_probability").values)


def test_a_last_layer_that_runs_twice_is_left_as_it_is(keras: Any, x: Tensor) -> None:
    """Its softmax within the network can't be left out: then what comes out is something else."""
    head = keras.layers.Dense(3, activation="softmax")
    start = keras.Input((16, 20, 3))
    made = keras.layers.GlobalAveragePooling2D()(start)
    model = Model(keras.Model(start, head(head(made))), mean=MEAN, std=STD)
    assert model.census().outputs == "probability" and model.module.told == ()


# What is left behind


def test_the_keras_model_comes_back_as_it_was_also_when_it_raises(keras: Any, x: Tensor) -> None:
    net = networks.small(keras)
    net.get_layer("conv2").trainable = False
    net.get_layer("conv3").activity_regularizer = keras.regularizers.L2(0.1)
    model = Model(net, mean=MEAN, std=STD)
    before = networks.traces(net)
    for id in ("gradcam", "guided_backprop", "ablationcam", "deep_lift", "smoothgrad"):
        explain(model, x, id)
        assert networks.traces(net) == before, id
    layer = net.get_layer("conv3")
    layer.call = _boom
    before = networks.traces(net)
    with pytest.raises(Exception, match="boom") as error:
        explain(Model(net, mean=MEAN, std=STD), x)
    assert "Arguments received" not in str(error.value)  # Keras's own frame around it
    assert networks.traces(net) == before


def _boom(*_: Any, **__: Any) -> None:
    raise KeyError("boom")


def test_what_is_changed_on_the_model_changes_its_maps(keras: Any, x: Tensor) -> None:
    net = networks.small(keras)
    model = Model(net, mean=MEAN, std=STD)
    first = explain(model, x, "saliency", 1).values
    census = model.census()
    assert np.array_equal(explain(model, x, "saliency", 1).values, first) and model.census() is census
    net.get_layer("act3").activation = keras.activations.gelu
    second = explain(model, x, "saliency", 1).values
    assert not np.allclose(first, second, rtol=1e-3)
    kernel = net.get_layer("conv1").kernel
    kernel.assign(kernel * 2)
    assert not np.allclose(second, explain(model, x, "saliency", 1).values, rtol=1e-3)


def test_nothing_global_moves(keras: Any, x: Tensor) -> None:
    before = random.getstate(), torch.get_rng_state(), keras.backend.get_uid("conv2d"), dict(os.environ)
    first = load("keras:MobileNetV3Small", weights="random", size=(64, 96))
    assert random.getstate() == before[0] and torch.equal(torch.get_rng_state(), before[1])
    assert (keras.backend.get_uid("conv2d"), dict(os.environ)) == (before[2] + 1, before[3])
    again = load("keras:MobileNetV3Small", weights="random", size=(64, 96))
    assert [one.name for one in first.census().layers] == [one.name for one in again.census().layers]
    assert first.fingerprint == again.fingerprint and first.card.weights == "random"


# Layers


def test_layers_have_the_names_that_keras_users_know(keras: Any) -> None:
    model = load("keras:MobileNetV2", weights="random", size=(64, 96), classes=["cat", "dog"])
    layers = {one.name: one for one in model.census().layers}
    assert list(layers) == [layer.name for layer in model.module.model.layers[1:]]
    assert model.layer(None) == "out_relu" and layers["out_relu"].shape == (1280, 2, 3)
    assert (layers["block_6_expand_relu"].kind, layers["block_6_expand_relu"].shape) == ("ReLU", (192, 8, 12))
    assert layers["Conv1"].parameters == 3 * 3 * 3 * 32 and layers["bn_Conv1"].parameters == 4 * 32
    assert all(one.proved for one in layers.values() if one.grid and min(one.grid) > 4)
    assert model.census().unused == ()


def test_a_layer_is_named_as_keras_does_or_given_itself(keras: Any, x: Tensor) -> None:
    net = networks.small(keras, nested=True)
    model = Model(net, mean=MEAN, std=STD)
    layer = net.get_layer("inner").get_layer("conv2")
    found = [model.layer(asked) for asked in ("inner.conv2", "inner/conv2", layer)]
    assert found == ["inner.conv2"] * 3
    with pytest.raises(UnknownName, match="no layer"):
        model.layer("conv2x")


@pytest.mark.parametrize(
    ("layer", "reason"),
    [
        ({"activation": "gelu"}, "gelu"),
        ({"activation": "hard_shrink"}, "hard_shrink"),
        ({"activation": "sparse_plus"}, "sparse_plus"),
        ("ReLU", "threshold"),
    ],
)
def test_guided_backpropagation_is_refused_where_not_all_is_relu(keras: Any, layer: Any, reason: str) -> None:
    layers = keras.layers
    odd = layers.ReLU(threshold=0.5) if layer == "ReLU" else layers.Conv2D(4, 3, **layer)
    stack = [layers.Conv2D(4, 3, activation="relu"), odd, layers.Flatten(), layers.Dense(2)]
    model = Model(keras.Sequential([keras.Input((16, 20, 3)), *stack]), mean=MEAN, std=STD)
    said = {one.id: one for one in list_methods(model)}
    for id in ("guided_backprop", "guided_gradcam", "deconvnet"):
        assert not said[id].offered and reason in said[id].reason
    assert said["gradcam"].offered


def test_what_keras_does_its_own_way_is_refused_with_the_reason(model: Model, x: Tensor) -> None:
    said = {one.id: one for one in list_methods(model)}
    assert not said["fullgrad"].offered and "biases" in said["fullgrad"].reason
    with pytest.raises(Unsupported, match="float32"):
        explain(model, x, precision="float64")


def test_a_subclassed_model_has_layers_too(keras: Any, x: Tensor) -> None:
    class Own(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.first = keras.layers.Conv2D(4, 3, activation="relu", name="first")
            self.head = keras.layers.Dense(3, activation="softmax", name="head")

        def call(self, x: Any) -> Any:
            return self.head(keras.ops.mean(self.first(x), axis=(1, 2)))

    net = Own()
    with pytest.raises(Unsupported, match="not built"):
        Model(net, mean=MEAN, std=STD)
    net(np.zeros((1, 16, 20, 3), np.float32))
    found = explain(Model(net, mean=MEAN, std=STD, size=(16, 20)), x, "gradcam")
    assert found.layers == ("first",) and found.values.shape == (2, 1, 14, 18) and found.score == "log_probability"


def test_two_inputs_are_refused(keras: Any) -> None:
    inputs = [keras.Input((8, 8, 3)), keras.Input((8, 8, 3))]
    net = keras.Model(inputs, keras.layers.Flatten()(keras.layers.Add()(inputs)))
    with pytest.raises(Unsupported, match="images"):
        Model(net, mean=MEAN, std=STD)


# keras.applications


def test_every_classifier_of_keras_applications_is_known(keras: Any) -> None:
    found = {name for name, one in vars(keras.applications).items() if callable(one) and name[0].isupper()}
    assert set(names()) == found == set(available()["keras"])


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.module)
def test_preprocessing_is_that_of_the_family(keras: Any, family: Any) -> None:
    """As the network receives it: normalised, and with blue first where its weights ask for that."""
    pixels = torch.rand((2, 3, 5, 7), generator=torch.Generator().manual_seed(0))
    bytes_ = (255 * pixels).permute(0, 2, 3, 1).numpy().copy()  # preprocess_input writes into what it is given
    wanted = getattr(keras.applications, family.module).preprocess_input(bytes_)
    mode = MODES[family.mode]
    given: list[Tensor] = []
    identity = keras.layers.Lambda(lambda x: given.append(x) or keras.ops.mean(x, axis=(1, 2)))
    net = keras.Sequential([keras.Input((5, 7, 3)), identity])
    from seewhy.sources.keras import adopted

    model = Model(adopted(net, bgr=mode.bgr), mean=mode.mean, std=mode.std)
    with model.frozen():
        model(pixels)
    np.testing.assert_allclose(given[-1].numpy(), np.asarray(wanted), rtol=0, atol=2e-5 * abs(wanted).max())


BAKED = [("EfficientNetB0", "Normalization"), ("MobileNetV3Small", "Rescaling"), ("EfficientNetV2B0", "Rescaling")]


@pytest.mark.parametrize(("name", "kind"), BAKED[:2])
def test_raw_pixels_go_to_networks_that_begin_with_their_own_normalisation(keras: Any, name: str, kind: str) -> None:
    made = getattr(keras.applications, name)(weights=None, input_shape=(64, 64, 3), classes=2)
    assert kind in [type(layer).__name__ for layer in made.layers[:4]]


def test_a_photo_reaches_a_network_by_name(chelsea: np.ndarray) -> None:
    model = load("keras:MobileNetV2", weights="random", size=(64, 96))
    assert (model.size, model.mode, model.classes[281]) == ((64, 96), "squash", "tabby")
    found = explain(model, chelsea, "gradcam", "tabby")
    assert found.values.shape == (1, 1, 2, 3) and found.heatmap().shape == (1, *chelsea.shape[:2])
    assert (found.model.spec, found.model.weights) == ("keras:MobileNetV2", "random")


def test_a_real_network_is_explained_as_keras_itself_would(keras: Any) -> None:
    model = load("keras:MobileNetV2", weights="random", size=(64, 96), classes=[str(i) for i in range(10)])
    net = model.module.model
    generator = np.random.default_rng(0)
    for layer in net.layers:  # as they are made, batch norms do nothing and biases are zero
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.set_weights([0.5 + generator.random(w.shape) for w in layer.get_weights()])
    x = torch.rand((1, 3, 64, 96), generator=torch.Generator().manual_seed(0))
    part = keras.Model(net.input, [net.get_layer("out_relu").output, net.layers[-2].output])
    pixels = x.clone().requires_grad_()
    maps, pooled = part((2 * pixels - 1).permute(0, 2, 3, 1), training=False)
    logit = (pooled @ net.layers[-1].kernel.value + net.layers[-1].bias.value)[:, 3].sum()
    of_pixels, of_maps = torch.autograd.grad(logit, [pixels, maps])
    close(explain(model, x, "saliency", 3).values, of_pixels.abs(), 1e-4)
    close(explain(model, x, "gradcam", 3).values, (of_maps.mean((1, 2)) * maps).sum(3)[:, None])
    assert model.census().tape is not None


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "layer", "shape"),
    [
        ("InceptionV3", "mixed10", (1, 1, 8, 8)),
        ("ResNet50", "conv5_block3_out", (1, 1, 7, 7)),
        ("VGG16", "block5_pool", (1, 1, 7, 7)),
    ],
)
def test_the_networks_of_the_tutorial(chelsea: np.ndarray, name: str, layer: str, shape: tuple[int, ...]) -> None:
    model = load(f"keras:{name}", weights="random")
    assert len(predict(model, chelsea)) == 5 and len(model.classes) == 1000
    assert model.size == ((299, 299) if name == "InceptionV3" else (224, 224))
    found = explain(model, chelsea, "gradcam", 281)
    assert found.layers == (layer,) and found.values.shape == shape and abs(found.values).max() > 0
    assert explain(model, chelsea, "guided_gradcam", 281).values.any()
    seventh = [one.name for one in model.census().layers][6]
    assert explain(model, chelsea, "expected_gradients", 281, layer=seventh, n_samples=2).values.any()


def test_weights_that_can_not_be_fetched_are_an_error_and_never_random(
    keras: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("no network in tests")

    monkeypatch.setattr("socket.getaddrinfo", refuse)
    monkeypatch.setattr("keras.src.utils.file_utils.config.keras_home", lambda: str(tmp_path))
    with pytest.raises(Unsupported, match="pretrained weights of MobileNetV3Small can't be loaded") as error:
        load("keras:MobileNetV3Small")
    assert "weights='random'" in error.value.hint and "\n" not in error.value.problem
    assert capsys.readouterr().out == ""


def test_an_unknown_name_is_answered_with_its_neighbours() -> None:
    with pytest.raises(UnknownName) as error:
        load("keras:ResNet5")
    assert "ResNet50" in error.value.hint


# Files


@pytest.fixture
def saved(keras: Any, tmp_path: Path) -> Path:
    networks.small(keras).save(tmp_path / "small.keras")
    return tmp_path / "small.keras"


@pytest.mark.parametrize("prefix", ["", "keras:"])
def test_a_file_is_a_network(keras: Any, saved: Path, x: Tensor, prefix: str) -> None:
    model = load(f"{prefix}{saved}", mean=MEAN, std=STD)
    assert (model.size, model.name, model.card.weights) == ((16, 20), "small.keras", "as saved")
    wanted = explain(Model(networks.small(keras), mean=MEAN, std=STD), x, "gradcam", 1)
    close(explain(model, x, "gradcam", 1).values, wanted.values)


def test_a_file_does_not_say_how_its_pixels_are_normalised(keras: Any, saved: Path, tmp_path: Path) -> None:
    with pytest.raises(BadOption, match="normalised") as error:
        load(str(saved))
    assert "mean=" in error.value.hint and "Rescaling" not in error.value.hint
    layers = keras.layers
    stack = [layers.Rescaling(1 / 255), layers.Conv2D(4, 3), layers.Flatten(), layers.Dense(2)]
    keras.Sequential([keras.Input((8, 9, 3)), *stack]).save(tmp_path / "own.keras")
    with pytest.raises(BadOption) as error:
        load(str(tmp_path / "own.keras"))
    assert "Rescaling" in error.value.hint and "std=1/255" in error.value.hint
    assert load(str(tmp_path / "own.keras"), mean=0, std=1 / 255).mean == (0.0, 0.0, 0.0)


def test_hdf5_is_refused_unless_it_is_trusted(keras: Any, tmp_path: Path, x: Tensor) -> None:
    net = networks.small(keras)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("absl.logging.warning", lambda *_: None)  # that the format is old
        net.save(tmp_path / "small.h5")
    for spec in (str(tmp_path / "small.h5"), f"keras:{tmp_path / 'small.h5'}"):
        with pytest.raises(Unsupported, match="HDF5") as error:
            load(spec, mean=MEAN, std=STD)
        assert "--trust" in error.value.hint
    model = load(str(tmp_path / "small.h5"), mean=MEAN, std=STD, trust=True)
    close(
        explain(model, x, "saliency", 1).values,
        explain(Model(net, mean=MEAN, std=STD), x, "saliency", 1).values,
    )


def test_code_in_a_file_is_not_run(keras: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    layers = keras.layers
    spy = layers.Lambda(lambda x: (__import__("pathlib").Path("it-ran").touch(), x)[1], output_shape=(8, 9, 3))
    keras.Sequential([keras.Input((8, 9, 3)), spy, layers.Flatten(), layers.Dense(2)]).save("code.keras")
    Path("it-ran").unlink(missing_ok=True)
    with pytest.raises(Unsupported, match="can't load") as error:
        load("code.keras", mean=MEAN, std=STD)
    assert "not run" in error.value.hint and not Path("it-ran").exists()


def test_layers_of_ones_own_are_passed_from_python(keras: Any, tmp_path: Path) -> None:
    networks.bright(keras).save(tmp_path / "own.keras")
    with pytest.raises(Unsupported, match="can't load") as error:
        load(str(tmp_path / "own.keras"), mean=MEAN, std=STD)
    assert "seewhy.Model" in error.value.hint


@pytest.mark.parametrize("suffix", [".weights.h5", ".keras"])
def test_weights_of_ones_own_fit_exactly(keras: Any, tmp_path: Path, suffix: str) -> None:
    given: dict[str, Any] = {"classes": ["cat", "dog"], "size": (64, 64)}
    name = "keras:MobileNetV3Small"
    net = load(name, weights="random", **given).module.model
    net.layers[3].set_weights([w + 1 for w in net.layers[3].get_weights()])
    path = tmp_path / f"mine{suffix}"
    net.save(path) if suffix == ".keras" else net.save_weights(path)
    model = load(name, weights=path, **given)
    for found, wanted in zip(model.module.model.weights, net.weights, strict=True):
        assert torch.equal(found.value, wanted.value)
    assert model.card.weights == str(path)
    with pytest.raises(BadOption, match="does not fit"):
        load(name, weights=path, classes=["cat", "dog", "bird"], size=(64, 64))


def test_a_file_with_more_weights_than_the_network_has_is_refused(keras: Any, tmp_path: Path) -> None:
    """Which Keras would take."""
    path = tmp_path / "more.weights.h5"
    layers = keras.layers
    for blocks in (2, 3):
        stack = [layers.Conv2D(3, 3, padding="same") for _ in range(blocks)]
        net = keras.Sequential([keras.Input((8, 8, 3)), *stack, layers.Dropout(0.5), layers.Flatten(), layers.Dense(2)])
        net.compile("adam", "categorical_crossentropy")
        net.save(tmp_path / f"{blocks}.keras")
        net.save_weights(path)
    load(str(tmp_path / "3.keras"), mean=MEAN, std=STD, weights=path)
    with pytest.raises(BadOption, match="8 tensors for 6"):
        load(str(tmp_path / "2.keras"), mean=MEAN, std=STD, weights=path)


def test_weights_that_are_no_keras_weights_are_refused(tmp_path: Path) -> None:
    (tmp_path / "w.h5").touch()
    for name in ("w.pt", "w.h5"):
        with pytest.raises(BadOption, match="safe to read"):
            load("keras:MobileNetV3Small", weights=tmp_path / name)
    with pytest.raises(BadOption, match="no weights file"):
        load("keras:MobileNetV3Small", weights=tmp_path / "none.weights.h5")
    with pytest.raises(UnknownName, match="no file"):
        load(str(tmp_path / "none.keras"))


# The backend


@pytest.fixture
def unloaded(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.delitem(sys.modules, "keras", raising=False)
    return monkeypatch


def test_another_backend_is_refused(unloaded: pytest.MonkeyPatch) -> None:
    unloaded.setenv("KERAS_BACKEND", "jax")
    with pytest.raises(Unsupported, match="KERAS_BACKEND is jax"):
        library()
    assert "keras" not in sys.modules
    unloaded.delenv("KERAS_BACKEND")
    fake = SimpleNamespace(backend=SimpleNamespace(backend=lambda: "tensorflow"))
    unloaded.setitem(sys.modules, "keras", fake)
    with pytest.raises(Unsupported, match="imported on tensorflow") as error:
        load("keras:ResNet50", weights="random")
    assert "KERAS_BACKEND=torch" in error.value.hint and "KERAS_BACKEND" not in os.environ


@pytest.mark.parametrize(("here", "wanted"), [(None, "not installed"), ("3.12.0", "3.12.0"), ("2.15.0", "2.15.0")])
def test_a_keras_that_is_not_here_or_too_old_is_refused(
    monkeypatch: pytest.MonkeyPatch, here: str | None, wanted: str
) -> None:
    from importlib.metadata import PackageNotFoundError

    def version(_: str) -> str:
        if here is None:
            raise PackageNotFoundError
        return here

    monkeypatch.setattr("seewhy.sources.keras.version", version)
    with pytest.raises(Unsupported, match=wanted) as error:
        _check_installed()
    assert "pip install" in error.value.hint


def test_networks_of_torch_do_not_import_keras() -> None:
    code = "import sys, seewhy; from seewhy.sources import keras; keras.names(); print('keras' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ran.stdout.strip() == "False", ran.stderr


def test_the_torch_networks_here_are_the_keras_ones(keras: Any, x: Tensor, planted: Tensor) -> None:
    """The oracle of the comparisons above: the same outputs."""
    for torch_net, keras_net, pixels in (
        (SmallNet(), networks.small(keras), x),
        (Bright(), networks.bright(keras), planted),
    ):
        ours, theirs = (Model(net, mean=MEAN, std=STD, size=pixels.shape[2:]) for net in (torch_net, keras_net))
        with ours.frozen(), theirs.frozen():
            close(theirs.outputs(pixels), ours.outputs(pixels))
