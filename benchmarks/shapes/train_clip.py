"""`python -m benchmarks.shapes.train_clip`: trains open_clip's CLIP on scenes and captions, and stores it with its log
and its held-out figures.

The loss is SigLIP's (arXiv:2303.15343): each pair of a scene and a text is right or wrong by itself. So one scene can
have several texts that are true of it, and which are is known exactly: a text of one object is true of all scenes of
the batch that show it. Texts of several objects are true where all are shown; half of them name one that is not.

Alone, the two towers agree on colours and stay there: as long as pictures say nothing of shapes, texts need not either,
and the other way round (measured: after 500 steps, texts of one colour and different shapes have a cosine above .9999).
So the picture tower learns the classes from a linear head of its own as well, which is thrown away in the end.
"""

from functools import cache

import numpy as np
import open_clip
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, normalize

from benchmarks.shapes import captions, held_out
from benchmarks.shapes.networks import WIDTH, clip, new_clip, normalised, store, tokenizer, vocabulary
from benchmarks.shapes.scenes import CLASSES, Scenes
from benchmarks.shapes.training import Plan, told, train

PLAN = Plan("clip")
SINGLE = [[one] for one in range(len(CLASSES))]


class Taught(nn.Module):
    """CLIP, and the head that its picture tower learns classes from."""

    def __init__(self) -> None:
        super().__init__()
        self.clip = new_clip(len(vocabulary()))
        self.head = nn.Linear(WIDTH, len(CLASSES))

    def loss(self, scenes: Scenes, rng: np.random.Generator) -> Tensor:
        """Of texts about one object, of texts about several, and of the head: a sum over each, a mean over scenes."""
        named = SINGLE + captions.several(scenes, rng)
        features = self.clip.encode_image(normalised(scenes)).float()
        texts = self.clip.encode_text(_few(captions.texts(named, rng)), normalize=True).float()
        said = self.clip.logit_scale.exp() * normalize(features, dim=-1) @ texts.T + self.clip.logit_bias
        matching = _wrong(said, torch.from_numpy(captions.true(named, scenes)))
        return (matching + _wrong(self.head(features).float(), torch.from_numpy(scenes.present))) / len(scenes)


def main() -> None:
    with torch.random.fork_rng():
        torch.manual_seed(PLAN.seed)
        taught = Taught()
    run = train(taught, taught.loss, PLAN)
    store(taught.clip, PLAN.name)
    told(run, held_out.of_clip(clip()))


def _wrong(said: Tensor, true: Tensor) -> Tensor:
    return binary_cross_entropy_with_logits(said, true.float(), reduction="sum")


def _few(texts: list[str]) -> Tensor:
    """Tokens as places in the captions' own vocabulary: its embedding is what is trained."""
    words, places = _words()
    return places[words(texts)]


@cache
def _words() -> tuple[open_clip.SimpleTokenizer, Tensor]:
    """The tokenizer, and where each of its tokens stands in the vocabulary of the captions."""
    words, known = tokenizer(), vocabulary()
    return words, torch.zeros(words.vocab_size, dtype=torch.long).index_copy(0, known, torch.arange(len(known)))


if __name__ == "__main__":
    main()
