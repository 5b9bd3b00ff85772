"""Concepts: CAVs by the hundred, scores at several layers from the same forwards."""

from typing import Any

from benchmarks.concept_peers import CONCEPTS, LAYERS, RANDOM, TARGET, captum_tcav, few, pictures
from benchmarks.row import Case, Row
from seewhy.concepts import tcav


def ours(case: Case) -> Any:
    own, random, x = pictures(case)
    return tcav(case.model, own, random, x, TARGET, few(case)[2], pool="flatten")


ROWS = [
    Row(
        "tcav-textures",
        f"TCAV of {len(CONCEPTS)} concepts, {RANDOM} random sets, {len(LAYERS)} layers",
        "textures",
        ours,
        (captum_tcav(10.0),),
    ),
]
