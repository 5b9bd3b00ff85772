"""One row from the first answer to its figures: the gate, the search for a peer's best setting, the pairs."""

import gc
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

from benchmarks import protocol, tiny
from benchmarks.machine import free_bytes, installed, machine
from benchmarks.networks import NETWORKS
from benchmarks.photos import photos
from benchmarks.row import Call, Case, Gate, Peer, Row, Setting, WrongAnswer
from seewhy import Model
from seewhy.errors import SeewhyError

Say = Callable[[str], None]
FEW = 4  # samples, steps and classes where only answers matter


def case_of(row: Row, device: str = "cpu") -> Case:
    """The row's network and photos."""
    model = NETWORKS[row.network].load()
    model.module.to(device)
    return Case(model, photos(model, row.images).to(device), _layer(row))


def small_case(row: Row, model: Model, size: tuple[int, int] = (64, 80)) -> Case:
    """A row's network on smaller photos, with fewer of all."""
    return Case(model, photos(model, min(row.images, 2), size), _layer(row), None if row.whole else FEW, True)


def tiny_case(row: Row, model: Model | None = None) -> Case:
    """The tiny network that stands in for the row's, with the digits for photos and fewer of all."""
    model = NETWORKS[row.network].stand_in() if model is None else model
    x = tiny.digits()[0][: row.digits or row.images].contiguous()
    return Case(model, x, _layer(row), None if row.whole else FEW, True)


def _layer(row: Row) -> str | None:
    return NETWORKS[row.network].layers[row.layer] if row.layer else None


def filled(row: Row, case: Case, *, once: bool = False, say: Say = lambda line: None) -> dict[str, Any]:
    """What the row's JSON holds. once: one pair of one setting and no warm-up, for a rough look.

    Raises WrongAnswer where the gate refuses.
    """
    found = {"row": row.id, "what": row.what, "network": row.network, "images": len(case.x)}
    with _quiet():
        if row.fill is not None:
            found |= row.fill(case, once=once, say=say)
        else:
            found |= _against_peers(row, case, once, say)
    return found | {"machine": machine(case.x.device.type)}


def _against_peers(row: Row, case: Case, once: bool, say: Say) -> dict[str, Any]:
    assert row.ours is not None
    ours = row.ours
    try:
        answer = ours(case)
    except SeewhyError as error:
        say(f"  refused: {error}")
        return {"refused": f"seewhy refuses: {str(error).splitlines()[0]}"}
    found = [_against(peer, case, lambda: ours(case), answer, once, say) for peer in row.peers]
    measured = {"passes": passes(answer)} | ({"needs": list(row.passes)} if row.passes else {})
    return measured | {"peers": found}


def passes(answer: Any) -> list[int] | None:
    """Forwards and backwards an image that one Explanation counted; a comparison shares, and counts are not summed."""
    counted = getattr(answer, "passes", None)
    return None if counted is None else [counted.forward // len(answer), counted.backward // len(answer)]


def _against(peer: Peer, case: Case, ours: Call, answer: Any, once: bool, say: Say) -> dict[str, Any]:
    found: dict[str, Any] = {"peer": peer.name, "target": peer.target, "at_most": peer.at_most}
    if peer.package != "seewhy" and installed(peer.package) is None:
        say(f"  {peer.name}: skipped, {peer.package} is not installed")
        return found | {"skipped": f"{peer.package} is not installed"}
    if peer.gain is not None:
        found |= {"gain": peer.gain(case), "gain_name": peer.gain_name}
    settings = peer.settings[1:2] or peer.settings if once else peer.settings
    tried = [_try(peer, setting, case, answer, once, say) for setting in settings]
    ran = [one for one in tried if one.get("seconds") is not None]
    found |= {"version": installed(peer.package), "tried": tried}
    if not ran:
        return found | {"skipped": tried[0]["skipped"]}
    best = min(ran, key=lambda one: one["seconds"])
    call = peer.make(case, next(one for one in settings if one.name == best["setting"]))
    if once:  # the call whose answer was compared is the peer's side of the one pair
        pairs = [(protocol.timed(ours, case.x.device)[1], protocol.Took(*best["first"]))]
    else:
        pairs = protocol.interleaved(ours, call, protocol.pairs_wanted(best["seconds"]), case.x.device)
    measured = protocol.summary(pairs, at_most=peer.at_most)
    say(
        f"  {peer.name}, {best['setting']}: {measured['ratio']:.2f} ({measured['cpu_ratio']:.2f} of processor time) "
        f"of {peer.target}, gate {best['gate']['difference']:.1e}; {measured['ours_seconds']:.2f} s"
    )
    default = tried[0]["seconds"]
    rough = None if default is None or once else default / measured["ours_seconds"]
    return found | {"setting": best["setting"], "gate": best["gate"], "default_ratio": rough} | measured


def _try(peer: Peer, setting: Setting, case: Case, answer: Any, once: bool, say: Say) -> dict[str, Any]:
    """A setting's answer, checked, and the seconds of one call after it."""
    needed, free = _bytes(case, setting), free_bytes(case.x.device.type)
    if needed > free / 2:
        return _skipped(setting, f"would hold {needed / 2**30:.0f} GiB of activations", say)
    try:
        call = peer.make(case, setting)
        with peer.same(case):
            theirs, first = protocol.timed(call, case.x.device)
    except Exception as error:  # whatever a peer raises is its result here
        return _skipped(setting, f"raises {type(error).__name__}: {str(error).splitlines()[0][:120]}", say)
    gate = peer.compare(case, answer, theirs)
    if not gate.holds:
        raise WrongAnswer(f"{peer.name}, {setting.name}: {_said(gate)}")
    again = first.wall if once or first.wall > 5 else protocol.timed(call, case.x.device)[1].wall
    return {"setting": setting.name, "seconds": again, "first": [first.wall, first.cpu], "gate": vars(gate)}


def _bytes(case: Case, setting: Setting) -> int:
    rows = min(setting.rows, max(case.few(setting.rows), len(case.x)))
    return 2 * rows * case.model.census(case.x).bytes_per_image


def _skipped(setting: Setting, why: str, say: Say) -> dict[str, Any]:
    say(f"  {setting.name}: skipped, {why}")
    return {"setting": setting.name, "seconds": None, "skipped": why}


def _said(gate: Gate) -> str:
    return f"{gate.difference:.2e} where {gate.tolerance:.0e} is allowed ({gate.how})"


@contextmanager
def _quiet() -> Iterator[None]:
    """Peers warn of their own affairs, and some seed the global generators. What is in memory already is none of the
    collector's business between two calls: walking it takes longer than a small network."""
    numpys = np.random.get_state()
    gc.freeze()
    try:
        with warnings.catch_warnings(), torch.random.fork_rng(devices=[]):
            warnings.simplefilter("ignore")
            yield
    finally:
        gc.unfreeze()
        np.random.set_state(numpys)
