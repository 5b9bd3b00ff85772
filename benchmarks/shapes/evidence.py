"""How much of a map's positive relevance lies on the object asked for, in scenes that show others too."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation

from benchmarks.shapes.networks import PATCH, pixels
from benchmarks.shapes.scenes import NONE, SIDE, draw
from seewhy import Explanation, Model, compare, get_method
from seewhy.geometry import Geometry

SEED = (10**6, 2)  # of scenes that no network was trained on
GREY = {"baseline": "mean"}  # black, the default of most methods, is a colour of these objects
OPTIONS: Mapping[str, Mapping[str, Any]] = {  # what else differs from the defaults, for time: id -> options
    "expected_gradients": {"n_samples": 50},
    "guided_integrated_gradients": {"n_steps": 50},
    "xrai": {"n_steps": 20, "min_size": 50},
    "kernel_shap": {"n_samples": 300},
    "lime": {"n_samples": 300},
    "partition_shap": {"max_evals": 300, "fill": "mean"},
    "rise": {"n_samples": 600},
    "shapley_sampling": {"n_samples": 300},
}
BATCH = 10
Maps = NDArray[np.float64]
Masks = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Asked:
    """Scenes and two objects of each. pixels (n,3,h,w) in [0,1], classes (n,2), masks (n,2,h,w)."""

    pixels: torch.Tensor
    classes: NDArray[np.int64]
    masks: Masks

    def __len__(self) -> int:
        return len(self.classes)

    def __getitem__(self, rows: slice) -> "Asked":
        return Asked(self.pixels[rows], self.classes[rows], self.masks[rows])


@dataclass(frozen=True, eq=False)
class Shares:
    """Shares (n,2) of a method's positive relevance: on the object asked for; on it grown by half a patch; and on it
    where the other object is asked for. seconds: of one map.
    """

    own: Maps
    grown: Maps
    other: Maps
    seconds: float = 0.0

    @property
    def mean(self) -> float:
        return float(self.own.mean())

    @property
    def error(self) -> float:
        """The standard error of the mean, over scenes: the two maps of one scene are not independent."""
        return float(self.own.mean(1).std(ddof=1) / len(self.own) ** 0.5)

    @property
    def switched(self) -> float:
        """How often an object has more of the map that asks for it than of the one that asks for the other."""
        return float((self.own > self.other).mean())


def asked(model: Model, n: int, seed: int | Sequence[int] = SEED) -> Asked:
    """n scenes with two objects that the model says are there, of two to four: a map of what it denies is a map of an
    error, and where the evidence of an error lies is not known."""
    scenes = draw(2 * n, seed, (2, 4))
    x = pixels(scenes)
    with model.frozen(), torch.no_grad():
        said = np.concatenate([np.asarray(model.outputs(part)) for part in x.split(50)]) > 0
    slots = [
        [at for at, one in enumerate(row) if one != NONE and yes[one]][:2]
        for row, yes in zip(scenes.classes, said, strict=True)
    ]
    rows = np.array([row for row, two in enumerate(slots) if len(two) == 2][:n], int)
    if len(rows) < n:
        raise ValueError(f"the model knows two objects in {len(rows)} of {len(x)} scenes: it is not well trained")
    at = rows[:, None], np.array([slots[row] for row in rows])
    return Asked(x[torch.from_numpy(rows)], scenes.classes[at], scenes.masks[at])


def measured(model: Model, id: str, scenes: Asked) -> Shares:
    """Of one method. Raises what the method raises: where it fails there is no figure."""
    started = time.perf_counter()
    parts = [_maps(model, id, scenes, slice(at, at + BATCH)) for at in range(0, len(scenes), BATCH)]
    return shares(np.concatenate(parts), scenes.masks, (time.perf_counter() - started) / (2 * len(scenes)))


def _maps(model: Model, id: str, scenes: Asked, rows: slice) -> Maps:
    """(n,2,h,w): of both objects."""
    targets = [scenes.classes[rows, which].tolist() for which in (0, 1)]
    options = {**(GREY if _takes_baseline(id) else {}), **OPTIONS.get(id, {})}
    made = compare(model, scenes.pixels[rows], [id], targets, score="logit", options={id: options})[id]
    return np.stack([positive(one) for one in made], 1)


def _takes_baseline(id: str) -> bool:
    return any(one.name == "baseline" for one in fields(get_method(id)))  # type: ignore[arg-type]


def positive(found: Explanation) -> Maps:
    """(b,H,W): what speaks for the class; of methods whose maps are sizes, all of it."""
    heat = found.heatmap().astype(float)
    return abs(heat) if found.sign == "absolute" else heat.clip(0)


def shares(heat: Maps, masks: Masks, seconds: float = 0.0) -> Shares:
    """Of maps (n,2,h,w), none of them negative, of two objects (n,2,h,w). A blank map has no share on anything."""
    whole = heat.sum((2, 3))
    heat = heat / np.where(whole > 0, whole, 1)[..., None, None]
    on = [(heat * one).sum((2, 3)) for one in (masks, grown(masks), masks[:, ::-1])]
    return Shares(on[0], on[1], on[2][:, ::-1], seconds)


def grown(masks: Masks) -> Masks:
    """Masks (n,2,h,w) and what lies up to half a patch from them."""
    reach = PATCH // 2
    y, x = np.ogrid[-reach : reach + 1, -reach : reach + 1]
    return np.asarray(binary_dilation(masks, (x * x + y * y <= reach * reach)[None, None]))


def even(scenes: Asked) -> Shares:
    """By chance: of an even map."""
    return shares(np.ones(scenes.masks.shape), scenes.masks)


def of_patches(scenes: Asked) -> Shares:
    """Of the map that a method on tokens should give: each patch as much as the object covers of it."""
    return _drawn(_cover(scenes), scenes)


def of_touched(scenes: Asked) -> Shares:
    """Of a map that knows each patch the object is in, and not how much of it."""
    return _drawn((_cover(scenes) > 0).astype(np.float32), scenes)


def _cover(scenes: Asked) -> NDArray[np.float32]:
    cells = SIDE // PATCH
    return scenes.masks.reshape(-1, 2, cells, PATCH, cells, PATCH).mean((3, 5), dtype=np.float32)


def _drawn(cells: NDArray[np.float32], scenes: Asked) -> Shares:
    return shares(Geometry.identity(SIDE, SIDE).place(cells).astype(float), scenes.masks)
