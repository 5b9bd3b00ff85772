"""`make proofs`: every method on the default model and two photos beside its peer; the table goes to docs/proofs.md."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from comparing import pixels, relative
from proofs import PROOFS, Proof
from seewhy import Model, __version__, explain, list_methods

PAGE = Path(__file__).parent.parent / "docs" / "proofs.md"
PHOTOS = {"chelsea": 282, "coffee": 967}
SIGNLESS = {"eigencam", "eigengradcam", "kpcacam"}  # the peer leaves the sign to the decomposition
PACKAGES = ("torch", "timm", "captum", "grad-cam", "torchcam", "shap")
HEAD = """# Every method beside its peer

Made by `make proofs`: the embedded default model (EfficientNet-Lite0), scikit-image's `chelsea` (class 282, tiger cat)
and `coffee` (class 967, espresso), float32, default options unless the note says otherwise. Peers are given
`Sequential(Normalize, net)` and the same pixels. The difference is the largest absolute one over the largest absolute
value. grad-cam returns pictures and torchcam rectified maps, so ours are taken their way first. Seconds are of one
call: ours includes checks and predictions, a peer's a copy of the network. They tell the order of magnitude, no more:
other programs were running.

"""


def timed(call: Callable[[], Any]) -> tuple[Any, float]:
    start = time.perf_counter()
    return call(), time.perf_counter() - start


@pytest.fixture(scope="session")
def rows() -> Iterator[list[str]]:
    """Rows as they come; the page is written once all of them are there."""
    found: list[str] = []
    yield found
    if len(found) != len(PROOFS) * len(PHOTOS):
        return
    versions = ", ".join([f"seewhy {__version__}", *(f"{name} {version(name)}" for name in PACKAGES)])
    said = f"Versions: {versions}. Threads of the CPU: {torch.get_num_threads()}.\n\n"
    columns = ["method", "peer", "layer", "photo", "difference", "seconds, ours", "seconds, peer", "note"]
    PAGE.write_text(
        HEAD + said + f"| {' | '.join(columns)} |\n{'| --- ' * len(columns)}|\n{''.join(dict.fromkeys(found))}", "utf-8"
    )


def difference(proof: Proof, made: Any, wanted: Any, size: Any) -> float:
    wanted = wanted.detach().numpy() if isinstance(wanted, torch.Tensor) else wanted
    found = relative(proof.ours(made, size), wanted)
    if proof.method not in SIGNLESS:
        return found
    return min(found, relative(proof.ours(replace(made, values=-made.values), size), wanted))


def test_every_method_has_a_row() -> None:
    assert {one.method for one in PROOFS} == {one.id for one in list_methods()}


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.filterwarnings("ignore")  # the peers warn of what they do themselves
@pytest.mark.parametrize("name", PHOTOS)
@pytest.mark.parametrize("proof", PROOFS, ids=lambda one: f"{one.method}, {one.peer}")
def test_a_method_is_its_peers(
    proof: Proof, name: str, default_model: Model, chelsea: np.ndarray, coffee: np.ndarray, rows: list[str]
) -> None:
    if proof.call is None:
        rows.append(f"| `{proof.method}` | none | | | | | | {proof.note} |\n")
        return
    x, target = pixels(default_model, {"chelsea": chelsea, "coffee": coffee}[name]), PHOTOS[name]
    default_model.census(x)
    named = {"layer": proof.layer} if proof.layer.startswith("blocks.0") else {}
    made, ours = timed(lambda: explain(default_model, x, proof.method, target, **proof.options, **named))
    wanted, theirs = timed(lambda: proof.call(default_model, x, target))
    off = difference(proof, made, wanted, x.shape[2:])
    cells = [
        f"`{proof.method}`",
        proof.peer,
        proof.layer,
        name,
        f"{off:.1e}",
        f"{ours:.2f}",
        f"{theirs:.2f}",
        proof.note,
    ]
    rows.append(f"| {' | '.join(cells)} |\n")
    assert off <= 1e-5
