"""A Keras model between torch's modules: its layers as views, its order of axes and colours, its last activation.

Nothing stays on the user's model. For a forward, and no longer, its layers' forwards are led through their views, and
the activation at its end is left out; all of that is read from Keras's public classes, so that functional, sequential,
nested and subclassed models are one thing.
"""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from seewhy.errors import SeewhyError, Unsupported
from seewhy.model.trace import alone, attributes
from seewhy.model.views import Adapted, LinearView, View, free, to_first
from seewhy.sources.keras_reading import (
    channels_last,
    inner_layers,
    input_of,
    is_last,
    last_activation,
    own_weights,
    unseen,
)

CLOSE = 1e-4  # of a probability


class KerasNetwork(Adapted):
    """Called with normalised pixels (b,c,h,w): logits (b,k) where its last activation can be left out.

    keras: the library. bgr: whether the model is given blue first.
    """

    def __init__(self, keras: Any, model: Any, *, bgr: bool = False) -> None:
        super().__init__()
        self._held = (model,)
        self._keras, self._bgr = keras, bgr
        self._last = channels_last(keras, model)
        self.called = str(model.name)
        self.input_size, self.channels = input_of(model, self._last)
        _add_views(keras, self, model, self._last, set())
        for name, one in own_weights(model, inner_layers(keras, model)):
            setattr(self, free(self, name), one)
        self.unseen = tuple(unseen(keras, [view.layer for view in self._views()]))
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

    def _noise(self) -> Tensor:
        """Two random inputs."""
        height, width = self.input_size or (224, 224)
        x = torch.rand((2, self.channels, height, width), generator=torch.Generator().manual_seed(0))
        like = next((one for one in self.parameters() if one.is_floating_point()), x)
        return x.to(like.device, like.dtype)

    def _settle_head(self) -> None:
        """Leave the last activation out, if what is left then is what it was made of: proved on a random input."""
        head, kind = last_activation(self._keras, self.model)
        if not kind:
            return
        x = self._noise()
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
        raise Unsupported(
            "Keras on torch computes dense layers, batch norms and means in float32, whatever it is asked for",
            "leave precision= out",
        )


def _original(error: BaseException) -> BaseException:
    """What was raised, from below the explanations that Keras puts around it."""
    while hasattr(error, "_keras_call_info_injected") and error.__context__ is not None:
        error = error.__context__
    return error


def _identity(x: Any, *_args: Any, **_kwargs: Any) -> Any:
    return x


def _add_views(keras: Any, parent: nn.Module, layer: Any, last: bool, known: set[int]) -> None:
    """Views of the layers inside, by their Keras names; one that stands in several places has one view."""
    for inner in inner_layers(keras, layer):
        if id(inner) in known or isinstance(inner, keras.layers.InputLayer):
            continue
        known.add(id(inner))
        own = own_weights(inner, inner_layers(keras, inner))
        linear = "kernel" in dict(own) and isinstance(inner, keras.layers.Dense | keras.layers.Conv2D)
        view = (LinearView if linear else View)(inner, own, channels_last=is_last(inner, last))
        _add_views(keras, view, inner, last, known)
        parent.add_module(free(parent, inner.name), view)


def _told(head: tuple[Any, str] | None, bgr: bool) -> Iterator[str]:
    if head is not None:
        yield f"the {head[1]} of '{head[0].name}' is left out while it runs: its logits are explained"
    if bgr:
        yield "its input is handed over with blue first, as its weights were trained"
