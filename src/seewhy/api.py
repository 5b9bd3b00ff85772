"""The calls that the command line, pages and notebooks share."""

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import fields, replace
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from seewhy.cams import of_layers, pin_layers
from seewhy.errors import BadOption, ModelFailed, Unsupported, first_line
from seewhy.images import Batch, load_all
from seewhy.model import Model
from seewhy.model.trace import INPUT
from seewhy.registry import Method, check, get_method
from seewhy.rng import Rng
from seewhy.sources import load
from seewhy.targets import Askable, Pinned, Score, as_decided, as_target, transform
from seewhy.types import Comparison, Explanation, Map, Passes, Pixels, Prediction

PREDICTIONS = 5


def predict(model: Model | str, image: Any, top: int = PREDICTIONS) -> Any:
    """The `top` likeliest classes of a photo as Predictions; a list of them for several photos."""
    if top < 1:
        raise BadOption(f"top {top}", "ask for at least one class")
    model = _model(model)
    found: list[tuple[Prediction, ...]] = []
    for batch in load_all(image, model.preprocess):
        x = model.checked(batch.pixels)
        with model.frozen():
            found += _predictions(model, x, _outputs(model, x), top)
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
        return [_explained(model, batch, methods, targets, score, seed) for batch in load_all(image, model.preprocess)]


def _explained(
    model: Model,
    batch: Batch,
    methods: Sequence[Method],
    targets: Sequence[Askable],
    score: Score | None,
    seed: int,
) -> list[list[Explanation]]:
    """A row a method, a column a target."""
    run = model.shared()
    x = model.checked(batch.pixels)
    for method in methods:
        check(method, model, x)
    with run.frozen():
        pinned = [pin_layers(method, run, x) for method in methods]
        started = time.perf_counter()
        outputs = _first(run, x, pinned)
        shared = (time.perf_counter() - started) / (len(methods) * len(targets))
        decided = [as_target(target).pin(outputs, run.find) for target in targets]
        return [
            [_one(run, x, batch, method, target, outputs, score, seed, shared) for target in decided]
            for method in pinned
        ]


def _first(run: Model, x: Pixels, methods: Sequence[Method]) -> Tensor:
    """The clean image's outputs, from the forward that the methods' own backwards start from."""
    layers = dict.fromkeys(name for m in methods if m.info.starts == "layers" for name in of_layers(m))
    if any(m.info.starts == "input" for m in methods):
        layers[INPUT] = None
    if not layers:
        return _outputs(run, x)
    return _sound(_guard(lambda: run.recorded(x, tuple(layers)).outputs))


def _one(
    run: Model,
    x: Pixels,
    batch: Batch,
    method: Method,
    target: Pinned,
    outputs: Tensor,
    score: Score | None,
    seed: int,
    shared: float,
) -> Explanation:
    census = run.census(x)
    wanted: Score = score or method.info.score
    notes: list[str] = []
    if census.outputs == "probability" and wanted == "logit":
        wanted = "log_probability"
        notes.append("the model ends in probabilities: log-probability is explained")
    asked, target = target, replace(target, transform=transform(wanted, census.outputs), key=(wanted, target.key))
    before = (run.meter.forward, run.meter.backward)  # the clean image's forward is counted in each explanation
    started = time.perf_counter()
    made = _guard(lambda: method(run, x, target, Rng.for_images(seed, x)))
    seconds = time.perf_counter() - started + shared
    values = _checked(made, x, method)
    classes = [None] * len(x) if target.index is None else [int(i) for i in target.index]
    explanation = Explanation(
        values=values,
        method=method.info.id,
        options={f.name: getattr(method, f.name) for f in fields(method)},  # type: ignore[arg-type]
        target=target.name,
        classes=tuple(classes),
        labels=tuple(run.label(index) or target.name for index in classes),
        score=wanted,
        scores=target(outputs).detach().float().cpu().numpy(),
        predictions=_predictions(run, x, outputs, PREDICTIONS),
        model=replace(run.card, fingerprint=run.fingerprint),
        layers=tuple(made.layers) or of_layers(method),
        photos=tuple(batch.photos),
        seed=seed,
        seconds=seconds,
        passes=Passes(len(x) + run.meter.forward - before[0], run.meter.backward - before[1]),
        precision=str(run.dtype).removeprefix("torch."),
        versions=_versions(),
        sign=method.info.sign,
        reduce=method.info.reduce,
        extras={name: np.asarray(value.detach().cpu()) for name, value in made.extras.items()},
        notes=(*notes, *made.notes),
        decided=as_decided(asked.key),
    )
    blank = [i for i, empty in enumerate(explanation.blank) if empty]
    if blank:
        which = "" if len(x) == 1 else f" (images {', '.join(map(str, blank))})"
        what = "no positive evidence" if method.info.sign == "positive" else "the score does not move"
        explanation = replace(explanation, notes=(*explanation.notes, f"blank map: {what}{which}"))
    return explanation


def _checked(made: Map, x: Pixels, method: Method) -> Any:
    values = made.values.detach()
    if values.ndim != 4 or len(values) != len(x):
        raise ModelFailed(
            f"{method.info.id} made {tuple(values.shape)} for {len(x)} images", "this is a bug in the method"
        )
    if not torch.isfinite(values).all():
        raise ModelFailed(
            f"{method.info.id} made a map with NaN or infinity", "try precision='float64' or other options"
        )
    return values.float().cpu().numpy()


def _outputs(model: Model, x: Pixels) -> Tensor:
    return _sound(_guard(lambda: model.outputs(x)))


def _sound(outputs: Tensor) -> Tensor:
    if not torch.isfinite(outputs).all():
        raise ModelFailed("the model returns NaN or infinity for this image", "check its weights and its precision")
    return outputs


def _guard(call: Any) -> Any:
    """What can fail behind the model's own forward: the backward and the memory."""
    try:
        return call()
    except torch.OutOfMemoryError as error:
        raise ModelFailed("memory ran out even for one image at a time", "use a smaller input, or the CPU") from error
    except RuntimeError as error:
        raise ModelFailed(
            f"the backward failed: {first_line(error)}", "see `seewhy doctor` for what fits it"
        ) from error


def _predictions(model: Model, x: Pixels, outputs: Tensor, top: int) -> tuple[tuple[Prediction, ...], ...]:
    if outputs.ndim != 2:
        return ((),) * len(outputs)
    p = outputs.float() if model.census(x).outputs == "probability" else outputs.float().softmax(1)
    values, indices = p.topk(min(top, p.shape[1]), 1)
    return tuple(
        tuple(Prediction(int(i), model.label(int(i)), float(v)) for v, i in zip(row, at, strict=True))
        for row, at in zip(values, indices, strict=True)
    )


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


def _versions() -> dict[str, str]:
    found = {}
    for name in ("seewhy", "torch", "torchvision", "timm", "numpy"):
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found
