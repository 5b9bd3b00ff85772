"""Sets of pictures that a picture is compared with."""

from collections.abc import Sequence
from os import PathLike
from typing import Any

import torch
from torch import Tensor

from seewhy.errors import BadOption
from seewhy.images import expand, load_all
from seewhy.model import Model
from seewhy.targets import Pinned
from seewhy.types import Pixels

GREYS = (0.0, 0.25, 0.5, 0.75, 1.0)


def background(asked: Any, model: Model, x: Pixels) -> tuple[Pixels, Sequence[str]]:
    """The pictures asked for (m,c,h,w), prepared as x was, and what must be said of them.

    asked: a photo, a folder or pattern of photos, a list of whatever `explain` takes, or a float tensor (m,c,h,w) in
    [0,1]. None: plain pictures from black to white. One picture can't stand for a data set, nor can copies of it
    blurred or drowned in noise; plain greys don't claim to, and favour no brightness as a black baseline does.
    """
    if asked is None:
        greys = x.new_tensor(GREYS)[:, None, None, None].expand(-1, *x.shape[1:])
        return greys, [f"no background was given: {len(GREYS)} plain greys stand in for a data set"]
    if isinstance(asked, str | PathLike):
        asked = expand([asked])
    found = [batch.pixels.to(x) for batch in load_all(asked, model.preprocess)]
    for one in found:
        if one.shape[2:] != x.shape[2:]:
            size, wanted = ("x".join(map(str, shape[2:])) for shape in (one.shape, x.shape))
            raise BadOption(f"a background picture of {size} for an input of {wanted}", "give pictures of one size")
    return torch.cat(found), []


def mean_scores(model: Model, pictures: Pixels, targets: Sequence[Pinned], images: int) -> Tensor:
    """Each image's scores, averaged over the pictures: (k,b). One forward a picture, whatever the number of images."""
    outputs = model.outputs(pictures)
    rows = torch.arange(images, device=outputs.device)[:, None].expand(-1, len(outputs))
    return torch.stack([torch.stack([target(outputs, row).mean() for row in rows]) for target in targets])
