"""Embeddings against the network run photo by photo; neighbours by brute force; tables and maps."""

import subprocess
import sys
from pathlib import Path
from threading import enumerate as threads
from threading import get_ident
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from sklearn.metrics.pairwise import cosine_similarity
from torch import Tensor, nn

import seewhy
from attentive import TinyViT, small_swin
from conftest import MEAN, STD, SmallNet
from seewhy import Model, SeewhyError, load
from seewhy.images import load as load_photo
from seewhy.inspect.embeddings import pooled
from seewhy.results.embeddings import Embeddings
from seewhy.types import ModelCard, Passes

look = seewhy.inspect.embeddings


def model_of(net: nn.Module, size: tuple[int, int] | None = (16, 20)) -> Model:
    return Model(net, mean=MEAN, std=STD, size=size)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    home = tmp_path / "photos"
    home.mkdir()
    for i in range(11):
        Image.fromarray(rng.integers(0, 256, (20 + 3 * (i % 3), 31, 3), np.uint8)).save(home / f"{i:02}.png")
    (home / "03.png").write_text("no photo")
    return home


def by_hand(net: nn.Module, layer: str, folder: Path, size: tuple[int, int] | None = (16, 20)) -> list[Tensor]:
    """What the layer returns, a photo at a time."""
    model, found, kept = model_of(net, size), [], []
    handle = net.get_submodule(layer).register_forward_hook(lambda _m, _a, out: kept.append(out.detach().clone()))
    mean, std = (torch.tensor(one)[:, None, None] for one in (MEAN, STD))
    for path in sorted(folder.iterdir()):
        if path.name != "03.png":
            pixels, _ = load_photo(path, model.preprocess)
            with torch.no_grad():
                net.eval()((pixels - mean) / std)
            found.append(kept[-1])
    handle.remove()
    return found


@pytest.mark.parametrize("size", [(16, 20), None], ids=["one size", "each its own"])
@pytest.mark.parametrize("batch", [1, 4, 64])
@pytest.mark.parametrize("cores", [1, 2])
def test_each_row_is_the_mean_of_the_photos_maps_in_any_batch(
    folder: Path, batch: int, size: Any, cores: int, request: pytest.FixtureRequest
) -> None:
    if cores == 2:
        request.getfixturevalue("two_cores")
    net = SmallNet()
    wanted = np.stack([one.mean((2, 3))[0].numpy() for one in by_hand(net, "act2", folder, size)])
    found = look(model_of(net, size), folder, "act2", batch=batch)
    np.testing.assert_allclose(found.values, wanted, rtol=2e-5, atol=1e-6)
    assert [Path(name).name for name in found.names] == [f"{i:02}.png" for i in range(11) if i != 3]
    ((name, why),) = found.failed
    assert name.endswith("03.png") and "no image" in why
    assert (found.passes.forward, found.passes.backward, found.values.dtype) == (10, 0, np.float32)


@pytest.mark.parametrize("fast", [True, False])
def test_a_core_takes_a_batch_but_where_modules_are_run(folder: Path, two_cores: None, fast: bool) -> None:
    runs = set[int]()
    model = Model(SmallNet(), mean=MEAN, std=STD, size=(16, 20), fast=fast)
    own = Model.read
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Model, "read", lambda *given: runs.add(get_ident()) or own(*given))
        look(model, folder, "act2", batch=1)
    assert (get_ident() in runs) is not fast and len(runs) <= 2
    assert torch.get_num_threads() == 2 and not [one for one in threads() if one.name.startswith("cores")]


