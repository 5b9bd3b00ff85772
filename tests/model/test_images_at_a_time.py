"""How many images go through a network at a time."""

from dataclasses import replace

import pytest
import torch

from seewhy import Model
from seewhy.model import network


def test_no_tensor_is_more_than_an_allocator_keeps(small: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    x = torch.zeros(1, 3, 16, 20)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    with small.frozen():
        picture = 4 * small.census(x).widest
        assert (small._rows(x), small._rows(x, backward=True)) == (32, 6), "all is small"
        monkeypatch.setattr(network, "MAPPED", 5 * picture)
        assert (small._rows(x), small._rows(x, backward=True), small._rows(x, narrow=True)) == (5, 5, 32)
        assert small._rows(x.double()) == 2
        monkeypatch.setattr(network, "MAPPED", picture)
        assert small._rows(x) == 2, "a picture for each core"


def test_all_of_them_fit_the_memory(small: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    x = torch.zeros(1, 3, 16, 20)
    with small.frozen():
        held = small.census(x).bytes_per_image
        tight = replace(small, memory=3 * held)
        assert tight._rows(x, backward=True) == 3
        assert tight._rows(x, narrow=True) == 6, "without a graph half is freed on the way"
        assert tight._rows(x, backward=True, besides=2 * held) == 1 == tight._rows(x, kept=4 * held)
        assert tight._rows(x, backward=True, kept=held) == 2
