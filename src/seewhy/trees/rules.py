"""Decisions of a tree over a network's scores: Wan et al., Neural-Backed Decision Trees, ICLR 2021, arXiv:2004.00221.

A node's score is the mean of the scores of the classes below it. Soft: a class's probability is the product of the
softmaxes over siblings on its way from the root. Hard: from the root on, to the child with the highest score.
Nothing here loops over samples or nodes. Samples are columns, so that a node's values are a row: means and sums along
ways are those of bags of rows, and siblings stand side by side, families of one size together.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

import torch
from torch import Tensor, nn

from seewhy.errors import BadInput
from seewhy.results.decisions import Step
from seewhy.results.hierarchy import Hierarchy
from seewhy.trees.bags import Bags
from seewhy.trees.steps import steps


@dataclass(frozen=True, eq=False)
class Taken:
    """The path that each sample takes. S samples, T steps of the longest way down.

    nodes (S,T): the child that is gone to at each step, -1 after the leaf. probabilities (S,T): its share among its
    siblings, 1 after the leaf. classes (S,): the leaf's.
    """

    nodes: Tensor
    probabilities: Tensor
    classes: Tensor


class Rules(nn.Module):
    """What both rules share: scores (b,k,...) of any dtype and device, differentiable, to values a node or class.

    Axes after the classes are places, each decided by itself: a segmentation's scores are (b,k,h,w). Half precision is
    computed in single.
    """

    rank: Tensor  # (n-1,) the place of each node below the root in the order of computing: siblings side by side
    leaf: Tensor  # (k,) the node of each class
    ways: Tensor  # (k,T) the nodes from below the root to each class, -1 after it
    standing: Tensor  # (k,) the classes as their leaves stand in the tree

    def __init__(self, hierarchy: Hierarchy) -> None:
        super().__init__()
        self.hierarchy = hierarchy
        families = sorted(filter(None, hierarchy.children), key=len)
        sizes = [(children, sum(map(len, same))) for children, same in groupby(families, len)]
        self.families = tuple(sizes)  # (children, places that all nodes with so many take)
        order = [node for family in families for node in family]
        place = {node: at for at, node in enumerate(order)}
        paths = [hierarchy.path(node)[1:] for node in range(len(hierarchy))]
        longest = max(hierarchy.depths)
        standing = hierarchy.classes[0]
        indices = {
            "rank": [place[node] for node in range(1, len(hierarchy))],
            "leaf": list(hierarchy.leaves),
            "ways": [[*paths[leaf], *[-1] * (longest - len(paths[leaf]))] for leaf in hierarchy.leaves],
            "standing": list(standing),
        }
        for name, values in indices.items():
            self.register_buffer(name, torch.tensor(values), persistent=False)
        ways = [[place[node] for node in path] for path in paths]
        self.below = Bags([hierarchy.classes[node] for node in (*order, 0)], "mean")
        self.to_node = Bags(ways, "sum")
        self.to_class = Bags([ways[leaf] for leaf in hierarchy.leaves], "sum")
        self.to_standing = Bags([ways[hierarchy.leaves[number]] for number in standing], "sum")

    @property
    def classes(self) -> int:
        return len(self.hierarchy.leaves)

    def node_scores(self, scores: Tensor) -> Tensor:
        """(b,n,...): the mean score of the classes below each node. Raises BadInput where the classes don't fit."""
        means = self._means(scores)
        return _back(torch.cat([means[-1:], means.index_select(0, self.rank)]), scores)

    def log_shares(self, scores: Tensor) -> Tensor:
        """(b,n,...): the logarithm of each node's share among its siblings; 0 for the root."""
        shares = self._log_shares(self._means(scores))
        return _back(torch.cat([torch.zeros_like(shares[:1]), shares.index_select(0, self.rank)]), scores)

    def log_reached(self, scores: Tensor) -> Tensor:
        """(b,n,...): the logarithm of the probability that the soft way passes a node; 0 for the root."""
        return _back(self.to_node(self._log_shares(self._means(scores))), scores)

    def taken(self, scores: Tensor) -> Taken:
        """The way to the class that is decided for; S counts the samples and their places."""
        means = self._means(scores)
        shares = self._log_shares(means)
        classes = self._decided(means)
        nodes = self.ways[classes]
        found = shares.t().gather(1, self.rank[nodes - 1]).exp().masked_fill(nodes < 0, 1)
        return Taken(nodes, found.to(_kind(scores)), classes)

    def reached(self, scores: Tensor) -> Tensor:
        """The leaf (b,...) of the class that is decided for."""
        return self.leaf[self._decided(self._means(scores))].reshape(scores.shape[0], *scores.shape[2:])

    def forward_with_decisions(self, scores: Tensor) -> tuple[Tensor, list[tuple[Step, ...]]]:
        """What `forward` returns of scores (b,k), and each sample's own steps from below the root to its class."""
        if scores.ndim != 2:
            raise BadInput(f"decisions of scores of shape {tuple(scores.shape)}", "pass scores (b,k), or see `taken`")
        outputs = self(scores)
        return outputs, steps(self.hierarchy, scores, self.ways[outputs.argmax(1)], self.log_shares(scores))

    def _decided(self, means: Tensor) -> Tensor:
        """The class of each column."""
        raise NotImplementedError  # each kind of rules decides in its own way

    def _means(self, scores: Tensor) -> Tensor:
        """(n,s), each column a sample or a place of one, in the order of computing, the root last; at least single."""
        if scores.ndim < 2 or scores.shape[1] != self.classes:
            raise BadInput(
                f"scores of shape {tuple(scores.shape)} for a tree of {self.classes} classes", "pass scores (b,k)"
            )
        columns = scores.movedim(1, 0).flatten(1)
        return self._scored(columns.to(torch.promote_types(columns.dtype, torch.float32)).contiguous())

    def _scored(self, columns: Tensor) -> Tensor:
        """The scores of the nodes, from those of the classes (k,s)."""
        return self.below(columns)  # type: ignore[no-any-return]  # a module is called

    def _log_shares(self, means: Tensor) -> Tensor:
        return _joined([part.log_softmax(1) for part in self._siblings(means)])

    def _siblings(self, means: Tensor) -> Iterator[Tensor]:
        """(nodes, children, s): the rows of all families of one size."""
        parts = means[:-1].split([places for _, places in self.families])
        for part, (children, _) in zip(parts, self.families, strict=True):
            yield part.unflatten(0, (-1, children))


