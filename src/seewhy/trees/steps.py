"""Each sample's steps through a tree, with what it rejected."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from seewhy.results.decisions import Branch, Step
from seewhy.results.hierarchy import Hierarchy


def steps(tree: Hierarchy, scores: Tensor, nodes: Tensor, log_shares: Tensor) -> list[tuple[Step, ...]]:
    """Of samples with scores (b,k): nodes (b,T) that each goes to, -1 after the leaf; log_shares (b,n)."""
    shares = log_shares.detach().exp().cpu().double()
    terms = torch.special.entr(shares)
    parents = torch.tensor([max(parent, 0) for parent in tree.parents])
    entropies = torch.zeros_like(terms).index_add(1, parents[1:], terms[:, 1:])
    order = torch.tensor(tree.classes[0])
    ordered = scores.detach().cpu()[:, order].double().numpy()
    first = _first(tree)
    found = []
    for way, own, entropy, row in zip(nodes.tolist(), shares.tolist(), entropies.tolist(), ordered, strict=True):
        reached, at, made = 1.0, 0, []
        for node in way:
            if node < 0:
                break
            sides = tuple([Branch(*_told(tree, one, own, first, row)) for one in tree.children[at] if one != node])
            reached *= own[node]
            made.append(Step(*_told(tree, node, own, first, row), reached, entropy[at], sides))
            at = node
        found.append(tuple(made))
    return found


def _first(tree: Hierarchy) -> list[int]:
    """Where the classes below each node begin among the root's."""
    place = {number: at for at, number in enumerate(tree.classes[0])}
    return [place[below[0]] for below in tree.classes]


def _told(
    tree: Hierarchy, node: int, shares: Sequence[float], first: Sequence[int], row: NDArray[np.float64]
) -> tuple[int, str, str, float, bool, int, int]:
    """What a Branch is made of. row: scores of the classes as they stand in the tree."""
    below, start = tree.classes[node], first[node]
    best = below[row[start : start + len(below)].argmax()] if len(below) > 1 else below[0]
    return node, tree.ids[node], tree.names[node], shares[node], not tree.children[node], len(below), best
