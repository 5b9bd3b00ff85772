"""Methods times targets on one batch of images: the one place where methods are run."""

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from seewhy.cams import of_layers, pin_layers
from seewhy.errors import BadOption, ModelFailed
from seewhy.first import first_outputs, guarded
from seewhy.held import is_made
from seewhy.images import Batch
from seewhy.model import Model
from seewhy.model.still import frames_of
from seewhy.registry import Method, check, options_of
from seewhy.resuming import left_off
from seewhy.rng import Rng
from seewhy.scores import Score, transform
from seewhy.targets import Askable, Pinned, as_decided, as_target
from seewhy.texts import TextModel
from seewhy.texts.answers import about_texts, beside, check_share, matched
from seewhy.texts.scoring import words_left_out
from seewhy.together import Together
from seewhy.types import Explanation, Map, Passes, Pixels, Prediction

PREDICTIONS = 5


def explained(
    model: Model,
    batch: Batch,
    methods: Sequence[Method],
    targets: Sequence[Askable],
    score: Score | None,
    seed: int,
    resume: Sequence[Explanation] = (),
) -> list[list[Explanation]]:
    """A row a method, a column a target. resume: earlier explanations, of which those of the same go on."""
    run = model.shared()
    x = model.checked(batch.pixels)
    for method in methods:
        check(method, model, x)
    if resume and not any(_goes_on(method) for method in methods):
        raise BadOption(f"resume for {methods[0].info.id}, which samples nothing", "leave resume out")
    if score is not None:
        transform(score, model.census(x).outputs)
        check_share(model, score)
    with run.frozen():
        if run.compared is not None:
            run.halved(x)  # which refuses, before anything else runs, where it can't be done
        pinned = [pin_layers(method, run, x) for method in methods]
        started = time.perf_counter()
        outputs = run.check_names(first_outputs(run, x, pinned))
        shared = (time.perf_counter() - started) / (len(methods) * len(targets))
        decided = [as_target(target).pin(outputs, run.find) for target in targets]
        if run.census(x).outputs == "answer":
            _check_answers(run, outputs, decided, score)
        known: dict[str, Any] = {
            "predictions": predictions(run, x, outputs, PREDICTIONS),
            "model": replace(run.card, fingerprint=run.fingerprint),
            "photos": tuple(batch.photos),
            "seed": seed,
            "precision": run.precision,
        }
        return [_row(run, x, method, decided, outputs, score, shared, known, resume) for method in pinned]


def _goes_on(method: Method) -> bool:
    return isinstance(method, Together) and method.goes_on


def _row(
    run: Model,
    x: Pixels,
    method: Method,
    decided: Sequence[Pinned],
    outputs: Tensor,
    score: Score | None,
    shared: float,
    known: Mapping[str, Any],
    resume: Sequence[Explanation],
) -> list[Explanation]:
    """One method's explanation of each target. shared: seconds of what all explanations have in common."""
    kind, info, layers = run.census(x).outputs, method.info, of_layers(method)
    wanted: Score = score or ("answer" if kind == "answer" else info.score)
    notes = about_texts(run)
    if kind == "probability" and wanted == "logit":
        wanted = "log_probability"
        notes.append("the model ends in probabilities: log-probability is explained")
    if (frames := frames_of(run.module)) > 1:
        said = f"the photo was repeated to {frames} frames: maps of layers and attention are their mean over time"
        notes.append(said)
    if isinstance(run, TextModel) and run.alone and wanted != "logit":
        wanted = "logit"
        notes.append("one text has no share of its own: its logit is explained")
    read = transform(wanted, kind)
    targets = [replace(target, transform=read, key=(wanted, target.key)) for target in decided]
    options = options_of(method)
    if resume and _goes_on(method):
        names = Rng.for_images(known["seed"], x).names
        left = left_off(resume, info, options, wanted, targets, known, names)
        run = replace(run, course=replace(run.course, left=left))
    made = _made(run, x, method, targets, known["seed"])
    for one, _, _ in made:  # before any is kept: between what is kept, memory freed would lie in pieces
        _check(one.values, x, method)
    texts = beside(run, getattr(method, "words", words_left_out), x, outputs, targets)
    found = []
    for asked, target, text in zip(decided, targets, texts, strict=True):
        one, seconds, passes = made.pop(0)  # the explanation has its own: a thousand maps are not held twice
        classes = [None] * len(x) if target.index is None else target.index.tolist()
        explanation = Explanation(
            values=_values(one),
            method=info.id,
            options=dict(options),
            target=target.name,
            classes=tuple(classes),
            labels=tuple(run.label(index) or target.name for index in classes),
            score=wanted,
            scores=target(outputs).detach().float().cpu().numpy(),
            layers=tuple(one.layers) or layers,
            seconds=seconds + shared + text.seconds,
            passes=replace(passes, forward=passes.forward + text.forward),
            versions=dict(_versions()),
            sign=info.sign,
            reduce=info.reduce,
            extras={name: np.asarray(value.detach().cpu()) for name, value in {**one.extras, **text.extras}.items()},
            notes=(*notes, *one.notes, *text.notes),
            decided=as_decided(asked.key),
            words=text.words,
            words_by=text.by,
            state={name: np.asarray(value.detach().cpu()) for name, value in one.state.items()},
            **known,
        )
        found.append(explanation)
    return list(map(_blank_told, found))


