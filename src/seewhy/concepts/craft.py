"""CRAFT: Fel et al., CVPR 2023, arXiv:2211.10154. Concepts by factorizing crops' activations, without naming them."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from seewhy.asked import whole
from seewhy.concepts.crops import Crops, crops
from seewhy.concepts.maps import above, negative, read, readable, together
from seewhy.concepts.nmf import Factors, nmf, shares
from seewhy.concepts.sobol import designs, total_indices
from seewhy.model import Model
from seewhy.results.craft import Crop, FoundConcept, FoundConcepts
from seewhy.scores import Score, transform
from seewhy.sources import as_model
from seewhy.targets import ClassLogit, Pinned
from seewhy.types import Passes, Pixels

PART = 3.5  # crops in a side of the picture: 64 pixels of 224, as its authors have it
SHOWN = 8  # crops that are kept of each concept


def craft(
    model: Model | str,
    images: Any,
    target: int | str,
    layer: str | None = None,
    *,
    concepts: int = 10,
    side: int | None = None,
    samples: int = 32,
    seed: int = 0,
) -> FoundConcepts:
    """The concepts in pictures of a class, by how much of its score's variance each takes part in.

    images: a folder, or whatever `seewhy.explain` takes, of one size once they are the network's input. layer: of maps;
    default the last. side: of a crop, pixels of the input; default 2/7 of the shorter side. samples: of Jansen's
    estimator; each takes concepts + 2 passes an image through the network from the layer on.
    Activations below zero are factorized less each channel's minimum, which a note says. Raises BadInput, Unsupported.
    """
    model = as_model(model).shared()
    readable(model, "CRAFT")
    count, samples = whole(concepts, "concepts", 1), whole(samples, "samples", 2)
    with torch.inference_mode(False), model.frozen():
        x, photos = together(model, images)
        name = model.layer(layer, x)
        outputs = model.outputs(x)
        pinned, kind = _pinned(model, x, target, outputs)
        cut = crops(x, _side(side, x))
        seen, floor = above(read(model, cut.pixels, name).mean((2, 3)), name, count)
        found = nmf(seen, count)
        indices, maps = _importance(model, x, name, pinned, found.h, floor, samples, seed)
    index = int(pinned.index[0]) if pinned.index is not None else 0
    order = indices.mean(0).argsort(descending=True).tolist()
    return FoundConcepts(
        target=model.label(index) or str(target),
        index=index,
        layer=name,
        each=tuple(_concept(i, indices, maps, found, cut) for i in order),
        photos=photos,
        side=int(cut.boxes[0, 2] - cut.boxes[0, 0]),
        count=len(seen),
        lost=found.error(seen),
        model=replace(model.card, fingerprint=model.fingerprint),
        passes=Passes(model.meter.forward, model.meter.backward),
        seed=seed,
        predicted=float((outputs.argmax(1) == index).float().mean()),
        notes=tuple(_notes(outputs.argmax(1) == index, model.label(index) or str(target), name, floor, kind)),
    )


def _importance(
    model: Model, x: Pixels, layer: str, target: Pinned, h: Tensor, floor: Tensor, samples: int, seed: int
) -> tuple[Tensor, Tensor]:
    """Total indices (b,k), and the concepts' maps (b,k,r,q)."""
    tail = model.tail(x, layer)
    maps = tail.maps().double()
    flat = maps.movedim(1, -1)
    lowest = torch.minimum(floor, flat.flatten(0, 2).amin(0))
    own = shares((flat - lowest).flatten(0, 2), h).unflatten(0, flat.shape[:3])  # (b,r,q,k)
    masks = designs(len(h), samples, seed).to(own)

    def variants() -> Iterator[Tensor]:
        for mask in masks:
            yield ((own * mask) @ h + lowest).movedim(-1, 1).to(x.dtype)

    return total_indices(tail.scores(variants(), target), len(h)), own.movedim(-1, 1)


def _concept(i: int, indices: Tensor, maps: Tensor, found: Factors, cut: Crops) -> FoundConcept:
    own = indices[:, i]
    error = float(own.std() / len(own) ** 0.5) if len(own) > 1 else float("nan")
    best = found.w[:, i].topk(min(SHOWN, len(found.w))).indices.tolist()
    return FoundConcept(
        importance=float(own.mean()),
        error=error,
        direction=np.asarray(found.h[i].float().cpu().numpy()),
        maps=np.asarray(maps[:, i].float().cpu().numpy()),
        crops=tuple(_crop(cut, at, float(found.w[at, i])) for at in best),
    )


def _crop(cut: Crops, at: int, strength: float) -> Crop:
    top, left, bottom, right = cut.boxes[at].tolist()
    shown = cut.pixels[at].float().cpu()
    shown = shown if len(shown) == 3 else shown.mean(0, keepdim=True).expand(3, -1, -1)
    pixels = (255 * shown).round().clamp(0, 255).to(torch.uint8).permute(1, 2, 0).numpy()
    return Crop(int(cut.image[at]), (top, left, bottom, right), strength, np.ascontiguousarray(pixels))


def _side(asked: int | None, x: Pixels) -> int:
    shorter = min(x.shape[2:])
    return max(1, round(shorter / PART)) if asked is None else whole(asked, "side", 1, shorter)


def _pinned(model: Model, x: Pixels, target: int | str, outputs: Tensor) -> tuple[Pinned, Score]:
    kind: Score = "log_probability" if model.census(x).outputs == "probability" else "logit"
    return replace(
        ClassLogit(target).pin(outputs, model.find), transform=transform(kind, model.census(x).outputs)
    ), kind


def _notes(hits: Tensor, label: str, layer: str, floor: Tensor, kind: str) -> Iterator[str]:
    right = int(hits.sum())
    if right * 2 < len(hits):
        yield f"{right} of {len(hits)} pictures of {label} are predicted as {label}"
    if kind != "logit":
        yield "the model ends in probabilities: log-probability is explained"
    if (floor < 0).any():
        yield negative(layer)
