"""The calls that the command line, pages and notebooks share."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

import torch
from torch import nn

from seewhy.errors import BadOption, Unsupported
from seewhy.explaining import PREDICTIONS, explained, outputs_of, predictions
from seewhy.images import load_all
from seewhy.model import Model
from seewhy.registry import Method, get_method
from seewhy.sources import load
from seewhy.targets import Askable, Score
from seewhy.types import Comparison, Explanation, Prediction


def predict(model: Model | str, image: Any, top: int = PREDICTIONS) -> Any:
    """The `top` likeliest classes of a photo as Predictions; a list of them for several photos."""
    if top < 1:
        raise BadOption(f"top {top}", "ask for at least one class")
    model = _model(model)
    found: list[tuple[Prediction, ...]] = []
    for batch in load_all(image, model.preprocess):
        x = model.checked(batch.pixels)
        with model.frozen():
            found += predictions(model, x, outputs_of(model, x), top)
    several = isinstance(image, list | tuple) or getattr(image, "ndim", 0) == 4
    return found if several else found[0]


def explain(
    model: Model | str,
    image: Any,
    method: str | Method = "gradcam",
    target: Askable = None,
    *,
    layer: Any = None,
    score: Score | None = None,
    seed: int = 0,
    precision: str | None = None,
    memory: int | None = None,
    **options: Any,
) -> Any:
    """Explain one score of each image by one method.

    image: path, bytes, PIL, uint8 array (HxWx3 or a batch), a list of these, or a float tensor (b,c,h,w) in [0,1].
    target: None for the predicted class, an index, a label, a list with one an image, a Target, or a callable on the
    model's output. layer, for methods that read one: a name, a module, or a list. score: "logit", "probability" or
    "log_probability"; default the method's own. memory: bytes that activations may take.
    Returns one Explanation, or a list of them where the photos differ in size.
    """
    if layer is not None:
        options["layer"] = layer
    chosen = _method(method, options)
    found = _grid(model, image, [chosen], [target], score, seed, precision, memory)
    return found[0][0][0] if len(found) == 1 else [one[0][0] for one in found]


def compare(
    model: Model | str,
    image: Any,
    methods: Sequence[str | Method] = ("gradcam", "saliency", "integrated_gradients"),
    targets: Sequence[Askable] = (None,),
    *,
    layer: Any = None,
    score: Score | None = None,
    seed: int = 0,
    precision: str | None = None,
    memory: int | None = None,
    options: Mapping[str, Mapping[str, Any]] | None = None,
) -> Any:
    """Methods times targets on the same images, sharing forwards and backwards.

    options: by method id. Returns a Comparison, indexed by method and target; a list where the photos differ in size.
    """
    chosen = []
    for asked in methods:
        own = dict((options or {}).get(asked if isinstance(asked, str) else asked.info.id, {}))
        if layer is not None and isinstance(asked, str) and _takes(asked, "layer"):
            own.setdefault("layer", layer)
        chosen.append(_method(asked, own))
    found = _grid(model, image, chosen, list(targets), score, seed, precision, memory)
    made = [Comparison(tuple(tuple(row) for row in table)) for table in found]
    return made[0] if len(made) == 1 else made


def _grid(
    model: Model | str,
    image: Any,
    methods: Sequence[Method],
    targets: Sequence[Askable],
    score: Score | None,
    seed: int,
    precision: str | None,
    memory: int | None,
) -> list[list[list[Explanation]]]:
    model = _model(model)
    model = model.at(precision) if precision else model
    model = replace(model, memory=memory) if memory else model
    if not methods or not targets:
        raise BadOption("no method or no target to explain", "name at least one of each")
    with torch.inference_mode(False):  # a caller's inference mode would leave nothing to differentiate
        return [explained(model, batch, methods, targets, score, seed) for batch in load_all(image, model.preprocess)]


def _model(model: Model | str) -> Model:
    if isinstance(model, str):
        return load(model)
    if isinstance(model, nn.Module):
        raise Unsupported(
            "a bare nn.Module: the mean and std of its inputs are not known",
            "wrap it: seewhy.Model(module, mean=..., std=..., size=(h, w), classes=[...])",
        )
    return model


def _method(method: str | Method, options: Mapping[str, Any]) -> Method:
    if isinstance(method, str):
        return get_method(method, **options)
    return replace(method, **options) if options else method  # type: ignore[type-var]


def _takes(id: str, name: str) -> bool:
    return any(f.name == name for f in fields(get_method(id)))  # type: ignore[arg-type]
