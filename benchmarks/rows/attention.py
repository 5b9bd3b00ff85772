"""Methods that read attention."""

from collections.abc import Callable
from typing import Any

from benchmarks.attention_peers import as_published, classes_as_published, relevance, rollout
from benchmarks.row import Case, Row
from seewhy import compare, explain

CLASSES = 10


def ours(method: str) -> Callable[[Case], Any]:
    return lambda case: explain(case.model, case.x, method, case.classes)


def many_classes(case: Case) -> Any:
    return compare(case.model, case.x, ["attention_relevance"], case.top(CLASSES))


ROWS = [
    Row(
        "attention_relevance-vit",
        "attention relevance over all layers",
        "vit",
        ours("attention_relevance"),
        (as_published(relevance, 3.0),),
        passes=(0, 1),
    ),
    Row(
        "attention_rollout-vit",
        "attention rollout",
        "vit",
        ours("attention_rollout"),
        (as_published(rollout, 1.2),),
        passes=(1, 0),
    ),
    Row(
        "attention_relevance-classes",
        f"attention relevance over all layers, {CLASSES} classes",
        "vit",
        many_classes,
        (classes_as_published(3.0, CLASSES),),
    ),
]
