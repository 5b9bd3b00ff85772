"""`make compiling`: the folded program that scores are computed by, as it is and compiled by inductor, printed as the
table of docs/precision.md. Takes minutes, and needs a C++ compiler."""

import time
from typing import Any

import torch

from benchmarks.photos import photos
from seewhy import load
from seewhy.model.compiling import inductor

NETWORKS = {"EfficientNet-Lite0 (default)": ("default", None), "ResNet-18, random": ("torchvision:resnet18", "random")}
CHUNKS, PAIRS = (8, 32), 7


def seconds(run: Any) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def measured(name: str, chunk: int) -> str:
    spec, weights = NETWORKS[name]
    model = load(spec, weights=weights)
    x = photos(model, 8).repeat(chunk // 8, 1, 1, 1).contiguous(memory_format=torch.channels_last)
    with model.frozen(), torch.no_grad():
        programs = model.programs(x)
        run = programs.scoring() if programs else None
        assert run is not None, "it can't be written down"
        began = time.perf_counter()
        compiled = inductor(run, x)
        cost = time.perf_counter() - began
        apart = float((compiled(x) - run(x)).abs().max() / run(x).abs().max())
        assert apart < 1e-4, apart
        pairs = [(seconds(lambda: run(x)), seconds(lambda: compiled(x))) for _ in range(PAIRS)]
    ours, theirs = (sorted(times)[PAIRS // 2] / chunk for times in zip(*pairs, strict=True))
    pays = f"{cost / (ours - theirs):.0f} forwards" if theirs < ours else "never"
    cells = [name, chunk, f"{1e3 * ours:.2f}", f"{1e3 * theirs:.2f}", f"{ours / theirs:.2f}", f"{cost:.0f}", pays]
    return f"| {' | '.join(map(str, cells))} |"


if __name__ == "__main__":
    for name in NETWORKS:
        for chunk in CHUNKS:
            print(measured(name, chunk), flush=True)
