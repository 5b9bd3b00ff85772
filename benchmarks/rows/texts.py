"""Pictures and texts."""

from typing import Any

from benchmarks.clip_peers import as_published
from benchmarks.networks import TEXTS
from benchmarks.row import Case, Row
from seewhy import compare


def relevance(case: Case) -> Any:
    return compare(case.model, case.x, ["attention_relevance"], list(case.model.classes[: case.few(len(TEXTS))]))


ROWS = [
    Row(
        "clip_relevance-texts",
        f"attention relevance of picture and words, {len(TEXTS)} texts",
        "clip",
        relevance,
        (as_published(8.0, len(TEXTS)),),
    ),
]
