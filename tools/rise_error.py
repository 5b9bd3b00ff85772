"""`make rise`: how many masks RISE needs beside its authors' estimator for the same error, into docs/rise.md.

On the default model and 20 crops of scikit-image's photos, class predicted. The error is what differs between the maps
of two seeds (root mean square, over the square root of two), so nothing is assumed of its form. It falls with the
square root of the number of masks, hence the ratio of masks for one error is that of two squared errors at one number;
and it is checked at a third of the masks. Takes ten minutes of one thread.
"""

import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import skimage.data

from seewhy import __version__, explain, load

PAGE = Path(__file__).parent.parent / "docs" / "rise.md"
PHOTOS = ("chelsea", "coffee", "astronaut", "rocket")
MASKS = 240
OFFICIAL = {"normalise": "expected", "antithetic": False}
ESTIMATORS: dict[str, dict[str, Any]] = {
    "the authors': independent masks, divided by the expected share": OFFICIAL,
    "pairs, divided by what was visible": {"normalise": "visible"},
    "the default: pairs, adjusted": {},
}
DEFAULT = list(ESTIMATORS)[-1]
HEAD = """# RISE: masks for the same error

Made by `make rise`: the default model, 20 crops of scikit-image's {photos} (4 corners and the middle of each, 3/4 of
its sides), the predicted class, the probability, black for hidden pixels. The error is the root mean square difference
of the maps of two seeds over the square root of two; the maps' own spread (standard deviation over pixels, of all masks
together) is what it is compared with. The masks it takes for one error are the ratio of squared errors, at
{masks} masks.

"""


def crops() -> list[np.ndarray]:
    found = []
    for name in PHOTOS:
        photo = getattr(skimage.data, name)()[..., :3]
        height, width = (side * 3 // 4 for side in photo.shape[:2])
        down, right = photo.shape[0] - height, photo.shape[1] - width
        for top, left in ((0, 0), (0, right), (down, 0), (down, right), (down // 2, right // 2)):
            found.append(np.ascontiguousarray(photo[top : top + height, left : left + width]))
    return found


def two(model: Any, photo: np.ndarray, masks: int, options: dict[str, Any]) -> list[np.ndarray]:
    return [explain(model, photo, "rise", n_samples=masks, seed=seed, **options).values for seed in (1, 2)]


def error(pair: list[np.ndarray]) -> float:
    """Of one map: what two differ by."""
    return float(np.sqrt(np.square(pair[0] - pair[1]).mean() / 2))


def main() -> None:
    model, errors, third, spread = load("default"), {name: [] for name in ESTIMATORS}, [], []  # type: ignore[var-annotated]
    for at, photo in enumerate(crops()):
        maps = {name: two(model, photo, MASKS, options) for name, options in ESTIMATORS.items()}
        for name, pair in maps.items():
            errors[name].append(error(pair))
        third.append(error(two(model, photo, MASKS // 3, {})))
        spread.append(float(np.mean(maps[DEFAULT], 0).std()))
        print(at, {name: f"{own[-1] / spread[-1]:.2f}" for name, own in errors.items()}, flush=True)
    official = np.array(errors[next(iter(ESTIMATORS))])
    lines = ["| estimator | masks | error over the map's spread, median | masks for one error, median (quartiles) |\n"]
    lines.append("| --- | --- | --- | --- |\n")
    for name, own in [*errors.items(), (DEFAULT, third)]:
        count = MASKS if own is not third else MASKS // 3
        low, middle, high = np.percentile((official / own) ** 2 * (MASKS / count), [25, 50, 75])
        share = np.median(np.array(own) / spread)
        lines.append(f"| {name} | {count} | {share:.2f} | 1 / {middle:.2f} ({low:.2f} to {high:.2f}) |\n")
    said = f"\nMeasured on {datetime.date.today()} with seewhy {__version__}, torch {version('torch')}.\n"
    PAGE.write_text(HEAD.format(photos=", ".join(PHOTOS), masks=MASKS) + "".join(lines) + said, "utf-8")


if __name__ == "__main__":
    main()