@pytest.mark.parametrize(
    ("mapped", "batch", "parts"), [(0, 7, [1] * 4 + [2] * 3), (99, 7, [1] * 5 + [2, 3]), (99, 1, [1] * 10)]
)
def test_a_core_takes_as_many_photos_as_fit_and_fewer_at_the_end(
    folder: Path, two_cores: None, mapped: int, batch: int, parts: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    net = SmallNet()
    model, own = model_of(net, (16, 20)), Model.read
    wanted = np.stack([one.mean((2, 3))[0].numpy() for one in by_hand(net, "act2", folder, (16, 20))])
    monkeypatch.setattr("seewhy.model.network.MAPPED", mapped * 4 * model.census().widest)
    sizes: list[int] = []
    monkeypatch.setattr(Model, "read", lambda self, x, layers: sizes.append(len(x)) or own(self, x, layers))
    told: list[tuple[int, int]] = []
    found = look(model, folder, "act2", batch=batch, tell=lambda *given: told.append(given))
    np.testing.assert_allclose(found.values, wanted, rtol=2e-5, atol=1e-6)
    assert [Path(name).name for name in found.names] == [f"{i:02}.png" for i in range(11) if i != 3]
    assert sorted(sizes) == parts, "the photo that can't be read is in one of two"
    assert told == sorted(set(told)) and told[-1] == (11, 11)


def test_each_photo_that_cant_be_read_is_told_and_the_rest_keep_their_thumbs(folder: Path, two_cores: None) -> None:
    for i in (2, 4, 5):
        (folder / f"{i:02}.png").write_text("no photo")
    found = look(model_of(SmallNet()), folder, "act2", thumbs=True)
    assert [Path(name).name for name, _ in found.failed] == ["02.png", "03.png", "04.png", "05.png"]
    assert len(found.names) == len(found.thumbs) == 7 and all(found.thumbs)


def test_tokens_become_rows_by_the_mean_of_cells_by_cls_or_whole(folder: Path) -> None:
    net = TinyViT(others=2)
    outputs = torch.cat(by_hand(net, "blocks.1", folder)).numpy()
    model = model_of(net)
    for pool, wanted in (
        ("mean", outputs[:, 2:].mean(1)),
        ("cls", outputs[:, 0]),
        ("flatten", outputs.reshape(10, -1)),
    ):
        found = look(model, folder, "blocks.1", pool=pool)
        np.testing.assert_allclose(found.values, wanted, rtol=1e-4, atol=1e-5)
    with pytest.raises(SeewhyError, match="no token beside the picture"):
        look(model_of(SmallNet()), folder, "act2", pool="cls")


def test_channels_last_are_pooled_over_places(folder: Path) -> None:
    net = small_swin()
    wanted = torch.cat(by_hand(net, "layers.0", folder, (64, 64))).mean((1, 2)).numpy()
    found = look(model_of(net, (64, 64)), folder, "layers.0")
    np.testing.assert_allclose(found.values, wanted, rtol=1e-4, atol=1e-5)
    with pytest.raises(SeewhyError, match="rows for"):
        look(model_of(net, (64, 64)), folder, "layers.0.blocks.0.attn")


def test_an_output_with_no_known_place_is_not_averaged() -> None:
    with pytest.raises(SeewhyError, match="no place on the picture") as refusal:
        pooled(torch.zeros(2, 5, 7), None, "odd", "mean")
    assert refusal.value.hint == "use pool='flatten'"
    assert pooled(torch.zeros(2, 5, 7), None, "odd", "flatten").shape == (2, 35)
    assert pooled(torch.zeros(2, 5, 1, 1), None, "odd", "mean").shape == (2, 5)


@pytest.mark.parametrize(
    ("name", "layer", "width"),
    [
        ("timm:vit_tiny_patch16_224", "head_drop", 192),
        ("torchvision:resnet18", "layer4", 512),
        ("torchvision:mobilenet_v2", "classifier.0", 1280),
        ("torchvision:vgg11", "classifier.5", 4096),
    ],
)
def test_by_default_rows_are_what_the_last_linear_layer_reads(name: str, layer: str, width: int) -> None:
    model = load(name, weights="random")
    photo = np.random.default_rng(0).integers(0, 256, (240, 260, 3), np.uint8)
    found = look(model, [photo])
    assert (found.layer, found.values.shape) == (layer, (1, width))
    head = [one for one in model.module.modules() if isinstance(one, nn.Linear)][-1]
    pixels, _ = load_photo(photo, model.preprocess)
    with model.frozen(), torch.no_grad():
        outputs = model(pixels)
        np.testing.assert_allclose(head(torch.from_numpy(found.values)), outputs, rtol=1e-3, atol=1e-4)


def test_pictures_of_a_clip_are_embedded_as_they_are_compared_with_texts() -> None:
    model = load("openclip:ViT-B-32", weights="random")
    photo = np.random.default_rng(0).integers(0, 256, (240, 260, 3), np.uint8)
    found = look(model, [photo])
    pixels, _ = load_photo(photo, model.preprocess)
    visual = next(one for name, one in model.module.named_modules() if name == found.layer)
    with model.frozen(), torch.no_grad():
        wanted = visual(model.normalised(pixels))
    assert found.values.shape == (1, 512)
    np.testing.assert_allclose(found.values, wanted, rtol=1e-3, atol=1e-4)


def test_what_becomes_nan_is_left_out_and_said(folder: Path) -> None:
    class Breaks(SmallNet):
        def forward(self, x: Tensor) -> Tensor:
            out = super().forward(x)
            return out / (x[:, 0, 0, 0] > 0).float()[:, None]

    photos = [np.full((16, 20, 3), value, np.uint8) for value in (20, 200)]
    found = look(model_of(Breaks()), photos, "fc", batch=1)
    assert len(found) == 2  # what the layer itself returns is finite
    bad = SmallNet()
    with torch.no_grad():
        bad.fc.bias[0] = float("nan")
    with pytest.raises(SeewhyError, match="none of 2 photos could be used: what 'fc' returns is NaN"):
        look(model_of(bad), photos, "fc")


def made(values: NDArray[np.float32]) -> Embeddings:
    names = tuple(f"{i}.png" for i in range(len(values)))
    return Embeddings(values, names, "layer", "mean", ModelCard("net"), Passes())


def test_neighbours_are_those_of_the_largest_cosine() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=(700, 6)).astype(np.float32)
    values[5] = 0
    values[8] = 3 * values[9]
    found, cosines = made(values), cosine_similarity(values)
    near = found.neighbours(7)
    assert near[8][0].number == 9 and near[8][0].similarity == pytest.approx(1, abs=1e-6)
    for i in (0, 5, 8, 600, 699):
        others = np.delete(np.arange(700), i)
        order = others[np.argsort(-cosines[i, others], kind="stable")][:7]
        np.testing.assert_allclose([one.similarity for one in near[i]], cosines[i, order], atol=1e-6)
        alone = found.nearest(i, 7)
        assert i not in [one.number for one in near[i]] and [one.number for one in alone] == [n.number for n in near[i]]
    best = found.nearest(values[3], 1)
    assert best[0].number == 3
    with pytest.raises(SeewhyError, match="a query of shape"):
        found.nearest(values[3, :2])


