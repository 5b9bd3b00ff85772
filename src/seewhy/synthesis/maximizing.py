"""Feature visualization: pictures that a network answers to most (Olah et al., Feature Visualization, 2017)."""

import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import torch

from seewhy.model import Model, pair
from seewhy.model.cores import Each, one_by_one, side_by_side
from seewhy.results.visualization import Visualization, Visualized
from seewhy.sources import as_model
from seewhy.synthesis.climbing import Climb, climbs, cores_for
from seewhy.synthesis.looking import eye
from seewhy.synthesis.objectives import Objective
from seewhy.synthesis.parametrization import Parametrization
from seewhy.synthesis.planning import Plan, Step, Tell, objectives_of, planned, versions
from seewhy.synthesis.transforms import Transforms

REDIRECTED_STEPS = 16  # Lucid's
LOOKS, RISEN = 8, 0.02  # steps that are averaged over their random moves; share of the value


def visualize(
    model: Model | str,
    objectives: Objective | str | Sequence[Objective | str],
    *,
    size: int | tuple[int, int] = 128,
    steps: int = 512,
    thresholds: Sequence[int] = (),
    batch: int = 1,
    parametrization: Parametrization | str = "fourier",
    transforms: Transforms | None = None,
    lr: float | None = None,
    redirect: int = REDIRECTED_STEPS,
    network_size: int | tuple[int, int] | None = None,
    seed: int = 0,
    tell: Tell | None = None,
) -> Visualization:
    """Pictures that raise each of the objectives, all of them in one optimisation.

    objectives: as text ("layer4:12", "class:tabby - 1e-3*tv": see parsing.py) or made by objectives.py. size: of the
    pictures. thresholds: steps at which they are kept besides the last. batch: pictures an objective; diversity and the
    like are between these. parametrization: "fourier", "pixels", "shared", "cppn", "maco" or one of
    parametrization.py. transforms: default Lucid's; NONE for none. lr: Adam's, by default the parametrization's own.
    redirect: so many steps have redirected gradients at ReLUs, so that a unit that is shut at first may open.
    network_size: of the network's input; by default pictures smaller than what it was made for are enlarged to that.
    A picture is the same alone and beside others, but for the rounding of larger batches. tell: called after each step;
    it ends all where it returns True, and the pictures are those of the last step.
    Raises SeewhyError for what can't be read or is not there, ModelFailed where the gradient is zero or not finite.
    """
    began = time.monotonic()
    model = replace(as_model(model).shared(), fold=True)
    plan = planned(
        size=size, steps=steps, thresholds=thresholds, batch=batch, made_of=parametrization, transforms=transforms,
        lr=lr, redirect=redirect, seed=seed,
    )  # fmt: skip
    asked = objectives_of(objectives)
    with torch.inference_mode(False), model.frozen():
        looks = eye(model, plan.transforms.canvas(plan.size), pair(network_size, "network_size"))
        bound = [one.bound(looks, plan.size) for one in asked]
        cores = cores_for(looks, bound)
        parts = climbs(looks, plan, bound, cores)
        with side_by_side(len(parts), cores) as at_once:
            kept = _climbed(parts, plan, len(bound), at_once, tell)
        found = {at: one for part in parts for at, one in part.found()}
    pictures = tuple(found[at] for at in range(len(bound)))
    size_said = "x".join(map(str, looks.size))
    resized = f"the network takes no other size than {size_said}: pictures are resized to it in every step"
    return Visualization(
        found=pictures,
        steps=kept,
        model=model.card,
        options={**plan.told(), "network_size": list(looks.size)},
        seed=plan.seed,
        seconds=time.monotonic() - began,
        notes=(*([resized] if looks.resized else []), *_unrisen(pictures)),
        versions=versions(),
    )


def _unrisen(pictures: Sequence[Visualized]) -> list[str]:
    """What must be said of objectives that did not rise: their pictures show nothing but where they began."""
    found = []
    for one in pictures:
        first, last = one.values[:LOOKS].mean(0), one.values[-LOOKS:].mean(0)
        if len(one.values) >= 4 * LOOKS and (last - first <= RISEN * np.maximum(abs(first), abs(last))).any():
            found.append(f"the objective {one.name!r} did not rise: try smaller moves, or another seed")
    return found


def _climbed(parts: Sequence[Climb], plan: Plan, objectives: int, at_once: Each, tell: Tell | None) -> tuple[int, ...]:
    """Take all steps, or until `tell` says to stop; the steps at which pictures were kept."""
    kept: list[int] = []
    for done in range(1, plan.steps + 1):
        each = at_once if done > plan.redirect else one_by_one  # redirected gradients are the modules' own
        values: dict[int, float] = {}
        for found in each(partial(Climb.step, done=done), parts):
            values |= found
        told = tuple(values[at] for at in range(objectives))
        stop = tell is not None and tell(Step(done, plan.steps, told)) is True
        if done in plan.kept or stop:
            kept.append(done)
            for part in parts:
                part.keep()
        if stop:
            break
    return tuple(kept)


__all__ = ["Step", "Visualized", "visualize"]
