"""Stretches of an axis, rectangles of maps: cut out, pasted, and what looks at them."""

import numpy as np
import pytest
import torch

from seewhy.model.spans import Place, Sheet, Span, paste


@pytest.mark.parametrize("length", [1, 4, 7])
@pytest.mark.parametrize(
    ("kernel", "stride", "before"), [(1, 1, 0), (3, 1, 1), (3, 2, 0), (5, 3, 2), (2, 2, 0), (1, 2, 0)]
)
def test_a_span_holds_the_outputs_that_look_at_it(kernel: int, stride: int, before: int, length: int) -> None:
    of = 20
    out = (of + 2 * before - kernel) // stride + 1
    starts = np.arange(of - length + 1)
    seen = Span(starts, length, of).seen_by(kernel, stride, before, out)
    most = 0
    for start, at in zip(starts, seen.starts, strict=True):
        cells = range(start, start + length)
        looking = [o for o in range(out) if any(o * stride - before + i in cells for i in range(kernel))]
        assert set(looking) <= set(range(at, at + seen.length)) and 0 <= at <= out - seen.length
        most = max(most, len(looking))
    assert seen.length == max(1, most), "no longer than it must be"


def test_a_place_holds_boxes_of_differing_sizes_inside_the_map() -> None:
    boxes = torch.tensor([(0, 0, 4, 3), (5, 7, 7, 9), (2, 1, 3, 6)])
    place = Place.of_boxes(boxes, (7, 9))
    assert place.size == (4, 5) and place.of == (7, 9)
    assert place.rows.starts.tolist() == [0, 3, 2] and place.columns.starts.tolist() == [0, 4, 1]


def test_what_is_cut_from_a_padded_map_and_pasted_is_where_it_was() -> None:
    maps = torch.arange(2 * 5 * 6.0).view(1, 2, 5, 6)
    read = Place(Span(np.array([0, 3, 2]), 4, 7), Span(np.array([0, 4, 1]), 4, 8))
    found = Sheet(maps, (1, 1, 1, 1), -9.0).cut(read, slice(None))
    padded = torch.nn.functional.pad(maps, (1, 1, 1, 1), value=-9.0)
    wanted = torch.cat([padded[:, :, r : r + 4, c : c + 4] for r, c in ((0, 0), (3, 4), (2, 1))])
    assert torch.equal(found, wanted)
    have = Place(Span(np.array([1, 2, 4]), 3, 7), Span(np.array([1, 6, 0]), 2, 8))  # within, over two edges, over one
    patches = -torch.rand(3, 2, 3, 2)
    for i, (r, c) in enumerate(((1, 1), (2, 6), (4, 0))):
        big = padded[0].clone()
        big[:, r : r + 3, c : c + 2] = patches[i]
        top, left = int(read.rows.starts[i]), int(read.columns.starts[i])
        wanted[i] = big[:, top : top + 4, left : left + 4]
    assert torch.equal(paste(found, read, patches, have, slice(None)), wanted)
    some = np.array([2, 0])
    assert torch.equal(
        paste(Sheet(maps, (1, 1, 1, 1), -9.0).cut(read, some), read, patches[[2, 0]], have, some), wanted[[2, 0]]
    )


@pytest.mark.parametrize("times", [1, 3])
def test_a_whole_map_is_a_copy(times: int) -> None:
    maps = torch.rand(1, 2, 3, 4).contiguous(memory_format=torch.channels_last)
    before, sheet = maps.clone(), Sheet(maps)
    sheet.whole(times).zero_()
    assert torch.equal(maps, before) and torch.equal(sheet.whole(times), before.expand(times, -1, -1, -1))
