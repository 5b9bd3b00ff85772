"""Image-text networks of open_clip: `openclip:ViT-B-32`, with one set of weights `openclip:ViT-B-32.laion2b_s34b_b79k`,
or `openclip:local-dir:FOLDER`."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from seewhy.errors import UnknownName, Unsupported, first_line
from seewhy.labels import hint
from seewhy.sources.built import Ask, Built
from seewhy.sources.hf_files import ask_the_hub, fetched
from seewhy.sources.weights import fill
from seewhy.texts.pictures import preprocess
from seewhy.texts.towers import towers
from seewhy.types import ModelCard

OPTIONS = ("weights", "classes", "mean", "std", "size", "templates")
FOLDER, HUB = "local-dir:", "hf-hub:"  # open_clip's own words for networks that are not in its list
FIRST = "openai"  # where there are several weights and none is named: those of CLIP's authors
OTHERWISE = "give weights=FILE with a copy of them, or weights='random'"


def names() -> list[str]:
    """The networks it has a configuration of, which are files: importing it takes seconds."""
    here = find_spec("open_clip")
    folders = here.submodule_search_locations if here else None
    return sorted(path.stem for folder in folders or () for path in Path(folder, "model_configs").glob("*.json"))


def build(name: str, ask: Ask) -> Built:
    """Raises UnknownName for an unknown network or weights, Unsupported where they or the tokenizer can't be loaded."""
    open_clip = library()
    with silent():
        architecture, tag = (name, "") if name.startswith((FOLDER, HUB)) else _named(open_clip, name, ask)
        given = _tokenizer(open_clip, architecture)
        network = _network(open_clip, architecture, tag, ask)
    stamp = "as saved" if ask.weights is None and name.startswith(FOLDER) else ask.stamp
    title = ".".join(filter(None, (Path(architecture).name, tag)))
    card = ModelCard(title, f"openclip:{name}", stamp)
    return Built(network, card, preprocess(network.visual.preprocess_cfg), channels=3, towers=towers(network, given))


def library() -> Any:
    """open_clip. Raises Unsupported where it is not installed."""
    if find_spec("open_clip") is None:
        raise Unsupported("open_clip is not installed", "pip install 'seewhy[clip]'")
    return import_module("open_clip")


def _named(open_clip: Any, name: str, ask: Ask) -> tuple[str, str]:
    """The architecture, and the tag of its weights, "" for none."""
    architecture, _, tag = name.partition(".")
    if architecture not in open_clip.list_models():
        raise UnknownName(f"open_clip has no network '{architecture}'", hint(architecture, open_clip.list_models()))
    tags = open_clip.list_pretrained_tags_by_model(architecture)
    if tag and tag not in tags:
        raise UnknownName(f"{architecture} has no weights '{tag}'", f"it has {', '.join(tags) or 'none'}")
    if ask.weights is None and not tags:
        raise Unsupported(f"open_clip has no pretrained weights of {architecture}", OTHERWISE)
    if ask.weights is None and not tag:
        tag = FIRST if FIRST in tags else tags[0]
    return architecture, tag


def _network(open_clip: Any, name: str, tag: str, ask: Ask) -> Any:
    own = open_clip.get_pretrained_cfg(name, tag) if tag else {}
    pictures = {key: own[key] for key in ("mean", "std", "interpolation", "resize_mode") if key in own}
    how: dict[str, Any] = {"pretrained_text": False, "force_preprocess_cfg": pictures, "force_image_size": ask.size}
    how["force_quick_gelu"] = bool(own.get("quick_gelu"))  # else the weights would meet another activation
    elsewhere = ask.weights is None and not tag
    try:
        made = open_clip.create_model(name, load_weights=elsewhere, require_pretrained=elsewhere, **how)
        if ask.weights is None and tag:
            open_clip.load_checkpoint(made, _file(open_clip, own))
    except Exception as error:  # folders, files and downloads break in any way
        what = f"the pretrained weights of {name}" if tag and ask.weights is None else f"'{name}'"
        raise Unsupported(f"{what} can't be loaded: {first_line(error)}", OTHERWISE) from error
    if ask.weights is not None:
        fill(made, ask.weights)
    return made


def _file(open_clip: Any, own: Any) -> str:
    """The file with the weights, in the hub's cache, else downloaded to it; the hub is asked once."""
    from huggingface_hub import try_to_load_from_cache

    repository, _, file = own.get("hf_hub", "").rpartition("/")
    files = (file,) if file else ("open_clip_model.safetensors", "open_clip_pytorch_model.bin")
    for one in files if repository else ():
        if isinstance(found := try_to_load_from_cache(repository, one), str):
            return found
    if repository:
        ask_the_hub(repository, files[-1])
    return str(open_clip.download_pretrained(own))


def _tokenizer(open_clip: Any, name: str) -> Any:
    """The tokenizer that the network was trained with: CLIP's own ships with open_clip, others are files."""
    try:
        source = (open_clip.get_model_config(name) or {}).get("text_cfg", {}).get("hf_tokenizer_name")
        if not source or name.startswith((FOLDER, HUB)):
            return open_clip.get_tokenizer(name)
    except Exception as error:
        raise Unsupported(f"the tokenizer of '{name}' can't be loaded: {first_line(error)}", OTHERWISE) from error
    if find_spec("transformers") is None:
        raise Unsupported(f"the tokenizer of {name} needs transformers", "pip install 'seewhy[hf]'")

    def read(_where: str, trust_remote_code: bool, **how: Any) -> Any:
        return open_clip.get_tokenizer(name, trust_remote_code=trust_remote_code, **how)

    return fetched(source, read, "tokenizer_config.json")


@contextmanager
def silent() -> Iterator[None]:
    """Inside, what open_clip logs goes nowhere, and the root logger keeps the handlers that it has."""
    handler = logging.NullHandler()
    logging.root.addHandler(handler)
    try:
        yield
    finally:
        logging.root.removeHandler(handler)
