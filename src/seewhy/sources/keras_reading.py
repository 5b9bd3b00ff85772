"""What a Keras model says of itself: its layers, their weights and order of axes, its input, its end."""

from collections.abc import Iterable, Iterator
from typing import Any

from torch import nn

from seewhy.errors import Unsupported

SEEN = {  # Keras's activations that torch's own functions show
    *("linear", "relu", "relu6", "leaky_relu", "softmax", "log_softmax", "sigmoid", "log_sigmoid", "hard_sigmoid"),
    *("gelu", "silu", "hard_silu", "elu", "selu", "celu", "softplus", "softsign", "tanh", "tanh_shrink", "hard_tanh"),
    *("mish", "exponential"),
}


def inner_layers(keras: Any, layer: Any) -> list[Any]:
    """The layers that a layer or a model is made of, one level down."""
    if isinstance(layer, keras.Model):
        return list(layer.layers)
    return list(layer._flatten_layers(include_self=False, recursive=False))


def own_weights(layer: Any, inner: Iterable[Any]) -> list[tuple[str, nn.Parameter]]:
    """A layer's weights, moving statistics among them, by name; without those of the layers inside."""
    theirs = {id(weight) for one in inner for weight in one.weights}
    return [(weight.name, weight.value) for weight in layer.weights if id(weight) not in theirs]


def is_last(layer: Any, usual: bool) -> bool:
    """Whether a layer's channels come last; those of layers that don't say lie as the network's."""
    said = getattr(layer, "data_format", None)
    return said == "channels_last" if said in ("channels_last", "channels_first") else usual


def channels_last(keras: Any, model: Any) -> bool:
    said = [getattr(layer, "data_format", None) for layer in model._flatten_layers()]
    said = [one for one in said if one in ("channels_last", "channels_first")]
    return (said[0] if said else keras.config.image_data_format()) == "channels_last"


def input_of(model: Any, last: bool) -> tuple[tuple[int, int] | None, int]:
    """Height and width, None where any will do or nobody knows, and the number of channels."""
    if not model.built:
        raise Unsupported(f"the Keras model '{model.name}' is not built", "call it once on an input of its size")
    shape = getattr(model, "input_shape", None)
    if shape is None:  # of a subclassed one nothing is known
        return None, 3
    if not isinstance(shape, tuple) or len(shape) != 4 or any(isinstance(one, tuple) for one in shape):
        raise Unsupported(
            f"the Keras model '{model.name}' takes {shape}, not one batch of images", "wrap one that takes images alone"
        )
    (height, width), channels = (shape[1:3], shape[3]) if last else (shape[2:], shape[1])
    return (None if None in (height, width) else (height, width)), int(channels or 3)


def last_activation(keras: Any, model: Any) -> tuple[Any, str]:
    """The layer whose output is the model's, and "softmax" or "sigmoid" where that is what it ends in."""
    last: Any = model
    while isinstance(last, keras.Model):
        if isinstance(last, keras.Sequential):
            last = last.layers[-1]
        else:  # of a subclassed one nothing is known
            ends = [one._keras_history.operation for one in getattr(last, "outputs", None) or ()]
            last = ends[0] if len(ends) == 1 else None
    if isinstance(last, keras.layers.Softmax):
        return last, "softmax"
    activation = getattr(last, "activation", None)
    kinds = {keras.activations.softmax: "softmax", keras.activations.sigmoid: "sigmoid"}
    known = isinstance(last, keras.layers.Layer) and callable(activation)
    return last, next((kind for one, kind in kinds.items() if known and activation is one), "")


def unseen(keras: Any, layers: list[Any]) -> Iterator[str]:
    """Activations that stand in layers and look like no activation, or like another, in torch's functions."""
    for layer in layers:
        if isinstance(layer, keras.layers.ReLU) and (layer.threshold or layer.negative_slope):
            yield "a ReLU with a threshold or a slope"
        activation = getattr(layer, "activation", None)
        name, home = getattr(activation, "__name__", ""), getattr(activation, "__module__", "") or ""
        if callable(activation) and home.split(".")[0] == "keras" and name and name not in SEEN:
            yield name
