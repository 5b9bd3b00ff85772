"""A photo's way through a tree over a network's classes."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from seewhy.asked import one_of
from seewhy.errors import Unsupported
from seewhy.first import outputs_of
from seewhy.images import Batch, load_all
from seewhy.model import Model
from seewhy.results.decisions import Branch, Decisions, Step
from seewhy.results.hierarchy import Hierarchy
from seewhy.scores import Outputs, distributions, transform
from seewhy.sources import as_model
from seewhy.trees.inducing import induce
from seewhy.trees.rules import HardRules, MarginalRules, Rules, SoftRules
from seewhy.types import Passes, Prediction

RULES: dict[str, Callable[[Hierarchy], Rules]] = {"soft": SoftRules, "hard": HardRules, "marginal": MarginalRules}
LOGARITHMS = "the model answers in probabilities: the tree decides on their logarithms"


def decide(model: Model | str, images: Any, hierarchy: Hierarchy | None = None, rule: str = "marginal") -> Any:
    """What a tree decides on each photo: Decisions, or a list of them for several. One forward a photo.

    images: as `seewhy.explain` takes them. hierarchy: default the one induced from the last layer's weights. rule:
    "marginal" goes to the network's own class: a share is the part of the network's probability of all classes below a
    node that those below its child have. The paper's are "soft", to the likeliest class, and "hard", at each node to
    the child with the highest mean score; shares are the softmax among siblings in both. Of a network that ends in
    a softmax, or a function that answers so, the scores are the logarithms, which gives what its logits would. Raises
    Unsupported where scores are no choice of one class: a yes or no each, or a function's scores of an unknown kind.
    """
    one_of(rule, "rule", tuple(RULES))
    model = as_model(model)
    tree = induce(model) if hierarchy is None else hierarchy
    rules = RULES[rule](tree)
    papers = SoftRules(tree) if rule == "marginal" else None
    found: list[Decisions] = []
    with torch.inference_mode(False):
        for batch in load_all(images, model.preprocess):
            found += _decided(model, batch, rules, rule, papers)
    several = isinstance(images, list | tuple) or getattr(images, "ndim", 0) == 4
    return found if several else found[0]


def decisive(model: Model, outputs: Tensor, kind: Outputs) -> tuple[Tensor, tuple[str, ...]]:
    """Scores (b,k) that rules can take, and what must be said of them. Raises Unsupported."""
    if outputs.ndim != 2:
        raise Unsupported(
            f"a tree over {model.name}, which returns {tuple(outputs.shape[1:])} an image", "name a classifier"
        )
    if kind == "logit":
        return outputs, ()
    if kind == "answer" and not bool(distributions(outputs).all()):
        raise Unsupported(
            f"a tree over the answers of {model.name}, which are no probabilities that sum to one",
            "return the softmax of the logits",
        )
    if kind == "binary" or not bool(distributions(outputs).all()):
        raise Unsupported(
            f"a tree over {model.name}, which says yes or no of each class", "a tree chooses one class of several"
        )
    return transform("log_probability", "probability")(outputs), (LOGARITHMS,)


def _decided(model: Model, batch: Batch, rules: Rules, rule: str, papers: Rules | None) -> list[Decisions]:
    """papers: the rules of the paper that a word is said of where they decide otherwise."""
    run = model.shared()
    x = run.checked(batch.pixels)
    with run.frozen():
        outputs = run.check_names(outputs_of(run, x)).detach()
    scores, notes = decisive(run, outputs, run.census(x).outputs)
    scores = scores.float().cpu()
    with torch.no_grad():
        _, ways = rules.forward_with_decisions(scores)
        own, every = scores.softmax(1), rules.log_shares(scores).exp().numpy()
        soft = papers(scores) if papers else [None] * len(scores)
    tree = rules.hierarchy
    labels = tuple(run.classes) or tuple(map(tree.called, tree.leaves))
    card = replace(run.card, fingerprint=run.fingerprint)
    found: list[Decisions] = []
    for way, shares, nodes, photo, at in zip(ways, own, every, batch.photos, soft, strict=True):
        steps = tuple(_labelled(one, labels) for one in way)
        said = int(shares.argmax())
        network = Prediction(said, labels[said], float(shares[said]))
        last = steps[-1]
        found.append(
            Decisions(steps, last.best, labels[last.best], last.reached, network, rule, tree, labels, nodes, photo,
                      card, Passes(run.meter.forward // len(x)), (*notes, *_by_the_papers(at, labels, said)))
        )  # fmt: skip
    return found


def _by_the_papers(soft: Tensor | None, labels: Sequence[str], said: int) -> Iterator[str]:
    """A word where the paper's soft rules (k,) decide for another class than the network, and than these rules."""
    if soft is not None and (other := int(soft.argmax())) != said:
        yield f"by soft rules the tree says {labels[other]} ({float(soft[other]):.1%})"


def _labelled(step: Step, labels: tuple[str, ...]) -> Step:
    """Leaves are called as the network calls its classes, or where it has no names as the tree does."""

    def called(one: Branch) -> str:
        return labels[one.best] if one.leaf else one.name

    rejected = tuple(replace(one, name=called(one)) for one in step.rejected)
    return replace(step, name=called(step), rejected=rejected)
