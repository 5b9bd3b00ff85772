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
from seewhy.model.cores import side_by_side

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
    """Seconds of a folder's embeddings, beside those of the processor that its decoding and its forwards take while all
    cores are at them, and those that they take alone on one core, where nothing else wants the memory."""
    tiny = case.most is not None
    with TemporaryDirectory() as folder:
        photos = _written(Path(folder), 20 if tiny else PHOTOS, (48, 64) if tiny else SIDES)
        layer = case.model.layer(None)
        tried = [_once(case, photos, layer) for _ in range(1 if once or tiny else 7)]
    middle = sorted(tried, key=lambda one: one["ratio"])[len(tried) // 2]
    say(
        f"  {len(photos)} photos: {middle['ratio']:.2f} times decoding and forwards over {middle['cores']} cores, "
        f"of {MOST}; {middle['alone_ratio']:.2f} times what they take alone"
    )
    return {"photos": len(photos), "target": MOST, "tried": tried, **middle}


def _once(case: Case, photos: list[Path], layer: str) -> dict[str, Any]:
    model, cores = case.model, torch.get_num_threads()
    with _threads(1), model.frozen():
        model.read(torch.rand_like(case.x), [layer])  # what is looked at once is no part of it
        alone, maps = _apart(case, photos, layer, 1)
        both, _ = _apart(case, photos, layer, cores)
    started, began = time.perf_counter(), time.process_time()
    found = embeddings(model, photos, layer, pool="flatten", batch=BATCH)
    wall, cpu = time.perf_counter() - started, time.process_time() - began
    if relative(found.values, maps.flatten(1)) > EXACT:
        raise WrongAnswer("the embeddings of a folder are not what the layer makes of its photos")
    seconds = {"wall": wall, "cpu": cpu, "decoding": both[0], "forwards": both[1], "alone": sum(alone)}
    ratios = {"ratio": wall / (sum(both) / cores), "alone_ratio": wall / (sum(alone) / cores)}
    return {**seconds, "cores": cores, **ratios, "cpu_ratio": cpu / sum(both)}


def _apart(case: Case, photos: list[Path], layer: str, cores: int) -> tuple[tuple[float, float], Tensor]:
    """Seconds of the processor that decoding and forwards take, a share of the photos a core, each by itself; and what
    the layer makes of the photos, share by share."""

    def run(share: list[Path]) -> tuple[float, float, Tensor]:
        began = time.thread_time()
        pixels = torch.cat([load(one, case.model.preprocess)[0] for one in share]).to(case.x.device)
        decoded = time.thread_time()
        maps = torch.cat([case.model.read(part, [layer])[0] for part in pixels.split(BATCH)])
        return decoded - began, time.thread_time() - decoded, maps

    with side_by_side(cores, cores) as each:
        found = each(run, (list(one) for one in np.array_split(np.array(photos), cores)))
    return (sum(one[0] for one in found), sum(one[1] for one in found)), torch.cat([one[2] for one in found])


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
