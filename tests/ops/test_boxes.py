"""Boxes of a picture."""

import numpy as np
import torch

from seewhy.ops.boxes import Box, masks, painted


def test_the_longer_side_is_halved_rows_first_and_the_first_half_is_the_larger() -> None:
    assert Box(0, 5, 2, 7).halves() == (Box(0, 3, 2, 7), Box(3, 5, 2, 7))
    assert Box(1, 3, 0, 5).halves() == (Box(1, 3, 0, 3), Box(1, 3, 3, 5))


def test_masks_are_unions_whatever_their_number_of_boxes() -> None:
    unions = [(), (Box(0, 2, 1, 3),), (Box(0, 1, 0, 4), Box(2, 3, 1, 2))]
    found = masks(unions, (3, 4), torch.zeros(1))
    assert found.shape == (3, 3, 4)
    for one, union in zip(found, unions, strict=True):
        wanted = torch.zeros(3, 4)
        for box in union:
            wanted[box.top : box.bottom, box.left : box.right] = 1
        assert torch.equal(one, wanted)
    assert masks([()], (3, 4), torch.zeros(1)).abs().sum() == 0


def test_credit_is_spread_evenly_and_nested_boxes_add_up() -> None:
    boxes, credits = [Box(0, 3, 0, 4), Box(1, 3, 2, 4), Box(2, 3, 3, 4)], np.array([12.0, -8.0, 0.5])
    wanted = np.full((3, 4), 1.0)
    wanted[1:3, 2:4] -= 2
    wanted[2, 3] += 0.5
    np.testing.assert_allclose(painted(boxes, credits, (3, 4)), wanted, atol=1e-14)
