"""One affine against the same moves one by one."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from seewhy.errors import BadOption
from seewhy.synthesis.transforms import ANGLES, NONE, SCALES, Transforms, composed, places


@pytest.fixture
def picture() -> Tensor:
    return torch.rand(1, 3, 20, 30, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


STILL = ((0.0, 0.0), 1.0, 0.0, (0.0, 0.0))


def moved(picture: Tensor, canvas: tuple[int, int], *how: object, out: tuple[int, int] | None = None) -> Tensor:
    size = (picture.shape[2], picture.shape[3])
    return Transforms()(picture, composed(size, canvas, *how)[None], out or canvas)  # type: ignore[arg-type]  # as listed


def test_the_defaults_are_lucids() -> None:
    own = Transforms()
    assert (own.pad, own.fill, own.jitter, own.last) == (12, 0.5, 8, 4)
    assert [round(one, 2) for one in SCALES] == [0.9, 0.92, 0.94, 0.96, 0.98, 1, 1.02, 1.04, 1.06, 1.08, 1.1]
    assert sorted(ANGLES) == sorted([*range(-10, 11), 0, 0, 0, 0, 0])


def test_the_margin_is_grey(picture: Tensor) -> None:
    torch.testing.assert_close(moved(picture, (30, 40), *STILL), F.pad(picture, [5] * 4, value=0.5))


def test_moves_are_right_and_down_and_add_up(picture: Tensor) -> None:
    found = moved(picture, (30, 40), (3, 2), 1.0, 0.0, (1, -4))
    torch.testing.assert_close(found, F.pad(picture, [9, 1, 3, 7], value=0.5))


def test_a_quarter_turn_is_counter_clockwise_about_the_middle() -> None:
    picture = torch.rand(1, 3, 20, 20, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    found = moved(picture, (20, 20), (0, 0), 1.0, 90.0, (2, 1))
    torch.testing.assert_close(found[:, :, 1:, 2:], torch.rot90(picture, 1, (2, 3))[:, :, :-1, :-2])


def test_enlarging_is_bilinear_interpolation(picture: Tensor) -> None:
    found = moved(picture, (20, 30), *STILL, out=(50, 75))
    wanted = F.interpolate(picture, size=(50, 75), mode="bilinear", align_corners=False)
    torch.testing.assert_close(found[:, :, 2:-2, 2:-2], wanted[:, :, 2:-2, 2:-2])
    twice = moved(picture, (20, 30), (0, 0), 2.0, 0.0, (0, 0))
    wanted = F.interpolate(picture, scale_factor=2, mode="bilinear", align_corners=False)[:, :, 10:30, 15:45]
    torch.testing.assert_close(twice, wanted)


def test_all_in_one_is_one_after_the_other() -> None:
    """On a picture so smooth that sampling it four times costs little."""
    down, across = torch.meshgrid(torch.linspace(0, 3, 60), torch.linspace(0, 4, 80), indexing="ij")
    picture = (0.5 + 0.3 * torch.stack([down.sin() * across.cos(), down.cos(), across.sin()]))[None].double()
    canvas, first, last = (84, 104), (3.0, -2.0), (-1.0, 2.0)
    step = F.pad(picture, [12] * 4, value=0.5)
    for how in (
        (first, 1.0, 0.0, (0, 0)), ((0, 0), 1.06, 0.0, (0, 0)), ((0, 0), 1.0, 7.0, (0, 0)), ((0, 0), 1.0, 0.0, last),
    ):  # fmt: skip
        step = moved(step, canvas, *how)
    found = moved(picture, canvas, first, 1.06, 7.0, last)
    inner = (slice(None), slice(None), slice(25, -25), slice(25, -25))
    assert float((found - step)[inner].abs().max()) < 2e-3
    other_way = moved(picture, canvas, first, 1.06, -7.0, last)
    assert float((other_way - step)[inner].abs().max()) > 0.05


def test_pictures_that_are_moved_alike_are_moved_as_each_by_itself() -> None:
    own, draws = Transforms(), [torch.Generator().manual_seed(at) for at in range(2)]
    pictures = torch.rand(6, 3, 20, 30, dtype=torch.float64, generator=draws[0])
    maps = own.drawn((20, 30), draws)
    found = own(pictures, maps, (44, 50))
    for at, one in enumerate(found):
        torch.testing.assert_close(one[None], own(pictures[at : at + 1], maps[at % 2][None], (44, 50)))
    assert not torch.allclose(found[0], own(pictures[:1], maps[1][None], (44, 50))[0])


def test_places_are_those_of_affine_grid() -> None:
    maps = torch.randn(3, 2, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    wanted = F.affine_grid(maps, [3, 1, 7, 10], align_corners=False)
    torch.testing.assert_close(places(maps, (7, 10), maps), wanted)


def test_draws_cover_what_is_asked_for_and_are_each_pictures_own() -> None:
    own = Transforms(pad=0, jitter=3, scales=(1.0,), angles=(0.0,), last=0)
    draw = torch.Generator().manual_seed(0)
    seen = {tuple((own.drawn((10, 20), [draw])[0, :, 2] * torch.tensor([10.0, 5.0])).tolist()) for _ in range(200)}
    assert seen == {(float(x), float(y)) for x in (-1, 0, 1) for y in (-1, 0, 1)}
    two = Transforms().drawn((10, 20), [torch.Generator().manual_seed(at) for at in (4, 5)])
    alone = Transforms().drawn((10, 20), [torch.Generator().manual_seed(5)])
    assert torch.equal(two[1:], alone) and not torch.equal(two[0], two[1])
    assert torch.equal(NONE.drawn((3, 4), [draw])[0], torch.eye(3, dtype=torch.float64)[:2])


@pytest.mark.parametrize(
    "wrong", [{"pad": -1}, {"jitter": 1.5}, {"scales": ()}, {"scales": (0,)}, {"angles": ("x",)}, {"fill": 2}]
)
def test_what_can_not_be_drawn_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(BadOption):
        Transforms(**wrong)  # type: ignore[arg-type]  # the wrong ones are the test
