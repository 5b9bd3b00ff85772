"""Decisions of a tree over a network's scores: Wan et al., Neural-Backed Decision Trees, ICLR 2021, arXiv:2004.00221.

A node's score is the mean of the scores of the classes below it. Soft: a class's probability is the product of the
softmaxes over siblings on its way from the root. Hard: from the root on, to the child with the highest score.
Nothing here loops over samples or nodes: means are differences of running sums in the order of the leaves, and
products along paths sums of logarithms over a walk around the tree, both in double precision where the device has it.
"""

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor, nn

from seewhy.errors import BadInput
from seewhy.results.decisions import Step
from seewhy.results.hierarchy import Hierarchy
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

    Axes after the classes are places, each decided by itself: a segmentation's scores are (b,k,h,w).
    """

    def __init__(self, hierarchy: Hierarchy) -> None:
        super().__init__()
        self.hierarchy = hierarchy
        for name, indices in vars(_Indices.of(hierarchy)).items():
            self.register_buffer(name, torch.tensor(indices), persistent=False)

    order: Tensor  # (k,) classes as the leaves stand in the tree
    first: Tensor  # (n,) of each node the first of its leaves, and
    last: Tensor  # (n,) the one after the last
    parent: Tensor  # (n,) the root's is itself
    arrival: Tensor  # (n,) when a walk around the tree enters a node, and
    departure: Tensor  # (n,) when it leaves it
    leaf: Tensor  # (k,) the node of each class
    label: Tensor  # (n,) the class of a leaf, -1 of an inner node
    child: Tensor  # (n,f) children, padded with n, which has no score

    @property
    def classes(self) -> int:
        return len(self.hierarchy.leaves)

    def node_scores(self, scores: Tensor) -> Tensor:
        """(b,n,...): the mean score of the classes below each node. Raises BadInput where the classes don't fit."""
        self._check(scores)
        sums = nn.functional.pad(_exact(scores.index_select(1, self.order).movedim(1, -1)).cumsum(-1), (1, 0))
        means = (sums[..., self.last] - sums[..., self.first]) / (self.last - self.first)
        return means.to(scores.dtype if scores.dtype.is_floating_point else means.dtype).movedim(-1, 1)

    def _check(self, scores: Tensor) -> None:
        if scores.ndim < 2 or scores.shape[1] != self.classes:
            raise BadInput(
                f"scores of shape {tuple(scores.shape)} for a tree of {self.classes} classes", "pass scores (b,k)"
            )

    def log_shares(self, scores: Tensor) -> Tensor:
        """(b,n,...): the logarithm of each node's share among its siblings; 0 for the root."""
        means = self.node_scores(scores).movedim(1, -1)
        shape = *means.shape[:-1], len(self.hierarchy)
        most = means.new_full(shape, -torch.inf).scatter_reduce(
            -1, self.parent[1:].expand(*shape[:-1], -1), means[..., 1:].detach(), "amax"
        )
        steps = means[..., 1:] - most[..., self.parent[1:]]
        totals = torch.zeros_like(means).index_add(-1, self.parent[1:], steps.exp())
        return nn.functional.pad(steps - totals[..., self.parent[1:]].log(), (1, 0)).movedim(-1, 1)

    def log_reached(self, scores: Tensor) -> Tensor:
        """(b,n,...): the logarithm of the probability that the soft way passes a node; 0 for the root."""
        shares = _exact(self.log_shares(scores).movedim(1, -1))
        steps = shares.new_zeros(*shares.shape[:-1], 2 * len(self.hierarchy))
        steps = steps.index_copy(-1, self.arrival, shares).index_copy(-1, self.departure, -shares)
        return steps.cumsum(-1)[..., self.arrival].to(scores.dtype).movedim(-1, 1)

    def taken(self, scores: Tensor) -> Taken:
        raise NotImplementedError

    def forward_with_decisions(self, scores: Tensor) -> tuple[Tensor, list[tuple[Step, ...]]]:
        """What `forward` returns of scores (b,k), and each sample's own steps from below the root to its class."""
        if scores.ndim != 2:
            raise BadInput(f"decisions of scores of shape {tuple(scores.shape)}", "pass scores (b,k), or see `taken`")
        outputs = self(scores)
        return outputs, steps(self.hierarchy, scores, self.ways[outputs.argmax(1)], self.log_shares(scores))

    def _along(self, scores: Tensor, leaf: Tensor) -> Taken:
        """The way to a leaf of each sample."""
        shares = self.log_shares(scores).movedim(1, -1).flatten(0, -2)
        nodes = self.ways[self.label[leaf].flatten()]
        found = shares.gather(1, nodes.clamp_min(0)).exp().masked_fill(nodes < 0, 1)
        return Taken(nodes, found, self.label[leaf].flatten())

    @cached_property
    def _ways(self) -> Tensor:
        longest = max(self.hierarchy.depths)
        ways = [self.hierarchy.path(leaf)[1:] for leaf in self.hierarchy.leaves]
        return torch.tensor([[*way, *[-1] * (longest - len(way))] for way in ways]).reshape(len(ways), longest)

    @property
    def ways(self) -> Tensor:
        """(k,T): the nodes from below the root to each class, -1 after it."""
        return self._ways.to(self.leaf.device)


