"""Classifiers of timm: `timm:convnext_tiny`, `timm:convnext_tiny.in12k_ft_in1k`, `timm:local-dir:FOLDER`."""

import math
from typing import Any

from seewhy.errors import UnknownName, Unsupported, first_line
from seewhy.labels import hint
from seewhy.sources.built import Ask, Built
from seewhy.sources.weights import fill
from seewhy.types import ModelCard, Preprocess

ELSEWHERE = ("hf-hub:", "local-dir:")  # timm's own words for networks that are not in its list
MODES = {"center": "crop", "squash": "squash", "border": "pad"}


def names() -> list[str]:
    import timm

    return list(timm.list_models())


def knows(name: str) -> bool:
    return name.partition(".")[0] in names()


def build(name: str, ask: Ask) -> Built:
    """Raises UnknownName for an unknown network or tag, Unsupported where it has no classes or can't be loaded."""
    import timm

    data: Any = timm.data
    module = _module(name, ask)
    licence = (module.pretrained_cfg.get("license") or "") if ask.weights is None else ""
    card = ModelCard(name, f"timm:{name}", ask.stamp, licence=licence)
    preprocess = _preprocess(data.resolve_model_data_config(module))
    return Built(module, card, preprocess, class_names(module), module.num_classes)


def class_names(module: Any) -> tuple[str, ...]:
    """Its own label names, else ImageNet's where the number of classes is that of an ImageNet; else none."""
    from timm.data.imagenet_info import ImageNetInfo, infer_imagenet_subset
    from torchvision.models import ResNet50_Weights

    own = module.pretrained_cfg.get("label_names")
    if own and len(own) == module.num_classes:
        return tuple(own)
    subset = infer_imagenet_subset(module)
    if subset == "imagenet-1k":
        return tuple(ResNet50_Weights.DEFAULT.meta["categories"])  # short, and no two alike
    return tuple(ImageNetInfo(subset).label_descriptions()) if subset else ()


def _module(name: str, ask: Ask) -> Any:
    import timm

    config = _config(name)
    keywords: dict[str, Any] = {}
    if config and not config.num_classes and not (ask.classes and ask.weights):
        raise Unsupported(f"'{name}' has no classes: it is a feature extractor", _with_classes(name))
    if ask.size and config and config.fixed_input_size:
        keywords["img_size"] = ask.size
    if ask.weights is None:
        return _pretrained(name, config, keywords)
    if ask.classes:
        keywords["num_classes"] = len(ask.classes)
    module = timm.create_model(name, pretrained=False, **keywords)
    fill(module, ask.weights)
    return module


def _config(name: str) -> Any:
    """timm's record of the pretrained weights; None where it is in a folder or a repository of its own."""
    from timm.models import get_pretrained_cfg, list_pretrained

    if name.startswith(ELSEWHERE):
        return None
    architecture, _, tag = name.partition(".")
    if architecture not in names():
        raise UnknownName(f"timm has no network '{architecture}'", hint(architecture, names()))
    tags = [one.partition(".")[2] for one in list_pretrained(f"{architecture}.*")]
    if tag and tag not in tags:
        raise UnknownName(f"{architecture} has no weights '{tag}'", f"it has {', '.join(tags) or 'none'}")
    return get_pretrained_cfg(name)


def _with_classes(name: str) -> str:
    """What to load in the place of a feature extractor."""
    from timm.models import get_pretrained_cfg, list_pretrained

    every = {one: get_pretrained_cfg(one) for one in list_pretrained(f"{name.partition('.')[0]}.*")}
    found = [one for one, config in every.items() if config and config.num_classes][:3]
    own = "weights=FILE and classes=[...] where you have trained a head for it"
    return f"choose {' or '.join(found)}, or give {own}" if found else f"give {own}; timm has no classifier of its kind"


def _pretrained(name: str, config: Any, keywords: dict[str, Any]) -> Any:
    import timm

    if config and not config.has_weights:
        raise Unsupported(f"timm has no pretrained weights of {name}", "give weights=FILE or weights='random'")
    try:
        return timm.create_model(name, pretrained=True, pretrained_cfg_overlay=_cached(config), **keywords)
    except Exception as error:  # each of the hub's transports has its own
        raise Unsupported(
            f"the pretrained weights of {name} can't be loaded: {first_line(error)}",
            "give weights=FILE with a copy of them, or weights='random'",
        ) from error


def _cached(config: Any) -> dict[str, Any]:
    """Where the hub's cache has the weights; else ask the hub once, as its own loader would retry for a minute."""
    from huggingface_hub import get_session, hf_hub_url, try_to_load_from_cache

    if not (config and config.hf_hub_id):
        return {}
    repository, _, revision = config.hf_hub_id.partition("@")
    files = (config.hf_hub_filename,) if config.hf_hub_filename else ("model.safetensors", "pytorch_model.bin")
    for file in files:
        found = try_to_load_from_cache(repository, file, revision=revision or None)
        if isinstance(found, str):
            return {"file": found, "custom_load": False}
    get_session().head(hf_hub_url(repository, files[0], revision=revision or None), timeout=10)
    return {}


def _preprocess(config: dict[str, Any]) -> Preprocess:
    height, width = config["input_size"][1:]
    mode: Any = MODES[config["crop_mode"]]
    scaled = (math.floor(height / config["crop_pct"]), math.floor(width / config["crop_pct"]))
    resize = scaled[0] if scaled[0] == scaled[1] else scaled
    return Preprocess(config["mean"], config["std"], (height, width), resize, mode, config["interpolation"])
