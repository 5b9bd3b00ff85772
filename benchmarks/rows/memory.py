"""Peak memory under `memory=`: a process of its own, so that nothing else has been there before."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from benchmarks.machine import ROOT
from benchmarks.row import Case, Row

GRANTED = 512 * 2**20
GROWTH = 1.1  # what a hundred times the samples may take more, and so many times the tokens over as many times
SIDES = (224, 448)
NAMES = {"smoothgrad": "SmoothGrad", "rise": "RISE", "attention_relevance": "Attention relevance"}


def fill(
    method: str,
    network: str,
    samples: Sequence[int],
    target: float,
    unit: str,
    case: Case,
    *,
    once: bool = False,
    say: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    tiny = case.most is not None
    samples = [16 * (1 + i) for i, _ in enumerate(samples)] if tiny else samples[:2] if once else samples
    peaks = probed(method, "tiny" if tiny else network, samples, GRANTED)
    growth = peaks[str(samples[-1])] / max(peaks[str(samples[0])], 1)
    say(f"  peak over the model's own: {', '.join(f'{n}: {peaks[str(n)] / 2**20:.0f} MiB' for n in samples)}")
    return {"memory": GRANTED, "peaks": peaks, "growth": growth, "target": target, "unit": unit}


def probed(method: str, network: str, samples: Sequence[int], memory: int) -> dict[str, int]:
    """Bytes of the resident peak over the model's own, after each number of a method's samples in turn."""
    words = [sys.executable, "-m", "benchmarks.probe", method, network, str(memory), *map(str, samples)]
    paths = {"PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])}
    done = subprocess.run(words, cwd=ROOT, env=os.environ | paths, capture_output=True, text=True, check=True)
    peaks: dict[str, int] = json.loads(done.stdout)
    return peaks


def memory(method: str, network: str, samples: Sequence[int]) -> Row:
    what = f"{NAMES[method]}'s peak memory over the model's own"
    what += " (on the digits' network)" if network == "tiny" else ""
    return Row(f"memory-{method}", what, "default", fill=partial(fill, method, network, samples, GROWTH, "samples"))


def by_tokens(method: str, network: str, sides: Sequence[int] = SIDES) -> Row:
    """Of which twice the side has four times the tokens, and sixteen times the attention of a layer."""
    what = f"{NAMES[method]}'s peak memory over the model's own"
    target = GROWTH * (sides[-1] / sides[0]) ** 2
    return Row(f"memory-{method}", what, "vit", fill=partial(fill, method, network, sides, target, "pixels a side"))


ROWS = [
    memory("smoothgrad", "default", (10, 100, 1000)),
    memory("rise", "tiny", (1000, 10_000, 100_000)),  # what is held besides the network's own does not depend on it
    by_tokens("attention_relevance", "timm:vit_base_patch16_224"),
]
