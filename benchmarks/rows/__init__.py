"""The rows of the table, in its order. A method's row is one entry in its family's file."""

from benchmarks.row import Row
from benchmarks.rows import (
    attention,
    cams,
    concepts,
    gradients,
    inside,
    limits,
    memory,
    partition,
    perturbation,
    relevance,
    rise,
    superpixels,
    synthesis,
    texts,
    trees,
)

FAMILIES = (
    limits,
    cams,
    gradients,
    relevance,
    perturbation,
    rise,
    superpixels,
    partition,
    attention,
    texts,
    inside,
    concepts,
    trees,
    synthesis,
    memory,
)
ROWS: dict[str, Row] = {row.id: row for family in FAMILIES for row in family.ROWS}
