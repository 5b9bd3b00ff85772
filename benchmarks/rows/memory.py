"""Peak memory under `memory=`: a process of its own, so that nothing else has been there before."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from benchmarks.machine import ROOT
from benchmarks.row import Case, Row

GRANTED = 512 * 2**20
SAMPLES = (10, 100, 1000)
GROWTH = 1.1  # what a hundred times the samples may take more


def fill(case: Case, *, once: bool = False, say: Callable[[str], None] = lambda line: None) -> dict[str, Any]:
    tiny = case.most is not None
    samples = [case.few(n) * (1 + i) for i, n in enumerate(SAMPLES)] if tiny else SAMPLES[:2] if once else SAMPLES
    peaks = probed("tiny" if tiny else "default", samples, GRANTED)
    growth = peaks[str(samples[-1])] / max(peaks[str(samples[0])], 1)
    say(f"  peak over the model's own: {', '.join(f'{n}: {peaks[str(n)] / 2**20:.0f} MiB' for n in samples)}")
    return {"memory": GRANTED, "peaks": peaks, "growth": growth, "target": GROWTH}


def probed(network: str, samples: Any, memory: int) -> dict[str, int]:
    """Bytes of the resident peak over the model's own, after each number of SmoothGrad samples in turn."""
    words = [sys.executable, "-m", "benchmarks.probe", network, str(memory), *map(str, samples)]
    paths = {"PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])}
    done = subprocess.run(words, cwd=ROOT, env=os.environ | paths, capture_output=True, text=True, check=True)
    peaks: dict[str, int] = json.loads(done.stdout)
    return peaks


ROWS = [Row("memory-smoothgrad", "SmoothGrad's peak memory over the model's own", "default", fill=fill)]
