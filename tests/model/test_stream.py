from collections.abc import Iterator

import pytest
import torch
from torch import Tensor

from seewhy.model.stream import Items, out_of_memory, stream


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 7, 100])
@pytest.mark.parametrize("batch", [1, 2, 5])
def test_every_variant_comes_back_in_order_with_its_images_rows(limit: int, batch: int) -> None:
    variants = [torch.arange(batch) + 10 * i for i in range(6)]

    def run(chunk: Tensor, rows: Tensor) -> Tensor:
        assert len(chunk) <= limit
        assert torch.equal(rows, chunk % 10), "rows say whose variant it is"
        return chunk * 2

    found = list(stream(iter(variants), run, limit))
    assert len(found) == 6
    assert all(torch.equal(out, variant * 2) for out, variant in zip(found, variants, strict=True))


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 100])
def test_items_of_images_with_more_and_with_fewer_variants_fill_the_same_chunks(limit: int) -> None:
    """Four images with 3, 0, 5 and 1 variants: nine rows in all and not one for nothing."""
    parts = [[0, 0, 0, 2], [], [2, 2], [2, 2, 3]]
    images = [torch.tensor(part, dtype=torch.long) for part in parts]
    items = [Items(torch.arange(len(rows)) + 10 * n, rows) for n, rows in enumerate(images)]
    sizes = []

    def run(chunk: Tensor, rows: Tensor) -> Tensor:
        sizes.append(len(chunk))
        return torch.stack([chunk, rows], 1)

    found = list(stream(iter(items), run, limit))
    assert [torch.equal(out, torch.stack([*one], 1)) for out, one in zip(found, items, strict=True)] == [True] * 4
    assert sum(sizes) == 9 and all(size == limit for size in sizes[:-1]), "of one shape, but for the last"


def test_all_chunks_but_the_last_are_of_one_size() -> None:
    sizes = []

    def same(values: Tensor, rows: Tensor) -> Tensor:
        sizes.append(len(values))
        return values

    list(stream([torch.zeros(7)] * 4, same, 4))
    assert sizes == [4] * 7


def test_whole_variants_and_items_go_through_together() -> None:
    both = [torch.tensor([1, 2]), Items(torch.tensor([7]), torch.tensor([1]))]
    found = list(stream(both, lambda values, rows: values + rows, 2))
    assert [one.tolist() for one in found] == [[1, 3], [8]]


def test_variants_are_drawn_only_as_they_are_needed() -> None:
    drawn = 0

    def variants() -> Iterator[Tensor]:
        nonlocal drawn
        for i in range(100):
            drawn += 1
            yield torch.full((2,), i)

    results = stream(variants(), lambda chunk, rows: chunk, 8)
    next(results)
    assert drawn <= 4


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory"),
        RuntimeError("DefaultCPUAllocator: not enough memory"),
        RuntimeError("can't allocate memory: you tried"),
    ],
)
def test_a_chunk_that_does_not_fit_is_halved(error: Exception) -> None:
    sizes = []

    def run(chunk: Tensor, rows: Tensor) -> Tensor:
        sizes.append(len(chunk))
        if len(chunk) > 3:
            raise error
        return chunk + rows

    found = list(stream([torch.zeros(10, dtype=torch.long)], run, 10))
    assert torch.equal(found[0], torch.arange(10))
    assert sizes[:3] == [10, 5, 2] and max(sizes[2:]) == 2, "halved, and small from then on"


def test_other_errors_and_one_image_too_large_are_raised() -> None:
    def run(chunk: Tensor, rows: Tensor) -> Tensor:
        raise RuntimeError("not enough memory")

    with pytest.raises(RuntimeError, match="not enough memory"):
        list(stream([torch.zeros(4)], run, 4))

    def wrong(chunk: Tensor, rows: Tensor) -> Tensor:
        raise RuntimeError("shapes differ")

    with pytest.raises(RuntimeError, match="shapes differ"):
        list(stream([torch.zeros(4)], wrong, 4))


def test_what_this_machine_s_allocator_says_is_understood() -> None:
    with pytest.raises(RuntimeError) as error:
        torch.empty(2**55)
    assert out_of_memory(error.value) and not out_of_memory(RuntimeError("shapes cannot be multiplied"))
