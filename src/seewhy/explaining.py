"""Methods times targets on one batch of images: the one place where methods are run."""

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import fields, replace
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np
import torch
from torch import Tensor

from seewhy.cams import of_layers, pin_layers
from seewhy.errors import ModelFailed, first_line
from seewhy.images import Batch
from seewhy.model import Model
from seewhy.model.trace import INPUT
from seewhy.registry import Method, check
from seewhy.rng import Rng
from seewhy.targets import Askable, Pinned, Score, as_decided, as_target, probabilities, transform
from seewhy.types import Explanation, Map, Passes, Pixels, Prediction

PREDICTIONS = 5


def explained(
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
        outputs = run.check_names(_first(run, x, pinned))
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
        return outputs_of(run, x)
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
        predictions=predictions(run, x, outputs, PREDICTIONS),
        model=replace(run.card, fingerprint=run.fingerprint),
        layers=tuple(made.layers) or of_layers(method),
        photos=tuple(batch.photos),
        seed=seed,
        seconds=seconds,
        passes=Passes(len(x) + run.meter.forward - before[0], run.meter.backward - before[1]),
        precision=str(run.dtype).removeprefix("torch."),
        versions=dict(_versions()),
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


def outputs_of(model: Model, x: Pixels) -> Tensor:
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


def predictions(model: Model, x: Pixels, outputs: Tensor, top: int) -> tuple[tuple[Prediction, ...], ...]:
    if outputs.ndim != 2:
        return ((),) * len(outputs)
    p = outputs.float() if model.census(x).outputs == "probability" else probabilities(outputs.float())
    values, indices = p.topk(min(top, p.shape[1]), 1)
    return tuple(
        tuple(Prediction(int(i), model.label(int(i)), float(v)) for v, i in zip(row, at, strict=True))
        for row, at in zip(values, indices, strict=True)
    )


@cache
def _versions() -> dict[str, str]:
    found = {}
    for name in ("seewhy", "torch", "torchvision", "timm", "numpy"):
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found
