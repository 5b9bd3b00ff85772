"""What TCAV is asked about: sets of pictures, and the score of a class."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from seewhy.asked import whole
from seewhy.concepts.sets import PAIRS, Picture, Pictures, check_apart, pictures, randoms
from seewhy.errors import BadOption, UnknownName, Unsupported
from seewhy.model import Model
from seewhy.scores import Score, transform
from seewhy.targets import Pinned
from seewhy.types import Need, Pixels, Preprocess


@dataclass(frozen=True, eq=False)
class Sets:
    """Of concepts, random ones, and the class's own pictures."""

    concepts: tuple[Pictures, ...]
    others: tuple[Pictures, ...]
    own: Pictures

    @classmethod
    def of(
        cls, concepts: Any, random: Any, images: Any, count: int | None, relative: bool, preprocess: Preprocess
    ) -> "Sets":
        """Raises BadOption and BadInput for sets that are none, empty, too small or the same."""
        if not isinstance(concepts, Mapping) or not concepts:
            raise BadOption("no concept is named", 'give a set of pictures each: {"stripes": "folder"}')
        if relative and len(concepts) < 2:
            raise BadOption("relative CAVs of one concept", "name the others that it is told from")
        count = None if count is None else whole(count, "random_sets", PAIRS)
        named = [pictures(str(name), one, preprocess) for name, one in concepts.items()]
        others = randoms(random, preprocess, count, max(map(len, named)))
        check_apart(named, others)
        return cls(tuple(named), tuple(others), pictures("the class", images, preprocess))

    def numbered(self) -> tuple[list[Picture], list[NDArray[np.int64]]]:
        """All pictures of concepts and random sets, each once, and which of them are in each set."""
        sets: Sequence[Pictures] = [*self.concepts, *self.others]
        every = {one.sha256: one for own in sets for one in own.each}
        at = {sha256: i for i, sha256 in enumerate(every)}
        return list(every.values()), [np.array([at[one.sha256] for one in own.each]) for own in sets]


def logit(model: Model, x: Pixels, target: int | str) -> tuple[Pinned, int, Score]:
    """The class's logit, decided without a forward, its index, and what stands for a logit: the log-probability where
    the network ends in probabilities. Raises Unsupported for a network without gradients or classes, UnknownName.
    """
    if model.opaque:
        raise Unsupported(f"TCAV of {model.name}: {model.opaque.why}", "name a network in PyTorch")
    if Need.GRADIENT not in model.offers_for(x):
        raise Unsupported(f"TCAV of {model.name}, whose scores have no gradient", "name one that is differentiable")
    census = model.census(x)
    if len(census.output_shape) != 1:
        raise Unsupported(f"TCAV of {model.name}, which returns {census.output_shape} an image", "name a classifier")
    classes = census.output_shape[0]
    index = model.find(target) if isinstance(target, str) else whole(target, "target")
    if not 0 <= index < classes:
        raise UnknownName(f"class {index} of a model with {classes} classes", f"classes are 0 to {classes - 1}")
    kind: Score = "log_probability" if census.outputs == "probability" else "logit"
    place, read = torch.tensor([index], device=x.device), transform(kind, census.outputs)
    return Pinned(lambda scores, rows: scores[:, index], place, str(target), ("class", (index,)), read), index, kind