class SoftRules(Rules):
    """Probabilities (b,k,...) of the classes, which sum to one."""

    def forward(self, scores: Tensor) -> Tensor:
        return self.log_probabilities(scores).exp()

    def log_probabilities(self, scores: Tensor) -> Tensor:
        return self.log_reached(scores).index_select(1, self.leaf)

    def taken(self, scores: Tensor) -> Taken:
        """The way to the likeliest class; S counts the samples and their places."""
        return self._along(scores, self.leaf[self(scores).argmax(1)])


class MarginalRules(SoftRules):
    """The network's own probabilities (b,k,...), and how they come about along the tree: a node's score is the
    logarithm of the summed exponentials of those below it, so a share is a part of the network's own softmax. This is
    not the paper's rule: it decides as the network does, whatever the tree."""

    def __init__(self, hierarchy: Hierarchy) -> None:
        super().__init__(hierarchy)
        pairs = [(node, number) for node, below in enumerate(hierarchy.classes) for number in below]
        self.register_buffer("pairs", torch.tensor(pairs).T.contiguous(), persistent=False)

    pairs: Tensor  # (2,p) each node with each class below it

    def node_scores(self, scores: Tensor) -> Tensor:
        self._check(scores)
        own = _exact(scores.movedim(1, -1))
        top = own.detach().amax(-1, keepdim=True)
        sums = own.new_zeros(*own.shape[:-1], len(self.hierarchy))
        sums = sums.index_add(-1, self.pairs[0], (own - top).exp()[..., self.pairs[1]])
        found = sums.clamp_min(torch.finfo(own.dtype).tiny).log() + top
        return found.to(scores.dtype if scores.dtype.is_floating_point else found.dtype).movedim(-1, 1)


class HardRules(Rules):
    """One of the classes (b,k,...): 1 for the leaf that is reached, 0 for the others."""

    def forward(self, scores: Tensor) -> Tensor:
        reached = self.label[self.reached(scores)]
        return nn.functional.one_hot(reached, self.classes).to(scores.dtype).movedim(-1, 1)

    def reached(self, scores: Tensor) -> Tensor:
        """The leaf (b,...) that each sample comes to; of children with the same score the first."""
        means = nn.functional.pad(self.node_scores(scores).movedim(1, -1), (0, 1), value=-torch.inf)
        best = means[..., self.child].argmax(-1)  # (b,...,n)
        following = self.child.expand(*best.shape, -1).gather(-1, best[..., None])[..., 0]
        following = torch.where(self.label < 0, following, torch.arange(len(self.label), device=best.device))
        node = torch.zeros_like(following[..., :1])
        for _ in range(max(self.hierarchy.depths)):
            node = following.gather(-1, node)
        return node[..., 0]

    def taken(self, scores: Tensor) -> Taken:
        """The way to the leaf that is reached; S counts the samples and their places."""
        return self._along(scores, self.reached(scores))


@dataclass(frozen=True)
class _Indices:
    """The tree as lists of numbers; `Rules` says what each is."""

    order: list[int]
    first: list[int]
    last: list[int]
    parent: list[int]
    arrival: list[int]
    departure: list[int]
    leaf: list[int]
    label: list[int]
    child: list[list[int]]

    @classmethod
    def of(cls, tree: Hierarchy) -> "_Indices":
        order = list(tree.classes[0])
        place = {number: at for at, number in enumerate(order)}
        first = [place[below[0]] for below in tree.classes]
        widest = max(map(len, tree.children))
        label = [-1] * len(tree)
        for number, node in enumerate(tree.leaves):
            label[node] = number
        sizes = [1] * len(tree)  # nodes below each, itself included
        for node in reversed(range(1, len(tree))):
            sizes[tree.parents[node]] += sizes[node]
        # Before a node is entered, all that came earlier in the order was entered, and left but for its ancestors.
        arrival = [2 * node - depth for node, depth in enumerate(tree.depths)]
        return cls(
            order,
            first,
            [at + len(below) for at, below in zip(first, tree.classes, strict=True)],
            [max(parent, 0) for parent in tree.parents],
            arrival,
            [at + 2 * size - 1 for at, size in zip(arrival, sizes, strict=True)],
            list(tree.leaves),
            label,
            [[*below, *[len(tree)] * (widest - len(below))] for below in tree.children],
        )


def _exact(values: Tensor) -> Tensor:
    """In the precision that running sums need."""
    return values.float() if values.device.type == "mps" else values.double()
