"""The rows of the table, in its order. A method's row is one entry in its family's file."""

from benchmarks.row import Row
from benchmarks.rows import cams, gradients, limits, memory, partition

ROWS: dict[str, Row] = {
    row.id: row for row in (*limits.ROWS, *cams.ROWS, *gradients.ROWS, *partition.ROWS, *memory.ROWS)
}
