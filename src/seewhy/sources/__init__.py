"""Where networks come from: one file a source, and the table of them."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from os import PathLike
from pathlib import Path
from typing import Any

import torch
from torch import nn

from seewhy.errors import BadOption, SeewhyError, UnknownName, Unsupported, first_line
from seewhy.labels import hint
from seewhy.model import Model, callable_or_none, channels, names, pair
from seewhy.model.identity import unwrapped
from seewhy.model.opaque import Answers
from seewhy.sources import default, factory, function, hf, keras, onnx, openclip, timm, torchvision
from seewhy.sources.built import Ask, Built
from seewhy.sources.function import Input
from seewhy.sources.weights import fill, seeded
from seewhy.texts import TextModel
from seewhy.texts.prompts import as_templates
from seewhy.types import ModelCard, Preprocess

SOURCES: dict[str, Any] = {
    "default": default,
    "torchvision": torchvision,
    "timm": timm,
    "hf": hf,
    "openclip": openclip,
    "keras": keras,
    "callable": function,
    "onnx": onnx,
}
NETWORKS = ("weights", "classes", "mean", "std", "size", "head")  # the options of most sources
BARE = (torchvision, timm)  # who is asked first for a name without a source

Channels = Sequence[float] | None


def load(
    spec: str = "default",
    *,
    weights: str | Path | None = None,
    device: str | torch.device = "cpu",
    classes: Sequence[str] | None = None,
    mean: Channels = None,
    std: Channels = None,
    size: int | tuple[int, int] | None = None,
    head: Callable[[Any], torch.Tensor] | None = None,
    input: Input | None = None,
    answers: Answers | None = None,
    output: str | None = None,
    templates: str | Sequence[str] | None = None,
    trust: bool = False,
    compile: bool = False,
) -> Model:
    """A network by name, with its own preprocessing and class names.

    spec: "default", "torchvision:resnet50", "timm:convnext_tiny", a bare name (torchvision's, else timm's),
    "hf:OWNER/NAME" of the Hugging Face hub, "hf:FOLDER", "openclip:ViT-B-32", "keras:ResNet50", "path/to/model.keras";
    "package.module:build" or "path/to/file.py:build" for a factory of one's own, "path/to/model.onnx" for a file that
    onnxruntime runs, "callable:package.module:predict" for a function of pictures.
    weights: None for the pretrained ones, a local file (.safetensors, or a state dict), or "random", the same at each
    load. classes, mean, std, size (h,w), head: instead of what the source says; a factory's nn.Module needs mean and
    std, and so does an ONNX file. Given with weights=, `classes` decides how many outputs are built.
    input, answers: of a function, see seewhy.black_box. output: the one of an ONNX file's outputs that is scores.
    templates: of a network that compares pictures with texts, its `classes`: "imagenet", or sentences with {} where the
    text goes. trust: read files that can run code, .h5. compile: see seewhy.Model.
    The global random state is untouched. Raises a SeewhyError where anything asked for can't be had: never a
    network with other weights than asked for.
    """
    where = _device(device)
    mean, std = (one if one is None else channels(one, what) for one, what in ((mean, "mean"), (std, "std")))
    size, head = pair(size), callable_or_none(head)
    classes = None if classes is None else names(classes)
    if weights is not None and not isinstance(weights, str | PathLike):
        raise BadOption(f"weights is {weights!r}", "give a .safetensors, .pt or .pth file, or 'random'")
    kept = {"classes": classes, "mean": mean, "std": std, "size": size, "head": head}
    kept |= {"input": input, "answers": answers, "output": output, "templates": as_templates(templates) or None}
    source, name = _resolve(spec)
    _check_options(spec, source, weights=weights, **kept)
    given: dict[str, Any] = {"device": where, "input": input, "answers": answers, "output": output, "trust": trust}
    given["templates"] = kept["templates"]
    ask = Ask(weights, tuple(classes or ()), size, head=head is not None, channels=len(mean or std or ()), **given)
    with seeded():
        made = _custom(spec, ask) if source is None else _build(source, name, spec, ask)
    if isinstance(made, Model):
        _refuse_overrides(spec, classes=classes, mean=mean, std=std, size=size, head=head)
        made.module.to(where)
        return replace(made, compile=True) if compile else made
    preprocess = _preprocess(made, mean, std, size)
    _check_classes(made, ask, head)
    module = unwrapped(made.module).to(where).eval()
    card = replace(made.card, overrides=_given(**kept))
    known: dict[str, Any] = {"card": card, "compile": compile, **asdict(preprocess)}
    if made.towers is not None:
        return TextModel(module, classes=ask.classes, towers=made.towers, templates=ask.templates or (), **known)
    return Model(module, classes=ask.classes or made.classes, head=head, **known)


def as_model(asked: Any) -> Model:
    """A Model as it is, or the one that a name stands for."""
    if isinstance(asked, str):
        return load(asked)
    if isinstance(asked, nn.Module):
        raise Unsupported(
            "a bare nn.Module: the mean and std of its inputs are not known",
            "wrap it: seewhy.Model(module, mean=..., std=..., size=(h, w), classes=[...])",
        )
    if callable(asked) and not isinstance(asked, Model | type):
        raise Unsupported(
            "a bare function: what pictures it takes is not known", "wrap it: seewhy.black_box(predict, input='uint8')"
        )
    if not isinstance(asked, Model):
        raise BadOption(f"{asked!r} is no model", "give a seewhy.Model, or a name that seewhy.load takes")
    return asked


def available() -> dict[str, list[str]]:
    """The names each source knows; nothing is built or fetched."""
    return {name: source.names() for name, source in SOURCES.items()}


def runs_code(spec: str) -> bool:
    """Whether loading this runs Python of whoever wrote it down: a factory, or a function."""
    return _resolve(spec)[0] in (None, function)


def _build(source: Any, name: str, spec: str, ask: Ask) -> Built:
    try:
        built: Built = source.build(name, ask)
    except SeewhyError:
        raise
    except Exception as error:  # what a library says to a size or a number of classes it can't build
        raise BadOption(f"'{spec}' can't be built: {first_line(error)}", "try it without size and classes") from error
    return built


def _resolve(spec: str) -> tuple[Any, str]:
    """The source that answers for `spec` and the name it knows it by; no source for a factory."""
    if not isinstance(spec, str):
        raise BadOption(
            f"load takes a name, not a {type(spec).__name__}", "wrap a module: seewhy.Model(module, mean=..., std=...)"
        )
    prefix, _, name = spec.partition(":")
    if spec.lower().endswith(".onnx") and prefix not in SOURCES:
        return onnx, spec
    if keras.is_file(spec) and prefix not in SOURCES:
        return keras, spec
    if prefix and name:
        return SOURCES.get(prefix), name
    source = default if spec == "default" else next((one for one in BARE if one.knows(spec)), None)
    if source is None:
        raise UnknownName(f"no source knows a model '{spec}'", _hint(spec))
    return source, spec


def _hint(spec: str) -> str:
    if Path(spec).suffix in (".pt", ".pth", ".safetensors", ".bin"):
        return f"name the architecture, and the file in weights='{spec}'"
    return hint(spec, (name for names in available().values() for name in names)) or "list them with `seewhy models`"


def _check_options(spec: str, source: Any, **given: Any) -> None:
    taken = getattr(source, "OPTIONS", NETWORKS)
    if strange := [name for name, value in given.items() if value is not None and name not in taken]:
        raise BadOption(f"{strange[0]} is no option of '{spec}'", f"it takes {', '.join(taken)}")


def _custom(spec: str, ask: Ask) -> Built | Model:
    made = factory.make(spec)
    module = made.module if isinstance(made, Model) else made
    if not isinstance(module, nn.Module):
        raise factory.refuse(spec, made)
    if ask.weights is not None:
        fill(module, ask.weights)
    stamp = "as built" if ask.weights is None else ask.stamp
    if isinstance(made, Model):
        card = made.card or ModelCard(type(module).__name__)
        return replace(made, card=replace(card, spec=spec, weights=stamp if ask.weights else card.weights or stamp))
    return Built(module, ModelCard(type(module).__name__, spec, stamp))


def _preprocess(built: Built, mean: Channels, std: Channels, size: tuple[int, int] | None) -> Preprocess:
    own = built.preprocess or Preprocess((), ())
    if not ((own.mean or mean is not None) and (own.std or std is not None)):
        raise BadOption(f"'{built.card.spec}' does not say how its input is normalised", built.hint)
    mean, std = (
        tuple(one) * built.channels if one is not None and built.channels and len(one) == 1 else one
        for one in (mean, std)
    )
    if size is not None and size != own.size:
        own = replace(own, size=size, resize=None)  # the usual scale belongs to the usual size
    return replace(own, mean=tuple(own.mean if mean is None else mean), std=tuple(own.std if std is None else std))


def _check_classes(built: Built, ask: Ask, head: Any) -> None:
    if head is None and ask.classes and built.outputs not in (None, len(ask.classes)):
        raise BadOption(
            f"{len(ask.classes)} class names for the {built.outputs} outputs of {built.card.name}",
            "give one name an output; weights=FILE with other classes builds as many as you name",
        )


def _refuse_overrides(spec: str, **given: Any) -> None:
    if names := [name for name, value in given.items() if value is not None]:
        raise BadOption(
            f"'{spec}' gives a Model, which has its own {', '.join(names)}", "change it where the Model is made"
        )


def _given(**overrides: Any) -> tuple[tuple[str, Any], ...]:
    """What was asked for besides the usual, as the card keeps it: plain values, and a function by its name."""
    return tuple((name, _kept(value)) for name, value in overrides.items() if value is not None)


def _kept(value: Any) -> Any:
    if callable(value):
        return getattr(value, "__qualname__", type(value).__name__)
    if isinstance(value, str):
        return value
    return tuple(one if isinstance(one, str | int) else float(one) for one in value)


def _device(name: str | torch.device) -> torch.device:
    cuda = torch.cuda.device_count() if torch.cuda.is_available() else 0
    here = {"cpu": 1, "cuda": cuda, "mps": int(torch.backends.mps.is_available())}
    usable = ", ".join(kind for kind, count in here.items() if count)
    try:
        device = torch.device(name)
    except (RuntimeError, TypeError, ValueError) as error:
        raise BadOption(f"there is no device '{name}'", f"here are: {usable}") from error
    if (device.index or 0) >= here.get(device.type, 0):
        raise BadOption(f"the device '{device}' is not here", f"here are: {usable}")
    return device
