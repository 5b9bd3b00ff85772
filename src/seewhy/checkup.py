"""What can be said of a network before any explanation: what was found in it, and what it offers."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from seewhy.model import Model
from seewhy.model.census import Census, Layer
from seewhy.model.views import Adapted
from seewhy.registry import Listed, list_methods
from seewhy.sources import as_model
from seewhy.texts import TextModel
from seewhy.types import ModelCard, Preprocess

FIRST = 5  # classes a report names


@dataclass(frozen=True, eq=False)
class Report:
    """A network as one probing forward saw it.

    probed: (h,w) of the probe. classes: how many scores there are; named: how many of them have names. maps: the layer
    read unless another is asked for. head: the pooled linear head in words, empty where there is none. outputs:
    "logit", "probability" where a softmax stands at the end, "binary": logits of a yes or no each, or a function's
    "answer". takes: what is handed to what can't be looked into, in words. memory: bytes of one image's activations.
    """

    model: ModelCard
    preprocess: Preprocess
    probed: tuple[int, int]
    classes: int
    named: int
    first_classes: tuple[str, ...]
    outputs: str
    takes: str
    output_shape: tuple[int, ...]
    differentiable: bool
    head: str
    maps: str | None
    layers: tuple[Layer, ...]
    activations: Mapping[str, int]  # kind -> how often it ran
    in_place: tuple[str, ...]
    reused: tuple[str, ...]
    unused: tuple[str, ...]
    parameters: int
    dtype: str
    device: str
    memory: int
    engine: str  # how its passes are run, in words
    methods: tuple[Listed, ...]
    told: tuple[str, ...] = ()  # what is done to it that its user should know


def doctor(model: Model | str) -> Report:
    """Look at a network before any compute: two random images go through it, of a function too; nothing is changed.

    Raises ModelFailed where not even that works.
    """
    model = as_model(model)
    census = model.census()
    shape = census.output_shape or tuple(model.probed().shape[1:])  # a function is called only here
    return Report(
        model=_card(model),
        preprocess=model.preprocess,
        probed=model.probe_size,
        classes=shape[0],
        named=len(model.classes),
        first_classes=tuple(model.classes[:FIRST]),
        outputs=census.outputs,
        takes=model.opaque.takes if model.opaque else "",
        output_shape=shape,
        differentiable=census.differentiable,
        head=_head(model, census),
        maps=census.maps,
        layers=census.layers,
        activations=dict(Counter(census.activations)),
        in_place=tuple(one.name for one in census.layers if one.in_place),
        reused=tuple(one.name for one in census.layers if one.calls > 1),
        unused=census.unused,
        parameters=sum(p.numel() for p in model.module.parameters()),
        dtype=str(model.dtype).removeprefix("torch."),
        device=str(model.device),
        memory=census.bytes_per_image,
        engine=_engine(model, census),
        methods=tuple(list_methods(model)),
        told=_told(model),
    )


def _told(model: Model) -> tuple[str, ...]:
    if isinstance(model, TextModel):
        return ("its classes are texts, any that are given",)
    return model.module.told if isinstance(model.module, Adapted) else ()


def _card(model: Model) -> ModelCard:
    return replace(model.card, fingerprint=model.fingerprint)


def _engine(model: Model, census: Census) -> str:
    if model.opaque:
        return f"none: {model.opaque.why}"
    if not model.fast:
        return "the module as it is: fast=False"
    if census.tape is None:
        return f"the module as it is: {census.why_no_tape}"
    return f"fast: its forward is {len(census.tape.calls)} calls, which are run without the module"


def _head(model: Model, census: Census) -> str:
    if census.head is None:
        return ""
    layer = census.head.layer
    named: Any = {id(module): name for name, module in model.module.named_modules()}
    return (
        "the mean of the last maps is the scores"
        if layer is None
        else f"{named[id(layer)]}, linear in the mean of maps"
    )
