"""`python -m benchmarks`: fill the rows that have no figures yet, then write the page. See docs/performance.md."""

import argparse
import os
import sys
import traceback

os.environ.setdefault("TQDM_DISABLE", "1")  # grad-cam's progress bars; read when tqdm is imported

import torch

from benchmarks import page, store
from benchmarks.row import Row, WrongAnswer
from benchmarks.rows import ROWS
from benchmarks.running import case_of, filled


def main() -> int:
    asked = _arguments()
    if asked.threads:
        torch.set_num_threads(asked.threads)
    if unknown := set(asked.row) - set(ROWS):
        print(f"no row {', '.join(unknown)}; there are: {', '.join(ROWS)}")
        return 2
    failed = (
        0 if asked.page else sum(not _run(row, asked) for row in ROWS.values() if row.id in asked.row or not asked.row)
    )
    if not asked.once:
        page.write()
    return 1 if failed else 0


def _run(row: Row, asked: argparse.Namespace) -> bool:
    path = store.path_of(row.id, asked.device)
    if "refused" not in (store.read(path) or {"refused": ""}) and not (asked.row or asked.fresh or asked.once):
        print(f"{row.id}: there already")
        return True
    print(f"{row.id}: {row.what}", flush=True)
    try:
        found = filled(row, case_of(row, asked.device), once=asked.once, say=lambda line: print(line, flush=True))
    except WrongAnswer as error:
        print(f"  WRONG ANSWER, no figure is kept: {error}", flush=True)
        if not asked.once:  # the page says so in the place of figures
            store.save({"refused": f"no figure is kept, the answers differ: {error}"}, path)
        return False
    except Exception:
        traceback.print_exc()
        return False
    if not asked.once:
        store.save(found, path)
    return True


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--row", nargs="*", default=[], help="these rows alone, measured anew")
    parser.add_argument("--fresh", action="store_true", help="measure rows anew that have figures")
    parser.add_argument("--once", action="store_true", help="one pair of one setting, no warm-up; nothing is written")
    parser.add_argument("--page", action="store_true", help="only write the page from the figures that are there")
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    parser.add_argument("--threads", type=int, default=0, help="of torch; default its own choice")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