class SoftRules(Rules):
    """Probabilities (b,k,...) of the classes, which sum to one. Decided for is the likeliest class."""

    def forward(self, scores: Tensor) -> Tensor:
        return _back(self._logs(self._means(scores)).exp(), scores)

    def log_probabilities(self, scores: Tensor) -> Tensor:
        return _back(self._logs(self._means(scores)), scores)

    def _decided(self, means: Tensor) -> Tensor:
        return self._logs(means).max(0).indices

    def _logs(self, means: Tensor) -> Tensor:
        return self.to_class(self._log_shares(means))  # type: ignore[no-any-return]  # a module is called


class MarginalRules(SoftRules):
    """The network's own probabilities (b,k,...), and how they come about along the tree: a node's score is the
    logarithm of the summed exponentials of those below it, so a share is a part of the network's own softmax. This is
    not the paper's rule: it decides as the network does, whatever the tree."""

    def __init__(self, hierarchy: Hierarchy) -> None:
        super().__init__(hierarchy)
        self.below.mode = "sum"

    def _scored(self, columns: Tensor) -> Tensor:
        wide = columns if columns.device.type == "mps" else columns.double()
        top = wide.detach().amax(0)
        sums: Tensor = self.below((wide - top).exp())
        return (sums.clamp_min(torch.finfo(wide.dtype).tiny).log() + top).to(columns.dtype)


class HardRules(Rules):
    """One of the classes (b,k,...): 1 for the leaf that is reached, 0 for the others; of equal children the first."""

    def forward(self, scores: Tensor) -> Tensor:
        classes = self._decided(self._means(scores))
        found = torch.zeros(self.classes, len(classes), dtype=_kind(scores), device=classes.device)
        return _back(found.scatter_(0, classes[None], 1), scores)

    def _decided(self, means: Tensor) -> Tensor:
        lost = [(part < part.amax(1, keepdim=True)).to(part.dtype) for part in self._siblings(means.detach())]
        # Equal children are all won here; the first leaf that stands below none that is lost is then the one.
        return self.standing[self.to_standing(_joined(lost)).min(0).indices]


def _joined(parts: list[Tensor]) -> Tensor:
    """Families of each size as the rows of one tensor."""
    rows = [part.flatten(0, 1) for part in parts]
    return torch.cat(rows) if len(rows) > 1 else rows[0]


def _back(rows: Tensor, scores: Tensor) -> Tensor:
    """Rows (m,s) as the scores have their axes, (b,m,...)."""
    return rows.reshape(len(rows), scores.shape[0], *scores.shape[2:]).movedim(0, 1).to(_kind(scores))


def _kind(scores: Tensor) -> torch.dtype:
    return scores.dtype if scores.dtype.is_floating_point else torch.float32
