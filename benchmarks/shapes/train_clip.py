"""`python -m benchmarks.shapes.train_clip`: trains open_clip's CLIP on scenes and captions, and stores it with its log
and its held-out figures.

The loss is SigLIP's (arXiv:2303.15343): each pair of a scene and a text is right or wrong by itself. So one scene can
have several texts that are true of it, and which are is known exactly: a text of one object is true of all scenes of
the batch that show it. Texts of several objects are true where all are shown; half of them name one that is not.
"""

from functools import cache

import numpy as np
import open_clip
import torch
from torch import Tensor, nn

from benchmarks.shapes import captions, held_out
from benchmarks.shapes.networks import clip, new_clip, normalised, store, tokenizer, vocabulary
from benchmarks.shapes.scenes import CLASSES, Scenes
from benchmarks.shapes.training import Plan, told, train

PLAN = Plan("clip")
SINGLE = [[one] for one in range(len(CLASSES))]


def main() -> None:
    with torch.random.fork_rng():
        torch.manual_seed(PLAN.seed)
        module = new_clip(len(vocabulary()))
    run = train(module, lambda scenes, rng: loss(module, scenes, rng), PLAN)
    store(module, PLAN.name)
    told(run, held_out.of_clip(clip()))


def loss(module: open_clip.CLIP, scenes: Scenes, rng: np.random.Generator) -> Tensor:
    """Of each text about one object, and of texts about several, summed over texts and averaged over scenes."""
    named = SINGLE + captions.several(scenes, rng)
    true = torch.from_numpy(captions.true(named, scenes)).float()
    tokens = _few(tokens_of()(captions.texts(named, rng)))
    said = module(normalised(scenes), tokens)
    logits = said["logit_scale"] * said["image_features"].float() @ said["text_features"].float().T
    each = nn.functional.binary_cross_entropy_with_logits(logits + said["logit_bias"], true, reduction="none")
    return each.sum() / len(scenes)


@cache
def tokens_of() -> open_clip.SimpleTokenizer:
    return tokenizer()


@cache
def _places() -> Tensor:
    """(49408,): where each token stands in the vocabulary of the captions."""
    known = vocabulary()
    return torch.zeros(tokens_of().vocab_size, dtype=torch.long).index_copy(0, known, torch.arange(len(known)))


def _few(tokens: Tensor) -> Tensor:
    """Tokens as places in the captions' own vocabulary: its embedding is what is trained."""
    return _places()[tokens]


if __name__ == "__main__":
    main()
