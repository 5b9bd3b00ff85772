"""A Keras model between torch's modules: its layers as views, its order of axes and colours, its last activation.

Nothing stays on the user's model. For a forward, and no longer, its layers' forwards are led through their views, and
the activation at its end is left out; all of that is read from Keras's public classes, so that functional, sequential,
nested and subclassed models are one thing.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from seewhy.errors import SeewhyError, Unsupported, first_line
from seewhy.model.trace import alone, attributes
from seewhy.model.views import Adapted, LinearView, View, free, to_first

CLOSE = 1e-4  # of a probability
SEEN = {  # Keras's activations that torch's own functions show
    *("linear", "relu", "relu6", "leaky_relu", "softmax", "log_softmax", "sigmoid", "log_sigmoid", "hard_sigmoid"),
    *("gelu", "silu", "hard_silu", "elu", "selu", "celu", "softplus", "softsign", "tanh", "tanh_shrink", "hard_tanh"),
    *("mish", "exponential"),
}


class KerasNetwork(Adapted):
    """Called with normalised pixels (b,c,h,w): logits (b,k) where its last activation can be left out.

    keras: the library. bgr: whether the model is given blue first.
    """

    def __init__(self, keras: Any, model: Any, *, bgr: bool = False) -> None:
        super().__init__()
        self._held = (model,)
        self._keras, self._bgr = keras, bgr
        self._last = _channels_last(keras, model)
        self.called = str(model.name)
        self.input_size, self.channels = _input(model, self._last)
        _add_views(keras, self, model, self._last, {})
        for name, one in _own(model, self._views()):
            setattr(self, free(self, name), one)
        self.unseen = tuple(_unseen(keras, [view.layer for view in self._views()]))
        self._head: tuple[Any, str] | None = None
        self._settle_head()
        self.told = tuple(_told(self._head, bgr))

    @property
    def model(self) -> Any:
        """The Keras model itself."""
        return self._held[0]

    def forward(self, x: Tensor) -> Any:
        x = x.flip(1) if self._bgr else x
        x = x.permute(0, 2, 3, 1) if self._last else x
        with alone(self.model), self._keras.device(str(x.device)), attributes(self._for_a_call()):
            try:
                found = self.model(x, training=False)
            except Exception as error:
                raise _original(error) from None
        return to_first(found) if self._last else found

    def _for_a_call(self) -> Iterator[tuple[nn.Module, str, Any]]:
        """What is set on the model's layers while it runs."""
        head: Any
        head, kind = self._head or (None, "")
        for view in self._views():
            layer: Any = view.layer
            bypassed = layer is head and isinstance(layer, self._keras.layers.Softmax)
            yield layer, "forward", view.instead_of(_identity if bypassed else layer.forward)
            if getattr(layer, "activity_regularizer", None) is not None:  # it would keep every forward's graph
                yield layer, "activity_regularizer", None
        if kind and not isinstance(head, self._keras.layers.Softmax):
            yield head, "activation", self._keras.activations.linear

    def _views(self) -> Iterator[View]:
        return (one for one in self.modules() if isinstance(one, View))

    def _settle_head(self) -> None:
        """Leave the last activation out, if what is left then is what it was made of: proved on a random input."""
        head, kind = last_activation(self._keras, self.model)
        if not kind:
            return
        height, width = self.input_size or (224, 224)
        x = torch.rand((2, self.channels, height, width), generator=torch.Generator().manual_seed(0))
        x = x.to(next(self.parameters())) if any(True for _ in self.parameters()) else x
        try:
            with torch.no_grad():
                wanted = self(x)
                self._head = (head, kind)
                found = self(x)
                found = found.sigmoid() if kind == "sigmoid" else found.softmax(1)
                same = found.shape == wanted.shape and bool((found - wanted).abs().max() <= CLOSE)
        except SeewhyError:
            raise
        except Exception:  # it fails as it is, which its census says better
            same = False
        self._head = (head, kind) if same else None
        self.ends = "sigmoid" if same and kind == "sigmoid" and wanted.shape[1] > 1 else ""

    def in_precision(self, dtype: torch.dtype) -> "KerasNetwork":
        """A copy made from the model's own configuration, with its weights. Raises Unsupported where it has none."""
        name = str(dtype).removeprefix("torch.")
        try:
            with as_it_was(self._keras):
                copy = _remade(self._keras, self.model, name)
            return KerasNetwork(self._keras, copy, bgr=self._bgr)
        except Exception as error:  # a layer of one's own without a configuration fails in any way
            raise Unsupported(
                f"a {name} copy of this Keras model can't be made: {first_line(error)}",
                "leave precision= out, or give its own layers a get_config",
            ) from error


def _original(error: BaseException) -> BaseException:
    """What was raised, from below the explanations that Keras puts around it."""
    while hasattr(error, "_keras_call_info_injected") and error.__context__ is not None:
        error = error.__context__
    return error


def _identity(x: Any, *_args: Any, **_kwargs: Any) -> Any:
    return x


