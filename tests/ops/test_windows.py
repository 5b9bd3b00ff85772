"""Windows that slide over a picture."""

import pytest
import torch

from seewhy.errors import BadOption
from seewhy.ops.windows import Windows


def test_windows_cover_every_pixel_and_the_last_are_cut_off() -> None:
    windows = Windows((4, 5), (3, 5), (9, 12))
    assert windows.grid == (3, 3) and windows.boxes[-1].tolist() == [6, 10, 9, 12]
    values = torch.arange(9.0).view(3, 3)
    wanted, covers = torch.zeros(9, 12), torch.zeros(9, 12)
    for (top, left, bottom, right), value in zip(windows.boxes.tolist(), values.flatten(), strict=True):
        wanted[top:bottom, left:right] += value
        covers[top:bottom, left:right] += 1
    assert covers.min() == 1
    torch.testing.assert_close(windows.means(values), wanted / covers)


def test_windows_that_fit_are_whole_and_one_may_be_all() -> None:
    assert Windows((32, 32), (16, 16), (224, 224)).grid == (13, 13)
    alone = Windows((9, 12), (2, 1), (9, 12))
    assert alone.grid == (1, 1) and alone.boxes.tolist() == [[0, 0, 9, 12]]
    assert alone.means(torch.full((2, 1, 1), 3.0)).eq(3).all()


@pytest.mark.parametrize(
    ("window", "stride"), [((10, 4), (2, 2)), ((4, 13), (2, 2)), ((4, 4), (5, 4)), ((4, 4), (4, 5))]
)
def test_windows_that_leave_the_picture_or_gaps_are_refused(window: tuple[int, int], stride: tuple[int, int]) -> None:
    with pytest.raises(BadOption):
        Windows(window, stride, (9, 12))
