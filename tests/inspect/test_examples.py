"""What excites channels most, against all maps held at once; the crops against planted squares."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

import seewhy
from attentive import TinyViT
from conftest import MEAN, STD, SmallNet
from seewhy import Model, SeewhyError
from seewhy.geometry import Geometry
from seewhy.images import load_all
from seewhy.inspect.cropping import own
from seewhy.inspect.examples import Best
from seewhy.results.receptive import Receptive

look = seewhy.inspect.examples


def model_of(net: nn.Module, size: tuple[int, int] | None = (16, 20)) -> Model:
    return Model(net, mean=MEAN, std=STD, size=size)


def photos(count: int = 13) -> list[NDArray[np.uint8]]:
    rng = np.random.default_rng(0)
    return [rng.integers(0, 256, (24, 30, 3), np.uint8) for _ in range(count)]


@pytest.mark.parametrize("batch", [1, 5, 64])
def test_the_best_of_each_channel_in_any_batch(batch: int) -> None:
    net = SmallNet()
    model = model_of(net)
    x = load_all(photos(), model.preprocess)[0].pixels
    with model.frozen():
        (maps,) = model.read(x, ["bn2"])
    found = look(model, photos(), "bn2", top=4, batch=batch)
    highest, at = maps.flatten(2).max(2)
    order = torch.argsort(-highest, dim=0, stable=True)[:4].T
    for channel in range(6):
        listed = found[channel]
        assert [one.photo for one in listed] == order[channel].tolist()
        np.testing.assert_allclose([one.value for one in listed], highest[order[channel], channel], rtol=1e-5)
        places = at[order[channel], channel]
        assert [one.cell for one in listed] == [(int(one) // 10, int(one) % 10) for one in places]
    assert found.passes.forward == 13 and found.values.shape == (6, 4)
    assert found.shown == tuple(torch.argsort(-highest.max(0)[0]).tolist())


def test_no_more_than_the_best_is_kept_and_equal_maxima_go_by_the_mean() -> None:
    best = Best(2)
    maps = torch.zeros(4, 1, 2, 3)
    maps[0, 0, 0, 0] = maps[1, 0, 1, 2] = maps[3, 0, 1, 0] = 6.0
    maps[3, 0, 0, 0] = 5.0
    for number in range(4):
        best.take(maps[number : number + 1], [number])
        assert best.values.shape == (1, 2)
    assert best.photos.tolist() == [[3, 0]] and best.values.tolist() == [[6.0, 6.0]]
    assert best.cells.tolist() == [[[1, 0], [0, 0]]]
    few = Best(5)
    few.take(maps[:2], [7, 9])
    assert few.photos.tolist() == [[7, 9, -1, -1, -1]] and few.values[0, 2] == -np.inf


class Red(nn.Module):
    """Channel 0 is excited by red, channel 1 by blue, a 4x4 cell at a time, of which it sees 12x12 pixels."""

    def __init__(self) -> None:
        super().__init__()
        self.pool = nn.AvgPool2d(4)
        self.maps = nn.Conv2d(3, 2, 3, padding=1, bias=False)
        self.fc = nn.Linear(2, 2)
        with torch.no_grad():
            self.maps.weight.fill_(1e-3)
            self.maps.weight[0, :, 1, 1] = torch.tensor([1.0, -0.5, -0.5])
            self.maps.weight[1, :, 1, 1] = torch.tensor([-0.5, -0.5, 1.0])

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.maps(self.pool(x)).mean((2, 3)))


def planted(top: int, left: int, colour: tuple[int, int, int], size: tuple[int, int] = (64, 120)) -> NDArray[np.uint8]:
    photo = np.full((*size, 3), 60, np.uint8)
    photo[top : top + 8, left : left + 8] = colour
    return photo


def test_crops_are_of_the_original_picture_where_the_cell_looks() -> None:
    red, blue = (250, 20, 20), (20, 20, 250)
    images = [planted(24, 72, red), planted(0, 0, (60, 60, 60)), planted(40, 56, blue), planted(40, 32, red, (96, 80))]
    found = look(model_of(Red(), (32, 40)), images, "maps", top=2)
    assert found.receptive == Receptive((12, 12), (4, 4), (-4, -4))
    assert [one.photo for one in found[0]] in ([0, 3], [3, 0]) and found[1][0].photo == 2
    crops = dict(zip([one.photo for one in found[0]], found.crops[0], strict=True))
    for number, (top, left), size in ((0, (24, 72), (64, 120)), (3, (40, 32), (96, 80))):
        crop = crops[number]
        first_row, first_column, last_row, last_column = crop.box
        assert first_row <= top and first_column <= left and last_row >= top + 8 and last_column >= left + 8
        assert (
            last_row - first_row == last_column - first_column == 24 and crop.original == size
        )  # 12 pixels of the input
        np.testing.assert_array_equal(crop.pixels, images[number][first_row:last_row, first_column:last_column])
        middle = (crop.mark[0] + crop.mark[2]) / 2, (crop.mark[1] + crop.mark[3]) / 2
        assert abs(middle[0] - top - 4) <= 6 and abs(middle[1] - left - 4) <= 6
    assert set(found.thumbs) == {one.photo for channel in (0, 1) for one in found[channel]}


def test_boxes_stay_on_the_picture() -> None:
    geometry = Geometry((100, 200), (50, 50), (0.5, 0.5), (0.0, -25.0))  # a centre crop
    field = Receptive((20, 20), (10, 10), (-5, -5))
    assert field.box((0, 0), geometry) == (0, 50, 30, 80)
    assert field.box((2, 2), geometry) == (30, 80, 70, 120)
    assert field.box((4, 4), geometry) == (70, 120, 100, 150)
    assert own(geometry, (5, 5), (4, 0)) == (80, 50, 100, 70)
    padded = Geometry((10, 40), (40, 40), (1.0, 1.0), (15.0, 0.0))  # bars above and below
    assert field.box((0, 0), padded) == (0, 0, 1, 15), "beside the picture: its nearest pixel"


def test_tokens_and_rows_of_numbers_show_all_that_the_network_saw() -> None:
    model = model_of(TinyViT(others=2))
    found = look(model, photos(5), "blocks.1", channels=[3, 0], top=2)
    assert found.receptive is None and found.shown == (3, 0) and list(found.crops) == [3, 0]
    assert found.notes == ("a cell of this layer may see all of the picture: all of it is shown",)
    assert all(crop.box == (0, 0, 24, 30) for one in found.crops.values() for crop in one)
    classes = look(model_of(SmallNet()), photos(5), "fc", top=3)
    assert classes.values.shape == (4, 3) and (classes.cells == 0).all()


def test_bad_photos_are_left_out_and_all_is_written(tmp_path: Path) -> None:
    home = tmp_path / "photos"
    home.mkdir()
    for i, photo in enumerate(photos(4)):
        Image.fromarray(photo).save(home / f"{i}.png")
    (home / "1.png").write_text("no photo")
    found = look(model_of(SmallNet(), None), home, "act2", top=9)
    assert [Path(name).name for name in found.names] == ["0.png", "2.png", "3.png"]
    assert found.failed[0][0].endswith("1.png") and {one.photo for one in found[0]} == {0, 1, 2}
    with np.load(found.save_values(tmp_path / "values.npz")) as stored:
        assert stored["values"].shape == (6, 9) and (stored["photos"][:, 3:] == -1).all()
    figure = found.figure()
    assert len(figure.axes) == 1 and len(figure.axes[0].images) == 1
    figure.canvas.draw()
    assert found.save(tmp_path / "page.html", "zh").read_text("utf-8").count("data:image/webp") >= 18


def test_refusals(tmp_path: Path) -> None:
    model: Any = model_of(SmallNet())
    for asked, said in (
        ({"layer": "act9"}, "no layer is named 'act9'"),
        ({"layer": "act2", "channels": [6]}, "channel 6: 'act2' has 6"),
        ({"images": []}, "the list is empty"),
        ({"images": ["missing.png"]}, "none of 1 photos could be used: no such file"),
        ({"top": 0}, "top is 0"),
    ):
        with pytest.raises(SeewhyError, match=said):
            look(model, **{"images": photos(2), **asked})
    found = look(model, photos(2), "act2")
    with pytest.raises(SeewhyError, match="channel is 9"):
        found[9]
