"""What is kept of a forward that is watched."""

import torch
from torch import nn

from seewhy.model.seen import Seen


def test_what_modules_return_one_around_the_other_is_copied_once_and_anew_where_it_was_rewritten() -> None:
    seen, module, maps = Seen(), nn.Identity(), torch.linspace(-1, 1, 32).view(2, 1, 4, 4).clone()
    for name in ("inner", "outer"):
        seen.layer(name, module, maps)
    assert seen.outputs["outer"] is seen.outputs["inner"] and seen.outputs["inner"] is not maps
    maps.relu_()  # as an in-place layer does, which returns what it was given
    seen.layer("rectifier", module, maps)
    assert seen.outputs["inner"].min() == -1 and seen.outputs["rectifier"].min() == 0
