"""`make proofs`: every method on the default model and two photos beside its peer; the table goes to docs/proofs.md."""

import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from comparing import pixels, relative
from proofs import PROOFS, Proof
from seewhy import Model, explain, list_methods

PAGE = Path(__file__).parent.parent / "docs" / "proofs.md"
PHOTOS = {"chelsea": 282, "coffee": 967}
SIGNLESS = {"eigencam", "eigengradcam", "kpcacam"}  # the peer leaves the sign to the decomposition
PACKAGES = ("seewhy", "torch", "timm", "captum", "grad-cam", "torchcam")
# Differences that are larger than 1e-5 and why, each said in the docs of the method too.
LOOSE = {"refinecam": 5e-2}
HEAD = """# Every method beside its peer

Made by `make proofs`: the embedded default model (EfficientNet-Lite0), scikit-image's `chelsea` (class 282, tiger cat) and
`coffee` (class 967, espresso), float32, default options unless the note says otherwise. Peers are given
`Sequential(Normalize, net)` and the same pixels. The difference is the largest absolute one over the largest absolute
value. grad-cam returns pictures, so our maps are taken its way to a picture first. Seconds are of one call: ours
includes the checks and predictions, a peer's a copy of the network.

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
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    said = f"Versions: {versions}. {torch.get_num_threads()} threads of a CPU.\n\n"
    table = (
        "| method | peer | layer | photo | difference | seconds, ours | seconds, peer | note |\n" + "| --- " * 8 + "|\n"
    )
    PAGE.write_text(HEAD + said + table + "".join(sorted(found, key=found.index)), "utf-8")


def difference(proof: Proof, made: Any, wanted: Any, size: Any) -> float:
    wanted = wanted.detach().numpy() if isinstance(wanted, torch.Tensor) else wanted
    found = relative(proof.ours(made, size), wanted)
    if proof.method not in SIGNLESS:
        return found
    from dataclasses import replace

    return min(found, relative(proof.ours(replace(made, values=-made.values), size), wanted))


def test_every_method_has_a_row() -> None:
    assert {one.method for one in PROOFS} == {one.id for one in list_methods()}


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", PHOTOS)
@pytest.mark.parametrize("proof", PROOFS, ids=lambda one: f"{one.method}, {one.peer}")
def test_a_method_is_its_peers(
    proof: Proof, name: str, default_model: Model, chelsea: np.ndarray, coffee: np.ndarray, rows: list[str]
) -> None:
    x, target = pixels(default_model, {"chelsea": chelsea, "coffee": coffee}[name]), PHOTOS[name]
    options = {**proof.options, **({"layer": proof.layer} if proof.layer.startswith("blocks.0") else {})}
    explain(default_model, x, "saliency", target)  # the first call is slower, for everyone
    made, ours = timed(lambda: explain(default_model, x, proof.method, target, **options))
    row = f"| `{proof.method}` | {proof.peer} | {proof.layer} | {name} |"
    if proof.call is None:
        rows.append(f"{row} | {ours:.2f} | | {proof.note} |\n")
        return
    wanted, theirs = timed(lambda: proof.call(default_model, x, target))
    off = difference(proof, made, wanted, x.shape[2:])
    rows.append(f"{row} {off:.1e} | {ours:.2f} | {theirs:.2f} | {proof.note} |\n")
    assert off <= LOOSE.get(proof.method, 1e-5)
