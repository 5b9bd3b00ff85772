"""Layer-wise relevance propagation."""

from collections.abc import Callable
from typing import Any

from benchmarks.relevance_peers import captum, zennit
from benchmarks.row import Case, Row
from seewhy import explain

EPSILON = {"epsilon": 1e-9}  # captum's; the others' is ours


def by(rule: str) -> Callable[[Case], Any]:
    epsilon = EPSILON.get(rule, 1e-6)
    return lambda case: explain(case.model, case.x, "lrp", case.classes, rule=rule, epsilon=epsilon)


def row(network: str, rule: str, *peers: Any) -> Row:
    what = f"LRP, {rule.replace('_', ' ')}, 2 photos"
    return Row(f"lrp_{rule}-{network}", what, network, by(rule), peers, images=2, passes=(0, 1))


ROWS = [
    row("vgg11", "epsilon", captum(2.0)),
    row("vgg11", "epsilon_plus", zennit("epsilon_plus", 2.0)),
    row("vgg11", "epsilon_gamma_box", zennit("epsilon_gamma_box", 2.0)),
    row("vgg16", "epsilon", captum(2.0)),
    row("vgg16", "epsilon_plus", zennit("epsilon_plus", 2.0)),
    row("vgg16", "epsilon_gamma_box", zennit("epsilon_gamma_box", 2.0)),
    row("resnet50", "epsilon_plus", zennit("epsilon_plus", 2.0)),
    row("resnet50", "epsilon_gamma_box", zennit("epsilon_gamma_box", 2.0)),
]
