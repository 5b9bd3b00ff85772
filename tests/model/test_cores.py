"""Parts side by side: in order, on cores of their own, and nothing left of it behind."""

import copy
import sys
from collections.abc import Generator, Iterator
from dataclasses import replace
from threading import Barrier, Thread

import pytest
import torch

from seewhy import Model
from seewhy.model.cores import ahead, available, side_by_side
from seewhy.model.network import CACHED


def test_parts_run_at_the_same_time_and_come_back_in_order(two_cores: None) -> None:
    met = Barrier(2)

    def half(part: int) -> int:
        met.wait(10)  # breaks where they run one after the other
        return 10 * part

    with side_by_side(2, available("cpu")) as each:
        assert each(half, [3, 1]) == [30, 10]
        assert each(half, [1, 2, 3, 4]) == [10, 20, 30, 40]


def test_cores_are_shared_and_everybody_elses_threads_are_as_they_were(two_cores: None) -> None:
    seen: list[int] = []
    with side_by_side(2, available("cpu")) as each:
        assert each(lambda _: torch.get_num_threads(), range(2)) == [1, 1]
        other = Thread(target=lambda: seen.append(torch.get_num_threads()))
        other.start()
        other.join()
        assert torch.get_num_threads() == 2
    assert (seen, torch.get_num_threads()) == ([2], 2)
    with side_by_side(2, 5) as each:  # each has two of five
        assert each(lambda _: torch.get_num_threads(), range(2)) == [2, 2]
    assert torch.get_num_threads() == 2


def test_what_a_part_raises_is_raised_once_the_others_have_ended(two_cores: None) -> None:
    ended = []

    def part(number: int) -> None:
        if number == 0:
            raise KeyError("first")
        ended.append(number)

    with side_by_side(2, 2) as each, pytest.raises(KeyError, match="first"):
        each(part, range(4))
    assert sorted(ended) == [1, 2, 3]


def test_parts_go_ahead_of_who_reads_them_in_order_and_no_further(two_cores: None) -> None:
    met, asked = Barrier(2), list[int]()

    def parts() -> Iterator[int]:
        for number in range(8):
            asked.append(number)
            yield number

    def half(part: int) -> tuple[int, int]:
        met.wait(10)  # breaks where they run one after the other
        return part, torch.get_num_threads()

    with ahead(2) as each:
        found = iter(each(half, parts()))
        assert next(found) == (0, 1) and asked == [0, 1, 2]
        assert list(found) == [(part, 1) for part in range(1, 8)] and torch.get_num_threads() == 2
    with ahead(1) as each:
        assert list(each(lambda part: (part, torch.get_num_threads()), [3, 4])) == [(3, 2), (4, 2)]


def test_none_is_begun_behind_a_part_that_raises(two_cores: None) -> None:
    began = []

    def part(number: int) -> int:
        began.append(number)
        if number == 1:
            raise KeyError("second")
        return number

    with ahead(2) as each, pytest.raises(KeyError, match="second"):
        list(each(part, range(100)))
    assert max(began) <= 4
    with ahead(2) as each:
        found = iter(each(part, [5, 6, 7, 8, 9]))
        assert next(found) == 5
        assert isinstance(found, Generator)
        found.close()  # whoever reads them has enough


@pytest.mark.parametrize(("parts", "cores"), [(1, 8), (8, 1), (0, 4)])
def test_one_part_or_one_core_needs_no_other_thread(parts: int, cores: int) -> None:
    with side_by_side(parts, cores) as each:
        assert each(lambda part: (part, torch.get_num_threads()), [5]) == [(5, torch.get_num_threads())]


def test_a_core_has_as_many_pictures_as_its_caches_and_the_memory_hold(small: Model) -> None:
    x = torch.zeros(1, 3, 16, 20)
    with small.frozen():
        held = small.census(x).bytes_per_image
        assert small.rows_a_core(x, 2) == 8, "pictures of a small network"
        assert replace(small, memory=6 * held).rows_a_core(x, 2) == 3
        assert replace(small, memory=6 * held).rows_a_core(x, 9) == 1
        assert replace(small, memory=6 * held).rows_a_core(x, 1) == 6
        assert [replace(small, memory=6 * held).rows_a_core(x, n, backward=False) for n in (1, 2, 5)] == [12, 6, 2]
        for size, rows in (((1600, 2000), 2), ((160, 200), 7)):
            pictures = torch.zeros(1, 3, *size)
            usual = small.census(pictures).usual
            assert usual == small.census(pictures).bytes_per_image // sum(one.calls for one in small.census(x).layers)
            assert max(2, CACHED // usual) == rows
            assert replace(small, memory=2**40).rows_a_core(pictures, 4) == rows


def test_what_has_no_threads_of_its_own_is_not_shared_out(two_cores: None, monkeypatch: pytest.MonkeyPatch) -> None:
    assert available("cpu") == 2 and available("cuda") == 1 == available(torch.device("meta"))
    monkeypatch.setattr(torch.backends.openmp, "is_available", lambda: False)
    assert available("cpu") == 1


def test_passes_that_threads_count_add_up(small: Model) -> None:
    """With a model that can be copied still."""
    meter = copy.deepcopy(small).meter
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with side_by_side(4, 4) as each:
            each(lambda _: [meter.count(forward=1, backward=2) for _ in range(2000)], range(4))
    finally:
        sys.setswitchinterval(before)
    assert (meter.forward, meter.backward) == (8000, 16000)
