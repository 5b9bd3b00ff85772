"""Lines from random starts: what is drawn, and what is gained along them."""

import pytest
import torch

from seewhy.ops.lines import Line, gains, mean_gain, random_lines
from seewhy.rng import Rng

END = torch.rand(2, 3, 4, 5, generator=torch.Generator().manual_seed(0))
STARTS = torch.arange(4.0).view(4, 1, 1, 1, 1).expand(4, 2, 3, 4, 5)


def drawn(n: int, seed: int = 0, **options: object) -> tuple[torch.Tensor, torch.Tensor]:
    """Which start and which place, (n,b) each."""
    lines = list(random_lines(END, STARTS, Rng.for_images(seed, END), n, **options))
    return torch.stack([one.start[:, 0, 0, 0] for one in lines]), torch.stack([one.place.flatten() for one in lines])


def test_in_turns_each_start_comes_as_often_and_its_places_are_spread() -> None:
    starts, places = drawn(12, stratified=True)
    for image in range(2):
        assert torch.equal(starts[:, image].long().bincount(), torch.full((4,), 3))
        assert sorted((places[:, image] * 12).long().tolist()) == list(range(12)), "one place in each twelfth"
        for start in range(4):
            own = places[starts[:, image] == start, image]
            assert sorted((own * 3).long().tolist()) == [0, 1, 2], "one in each third, for each start"


@pytest.mark.parametrize("stratified", [True, False])
@pytest.mark.parametrize("n", [3, 6])
def test_whatever_the_number_no_start_and_no_place_is_favoured(n: int, stratified: bool) -> None:
    seeds = 300
    starts, places = (
        torch.cat(one) for one in zip(*(drawn(n, s, stratified=stratified) for s in range(seeds)), strict=True)
    )
    count = starts.numel()
    share = starts.flatten().long().bincount(minlength=4) / count
    assert (share - 0.25).abs().max() <= 4 * (0.25 * 0.75 / count) ** 0.5
    assert abs(float(places.mean()) - 0.5) <= 4 * (1 / 12 / count) ** 0.5
    assert abs(float(places.square().mean()) - 1 / 3) <= 4 * (4 / 45 / count) ** 0.5
    together = (starts * places).mean() - starts.mean() * places.mean()
    assert abs(float(together)) <= 4 * (1.25 / 3 / count) ** 0.5, "which start says nothing of which place"


def test_images_draw_from_streams_of_their_own() -> None:
    places = drawn(6)[1]
    alone = list(random_lines(END[1:], STARTS[:, 1:], Rng.for_images(0, END[1:]), 6))
    assert torch.equal(torch.stack([one.place.flatten() for one in alone])[:, 0], places[:, 1])
    assert not torch.equal(places[:, 0], places[:, 1])


def test_noise_moves_the_end_alone() -> None:
    for line in random_lines(END, STARTS, Rng.for_images(0, END), 3, stdev=0.1):
        assert 0.03 < float((line.end - END).std()) < 0.3 and len(line.start.unique()) <= 2


def test_gains_wait_for_their_gradients_whatever_the_chunk() -> None:
    """The score sum x^2: its gain along a line is 2 (end - start) * point, whenever the gradient comes."""
    lines = [Line(torch.full((1, 1, 1, 2), float(i)), torch.full((1, 1, 1, 2), i + 2.0), 0.5) for i in range(5)]

    def in_pairs(points):
        held = []
        for point in points:
            held.append(2 * point)
            if len(held) == 2:
                yield from held
                held = []
        yield from held

    assert [float(one.flatten()[0]) for one in gains(lines, in_pairs)] == [2 * 2 * (i + 1.0) for i in range(5)]
    values, totals = mean_gain(lines, in_pairs)
    assert torch.equal(values.mean, torch.full((1, 1, 1, 2), 12.0)) and torch.equal(totals.mean, torch.tensor([24.0]))
    assert totals.count == values.count == 5
