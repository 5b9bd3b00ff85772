"""Which text towers' attention says what words gave."""

import torch

from seewhy.model.attending import Calls
from seewhy.model.fused import Attention
from seewhy.texts.attended import _followed


def calls(*shapes: tuple[int, ...]) -> Calls:
    made = Calls()
    made += [Attention("", torch.zeros(shape), torch.zeros(shape)) for shape in shapes]
    return made


def test_towers_are_followed_where_heads_have_an_axis_of_their_own() -> None:
    usual, folded = (1, 2, 5, 4), (2, 5, 4)  # one text of two heads
    assert _followed(calls(usual, usual))
    assert not _followed(calls(usual, folded))  # their weights would be read as those of two texts


def test_towers_that_may_attend_by_products_that_were_not_seen_are_not_followed() -> None:
    made = calls((1, 2, 5, 4))
    made.unfollowed[0] = "layers.0"
    assert not _followed(made)
