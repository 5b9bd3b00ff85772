"""The loop that trains a network on scenes: each step draws its own from the seed, so a run that was cut off goes on as
if it had not been."""

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from benchmarks.shapes.networks import WEIGHTS
from benchmarks.shapes.scenes import Scenes, draw

CHECKPOINTS = Path(__file__).parent / "training"  # git ignores it
EVERY, KEPT = 100, 500  # steps from one line of the log to the next, and from one checkpoint to the next
Loss = Callable[[Scenes, np.random.Generator], Tensor]


@dataclass(frozen=True)
class Plan:
    """steps of `batch` scenes each. lr rises for `warmup` steps, then falls to nothing along half a cosine. The first
    `easy` steps show scenes of one object, as many more of one or two: shapes are learned in minutes less.
    """

    name: str
    seed: int = 0
    steps: int = 5000
    batch: int = 32
    lr: float = 2e-3
    warmup: int = 100
    decay: float = 0.05
    easy: int = 500

    def rate(self, step: int) -> float:
        if step < self.warmup:
            return self.lr * (step + 1) / self.warmup
        return float(self.lr * (1 + np.cos(np.pi * (step - self.warmup) / (self.steps - self.warmup))) / 2)

    def scenes(self, step: int) -> Scenes:
        most = 1 if step < self.easy else 2 if step < 2 * self.easy else 4
        return draw(self.batch, (self.seed, step), (1, most))


@dataclass
class Run:
    """A training on its way. seconds, processor: spent by earlier runs of it, by the clock and by the processor."""

    module: nn.Module
    plan: Plan
    optimizers: list[torch.optim.Optimizer]
    step: int = 0
    seconds: float = 0.0
    processor: float = 0.0
    lines: list[str] = field(default_factory=list)
    started: tuple[float, float] = field(default_factory=lambda: (time.monotonic(), time.process_time()))

    @property
    def spent(self) -> tuple[float, float]:
        """Seconds by the clock and by the processor: a busy machine shows in the first alone."""
        return (
            self.seconds + time.monotonic() - self.started[0],
            self.processor + time.process_time() - self.started[1],
        )

    def keep(self) -> None:
        """Whole or not at all."""
        learned = {"module": self.module.state_dict(), "optimizers": [one.state_dict() for one in self.optimizers]}
        known = {"plan": asdict(self.plan), "step": self.step, "spent": self.spent, "lines": self.lines}
        path = _checkpoint(self.plan)
        path.parent.mkdir(exist_ok=True)
        torch.save({**learned, **known}, path.with_suffix(".part"))
        path.with_suffix(".part").replace(path)

    def resume(self) -> None:
        """From where a run of this very plan was cut off, if one was."""
        path = _checkpoint(self.plan)
        state = torch.load(path, weights_only=True) if path.exists() else {"plan": None}
        if state["plan"] == asdict(self.plan):
            self.module.load_state_dict(state["module"])
            for one, kept in zip(self.optimizers, state["optimizers"], strict=True):
                one.load_state_dict(kept)
            self.step, self.lines = state["step"], state["lines"]
            self.seconds, self.processor = state["spent"]

    def say(self, line: str) -> None:
        self.lines.append(line)
        print(line, flush=True)


def train(module: nn.Module, loss: Loss, plan: Plan) -> Run:
    """Train the module in place. loss: of scenes, with draws that are the step's own."""
    run = Run(module, plan, _optimizers(module, plan))
    run.resume()
    module.train()
    total = 0.0
    for scenes in _batches(plan, run.step):
        total += _step(run, loss, scenes)
        if run.step % EVERY == 0:
            run.say(f"step {run.step}, {run.spent[0] / 60:.1f} minutes, loss {total / EVERY:.4f}")
            total = 0.0
        if run.step % KEPT == 0:
            run.keep()
    return run


def told(run: Run, held_out: dict[str, float]) -> None:
    """What is known of a training, beside the weights that it made; its checkpoint has served."""
    run.say(", ".join(f"{what} {value:.4f}" for what, value in held_out.items()))
    threads = {"threads": torch.get_num_threads(), "torch": torch.__version__}
    minutes = dict(zip(("minutes", "processor minutes"), (one / 60 for one in run.spent), strict=True))
    said = {**asdict(run.plan), **minutes, **threads, "held out": held_out, "log": run.lines}
    (WEIGHTS / f"{run.plan.name}.json").write_text(json.dumps(said, indent=1) + "\n", "utf-8")
    _checkpoint(run.plan).unlink(missing_ok=True)


def _step(run: Run, loss: Loss, scenes: Scenes) -> float:
    for one in run.optimizers:
        for group in one.param_groups:
            group["lr"] = run.plan.rate(run.step)
    with torch.autocast("cpu", torch.bfloat16), _written_out():
        value = loss(scenes, np.random.default_rng((run.plan.seed, run.step, 1)))
        run.module.zero_grad()
        value.backward()
    nn.utils.clip_grad_norm_(run.module.parameters(), 1.0)
    for one in run.optimizers:
        one.step()
    run.step += 1
    return float(value.detach())


@contextmanager
def _written_out() -> Iterator[None]:
    """Attention of so few tokens, in bfloat16 on a CPU, takes half of the fused one's time when it is written out."""
    before = torch.backends.cuda.fp16_bf16_reduction_math_sdp_allowed()
    torch.backends.cuda.allow_fp16_bf16_reduction_math_sdp(True)  # else it is computed in float32
    try:
        with sdpa_kernel(SDPBackend.MATH):
            yield
    finally:
        torch.backends.cuda.allow_fp16_bf16_reduction_math_sdp(before)


def _optimizers(module: nn.Module, plan: Plan) -> list[torch.optim.Optimizer]:
    """Muon for the blocks' matrices, AdamW for the rest."""
    own = dict(module.named_parameters())
    matrices = {name: p for name, p in own.items() if p.ndim == 2 and "blocks" in name}
    rest = [p for name, p in own.items() if name not in matrices]
    muon = torch.optim.Muon(matrices.values(), weight_decay=plan.decay, adjust_lr_fn="match_rms_adamw")
    return [muon, torch.optim.AdamW(rest, betas=(0.9, 0.98), weight_decay=0.01)]


def _batches(plan: Plan, first: int) -> Iterator[Scenes]:
    """The next scenes are drawn while the network learns from these."""
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(plan.scenes, first)
        for step in range(first, plan.steps):
            scenes = coming.result()
            coming = pool.submit(plan.scenes, step + 1)
            yield scenes


def _checkpoint(plan: Plan) -> Path:
    return CHECKPOINTS / f"{plan.name}.pt"
