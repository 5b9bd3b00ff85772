"""`python -m benchmarks.shapes.train_vit`: trains the ViT, one logit for each coloured shape, and stores it with its
log and its held-out figures."""

import torch
from torch import Tensor, nn

from benchmarks.shapes import held_out
from benchmarks.shapes.networks import new_vit, normalised, store, vit
from benchmarks.shapes.scenes import Scenes
from benchmarks.shapes.training import Plan, told, train

PLAN = Plan("vit")


def main() -> None:
    with torch.random.fork_rng():
        torch.manual_seed(PLAN.seed)
        module = new_vit()
    run = train(module, lambda scenes, _: loss(module, scenes), PLAN)
    store(module, PLAN.name)
    told(run, held_out.of_vit(vit()))


def loss(module: nn.Module, scenes: Scenes) -> Tensor:
    """Binary cross-entropy, summed over the classes: a scene shows several."""
    present = torch.from_numpy(scenes.present).float()
    said = module(normalised(scenes)).float()
    return nn.functional.binary_cross_entropy_with_logits(said, present, reduction="sum") / len(scenes)


if __name__ == "__main__":
    main()
