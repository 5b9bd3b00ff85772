"""`python -m benchmarks.textures.train`: trains the CNN, and stores it with its log and its held-out figures."""

import json
import time
from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn

from benchmarks.textures.fills import CLASSES
from benchmarks.textures.network import MEAN, STD, WEIGHTS, TextureNet, load, pixels, store
from benchmarks.textures.scenes import draw
from seewhy import Model

EVERY = 100  # steps from one line of the log to the next
SEED = (10**6, 1)  # of the held-out scenes


@dataclass(frozen=True)
class Plan:
    """steps of `batch` scenes each, all of them new. lr: at most, of one cycle."""

    seed: int = 0
    steps: int = 1500
    batch: int = 64
    lr: float = 4e-3
    decay: float = 0.02


def main(plan: Plan = Plan()) -> None:
    with torch.random.fork_rng():
        torch.manual_seed(plan.seed)
        module = TextureNet()
    started = time.monotonic(), time.process_time()
    log = train(module, plan)
    spent = (time.monotonic() - started[0]) / 60, (time.process_time() - started[1]) / 60
    store(module)
    found = held_out(load())
    log.append(", ".join(f"{name} {value:.4f}" for name, value in found.items()))
    print(log[-1])
    minutes = dict(zip(("minutes", "processor minutes"), spent, strict=True))
    made = {"threads": torch.get_num_threads(), "torch": torch.__version__}
    said = {**asdict(plan), **minutes, **made, "held out": found, "log": log}
    (WEIGHTS / "cnn.json").write_text(json.dumps(said, indent=1) + "\n", "utf-8")


def train(module: nn.Module, plan: Plan) -> list[str]:
    """In place; the log."""
    optimizer = torch.optim.AdamW(module.parameters(), weight_decay=plan.decay)
    rate = torch.optim.lr_scheduler.OneCycleLR(optimizer, plan.lr, plan.steps)
    log, total = [], 0.0
    module.train()
    for step in range(plan.steps):
        scenes = draw(plan.batch, (plan.seed, step))
        x = (pixels(scenes.pixels) - MEAN[0]) / STD[0]
        loss = nn.functional.cross_entropy(module(x), torch.from_numpy(scenes.classes))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        rate.step()
        total += float(loss.detach())
        if (step + 1) % EVERY == 0:
            log.append(f"step {step + 1}, loss {total / EVERY:.4f}")
            print(log[-1], flush=True)
            total = 0.0
    module.eval()
    return log


def held_out(model: Model, n: int = 2000) -> dict[str, float]:
    """The accuracy on scenes it was not trained on, of all and of each texture."""
    scenes = draw(n, SEED)
    right = said(model, pixels(scenes.pixels)) == torch.from_numpy(scenes.classes)
    each = {name: float(right[scenes.classes == i].float().mean()) for i, name in enumerate(CLASSES)}
    return {"accuracy": float(right.float().mean()), **each}


def said(model: Model, x: Tensor) -> Tensor:
    """The classes (n,) of pixels (n,3,h,w)."""
    with model.frozen(), torch.no_grad():
        return torch.cat([model.outputs(part).argmax(1) for part in x.split(100)])


if __name__ == "__main__":
    main()