def test_values_are_read_back_from_both_tables(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="needs pyarrow: the extra 'tables'")
    values = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    found = seewhy.inspect.project(made(values))
    with np.load(found.save_values(tmp_path / "values.npz")) as stored:
        np.testing.assert_array_equal(stored["values"], values)
        assert stored["names"].tolist() == list(found.names) and str(stored["layer"]) == "layer"
    table = parquet.read_table(found.save_values(tmp_path / "values.parquet"))
    np.testing.assert_array_equal(np.array(table["embedding"].to_pylist(), np.float32), values)
    assert table["name"].to_pylist() == list(found.names) and table.column_names == ["name", "embedding", "x", "y"]
    assert table.schema.metadata[b"layer"] == b"layer"
    with pytest.raises(SeewhyError, match="is no table's name"):
        found.save_values(tmp_path / "values.csv")


def groups(count: int = 15) -> Embeddings:
    """Three groups that any map must keep apart."""
    rng = np.random.default_rng(0)
    middles = 20 * np.eye(3, 8)
    return made((np.repeat(middles, count, 0) + rng.normal(size=(3 * count, 8))).astype(np.float32))


def apart(points: NDArray[np.float32]) -> bool:
    """Whether each point's nearest is of its own group."""
    labels = np.repeat(np.arange(3), len(points) // 3)
    distances = np.linalg.norm(points[:, None] - points[None], axis=2)
    np.fill_diagonal(distances, np.inf)
    return bool((labels[distances.argmin(1)] == labels).all())


@pytest.mark.filterwarnings("ignore")  # umap's own
@pytest.mark.parametrize("how", ["pca", "tsne", "umap"])
def test_maps_keep_groups_apart_and_come_back_by_their_seed(how: Any) -> None:
    if how == "umap":
        pytest.importorskip("umap", reason="needs umap-learn: the extra 'umap'")
    before = np.random.get_state()[1].copy()
    one, again = (seewhy.inspect.project(groups(), how, seed=3) for _ in range(2))
    assert one.points is not None and one.points.shape == (45, 2) and one.how == how and apart(one.points)
    np.testing.assert_array_equal(one.points, again.points)
    assert (np.random.get_state()[1] == before).all(), "the global seed is not ours"


def test_umap_leaves_torch_its_threads() -> None:
    """numba sets OpenMP's at its first use in a process, and with another number gradients are rounded otherwise."""
    pytest.importorskip("umap", reason="needs umap-learn: the extra 'umap'")
    script = (
        "import numpy as np, torch; torch.set_num_threads(1); from seewhy.inspect.projecting import _umap; "
        "_umap(np.random.default_rng(0).normal(size=(20, 4)), 0); print(torch.get_num_threads())"
    )
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1"]


def test_pca_is_the_plane_of_the_largest_variance() -> None:
    found = seewhy.inspect.project(groups(), "pca")
    centred = found.values - found.values.mean(0)
    wanted = np.linalg.svd(centred, full_matrices=False)
    assert found.points is not None
    np.testing.assert_allclose(np.abs(found.points), np.abs(centred @ wanted[2][:2].T), rtol=1e-3, atol=1e-3)
    share = (wanted[1][:2] ** 2).sum() / (wanted[1] ** 2).sum()
    assert found.notes == (f"the two components hold {share:.0%} of the variance",)


def test_few_photos_and_equal_photos_have_maps_or_a_reason() -> None:
    two = seewhy.inspect.project(made(np.eye(2, 4, dtype=np.float32)))
    assert two.points is not None and np.isfinite(two.points).all()
    for how in ("pca", "tsne"):
        same = seewhy.inspect.project(made(np.tile(np.arange(4, dtype=np.float32), (5, 1))), how)
        assert same.points is not None and np.isfinite(same.points).all() and (how == "tsne" or not same.points.any())
    with pytest.raises(SeewhyError, match="a map by tsne of 3 photos"):
        seewhy.inspect.project(made(np.eye(3, 4, dtype=np.float32)), "tsne")


def test_refusals(folder: Path, tmp_path: Path) -> None:
    model = model_of(SmallNet())
    (tmp_path / "empty").mkdir()
    for asked, said in (
        ({"images": tmp_path / "empty"}, "holds no photos"),
        ({"images": []}, "the list is empty"),
        ({"images": [folder / "03.png"]}, "none of 1 photos could be used"),
        ({"images": folder, "layer": "act9"}, "no layer is named 'act9'"),
        ({"images": folder, "pool": "max"}, "pool is 'max'"),
    ):
        with pytest.raises(SeewhyError, match=said):
            look(model, **asked)
    with pytest.raises(SeewhyError, match="no map yet"):
        made(np.eye(3, dtype=np.float32)).save(tmp_path / "page.html")


def test_the_default_network_finds_the_other_half_of_each_pair() -> None:
    """Two crops of each of skimage's photos: each one's nearest is the other crop of its photo."""
    from skimage import data

    photos = []
    for name in ("astronaut", "chelsea", "coffee", "rocket"):
        photo = getattr(data, name)()
        photos += [photo[:-20, :-20], photo[20:, 20:]]
    found = look(load("default"), photos)
    assert [one[0].number for one in found.neighbours(1)] == [1, 0, 3, 2, 5, 4, 7, 6]