def _add_views(keras: Any, parent: nn.Module, layer: Any, last: bool, known: dict[int, View]) -> None:
    """Views of the layers inside, by their Keras names; one that stands in several places has one view."""
    for inner in _inner(keras, layer):
        if id(inner) in known or isinstance(inner, keras.layers.InputLayer):
            continue
        view = View(inner, (), channels_last=last)
        _add_views(keras, view, inner, last, known)
        own = _own(inner, (one for one in view.modules() if isinstance(one, View) and one is not view))
        own_last = _format(inner, last)
        if own or own_last != last:
            view = _with(view, own, own_last)
        known[id(inner)] = view
        parent.add_module(free(parent, inner.name), view)


def _with(bare: View, own: list[tuple[str, nn.Parameter]], last: bool) -> View:
    linear = dict(own).get("kernel") is not None and bare.kind in ("Dense", "Conv2D")
    view = (LinearView if linear else View)(bare.layer, own, channels_last=last)
    for name, inner in bare.named_children():
        view.add_module(name, inner)
    return view


def _inner(keras: Any, layer: Any) -> list[Any]:
    """The layers that a layer or a model is made of, one level down."""
    if isinstance(layer, keras.Model):
        return list(layer.layers)
    return list(layer._flatten_layers(include_self=False, recursive=False))


def _own(layer: Any, inner: Any) -> list[tuple[str, nn.Parameter]]:
    """A layer's own weights, moving statistics among them, by name."""
    theirs = {id(weight) for view in inner for weight in view.layer.weights}
    return [(weight.name, weight.value) for weight in layer.weights if id(weight) not in theirs]


def _format(layer: Any, usual: bool) -> bool:
    """Whether a layer's channels come last; those of layers that don't say lie as the network's."""
    said = getattr(layer, "data_format", None)
    return said == "channels_last" if said in ("channels_last", "channels_first") else usual


def _channels_last(keras: Any, model: Any) -> bool:
    said = [getattr(layer, "data_format", None) for layer in model._flatten_layers()]
    said = [one for one in said if one in ("channels_last", "channels_first")]
    return (said[0] if said else keras.config.image_data_format()) == "channels_last"


def _input(model: Any, last: bool) -> tuple[tuple[int, int] | None, int]:
    """Height and width, None where any will do, and the number of channels."""
    if not model.built:
        raise Unsupported(f"the Keras model '{model.name}' is not built", "call it once on an input of its size")
    shape = getattr(model, "input_shape", None)
    if not isinstance(shape, tuple) or len(shape) != 4 or not all(one is None or isinstance(one, int) for one in shape):
        raise Unsupported(
            f"the Keras model '{model.name}' takes {shape}, not one batch of images", "wrap one that takes images alone"
        )
    _, *sides = (shape[0], *shape[1:3]) if last else (shape[0], *shape[2:])
    height, width = sides
    return (None if height is None or width is None else (height, width)), int(shape[3 if last else 1] or 3)


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


def _told(head: tuple[Any, str] | None, bgr: bool) -> Iterator[str]:
    if head is not None:
        yield f"the {head[1]} of '{head[0].name}' is left out while it runs: its logits are explained"
    if bgr:
        yield "its input is handed over with blue first, as its weights were trained"


def _unseen(keras: Any, layers: list[Any]) -> Iterator[str]:
    """Activations that stand in layers and look like no activation, or like another, in torch's functions."""
    for layer in layers:
        if isinstance(layer, keras.layers.ReLU) and (layer.threshold or layer.negative_slope):
            yield "a ReLU with a threshold or a slope"
        activation = getattr(layer, "activation", None)
        name, home = getattr(activation, "__name__", ""), getattr(activation, "__module__", "") or ""
        if callable(activation) and home.split(".")[0] == "keras" and name and name not in SEEN:
            yield name


@contextmanager
def as_it_was(keras: Any) -> Iterator[None]:
    """Inside, Keras names layers and draws weights as in a new process; outside, nobody notices."""
    import random

    state = keras.src.backend.common.global_state
    drawn, names = random.getstate(), state.get_global_attribute("object_name_uids")
    random.seed(0)
    state.set_global_attribute("object_name_uids", None)
    try:
        yield
    finally:
        random.setstate(drawn)
        state.set_global_attribute("object_name_uids", names)


def _remade(keras: Any, model: Any, name: str) -> Any:
    """The same model with layers that compute in another precision, and its weights."""

    def layer(one: Any) -> Any:
        return type(one).from_config({**one.get_config(), "dtype": name})

    with keras.device(str(next(iter(model.weights)).value.device)):
        inputs = [keras.Input(batch_shape=one.shape, dtype=name, name=one.name) for one in model.inputs]
        copy = keras.models.clone_model(model, inputs[0], clone_function=layer, recursive=True)
        for inner in copy._flatten_layers():
            for one in getattr(inner, "inputs", None) or ():
                one._dtype = name  # of nested models, which would round what they are given
        for new, old in zip(copy.weights, model.weights, strict=True):
            if new.shape != old.shape:
                raise ValueError(f"'{old.path}' is of another shape in it")
            new.assign(old)
    return copy
