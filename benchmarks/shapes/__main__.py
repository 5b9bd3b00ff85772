"""`make evidence`: the share of each method's positive relevance on the object asked for, printed and written to
docs/evidence.md. `--method id` measures these anew and keeps the other rows."""

import argparse
import datetime
from importlib.metadata import version
from typing import Any

from benchmarks import store
from benchmarks.shapes import evidence, networks, page
from benchmarks.shapes.captions import text
from benchmarks.shapes.scenes import CLASSES
from seewhy import Model, SeewhyError, __version__, list_methods

RESULTS = store.RESULTS / "evidence"
SCENES, FEW = 60, 20  # FEW of a method that takes more than SLOW seconds a map
SLOW = 0.4


def main() -> None:
    asked = _arguments()
    texts = [text([one]) for one in range(len(CLASSES))]
    found = {}
    for name, model in {"vit": networks.vit(), "clip": networks.clip().against(texts)}.items():
        path = RESULTS / f"{name}.json"
        known = (store.read(path) or {}).get("rows", {}) if asked.method else {}
        found[name] = _found(name, model, asked.scenes, asked.method, known)
        store.save(found[name], path)
    page.write(found)


def _found(name: str, model: Model, n: int, only: list[str], known: dict[str, Any]) -> dict[str, Any]:
    scenes = evidence.asked(model, n)
    drawn = {
        "by chance": evidence.even,
        "every patch it touches": evidence.of_touched,
        "the best of patches": evidence.of_patches,
    }
    rows = {what: page.row(of(scenes)) for what, of in drawn.items()}
    without = {}
    for one in list_methods(model):
        if not one.offered:
            without[one.id] = one.reason
        elif only and one.id not in only:
            rows |= {one.id: known[one.id]} if one.id in known else {}
        else:
            try:
                rows[one.id] = page.row(_measured(model, one.id, scenes))
            except SeewhyError as error:
                without[one.id] = f"{error}"
    for id, row in rows.items():
        print(f"{name} {id}: {row['mean']:.3f} ± {row['error']:.3f}, switches {row['switched']:.2f}", flush=True)
    versions = {"seewhy": __version__, "torch": version("torch")}
    return {"rows": rows, "without": without, "date": f"{datetime.date.today()}", **versions}


def _measured(model: Model, id: str, scenes: evidence.Asked) -> evidence.Shares:
    """On all scenes, or on FEW where the first of them say that all would take minutes."""
    first = evidence.measured(model, id, scenes[:FEW])
    return first if first.seconds > SLOW or len(scenes) <= FEW else evidence.measured(model, id, scenes)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.shapes", description=__doc__)
    parser.add_argument("--method", nargs="*", default=[], help="these methods alone")
    parser.add_argument("--scenes", type=int, default=SCENES)
    return parser.parse_args()


if __name__ == "__main__":
    main()
