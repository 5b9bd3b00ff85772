"""What made it an animal, and what a cat: a map for each decision of a tree."""

from dataclasses import replace
from typing import Any

from seewhy.api import compare
from seewhy.model.recorded import Meter
from seewhy.registry import Method
from seewhy.results.decisions import Decisions, Step
from seewhy.results.hierarchy import Hierarchy
from seewhy.scores import Score
from seewhy.sources import as_model
from seewhy.targets import Branches
from seewhy.trees import decide
from seewhy.types import Explanation, Passes


def explain_decisions(
    model: Any,
    image: Any,
    hierarchy: Hierarchy | None = None,
    rule: str = "marginal",
    method: str | Method = "gradcam",
    *,
    every: bool = False,
    seed: int = 0,
    **options: Any,
) -> Any:
    """`seewhy.trees.decide`, with a map by any method for each decision: Decisions, or a list of them.

    A map explains the mean logit of the classes below the node gone to, less the mean of its rejected siblings' own
    means; where unnamed nodes are passed, of all that was rejected on the way. With the rule "marginal" it is the
    logarithm of the odds that the share says. every: a map for unnamed nodes, too.
    All steps share the forward. options: of the method.
    """
    model = as_model(model)
    found = decide(model, image, hierarchy, rule)
    if isinstance(found, Decisions):
        return _mapped(model, image, replace(found, every=every), method, seed, options)
    each = [image[i : i + 1] for i in range(len(image))] if hasattr(image, "ndim") else image
    return [
        _mapped(model, one, replace(own, every=every), method, seed, options)
        for one, own in zip(each, found, strict=True)
    ]


def branches(found: Decisions, step: Step, *, log: bool = False) -> Branches:
    """What is explained of a step: where it went, against all that it rejected."""
    tree = found.tree
    sides = [one.name or one.id for one in step.rejected]
    name = f"{step.name or step.id} - {sides[0] if len(sides) == 1 else f'{len(sides)} others'}"
    others = tuple(tree.classes[one.node] for one in step.rejected)
    return Branches(tree.classes[step.node], others, log, found.rule == "marginal", name)


def _mapped(
    model: Any, image: Any, found: Decisions, method: str | Method, seed: int, options: dict[str, Any]
) -> Decisions:
    kind = model.census(None).outputs
    score: Score | None = {"logit": "logit", "probability": "log_probability"}.get(kind)  # type: ignore[assignment]  # each is a Score
    chosen = [step for step in found.shown if step.rejected]
    targets = [branches(found, step, log=kind == "answer") for step in chosen]
    id = method if isinstance(method, str) else method.info.id
    counted, told = [0, 0], model.meter.tell

    def tell(forward: int, backward: int) -> None:
        counted[:] = forward, backward
        if told is not None:
            told(forward, backward)

    model = replace(model, meter=Meter(tell=tell))
    table = compare(model, image, [method], targets, score=score, seed=seed, options={id: options} if options else None)
    made = dict(zip((step.node for step in chosen), table, strict=True))
    maps: tuple[Explanation | None, ...] = tuple(made.get(step.node) for step in found.shown)
    passes = Passes(found.passes.forward + counted[0], found.passes.backward + counted[1])
    return replace(found, maps=maps, passes=passes)
