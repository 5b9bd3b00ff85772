"""nbdt's inference and decisions of a classifier's own scores, in the hierarchy that nbdt ships for as many classes."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from benchmarks.answers import EXACT, relative
from benchmarks.nbdt_peers import Shipped, decisions, nbdt, shipped
from benchmarks.row import Call, Case, Gate, Peer, Setting

SAMPLES, BATCH = 256, 16
HIERARCHIES = {10: ("CIFAR10", "wordnet"), 1000: ("Imagenet1000", "induced-efficientnet_b7b")}
NEAR = 1e-6  # of a probability


def hierarchy(case: Case) -> Shipped:
    return shipped(*HIERARCHIES[scores(case).shape[1]])


def pixels(case: Case) -> Tensor:
    """So many pictures of the case's photos, each in a light of its own."""
    count = case.few(SAMPLES)
    light = torch.linspace(0.4, 1, count, device=case.x.device)
    return case.x[torch.arange(count) % len(case.x)] * light[:, None, None, None]


@lru_cache(1)
def scores(case: Case) -> Tensor:
    """The network's own (b,k), computed once and not under the clock."""
    with case.model.frozen(), torch.no_grad():
        return torch.cat([case.model.outputs(part) for part in pixels(case).split(BATCH)]).float()


def soft(target: float) -> Peer:
    def make(case: Case, setting: Setting) -> Call:
        of, given = hierarchy(case), scores(case)
        nodes, inference = of.nodes, nbdt()["loss"].SoftTreeSupLoss.inference
        return lambda: inference(nodes, given, len(of.classes))

    return Peer("nbdt", "nbdt", target, make, _same("largest difference of a probability"))


def hard(target: float) -> Peer:
    def make(case: Case, setting: Setting) -> Call:
        rules, given = hierarchy(case).rules("Hard"), scores(case)
        return lambda: rules.forward(given)

    return Peer("nbdt", "nbdt", target, make, _same("largest difference of a one and a zero"))


def hard_decisions(target: float) -> Peer:
    def make(case: Case, setting: Setting) -> Call:
        rules, given = hierarchy(case).rules("Hard"), scores(case)
        return lambda: rules.forward_with_decisions(given)

    return Peer("nbdt", "nbdt", target, make, same_ways)


def forward(target: float) -> Peer:
    """The network's own pass over what the scores are of, of which ours may take a share."""

    def make(case: Case, setting: Setting) -> Call:
        net, parts = case.copy(setting), pixels(case).split(BATCH)

        def call() -> Tensor:
            with torch.no_grad():
                return torch.cat([net(part) for part in parts])

        return call

    def compare(case: Case, ours: Any, theirs: Tensor) -> Gate:
        return Gate(relative(scores(case), theirs), EXACT, "the scores that ours are given are the network's")

    name = f"the network's forward, {BATCH} at a time"
    return Peer(name, "seewhy", target, make, compare, at_most=True)


def same_ways(case: Case, ours: Any, theirs: Any) -> Gate:
    """Of every sample the same nodes, class and shares."""
    tree, (outputs, steps) = hierarchy(case).tree, theirs
    worst = 0.0 if torch.equal(ours.classes, outputs.argmax(1)) else float("inf")
    for nodes, shares, own in zip(ours.nodes.tolist(), ours.probabilities.tolist(), decisions(steps), strict=True):
        way = [tree.ids[node] for node in nodes if node >= 0]
        if way[:-1] != [name for name, _ in own[:-1]]:
            return Gate(float("inf"), NEAR, "a sample goes another way")
        worst = max(worst, *(abs(a - b) for a, (_, b) in zip(shares, own, strict=False)))
    return Gate(worst, NEAR, "largest difference of a share, on the same ways")


def _same(how: str) -> Callable[[Case, Tensor, Tensor], Gate]:
    return lambda case, ours, theirs: Gate(float((ours - theirs).abs().max()), NEAR, how)
