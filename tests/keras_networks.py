"""The tiny networks of conftest.py built in Keras, with the same weights."""

from typing import Any

import numpy as np
import torch
from torch import nn

from conftest import Bright, SmallNet


def bright(keras: Any, *, last: bool = True, softmax: bool = True, sequential: bool = False) -> Any:
    """`Bright` of conftest.py, (32,40): functional or sequential, channels last or first."""
    layers = keras.layers
    form = {"data_format": "channels_last" if last else "channels_first"}
    shape = (32, 40, 3) if last else (3, 32, 40)
    stack = [
        layers.Conv2D(8, 4, strides=4, name="conv", **form),
        layers.BatchNormalization(axis=-1 if last else 1, epsilon=1e-5, name="norm"),
        layers.ReLU(name="act"),
        layers.Conv2D(8, 3, padding="same", activation="relu", name="mix", **form),
        Squared(keras)(name="square"),
        layers.GlobalAveragePooling2D(name="pool", **form),
        layers.Dropout(0.5, name="drop"),
        layers.Dense(3, activation="softmax" if softmax else None, name="fc"),
    ]
    made = _joined(keras, shape, stack, sequential)
    _copy(Bright(), made, {"conv": "conv", "norm": "norm", "mix": "mix", "fc": "fc"})
    return made


def Squared(keras: Any) -> Any:  # a class
    class Square(keras.layers.Layer):
        def call(self, x: Any) -> Any:
            return keras.ops.square(x)

        def get_config(self) -> Any:
            return super().get_config()

    return Square


def _joined(keras: Any, shape: Any, stack: list[Any], sequential: bool) -> Any:
    if sequential:
        return keras.Sequential([keras.Input(shape), *stack], name="bright")
    x = start = keras.Input(shape)
    for layer in stack:
        x = layer(x)
    return keras.Model(start, x, name="bright")


def small(keras: Any, *, activation: str | None = "softmax", dtype: str = "float32", nested: bool = False) -> Any:
    """`SmallNet` of conftest.py, (16,20): a residual, a ReLU used twice, batch norm, max pooling.

    nested: all before the pooling stands in a model of its own, "inner".
    """
    layers, kind = keras.layers, {"dtype": dtype}
    act = layers.ReLU(name="act", **kind)

    def norm(name: str) -> Any:
        return layers.BatchNormalization(epsilon=1e-5, name=name, **kind)

    start = keras.Input((16, 20, 3), dtype=dtype)
    x = norm("bn1")(layers.Conv2D(6, 3, padding="same", name="conv1", **kind)(start))
    x = layers.MaxPooling2D(name="pool", **kind)(act(x))
    y = norm("bn2")(layers.Conv2D(6, 3, padding="same", use_bias=False, name="conv2", **kind)(x))
    x = act(layers.Add(name="add", **kind)([x, y]))
    padded = layers.ZeroPadding2D(1, name="pad", **kind)(x)
    x = norm("bn3")(layers.Conv2D(8, 3, strides=2, use_bias=False, name="conv3", **kind)(padded))
    x = layers.Activation("relu", name="act3", **kind)(x)
    if nested:
        inner, start = keras.Model(start, x, name="inner"), keras.Input((16, 20, 3), dtype=dtype)
        x = inner(start)
    x = layers.GlobalAveragePooling2D(name="mean", **kind)(x)
    made = keras.Model(start, layers.Dense(4, activation=activation, name="fc", **kind)(x), name="small")
    names = {name: name for name in ("conv1", "bn1", "conv2", "bn2", "conv3", "bn3", "fc")}
    _copy(SmallNet(), made, names)
    return made


def _copy(net: nn.Module, made: Any, names: dict[str, str]) -> None:
    """Weights of torch's layers into those of a Keras model."""
    layers = {layer.name: layer for layer in made._flatten_layers()}
    for name, theirs in names.items():
        layer: Any = net.get_submodule(name)
        if isinstance(layer, nn.BatchNorm2d):
            found = [layer.weight, layer.bias, layer.running_mean, layer.running_var]
        else:
            kernel = layer.weight.permute(2, 3, 1, 0) if layer.weight.ndim == 4 else layer.weight.T
            found = [kernel, *([] if layer.bias is None else [layer.bias])]
        layers[theirs].set_weights([_array(one) for one in found])


def _array(tensor: torch.Tensor) -> Any:
    return np.ascontiguousarray(tensor.detach().numpy())


def traces(model: Any) -> Any:
    """All that could be left on a Keras model."""
    hooks = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    layers = list(model._flatten_layers())
    return (
        [weight.value.detach().numpy().tobytes() for weight in model.weights],
        [(id(weight.value), weight.value.requires_grad, weight.value.grad is None) for weight in model.weights],
        [(layer.name, layer.trainable, layer.training, id(getattr(layer, "activation", None))) for layer in layers],
        [[len(getattr(layer, kind)) for kind in hooks] for layer in layers],
        [(sorted(vars(layer)), len(layer._losses)) for layer in layers],
    )
