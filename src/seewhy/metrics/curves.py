"""Deletion and insertion: Petsiuk, Das and Saenko, RISE, BMVC 2018, arXiv:1806.07421, section 4.2."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from seewhy.asked import whole
from seewhy.errors import BadInput, BadOption
from seewhy.first import outputs_of
from seewhy.images import as_given, load_all
from seewhy.metrics.hiding import behind
from seewhy.metrics.ranking import Ranks, counted, hottest, visible
from seewhy.model import Model
from seewhy.ops.fills import Fill
from seewhy.results.curves import Curve
from seewhy.scores import Score, transform
from seewhy.sources import as_model
from seewhy.targets import ClassLogit
from seewhy.texts import TextModel, with_texts
from seewhy.texts.answers import check_share
from seewhy.types import Explanation, Passes, Pixels

Kind = Literal["deletion", "insertion"]


def deletion(
    model: Model | str, explanation: Explanation, fill: Any = "grey", steps: int = 20, *, random: int = 5, seed: int = 0
) -> Curve:
    """The class's probability as pixels are hidden, the map's hottest first. Low is good: what it names is needed.

    model: the one that was explained. Pixels are those of the network's input that show the photo. They go in `steps`
    groups, as equal as whole pixels allow; all of a group go at once. fill: "grey" (the image's mean colour), "black",
    "blur", "inpaint", and what `metrics.hiding` lists besides. Ties are drawn by the seed.
    random: so many times the map, moved by chance, for the areas that chance gives.
    Takes 1 + steps + random * (steps - 1) forwards an image. Raises BadInput where the model, or the photo as it takes
    it, is not what was explained, and where no class was.
    """
    return _curve(model, explanation, fill, steps, random, seed, "deletion")


def insertion(
    model: Model | str, explanation: Explanation, fill: Any = "blur", steps: int = 20, *, random: int = 5, seed: int = 0
) -> Curve:
    """The class's probability as pixels come back, the map's hottest first, to a picture that is all hidden.

    High is good: what it names is enough. All else as in `deletion`.
    """
    return _curve(model, explanation, fill, steps, random, seed, "insertion")


def _curve(
    model: Model | str, explanation: Explanation, fill: Any, steps: int, random: int, seed: int, kind: Kind
) -> Curve:
    model = explained_by(as_model(model), explanation)
    classes = class_of_each(explanation)
    geometry = explanation.photos[0].geometry
    steps = whole(steps, "steps", 1, max(1, counted(1, geometry)))
    random, seed = whole(random, "random", 0), whole(seed, "seed", 0)
    counts = [counted(step / steps, geometry) for step in range(steps + 1)]
    run = model.shared()
    with torch.inference_mode(False), run.frozen():
        x = run.checked(pixels_of(run, explanation))
        outputs = run.check_names(outputs_of(run, x))
        score: Score = "answer" if run.census(x).outputs == "answer" else "probability"
        target = ClassLogit(list(classes)).pin(outputs, run.find)
        target = replace(target, transform=transform(score, run.census(x).outputs))
        hide = behind(fill, x, run.usual, seed)
        found = run.scores(_steps(explanation, x, hide, counts, random, seed, kind), target).double().cpu().numpy()
        whole_picture = target(outputs).double().cpu().numpy()[:, None]
    between = found[:, 1:].reshape(len(x), 1 + random, steps - 1)
    ends = [whole_picture, found[:, :1]] if kind == "deletion" else [found[:, :1], whole_picture]
    curves = [np.concatenate([ends[0], between[:, i], ends[1]], 1) for i in range(1 + random)]
    return Curve(
        kind=kind,
        shares=np.array(counts) / counts[-1],
        values=curves[0],
        random=np.stack(curves[1:]) if random else np.empty((0, *curves[0].shape)),
        score=score,
        fill=fill if isinstance(fill, str | int | float) else type(fill).__name__,  # type: ignore[arg-type]  # a name or a number
        passes=Passes(run.meter.forward, 0),
    )


def _steps(
    explanation: Explanation, x: Pixels, hide: Fill, counts: list[int], random: int, seed: int, kind: Kind
) -> Iterator[Tensor]:
    """Pictures (b,c,h,w): all hidden; then, of the map and of each moved by chance, those between its ends."""
    images = torch.arange(len(x), device=x.device)

    def picture(ranks: list[Ranks], count: int) -> Tensor:
        gone = np.stack([visible(own, count, keep=kind == "insertion") for own in ranks])
        return hide(torch.from_numpy(gone)[:, None].to(x), images)[:, 0].mean(1)

    for chance in range(1 + random):
        ranks = [hottest(explanation, image, seed, chance) for image in range(len(x))]
        if not chance:
            yield picture(ranks, counts[-1] if kind == "deletion" else 0)
        for count in counts[1:-1]:
            yield picture(ranks, count)


def explained_by(model: Model, explanation: Explanation) -> Model:
    """The model, with its texts, if it is the one that was explained. Raises BadInput."""
    check_explained(model, explanation)
    if isinstance(model, TextModel):
        given = dict(explanation.model.overrides)
        model = model if model.classes else with_texts(model, (), [*given.get("classes", ())], given.get("templates"))
        check_share(model, "probability")
    return model


def check_explained(model: Model, explanation: Explanation) -> None:
    """Raises BadInput where the model is another than the one that was explained."""
    card = explanation.model
    if card.fingerprint and model.fingerprint and card.fingerprint != model.fingerprint:
        raise BadInput(f"{model.name} is not what was explained: {card.name}", "pass the model that was explained")


def class_of_each(explanation: Explanation) -> list[int]:
    """The class explained, an image each. Raises BadOption where the score was not one class's own."""
    classes = [one for one in explanation.classes if one is not None]
    if len(classes) != len(explanation) or explanation.decided[:1] != ("class",):
        raise BadOption(f"{explanation.target!r} is not one class, whose probability could be followed", "explain one")
    return classes


def pixels_of(model: Model, explanation: Explanation) -> Pixels:
    """What the network saw (b,c,h,w). Raises BadInput where it would see another part of the photo now."""
    batches = load_all(as_given(explanation.photos), model.preprocess)
    now = [photo.geometry for batch in batches for photo in batch.photos]
    if len(batches) != 1 or now != [photo.geometry for photo in explanation.photos]:
        raise BadInput("the network takes another part or size of the photo than it did", "explain it again")
    return batches[0].pixels
