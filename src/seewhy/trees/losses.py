"""Losses that teach a network to decide by a tree: Wan et al., Neural-Backed Decision Trees, ICLR 2021, section 3.3.

Each is a criterion on the network's scores plus a weight times a term of the tree. Scores are (b,k) or (b,k,...) with
places, labels (b,) or (b,...), as torch's criterions take them.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from seewhy.asked import one_of
from seewhy.errors import BadInput, BadOption
from seewhy.results.hierarchy import Hierarchy
from seewhy.trees.rules import SoftRules

TERMS = ("log_probability", "probability")


@dataclass(frozen=True)
class Schedule:
    """A weight that goes from `start` to `end` while a training goes from 0 to 1: (1 - t^power) start + t^power end."""

    start: float = 1.0
    end: float = 1.0
    power: float = 1.0

    def __post_init__(self) -> None:
        if not (self.start >= 0 and self.end >= 0 and self.power > 0):
            raise BadOption(f"{self}", "weights are 0 or more, and the power is more than 0")

    def at(self, progress: float) -> float:
        done: float = min(max(progress, 0.0), 1.0) ** self.power
        return (1 - done) * self.start + done * self.end


class TreeLoss(nn.Module):
    """What both losses share. criterion: on scores and labels, a mean over samples; by default the cross-entropy.

    weight: of the tree's term, or a Schedule of it, which `at` moves along. Raises BadOption, and BadInput where scores
    or labels don't fit.
    """

    def __init__(
        self,
        tree: Hierarchy,
        weight: float | Schedule = 1.0,
        criterion: Callable[[Tensor, Tensor], Tensor] | None = None,
    ) -> None:
        super().__init__()
        self.rules = SoftRules(tree)
        self.criterion = nn.CrossEntropyLoss() if criterion is None else criterion
        if (reduction := getattr(self.criterion, "reduction", "mean")) != "mean":
            raise BadOption(f"a criterion with reduction {reduction!r}", "the terms of a loss are means")
        self.schedule = weight if isinstance(weight, Schedule) else Schedule(weight, weight)
        self.weight = self.schedule.start

    def at(self, progress: float) -> None:
        """Sets the weight to what it is at this share of the training."""
        self.weight = self.schedule.at(progress)

    def forward(self, scores: Tensor, labels: Tensor) -> Tensor:
        term = self.term(scores, labels)  # first, as it says what does not fit
        return self.criterion(scores, labels) + self.weight * term

    def term(self, scores: Tensor, labels: Tensor) -> Tensor:
        """The tree's, before it is weighted."""
        raise NotImplementedError  # the two kinds of losses have it

    def _labels(self, labels: Tensor, scores: Tensor) -> tuple[Tensor, Tensor]:
        """Of each sample its class, and whether it has one that counts."""
        if labels.shape != (scores.shape[0], *scores.shape[2:]) or labels.dtype.is_floating_point:
            raise BadInput(
                f"labels {tuple(labels.shape)} of {labels.dtype} for scores {tuple(scores.shape)}",
                "give each sample, or each of its places, the number of its class",
            )
        flat = labels.flatten()
        known = flat != getattr(self.criterion, "ignore_index", -100)
        classes = flat.where(known, torch.zeros_like(flat))
        if len(flat) and not 0 <= int(classes.min()) <= int(classes.max()) < self.rules.classes:
            raise BadInput(
                f"labels from {int(flat.min())} to {int(flat.max())}", f"classes are 0 to {self.rules.classes - 1}"
            )
        return classes, known


class SoftTreeLoss(TreeLoss):
    """The criterion on the probabilities of the soft rules.

    term: "log_probability", on their logarithms, whose cross-entropy is -log p of the label. Or "probability", on the
    probabilities themselves as if they were scores, as the authors' code has it: the softmax of its cross-entropy is
    then a second one, whose loss stays between log(1 + (k-1)/e) and log(k-1+e) whatever the tree says. Of ten classes
    both teach alike (docs/tree_digits.md); of a thousand the second has less than a hundredth of the first's gradient.
    """

    def __init__(
        self,
        tree: Hierarchy,
        weight: float | Schedule = 1.0,
        criterion: Callable[[Tensor, Tensor], Tensor] | None = None,
        *,
        term: str = "log_probability",
    ) -> None:
        super().__init__(tree, weight, criterion)
        self.of = one_of(term, "term", TERMS)

    def term(self, scores: Tensor, labels: Tensor) -> Tensor:
        if not labels.dtype.is_floating_point:  # probabilities of classes are the criterion's own affair
            self._labels(labels, scores)
        found = self.rules(scores) if self.of == "probability" else self.rules.log_probabilities(scores)
        return self.criterion(found, labels)


class HardTreeLoss(TreeLoss):
    """The criterion at each node on the label's way, on the scores of its children.

    A node's share of the term is its samples over half of all samples times the inner nodes, so that on average a
    sample has as much loss from each node as half of it. min_leaves, max_leaves: only nodes with so many classes below
    teach. Of the cross-entropy, and with all nodes, the term is -log p of the soft rules times 2 / inner nodes.
    """

    supervised: Tensor  # (n,) whether the step to a node is taught
    table: Tensor  # (n,) in which table the siblings of a node are, in
    row: Tensor  # (n,) which row, and
    position: Tensor  # (n,) at which place in it

    def __init__(
        self,
        tree: Hierarchy,
        weight: float | Schedule = 1.0,
        criterion: Callable[[Tensor, Tensor], Tensor] | None = None,
        *,
        min_leaves: int | None = None,
        max_leaves: int | None = None,
    ) -> None:
        super().__init__(tree, weight, criterion)
        if getattr(self.criterion, "weight", None) is not None:
            raise BadOption("a criterion with weights of classes", "the children of a node are none of them")
        self.inner, self.widths = len(tree.inner), sorted({len(tree.children[node]) for node in tree.inner})
        least, most = min_leaves or 0, max_leaves or len(tree.leaves)
        taught = [least <= len(tree.classes[max(parent, 0)]) <= most for parent in tree.parents]
        table, row, position = ([0] * len(tree) for _ in range(3))
        for number, width in enumerate(self.widths):
            families = [below for below in tree.children if len(below) == width]
            self.register_buffer(f"siblings{number}", torch.tensor(families), persistent=False)
            for at, family in enumerate(families):
                for place, node in enumerate(family):
                    table[node], row[node], position[node] = number, at, place
        indices = {"supervised": taught, "table": table, "row": row, "position": position}
        for name, values in indices.items():
            self.register_buffer(name, torch.tensor(values), persistent=False)

    def term(self, scores: Tensor, labels: Tensor) -> Tensor:
        means = self.rules.node_scores(scores).movedim(1, -1).flatten(0, -2)
        classes, known = self._labels(labels, scores)
        nodes = self.rules.ways[classes]
        asked = (nodes >= 0) & known[:, None] & self.supervised[nodes]
        samples = torch.arange(len(classes), device=nodes.device)[:, None].expand_as(nodes)
        total = 0 * means.sum()
        for number in range(len(self.widths)):
            here = asked & (self.table[nodes] == number)
            node, siblings = nodes[here], getattr(self, f"siblings{number}")
            if len(node):
                own = means[samples[here][:, None], siblings[self.row[node]]]
                total = total + self.criterion(own, self.position[node]) * len(node)
        return total * 2 / (known.sum().clamp_min(1) * self.inner)
