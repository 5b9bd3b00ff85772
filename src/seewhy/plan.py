"""From what was typed to what will run: everything that can be refused is refused before the first photo."""

from collections.abc import Mapping, Sequence
from dataclasses import Field, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seewhy import targets
from seewhy.api import compare
from seewhy.asked import MINUS, RANK, TOP
from seewhy.errors import BadInput, BadOption
from seewhy.images import load as load_image
from seewhy.images import on_input, read_labels
from seewhy.model import Model
from seewhy.registry import check, declared, get_method, list_methods, parse
from seewhy.scores import transform
from seewhy.store import MANIFEST
from seewhy.store import open as open_folder
from seewhy.targets import Askable
from seewhy.texts import TextModel
from seewhy.types import Explanation

# Where no method is named: the first that is offered.
PREFERRED = ("gradcam", "integrated_gradients", "saliency", "occlusion")
READS_TEXTS = "attention_relevance"  # of transformers that compare pictures with texts
Options = Mapping[str, Mapping[str, Any]]  # method id -> its options


@dataclass(frozen=True, eq=False)
class Plan:
    """Models times methods times targets, for any photo."""

    models: Sequence[Model]
    methods: Sequence[str]
    targets: Sequence[Askable]
    options: Sequence[Options]  # a model each, since a picture among them is fitted to the model
    score: Any
    seed: int
    resume: Sequence[Explanation] = ()

    def run(self, photo: str) -> list[Explanation]:
        """Every explanation of one photo; methods and targets of one model share its passes."""
        return [
            one
            for model, options in zip(self.models, self.options, strict=True)
            for one in compare(
                model,
                photo,
                self.methods,
                self.targets,
                score=self.score,
                seed=self.seed,
                options=_of_photo(options, photo, model),
                resume=self.resume or None,
            )
        ]


def made(
    models: Sequence[Model],
    methods: Sequence[str],
    asked: Sequence[str],
    pairs: Sequence[tuple[str, str]],
    layers: Sequence[str],
    score: str | None,
    seed: int,
) -> Plan:
    """Raises a SeewhyError for a method, option, layer or class that is not there for one of the models."""
    methods = list(dict.fromkeys(methods))
    options = [_options(methods, pairs, layers, model) for model in models]
    for model, own in zip(models, options, strict=True):
        for id in methods:
            check(get_method(id, **own[id]), model)
        for layer in layers:
            model.layer(layer)
        if score:
            transform(score, model.census().outputs)  # type: ignore[arg-type]  # which refuses what is none
    chosen = [target(text, models) for text in dict.fromkeys(asked)]
    return Plan(models, methods, chosen or [None], options, score, seed)


def earlier(folder: Path) -> list[Explanation]:
    """The explanations below a folder that can go on."""
    found = [open_folder(path.parent) for path in sorted(folder.rglob(MANIFEST))]
    found = [one for one in found if one.state]
    if not found:
        raise BadInput(f"nothing in {folder} can go on", "name a folder with results of a method that samples")
    return found


def chosen(models: Sequence[Model]) -> tuple[str, str]:
    """The method for users who name none, and why not the first of `PREFERRED` where it is another."""
    listed = [{one.id: one for one in list_methods(model)} for model in models]
    if all(_transforms(model) for model in models) and all(own[READS_TEXTS].offered for own in listed):
        return READS_TEXTS, ""  # its words' scores are by the same rule
    ids = [*PREFERRED, *(listed[0] if any(model.opaque for model in models) else ())]  # scores alone offer no preferred
    method = next((id for id in ids if all(own[id].offered for own in listed)), PREFERRED[0])
    first = PREFERRED[0]
    reasons = [own[first].reason for own in listed if not own[first].offered and method != first]
    return method, f"{first!r} {reasons[0]}" if reasons else ""


def _transforms(model: Model) -> bool:
    """Whether it compares pictures with texts, by more attention than a pooling at its end."""
    return isinstance(model, TextModel) and len(model.census().attention) > 1


def target(text: str, models: Sequence[Model]) -> Askable:
    """A class by index, label or part of a label, "top", "rank:1", or a contrast "this - other"."""
    plain = text.strip()
    if plain.lower() in TOP:
        return None
    if plain.lower().startswith(RANK):
        return targets.Top(_rank(plain))
    if MINUS in plain and not _labelled(plain, models):
        this, other = plain.split(MINUS, 1)
        return targets.Contrast(_part(this, models), _part(other, models))
    for model in models:
        _known(model, plain)
    texts = any(isinstance(model, TextModel) for model in models)  # one of which may be a number
    return int(plain) if plain.isdecimal() and not texts else plain


def _part(text: str, models: Sequence[Model]) -> Any:
    found = target(text, models)
    return targets.Top() if found is None else found


def _known(model: Model, label: str) -> None:
    if label.isdecimal() and not model.classes:
        return  # the outputs say how many classes there are
    model.find(label)


def _labelled(text: str, models: Sequence[Model]) -> bool:
    return any(text.casefold() in name.casefold() for model in models for name in model.classes)


def _rank(text: str) -> int:
    rank = text.partition(":")[2]
    if not rank.isdecimal():
        raise BadOption(f"the target {text!r}", "rank:0 is the likeliest class, rank:1 the next")
    return int(rank)


def _options(
    methods: Sequence[str], pairs: Sequence[tuple[str, str]], layers: Sequence[str], model: Model
) -> dict[str, dict[str, Any]]:
    known = {id: declared(get_method(id)) for id in methods}
    for name in [*dict.fromkeys(name for name, _ in pairs), *(["layer"] if layers else [])]:
        if not any(name in own for own in known.values()):
            listed = sorted(set().union(*known.values()))
            raise BadOption(
                f"{' and '.join(methods)} {'has' if len(methods) == 1 else 'have'} no option {name!r}",
                f"there are: {', '.join(listed)}" if listed else "there are none",
            )
    found: dict[str, dict[str, Any]] = {}
    for id, own in known.items():
        texts = {name: text for name, text in pairs if name in own}
        found[id] = parse(id, {name: text for name, text in texts.items() if not text.startswith("@")})
        found[id] |= {name: _file(text[1:], own[name], model) for name, text in texts.items() if text.startswith("@")}
        if layers and "layer" in own:
            found[id]["layer"] = layers[0] if len(layers) == 1 else tuple(layers)
    return found


def _file(path: str, option: "Field[Any]", model: Model) -> NDArray[Any]:
    """A picture as the model takes it, or labels as they are: where they lie on its input, each photo says."""
    if option.metadata["file"] == "labels":
        return read_labels(path)
    return load_image(path, model.preprocess)[0].numpy()


def _of_photo(options: Options, photo: str, model: Model) -> Options:
    """The options with labels laid on the model's input."""
    known = {id: declared(get_method(id)) for id in options}
    labels = [
        (id, name)
        for id, own in options.items()
        for name, value in own.items()
        if known[id][name].metadata["file"] == "labels" and isinstance(value, np.ndarray)
    ]
    if not labels:
        return options
    geometry = load_image(photo, model.preprocess)[1].geometry
    found = {id: dict(own) for id, own in options.items()}
    for id, name in labels:
        found[id][name] = on_input(found[id][name], geometry)
    return found


def prepared(model: Model, precision: str | None, memory: int | None) -> Model:
    model = model.at(precision) if precision else model
    return replace(model, memory=memory) if memory else model
