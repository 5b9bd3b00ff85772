"""Rules equal nbdt 0.0.4's on every hierarchy that its distribution ships."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from benchmarks.nbdt_peers import SHIPPED, Shipped, decisions, nbdt, shipped
from seewhy.trees import HardRules, SoftRules

EVERY = pytest.mark.parametrize("of", SHIPPED, ids="/".join)


def scores(case: Shipped, samples: int = 40, seed: int = 0) -> Tensor:
    return 3 * torch.randn(samples, len(case.classes), generator=torch.Generator().manual_seed(seed))


def test_it_is_all_that_it_ships() -> None:
    folder = Path(nbdt()["utils"].__file__).parent / "hierarchies"
    found = {(one.parent.name, one.stem.removeprefix("graph-")) for one in folder.glob("*/*.json")}
    assert found == set(SHIPPED) and len(SHIPPED) == 16


@EVERY
def test_soft_probabilities_are_nbdts(of: tuple[str, str]) -> None:
    case = shipped(*of)
    given = scores(case)
    expected = nbdt()["loss"].SoftTreeSupLoss.inference(case.nodes, given, len(case.classes))
    found = SoftRules(case.tree)(given)
    np.testing.assert_allclose(found, expected, atol=1e-6, rtol=0)
    np.testing.assert_allclose(found.sum(1), 1, atol=1e-6)


@EVERY
def test_hard_decisions_are_nbdts(of: tuple[str, str]) -> None:
    case = shipped(*of)
    given = scores(case)
    expected, steps = case.rules("Hard").forward_with_decisions(given)
    rules = HardRules(case.tree)
    assert torch.equal(rules(given), expected)
    taken = rules.taken(given)
    for nodes, shares, own in zip(taken.nodes.tolist(), taken.probabilities.tolist(), decisions(steps), strict=True):
        way = [node for node in nodes if node >= 0]
        assert [case.tree.ids[node] for node in way[:-1]] == [name for name, _ in own[:-1]]
        assert shares[: len(way)] == pytest.approx([share for _, share in own], abs=1e-6)
