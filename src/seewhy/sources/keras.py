"""Keras 3 on its torch backend: `keras:ResNet50`, `path/model.keras`, and a keras.Model given from Python.

The one file that imports Keras.
"""

import os
import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from io import StringIO
from pathlib import Path
from typing import Any

from torch import nn

from seewhy.errors import BadOption, UnknownName, Unsupported, first_line
from seewhy.labels import hint
from seewhy.sources.built import Ask, Built
from seewhy.sources.keras_families import BY_NAME, MODES
from seewhy.sources.keras_network import KerasNetwork
from seewhy.sources.keras_weights import FILES, check, fill
from seewhy.types import ModelCard, Preprocess

OLDEST = (3, 13, 1)  # those before run code from model files: CVE-2025-9905, CVE-2025-9906 and others
UNKNOWN = "give mean=... and std=... of its training (--mean, --std), for pixels in [0,1], red first"


def names() -> list[str]:
    return list(BY_NAME)


def is_file(name: str) -> bool:
    return name.endswith(FILES)


def build(name: str, ask: Ask) -> Built:
    """A classifier of keras.applications, or a whole model from a file.

    Raises UnknownName for an unknown name, Unsupported where weights can't be fetched or a file is not safe to read.
    """
    if is_file(name):
        return _from_file(Path(name).expanduser(), ask)
    family = BY_NAME.get(name)
    if family is None:
        raise UnknownName(
            f"keras.applications has no classifier '{name}'", hint(name, names()) or "see `seewhy models`"
        )
    keras, outputs, mode = library(), ask.outputs(1000), MODES[family.mode]
    if ask.weights not in (None, "random"):
        check(ask)
    module = KerasNetwork(keras, _application(keras, name, ask, outputs), bgr=mode.bgr)
    card = ModelCard(name, f"keras:{name}", ask.stamp)
    preprocess = Preprocess(mode.mean, mode.std, module.input_size, mode="squash")
    return Built(module, card, preprocess, _imagenet() if outputs == 1000 else (), outputs)


def _imagenet() -> tuple[str, ...]:
    from torchvision.models import ResNet50_Weights

    return tuple(ResNet50_Weights.DEFAULT.meta["categories"])


def _application(keras: Any, name: str, ask: Ask, outputs: int) -> Any:
    keywords: dict[str, Any] = {"weights": "imagenet" if ask.weights is None else None, "classes": outputs}
    if ask.size:
        last = keras.config.image_data_format() == "channels_last"
        keywords["input_shape"] = (*ask.size, 3) if last else (3, *ask.size)
    make = getattr(keras.applications, name)
    with as_it_was(keras), redirect_stdout(StringIO()):  # it tells of downloads there
        if ask.weights is not None:
            model = make(**keywords)
            fill(model, ask)
            return model
        try:
            return make(**keywords)
        except Exception as error:  # a download or a file of the cache breaks in any way
            raise Unsupported(
                f"the pretrained weights of {name} can't be loaded: {first_line(error)}",
                "give weights=FILE.weights.h5 with a copy of them, or weights='random'",
            ) from error


def _from_file(path: Path, ask: Ask) -> Built:
    """A model as `model.save` wrote it. Only Keras's own format is known not to run code, and only in its safe mode."""
    if path.suffix != ".keras" and not ask.trust:
        raise Unsupported(
            f"'{path.name}' is an HDF5 file, which can run code when Keras reads it",
            "save it as .keras; where you know where it comes from, trust it: --trust, or trust=True from Python",
        )
    if not path.is_file():
        raise UnknownName(f"there is no file '{path}'", "give a .keras file, as model.save('model.keras') writes it")
    if ask.weights == "random":
        raise BadOption(f"'{path.name}' has its weights", "leave weights= out")
    keras = library()
    model = _read(keras, path)
    if ask.weights is not None:
        check(ask)
        fill(model, ask)
    module = KerasNetwork(keras, model)
    card = ModelCard(path.name, f"keras:{path}", "as saved" if ask.weights is None else ask.stamp)
    preprocess = Preprocess((), (), module.input_size, mode="squash")
    outputs = getattr(model, "output_shape", None)
    number = outputs[-1] if isinstance(outputs, tuple) and len(outputs) == 2 else None
    return Built(module, card, preprocess, (), number, channels=module.channels, hint=normalisation_hint(keras, model))


def _read(keras: Any, path: Path) -> Any:
    try:
        with as_it_was(keras):
            return keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:
        said = str(error)
        code = "it holds Python code, which is not run: build the model in Python"
        why = code if "ambda" in said else "where it has layers of your own, load it in Python"
        raise Unsupported(
            f"Keras can't load '{path.name}': {first_line(error)}",
            f"{why}, and pass it to seewhy.Model(model, mean=..., std=...)",
        ) from error


def normalisation_hint(keras: Any, model: Any) -> str:
    """What to say to a user who gives no mean and std."""
    kinds = (keras.layers.Rescaling, keras.layers.Normalization)
    first = [one for one in model._flatten_layers(include_self=False) if not isinstance(one, keras.layers.InputLayer)]
    found = next((one for one in first[:6] if isinstance(one, kinds)), None)
    if found is None:
        return UNKNOWN
    kind = type(found).__name__
    return (
        f"it begins with a {kind} layer, so it may take pixels from 0 to 255: then mean=0, std=1/255 "
        "(--mean 0 --std 1/255)"
    )


def adopted(model: nn.Module, *, bgr: bool = False) -> KerasNetwork:
    """A keras.Model as seewhy's models see a network. bgr: whether it takes blue first, as ResNet50 and VGG16 do."""
    keras = library()
    if not isinstance(model, keras.Model):
        raise Unsupported(f"a Keras {type(model).__name__} is no keras.Model", "wrap a keras.Model")
    return KerasNetwork(keras, model, bgr=bgr)


def library() -> Any:
    """Keras on torch. Raises Unsupported where it is not here, too old, or runs on something else.

    KERAS_BACKEND is set only where nobody has said anything yet: Keras reads it once, at its import.
    """
    loaded = sys.modules.get("keras")
    if loaded is None:
        _check_installed()
        asked = os.environ.setdefault("KERAS_BACKEND", "torch")
        if asked != "torch":
            raise Unsupported(f"KERAS_BACKEND is {asked}, and seewhy needs torch", "set KERAS_BACKEND=torch")
    keras: Any = import_module("keras")
    if keras.backend.backend() != "torch":
        raise Unsupported(
            f"Keras was imported on {keras.backend.backend()}, and seewhy needs torch",
            "set KERAS_BACKEND=torch before the first import of keras",
        )
    return keras


def _check_installed() -> None:
    try:
        here = version("keras")
    except PackageNotFoundError as error:
        raise Unsupported("Keras is not installed", "pip install 'seewhy[keras]'") from error
    if tuple(int(part) for part in here.split(".")[:3] if part.isdigit()) < OLDEST:
        wanted = ".".join(map(str, OLDEST))
        raise Unsupported(f"Keras {here} runs code from model files", f"pip install 'keras>={wanted}'")


@contextmanager
def as_it_was(keras: Any) -> Iterator[None]:
    """Inside, Keras names layers and draws weights as in a new process; outside, nobody notices."""
    state = keras.src.backend.common.global_state
    drawn, names = random.getstate(), state.get_global_attribute("object_name_uids")
    random.seed(0)
    state.set_global_attribute("object_name_uids", None)
    try:
        yield
    finally:
        random.setstate(drawn)
        state.set_global_attribute("object_name_uids", names)