def _check_answers(run: Model, outputs: Tensor, targets: Sequence[Pinned], score: Score | None) -> None:
    """A function's answers are explained as they are: neither a softmax nor a logarithm is made up for them."""
    unsure = outputs[~run.likely(outputs)]
    if score == "probability" and len(unsure):
        raise BadOption(
            f"the answers of {run.name} are no probabilities: an image's sum to {float(unsure[0].sum()):.4g}",
            "leave score out, or declare answers='probability' (--answers) where each of them is one",
        )
    if any("rest" in _kinds(as_decided(target.key)) for target in targets):
        raise BadOption("the target Rest needs logits, and a function has answers", "name a class or a Contrast")


def _kinds(decided: tuple[Any, ...]) -> set[str]:
    """What a target is made of: "class", "contrast", ..."""
    kind, *parts = decided
    return {kind}.union(*map(_kinds, parts if kind not in ("class", "branches") else ()))


def _made(
    run: Model, x: Pixels, method: Method, targets: Sequence[Pinned], seed: int
) -> list[tuple[Map, float, Passes]]:
    """Each target's map, the seconds it took and its passes; together where the method can, so that forwards count in
    each. Equal targets are computed once."""
    unique = list({target.key: target for target in targets}.values())
    draws = Rng.for_images(seed, x).alike(len(unique))
    found: dict[Any, tuple[Map, float, Passes]] = {}
    for group in [unique] if isinstance(method, Together) else [[target] for target in unique]:
        forward, backward = run.meter.forward, run.meter.backward
        if run.compared is not None:
            run.compared.clear()
        if run.compiling is not None:
            run.compiling.clear()
        run.meter.folded = run.fold and method.info.starts == "input"  # from the forward that was made before
        started = time.perf_counter()
        if isinstance(method, Together):
            maps = guarded(lambda: method.for_targets(run, x, unique, draws[0]))
        else:
            maps = [guarded(lambda: method(run, x, group[0], draws.pop(0)))]  # noqa: B023  # called at once
        if run.compared is not None:
            maps = [run.compared.told(one, target) for one, target in zip(maps, group, strict=True)]
        if run.compiling is not None:
            maps = list(map(run.compiling.told, maps))
        if run.meter.folded:
            maps = [_folding_told(run, x, one, target) for one, target in zip(maps, group, strict=True)]
        seconds = (time.perf_counter() - started) / len(group)
        forward, backward = run.meter.forward - forward, (run.meter.backward - backward) // len(group)
        passes = Passes(len(x) + forward, backward)  # the clean image's forward is counted in each explanation
        found |= {target.key: (made, seconds, passes) for target, made in zip(group, maps, strict=True)}
    return [found[target.key] for target in targets]


def _folding_told(run: Model, x: Pixels, made: Map, target: Pinned) -> Map:
    error = run.folding_error(x, target)
    said = f"batch norms were folded: the picture's own gradient moves by up to {float(error.max()):.1%} of its norm"
    return replace(made, extras={**made.extras, "folding_error": error}, notes=(*made.notes, said))


def _blank_told(explanation: Explanation) -> Explanation:
    blank = [i for i, empty in enumerate(explanation.blank) if empty]
    if not blank:
        return explanation
    which = "" if len(explanation) == 1 else f" (images {', '.join(map(str, blank))})"
    what = "no positive evidence" if explanation.sign == "positive" else "the score does not move"
    return replace(explanation, notes=(*explanation.notes, f"blank map: {what}{which}"))


def _check(values: Tensor, x: Pixels, method: Method) -> None:
    if values.ndim != 4 or len(values) != len(x):
        raise ModelFailed(
            f"{method.info.id} made {tuple(values.shape)} for {len(x)} images", "this is a bug in the method"
        )
    if not torch.isfinite(values).all():
        raise ModelFailed(
            f"{method.info.id} made a map with NaN or infinity", "try precision='float64' or other options"
        )


def _values(made: Map) -> Any:
    """The map's values as the explanation's own, or what makes them."""

    def numbers() -> NDArray[np.float32]:
        return made.values.detach().float().cpu().numpy().copy()

    return numbers if is_made(made, "values") else numbers()


def predictions(model: Model, x: Pixels, outputs: Tensor, top: int) -> tuple[tuple[Prediction, ...], ...]:
    if outputs.ndim != 2:
        return ((),) * len(outputs)
    if isinstance(model, TextModel):
        return matched(model, outputs, top)
    kind, found = model.census(x).outputs, outputs.float()
    found = found if kind == "answer" else transform("probability", kind)(found)
    likely = model.likely(found) if kind == "answer" else [True] * len(found)
    values, indices = found.topk(min(top, found.shape[1]), 1)
    return tuple(
        tuple(
            Prediction(int(i), model.label(int(i)), **{"probability" if sure else "score": float(v)})
            for v, i in zip(row, at, strict=True)
        )
        for row, at, sure in zip(values, indices, likely, strict=True)
    )


@cache
def _versions() -> dict[str, str]:
    found = {}
    for name in ("seewhy", "torch", "torchvision", "timm", "numpy"):
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found
