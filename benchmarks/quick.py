"""`make bench-quick`: every row's gate on tiny networks, on one trained on the digits, and on the default model with
small photos. Fails only on wrong answers: the ratios it prints are rough and of small networks."""

import os
import sys
import time

os.environ.setdefault("TQDM_DISABLE", "1")

from collections.abc import Iterator

from benchmarks import tiny
from benchmarks.row import Case, Row, WrongAnswer
from benchmarks.rows import ROWS
from benchmarks.running import filled, small_case, tiny_case
from seewhy import load


def cases() -> Iterator[tuple[str, Row, Case]]:
    for row in ROWS.values():
        yield "tiny", row, tiny_case(row)
    digits, accuracy = tiny.trained()
    print(f"a network trained on the digits, right on {accuracy:.0%} of those it never saw", flush=True)
    default = load("default")
    for row in ROWS.values():
        if row.network == "default" and row.fill is None:
            yield "digits", row, tiny_case(row, digits)
            yield "default, small photos", row, small_case(row, default)


def main() -> int:
    started, wrong = time.perf_counter(), list[str]()
    for where, row, case in cases():
        print(f"{row.id}, {where}", flush=True)
        try:
            filled(row, case, once=True, say=lambda line: print(line, flush=True))
        except WrongAnswer as error:
            wrong.append(f"{row.id}, {where}: WRONG ANSWER: {error}")
            print(f"  WRONG ANSWER: {error}", flush=True)
    print(f"{len(wrong)} wrong answers, {time.perf_counter() - started:.0f} s", *wrong, sep="\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
