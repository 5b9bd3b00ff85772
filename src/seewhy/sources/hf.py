"""Networks of transformers: `hf:google/vit-base-patch16-224` from the Hugging Face hub, or `hf:FOLDER` from a disk."""

import re
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch

from seewhy.errors import BadOption, SeewhyError, Unsupported, first_line
from seewhy.sources.built import Ask, Built
from seewhy.sources.hf_files import OTHERWISE, fetched, place, quiet
from seewhy.sources.hf_pictures import preprocess
from seewhy.sources.weights import read
from seewhy.texts.towers import towers
from seewhy.types import ModelCard

TOLD: dict[str, Any] = {"output_loading_info": True, "ignore_mismatched_sizes": True, "dtype": torch.float32}


OPTIONS = ("weights", "classes", "mean", "std", "size", "head", "templates")


def names() -> list[str]:
    return []


def build(name: str, ask: Ask) -> Built:
    """An image classifier, or a network that compares pictures with texts. Code of a repository's own is never run.

    Raises UnknownName where there is no such folder or repository, Unsupported where it is neither, lacks a part of its
    weights, or can't be fetched.
    """
    library = transformers()
    where = place(name)
    with quiet(library):
        config = fetched(where, library.AutoConfig.from_pretrained)
        pairs = _compares(library, config)
        module = _module(_kind(library, config, name, pairs), where, config, ask)
        pictures, hint = processed(library, where)
        given = fetched(where, library.AutoTokenizer.from_pretrained, "tokenizer_config.json") if pairs else None
    stamp = "as saved" if ask.weights is None and Path(where).is_dir() else ask.stamp
    card = ModelCard(Path(name).name, f"hf:{name}", stamp)
    if pairs and ask.head:
        raise BadOption(f"head for '{name}', which compares pictures with texts", "leave head out")
    if pairs:
        return Built(module, card, pictures, channels=3, hint=hint, towers=towers(module, given))
    if ask.templates:
        raise BadOption(f"templates for '{name}', which takes no texts", "leave templates out")
    outputs, channels = module.config.num_labels, getattr(module.config, "num_channels", 3)
    return Built(module, card, pictures, class_names(module.config), outputs, channels, hint)


def _kind(library: Any, config: Any, name: str, pairs: bool) -> Any:
    """The class of transformers that loads it."""
    if pairs:
        return library.AutoModelForZeroShotImageClassification
    if type(config) in library.MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING:
        return library.AutoModelForImageClassification
    raise Unsupported(
        f"'{name}' is a {type(config).__name__.removesuffix('Config')}, of which transformers has no image classifier",
        "choose one whose page says image classification",
    )


def _compares(library: Any, config: Any) -> bool:
    """Whether it compares pictures with texts: some such networks are saved as classifiers as well."""
    classifies = any(one.endswith("ForImageClassification") for one in config.architectures or ())
    return type(config) in library.MODEL_FOR_ZERO_SHOT_IMAGE_CLASSIFICATION_MAPPING and not classifies


def class_names(config: Any) -> tuple[str, ...]:
    """The labels in a configuration; none where they are only numbers."""
    listed = tuple(str(config.id2label[index]) for index in sorted(config.id2label))
    return () if all(re.fullmatch(r"LABEL_\d+", one) for one in listed) else listed


def transformers() -> Any:
    """The library. Raises Unsupported where it is not installed."""
    if find_spec("transformers") is None:
        raise Unsupported("transformers is not installed", "pip install 'seewhy[hf]'")
    return import_module("transformers")


def processed(library: Any, where: str) -> tuple[Any, str]:
    """How it takes its pictures; None where that is not known, and then what to say."""
    ask = "give mean=, std= and size= (--mean, --std, --size)"
    try:
        made = fetched(where, library.AutoImageProcessor.from_pretrained)
    except SeewhyError:
        return None, f"it has no image processor that can be read: {ask}"
    return preprocess(made), f"what its {type(made).__name__} does is not known here: {ask}"


def _module(auto: Any, where: str, config: Any, ask: Ask) -> Any:
    if ask.weights is None:
        return whole(where, auto)
    if ask.classes:
        config.num_labels = len(ask.classes)
    pictures = getattr(config, "vision_config", config)
    if ask.size and hasattr(pictures, "image_size"):
        pictures.image_size = ask.size
    return filled(auto.from_config(config, trust_remote_code=False, dtype=torch.float32), ask.weights)


def whole(where: str, kind: Any) -> Any:
    """The network with its own weights, all of them: those that are not there transformers draws at random."""
    module, told = fetched(where, kind.from_pretrained, **TOLD)
    if lacking := _lacking(told):
        raise Unsupported(
            f"the weights of '{where}' lack {_some(lacking)}, which would be random",
            "it is a part of another network, such as a feature extractor: choose one trained for this",
        )
    return module


def filled(module: Any, weights: str | Path) -> Any:
    """The network with the weights of a file; the names in it may be those of older releases of transformers."""
    if weights == "random":
        return module
    path = Path(weights).expanduser()
    state = read(path)
    try:
        made, told = type(module).from_pretrained(None, config=module.config, state_dict=state, **TOLD)
    except Exception as error:  # a file that does not fit breaks in any way
        raise BadOption(f"'{path.name}' does not fit: {first_line(error)}", OTHERWISE) from error
    for word, keys in (("lacks", _lacking(told)), ("has the unknown", sorted(told["unexpected_keys"]))):
        if keys:
            raise BadOption(f"'{path.name}' does not fit: it {word} {_some(keys)}", "name the network it is of")
    return made


def _lacking(told: Any) -> list[str]:
    return sorted([*told["missing_keys"], *(f"{key} in its shape" for key, *_ in told["mismatched_keys"])])


def _some(keys: Sequence[str]) -> str:
    return ", ".join(keys[:3]) + (f" and {len(keys) - 3} more" if len(keys) > 3 else "")
