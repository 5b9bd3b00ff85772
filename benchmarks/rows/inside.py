"""Looking inside: activations of ten layers for one forward; a folder's embeddings for its decoding and forwards."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from benchmarks.answers import EXACT, relative
from benchmarks.row import Call, Case, Gate, Peer, Row, Setting, WrongAnswer
from seewhy.images import expand, load
from seewhy.inspect import activations, embeddings

LAYERS = 10
PHOTOS, SIDES, BATCH = 256, (480, 640), 16
MOST = 1.15  # times what decoding and the forwards alone take of the cores


def ten(case: Case) -> list[str]:
    """As many layers, from the first to the last, that run once and return one tensor."""
    known = [one.name for one in case.model.census(case.x).layers if one.calls == 1 and one.shape]
    return [known[int(at)] for at in np.linspace(0, len(known) - 1, min(LAYERS, len(known)))]


def ours(case: Case) -> list[Any]:
    found = activations(case.model, case.x[:1], ten(case))
    return [found[name].values for name in ten(case)]


def hooked(case: Case, setting: Setting) -> Call:
    """One forward of the module, in which hooks copy."""
    net, names = case.copy(setting, inplace=False), ten(case)
    kept: dict[str, Tensor] = {}

    def keep(name: str) -> Callable[..., None]:
        return lambda _module, _args, output: kept.__setitem__(name, output.detach().clone())

    for name in names:
        net[1].get_submodule(name).register_forward_hook(keep(name))

    def call() -> list[Tensor]:
        with torch.no_grad():
            net(case.x[:1])
        return [kept[name] for name in names]

    return call


def alike(case: Case, ours: list[Any], theirs: list[Tensor]) -> Gate:
    largest = max(relative(*pair) for pair in zip(ours, theirs, strict=True))
    return Gate(largest, EXACT, "largest difference / largest value, of any layer")


def fill(case: Case, *, once: bool = False, say: Callable[[str], None] = lambda line: None) -> dict[str, Any]:
    """Seconds of a folder's embeddings, beside those of the processor that its decoding and its forwards take alone."""
    tiny = case.most is not None
    with TemporaryDirectory() as folder:
        photos = _written(Path(folder), 20 if tiny else PHOTOS, (48, 64) if tiny else SIDES)
        layer = case.model.layer(None)
        tried = [_once(case, photos, layer) for _ in range(1 if once or tiny else 5)]
    best = min(tried, key=lambda one: one["ratio"])
    say(
        f"  {len(photos)} photos: {best['ratio']:.2f} times decoding and forwards over {best['cores']} cores, of {MOST}"
    )
    return {"photos": len(photos), "target": MOST, "tried": tried, **best}


def _once(case: Case, photos: list[Path], layer: str) -> dict[str, Any]:
    model, cores = case.model, torch.get_num_threads()
    with _threads(1), model.frozen():
        began = time.process_time()
        pixels = [load(one, model.preprocess)[0] for one in photos]
        decoding = time.process_time() - began
        parts = torch.cat(pixels).to(case.x.device).split(BATCH)
        model.read(parts[0], [layer])  # what is looked at once is no part of it
        began = time.process_time()
        maps = torch.cat([model.read(part, [layer])[0] for part in parts])
        forwards = time.process_time() - began
    started, began = time.perf_counter(), time.process_time()
    found = embeddings(model, photos, layer, pool="flatten", batch=BATCH)
    wall, cpu = time.perf_counter() - started, time.process_time() - began
    if relative(found.values, maps.flatten(1)) > EXACT:
        raise WrongAnswer("the embeddings of a folder are not what the layer makes of its photos")
    alone = (decoding + forwards) / cores
    seconds = {"wall": wall, "cpu": cpu, "decoding": decoding, "forwards": forwards}
    return {**seconds, "cores": cores, "ratio": wall / alone, "cpu_ratio": cpu / (decoding + forwards)}


def _written(folder: Path, count: int, sides: tuple[int, int]) -> list[Path]:
    """JPEGs from the photos that ship with scikit-image, each cut elsewhere."""
    from skimage.data import astronaut, chelsea, coffee

    rng = np.random.default_rng(0)
    for i in range(count):
        photo = (astronaut, chelsea, coffee)[i % 3]()
        top, left = (int(rng.integers(0, 60)) for _ in range(2))
        Image.fromarray(photo[top:, left:]).resize(sides[::-1]).save(folder / f"{i:04}.jpg", quality=90)
    return expand([os.fspath(folder)])


@contextmanager
def _threads(count: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


HOOKS = partial(Peer, make=hooked, compare=alike, settings=(Setting("frozen"),), at_most=True)
ROWS = [
    Row(
        "activations-default",
        f"activations of {LAYERS} layers",
        "default",
        ours,
        (HOOKS("one forward whose hooks copy", "seewhy", 1.15),),
        passes=(1, 0),
    ),
    Row("embeddings-folder", "embeddings of many photos", "default", fill=fill),
]
