"""Classifiers of torchvision.models: `torchvision:resnet50`, or one set of weights, `resnet50.IMAGENET1K_V1`.

The MViTs are networks of videos: a photo is repeated to as many frames as they take.
"""

import re
from typing import Any

from seewhy.errors import BadOption, UnknownName, Unsupported, first_line
from seewhy.labels import hint
from seewhy.model.still import Still
from seewhy.sources.built import Ask, Built
from seewhy.sources.weights import State, fill, fit
from seewhy.types import ModelCard, Preprocess

VIDEOS = ("mvit_v1_b", "mvit_v2_s")


def names() -> list[str]:
    from torchvision import models

    return [*models.list_models(module=models), *VIDEOS]


def knows(name: str) -> bool:
    from torchvision.models import get_model_weights

    architecture, _, tag = name.partition(".")
    return architecture in names() and (not tag or tag in get_model_weights(architecture).__members__)


def build(name: str, ask: Ask) -> Built:
    """`name` may end in one of the architecture's weights; without, it is torchvision's default of them.

    Raises UnknownName for an unknown network or weights, Unsupported where they can't be loaded.
    """
    entry = _entry(name)
    preprocess, categories = _preprocess(entry), tuple(entry.meta["categories"])
    outputs = ask.outputs(len(categories))
    module = _module(name.partition(".")[0], entry, ask, outputs, preprocess)
    _check_size(module, name, ask)
    if "min_temporal_size" in entry.meta:
        module = Still(module, entry.meta["min_temporal_size"])
    licence = entry.meta.get("license", "") if ask.weights is None else ""
    card = ModelCard(name, f"torchvision:{name}", ask.stamp, licence=licence)
    return Built(module, card, preprocess, categories if outputs == len(categories) else (), outputs)


def _entry(name: str) -> Any:
    """The member of the architecture's enumeration of weights."""
    from torchvision.models import get_model_weights

    architecture, _, tag = name.partition(".")
    if architecture not in names():
        raise UnknownName(f"torchvision has no classifier '{architecture}'", hint(architecture, names()))
    every = get_model_weights(architecture)
    if tag and tag not in every.__members__:
        raise UnknownName(f"{architecture} has no weights '{tag}'", f"it has {', '.join(one.name for one in every)}")
    entry = every[tag] if tag else every.DEFAULT
    if not entry.meta.get("categories"):
        raise Unsupported(f"'{name}' has no classes: it is a feature extractor", "choose other weights of it")
    return entry


def _preprocess(entry: Any) -> Preprocess:
    transforms = entry.transforms()
    side, (resize,) = transforms.crop_size[-1], transforms.resize_size
    return Preprocess(
        tuple(transforms.mean),
        tuple(transforms.std),
        (side, side),
        resize,
        interpolation=transforms.interpolation.value,
    )


def _module(architecture: str, entry: Any, ask: Ask, outputs: int, preprocess: Preprocess) -> Any:
    from torchvision.models import get_model

    (height, width) = ask.size or preprocess.size or (224, 224)
    module = get_model(architecture, weights=None, num_classes=outputs, **_arguments(architecture, min(height, width)))
    if ask.weights is None:
        fit(module, _today(_fetched(entry)), entry.name)
    else:
        fill(module, ask.weights, _today)
    return module


def _fetched(entry: Any) -> State:
    """From torch's cache, or downloaded to it. torchvision's own builders would run code that such a file holds."""
    try:
        state: State = entry.get_state_dict(check_hash=True, weights_only=True)
    except Exception as error:  # a download or a file of the cache breaks in any way
        raise Unsupported(
            f"the pretrained weights {entry} can't be loaded: {first_line(error)}",
            "give weights=FILE with a copy of them, or weights='random'",
        ) from error
    return state


def _arguments(architecture: str, side: int) -> dict[str, Any]:
    """What torchvision's builders set only where they load the weights themselves."""
    if architecture.startswith("vit_"):
        return {"image_size": side}
    if architecture in ("googlenet", "inception_v3"):
        # Their weights expect another normalisation, which the network makes from ImageNet's when told so.
        return {"transform_input": True, "aux_logits": False, "init_weights": True}
    return {}


def _today(state: State) -> State:
    """DenseNet's files have dots where its modules have none any more; training-time heads are not built."""
    return {
        re.sub(r"(denselayer\d+\.(?:norm|conv))\.([12])\.", r"\1\2.", key): value
        for key, value in state.items()
        if not re.match(r"(module\.)?(aux[12]|AuxLogits)\.", key)
    }


def _check_size(module: Any, name: str, ask: Ask) -> None:
    side = getattr(module, "image_size", None)
    if ask.size and side and ask.size != (side, side):
        raise BadOption(f"{name} takes {side}x{side} pixels, not {ask.size[0]}x{ask.size[1]}", "leave size out")
