"""`make half`: maps from scores in bfloat16 beside those in float32, on the default model, into docs/precision.md.

A method is offered in bfloat16 (`half=True` in its @method) where every row's rank correlation is .99 or more; a test
holds the two together. Takes about ten minutes of one thread; `make half METHOD=rise` renews one method's rows.
"""

import datetime
import platform
import re
import sys
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import skimage.data
import torch
from scipy.stats import spearmanr

from seewhy import __version__, explain, get_method, load

PAGE = Path(__file__).parent.parent / "docs" / "precision.md"
PHOTOS = {"chelsea": 282, "coffee": 967}
EARLIER, LAST = "blocks.4", "bn2"
ROWS: list[tuple[str, str | None, dict[str, Any]]] = [
    ("scorecam", EARLIER, {}),
    ("scorecam", LAST, {}),
    ("iscam", EARLIER, {}),
    ("iscam", LAST, {}),
    ("sscam", LAST, {"n_samples": 1}),  # 35 would take a quarter of an hour
    ("sscam", EARLIER, {}),
    ("rise", None, {}),
    ("lime", None, {}),
    ("kernel_shap", None, {}),
    ("partition_shap", None, {}),
]
KEPT = re.compile(r"^\| `.*\n", re.MULTILINE)
MEASURED = re.compile(r"^Measured on .*", re.MULTILINE)
COLUMNS = ["method", "layer", "photo", "rank correlation", "largest difference", "seconds, float32", "bfloat16"]


def offered(id: str) -> None:
    """Let a method be measured that is not offered in bfloat16."""
    kind: Any = type(get_method(id))
    kind.info = replace(kind.info, half=True)


def row(model: Any, id: str, layer: str | None, options: dict[str, Any], photo: str) -> str:
    picture, target = getattr(skimage.data, photo)(), PHOTOS[photo]
    full, half = (
        explain(model, picture, id, target, layer=layer, precision=precision, **options)
        for precision in ("float32", "bfloat16")
    )
    rank = spearmanr(full.values.ravel(), half.values.ravel()).statistic
    apart = np.abs(full.values - half.values).max() / np.abs(full.values).max()
    named = f"`{id}`" + "".join(f" {name}={value}" for name, value in options.items())
    cells = [
        named,
        f"`{layer}`" if layer else "",
        photo,
        f"{rank:.4f}",
        f"{apart:.1%}",
        f"{full.seconds:.1f}",
        f"{half.seconds:.1f}",
    ]
    return f"| {' | '.join(cells)} |\n"


def main(only: str = "") -> None:
    model, page = load("default"), PAGE.read_text("utf-8")
    explain(model, skimage.data.chelsea(), "scorecam", layer="bn2", precision="bfloat16")  # makes both programs
    rows = [] if not only else [line for line in KEPT.findall(page) if not line.startswith(f"| `{only}`")]
    for id, layer, options in ROWS:
        if only not in ("", id):
            continue
        offered(id)
        for photo in PHOTOS:
            rows.append(row(model, id, layer, options, photo))
            print(rows[-1], end="", flush=True)
    said = (
        f"Measured on {datetime.date.today()} with seewhy {__version__}, torch {version('torch')}, "
        f"{torch.get_num_threads()} thread(s) of a {platform.machine()} processor"
    )
    if only:
        before = [line for line in MEASURED.findall(page) if not line.endswith(f": {only}.")]
        said = "\n".join([*before, f"{said}: {only}"])
    said += ".\n\n"
    table = f"| {' | '.join(COLUMNS)} |\n{'| --- ' * len(COLUMNS)}|\n{''.join(rows)}"
    text = re.sub(
        r"(?s)(<!-- make half -->\n).*(<!-- end -->)",
        lambda found: f"{found[1]}\n{said}{table}\n{found[2]}",
        page,
    )
    PAGE.write_text(text, "utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
