"""Deep feature factorization: Collins et al., ECCV 2018, arXiv:1806.10206."""

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from seewhy.asked import whole
from seewhy.concepts.maps import above, negative, read, readable, together
from seewhy.concepts.nmf import nmf
from seewhy.model import Model
from seewhy.results.factors import ActivationFactors, Factor
from seewhy.scores import probabilities
from seewhy.sources import as_model
from seewhy.types import Passes, Pixels, Prediction

NAMED = 2  # classes of a factor


def factors(model: Model | str, images: Any, k: int = 5, layer: str | None = None) -> ActivationFactors:
    """What the pictures' places have in common in a layer of maps, as k factors, each with where it is and its classes.

    images: a folder, or whatever `seewhy.explain` takes, of one size once they are the network's input. layer: default
    the last maps. A factor's classes are those of the network when every place is like its strongest one.
    Activations below zero are factorized less each channel's minimum, which a note says. Raises BadInput, Unsupported.
    """
    model = as_model(model).shared()
    readable(model, "deep feature factorization")
    count = whole(k, "k", 1)
    with torch.inference_mode(False), model.frozen():
        x, photos = together(model, images)
        name = model.layer(layer, x)
        maps = read(model, x, name)
        seen, floor = above(maps.movedim(1, -1).flatten(0, 2), name, count)
        found = nmf(seen, count)
        peak = found.w.amax(0).clamp_min(1e-30)
        heat = (found.w / peak).unflatten(0, (len(x), *maps.shape[2:])).movedim(-1, 0)  # (k,b,r,q)
        vectors = found.h * peak[:, None] + floor
        order = heat.sum((1, 2, 3)).argsort(descending=True).tolist()
        named = predictions(model, as_every_place(model, x, name, vectors), NAMED, x)
        own = predictions(model, model.outputs(x), 5, x)
    each = [_factor(i, vectors, heat, named[i]) for i in order]
    notes = (negative(name),) if bool((floor < 0).any()) else ()
    card = replace(model.card, fingerprint=model.fingerprint)
    passes = Passes(model.meter.forward, model.meter.backward)
    return ActivationFactors(name, tuple(each), photos, tuple(own), found.error(seen), card, passes, notes)


def as_every_place(model: Model, x: Pixels, layer: str, vectors: Tensor) -> Tensor:
    """The model's outputs (k,classes) where each vector (k,d) stands at every place of the layer's maps."""
    tail = model.tail(x[:1], layer)
    like = tail.maps()
    maps = vectors.to(like)[:, :, None, None].expand(-1, -1, *like.shape[2:])
    with torch.no_grad():
        return torch.cat(
            [tail(one, torch.zeros(len(one), dtype=torch.int64, device=x.device)) for one in maps.split(8)]
        )


def predictions(model: Model, outputs: Tensor, most: int, x: Pixels) -> list[tuple[Prediction, ...]]:
    """The likeliest classes of each row of outputs (n,classes)."""
    kind = model.census(x).outputs
    shares = outputs if kind == "probability" else outputs.sigmoid() if kind == "binary" else probabilities(outputs)
    top = shares.topk(min(most, shares.shape[1]), dim=1)
    return [
        tuple(Prediction(int(i), model.label(int(i)) or f"class {int(i)}", float(p)) for p, i in zip(*row, strict=True))
        for row in zip(top.values.tolist(), top.indices.tolist(), strict=True)
    ]


def _factor(i: int, vectors: Tensor, heat: Tensor, named: tuple[Prediction, ...]) -> Factor:
    direction, maps = (np.asarray(one.float().cpu().numpy()) for one in (vectors[i], heat[i]))
    return Factor(direction, maps, named)
