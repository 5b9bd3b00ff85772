"""What becomes of the scores when a layer's activations move along a CAV."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from seewhy.asked import listed, number
from seewhy.concepts.pooling import channel_axis, spread
from seewhy.errors import BadInput
from seewhy.images import load
from seewhy.model import Model
from seewhy.results.cavs import Cav
from seewhy.sources import as_model

STEPS = (-1.0, -0.5, 0.0, 0.5, 1.0)


def along(model: Model | str, image: Any, cav: Cav, steps: Sequence[float] = STEPS) -> NDArray[np.float32]:
    """The model's outputs (n,k) for a picture whose activations at the CAV's layer moved n steps along it.

    A step of 1 is as long as the activations themselves: of a mean CAV, as their mean over the places, and every place
    moves alike. Raises BadInput where the CAV is of another layer's size.
    """
    model = as_model(model).shared()
    pixels, _ = load(image, model.preprocess)
    x = model.checked(pixels)
    asked = [number(one, "a step") for one in listed(steps, "steps", "give a list of numbers")]
    with torch.inference_mode(False), model.frozen():
        layer = model.layer(cav.layer, x)
        tail = model.tail(x, layer, whole=True)
        own = tail.maps()
        axis = channel_axis(model, x, layer)
        expected = own.shape[axis] if cav.pool == "mean" else own[0].numel()
        direction = torch.from_numpy(cav.mean).to(own)
        if direction.numel() != expected:
            raise BadInput(f"a CAV of {direction.numel()} numbers for {layer!r}, which has {expected}", "fit it anew")
        places = own[0].numel() / own.shape[axis] if cav.pool == "mean" else 1.0
        step = spread(direction, own.shape, axis, "mean" if cav.pool == "mean" else "flatten") * (
            own.norm() / places**0.5
        )
        moved = torch.cat([own + one * step for one in asked])
        with torch.no_grad():
            found = tail(moved, torch.zeros(len(asked), dtype=torch.int64, device=x.device))
    return np.asarray(found.float().cpu().numpy(), np.float32)
