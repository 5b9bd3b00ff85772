"""seewhy explain: folders, grids, refusals."""

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result
from PIL import Image

import seewhy

Call = Callable[..., Result]
Told = Callable[..., Any]
FILES = ["figure.png", "manifest.json", "page.html", "photo.png", "values.npz"]
STORED = ["manifest.json", "photo.png", "values.npz"]
NET = ("--model", "nets.py:build")


def tree(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def refused(result: Result, problem: str) -> None:
    """One line and a hint on stderr, exit code 2."""
    assert result.exit_code == 2
    lines = [
        line for line in result.stderr.splitlines() if not line.startswith(("loading ", "explaining ", "drawing "))
    ]
    assert len(lines) == 2 and lines[0].startswith("error: ") and lines[1].startswith("  hint: "), result.stderr
    assert problem in lines[0], lines[0]


def test_one_photo_gives_one_whole_folder(there: Path, call: Call) -> None:
    result = call("explain", "photos/cat.jpg", *NET)
    assert result.exit_code == 0, result.stderr
    assert tree(there / "seewhy-out") == [f"cat/{name}" for name in FILES]
    assert "seewhy-out/cat" in result.stdout and "gradcam" in result.stdout
    found = seewhy.open("seewhy-out/cat")
    assert np.array_equal(found.values, seewhy.explain("nets.py:build", "photos/cat.jpg").values)
    assert [f"{one.probability:.1%}" in result.stdout for one in found.predictions[0]] == [True] * 4
    with Image.open("seewhy-out/cat/figure.png") as figure:
        assert figure.width > 300
    assert "<html" in Path("seewhy-out/cat/page.html").read_text("utf-8")


def test_out_is_the_folder_of_one_file_and_the_parent_of_several(undrawn: None, there: Path, call: Call) -> None:
    assert call("explain", "photos/cat.jpg", *NET, "-o", "one").exit_code == 0
    assert tree(there / "one") == FILES
    assert call("explain", "photos", *NET, "-o", "all").exit_code == 0
    assert tree(there / "all") == [f"{photo}/{name}" for photo in ("cat", "dog") for name in FILES]
    assert call("explain", "photos/c*.jpg", *NET, "-o", "pattern").exit_code == 0
    assert tree(there / "pattern") == [f"cat/{name}" for name in FILES]


def test_photos_of_one_name_do_not_overwrite_each_other(undrawn: None, there: Path, told: Told) -> None:
    os.makedirs("more")
    os.link("photos/dog.png", "more/cat.png")
    found = told("explain", "photos/cat.jpg", "more/cat.png", "photos/cat.jpg", *NET)
    assert [one["folder"] for one in found["photos"]] == ["seewhy-out/cat", "seewhy-out/cat-2"]


def test_methods_and_targets_make_a_grid(there: Path, told: Told) -> None:
    grid = ("-m", "gradcam", "-m", "saliency", "-t", "dog", "-t", "tiger cat - 0", "-t", "rank:1", "-t", "top")
    found = told("explain", "photos/cat.jpg", *NET, *grid)["photos"][0]
    names = [f"{m}/{t}" for m in ("gradcam", "saliency") for t in ("dog", "tiger_cat_-_0", "rank_1", "predicted")]
    assert [one["folder"] for one in found["explanations"]] == [f"seewhy-out/cat/{name}" for name in names]
    stored = sorted(["figure.png", "page.html", *(f"{name}/{file}" for name in names for file in STORED)])
    assert tree(there / "seewhy-out" / "cat") == stored
    targets = [2, seewhy.Contrast(1, 0), seewhy.Top(1), None]
    direct = seewhy.compare("nets.py:build", "photos/cat.jpg", ["gradcam", "saliency"], targets)
    for name, one in zip(names, direct, strict=True):
        assert np.array_equal(seewhy.open(f"seewhy-out/cat/{name}").values, one.values), name
    page = Path("seewhy-out/cat/page.html").read_text("utf-8")
    assert all(f'"method":"{m}"' in page for m in ("gradcam", "saliency"))


def test_a_plotly_figure_of_each_is_written_when_asked(
    undrawn: None, there: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("plotly", reason="needs plotly: the extra 'plotly'")
    asked = ("explain", "photos/cat.jpg", *NET, "-m", "gradcam", "-m", "saliency", "--plotly", "--lang", "zh")
    for _ in range(2):  # the second takes the first one's place
        assert call(*asked).exit_code == 0
    for method in ("gradcam", "saliency"):
        written = Path("seewhy-out/cat", method, "plotly.html").read_text("utf-8")
        assert method in written and "\\u70ed\\u529b\\u56fe" in written and 'src="http' not in written

    def absent(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr("seewhy.render.plotly.import_module", absent)
    refused(call(*asked[:-2], "-o", "other"), "needs plotly")
    assert not Path("other").exists()


def test_several_models_stand_beside_each_other(undrawn: None, there: Path, told: Told) -> None:
    found = told("explain", "photos/cat.jpg", *NET, "--model", "nets.py:soft", "-t", "2")["photos"][0]
    assert [one["folder"] for one in found["explanations"]] == [
        "seewhy-out/cat/nets.py_build",
        "seewhy-out/cat/nets.py_soft",
    ]
    assert [one["score"] for one in found["explanations"]] == ["logit", "log_probability"]
    assert found["figures"] == [f"{one['folder']}/figure.png" for one in found["explanations"]]
    assert not os.path.exists("seewhy-out/cat/figure.png"), "a figure tells of one model"


def test_options_reach_the_methods_that_have_them(undrawn: None, there: Path, call: Call) -> None:
    Image.new("RGB", (20, 16), (64, 64, 64)).save("grey.png")
    methods = ("-m", "integrated_gradients", "-m", "saliency", "-m", "gradcam")
    given = ("-O", "n-steps=3", "-O", "baseline=@grey.png", "--layer", "act2", "--layer", "act3", "--seed", "4")
    more = ("--score", "probability", "--precision", "float64", "--memory", "1MB")
    result = call("explain", "photos/cat.jpg", *NET, *methods, *given, *more, "-o", "out")
    assert result.exit_code == 0, result.stderr
    gradients = seewhy.open("out/integrated_gradients")
    assert gradients.options["n_steps"] == 3 and gradients.options["baseline"].shape == (1, 3, 16, 20)
    assert gradients.options["baseline"].max() == np.float32(64 / 255)
    assert seewhy.open("out/gradcam").layers == ("act2", "act3")
    for one in (gradients, seewhy.open("out/saliency")):
        assert (one.seed, one.score, one.precision) == (4, "probability", "float64")


def test_a_bad_photo_is_one_error_and_the_others_are_done(undrawn: None, there: Path, told: Told, call: Call) -> None:
    asked = ("explain", "bad.jpg", "photos/cat.jpg", "missing.jpg", "none*.jpg", "photos/dog.png", *NET)
    result = call(*asked)
    assert result.exit_code == 2 and result.stderr.count("error: ") == 3
    assert sorted(os.listdir("seewhy-out")) == ["cat", "dog"]
    found = {one["photo"]: one for one in told(*asked, code=2)["photos"]}
    assert {name: one["error"]["code"] for name, one in found.items() if "error" in one} == {
        "bad.jpg": "bad_input",
        "missing.jpg": "bad_input",
        "none*.jpg": "bad_input",
    }
    assert all(found[f"photos/{name}"]["explanations"] for name in ("cat.jpg", "dog.png"))


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (("-m", "gradcamm"), "no method is named 'gradcamm'"),
        (("-t", "cat"), "'cat' could be 0 tabby cat, 1 tiger cat"),
        (("-t", "horse"), "no class is called 'horse'"),
        (("-t", "9"), "class 9 of a model with 4 classes"),
        (("-t", "rank:9"), "rank 9 of 4"),
        (("-t", "rank:x"), "rank:x"),
        (("-t", "dog - horse"), "no class is called 'horse'"),
        (("--layer", "nowhere"), "no layer is named 'nowhere'"),
        (("-m", "saliency", "--layer", "act2"), "saliency has no option 'layer'"),
        (("-O", "n_steps=3"), "gradcam has no option 'n_steps'"),
        (("-m", "integrated_gradients", "-O", "n_steps=0"), "n_steps is 0"),
        (("-m", "integrated_gradients", "-O", "n_steps=many"), "n_steps='many'"),
        (("-m", "integrated_gradients", "-O", "baseline=@bad.jpg"), "bad.jpg is no image"),
        (("-O", "n_steps"), "is not name=value"),
        (("--memory", "lots"), "no amount of memory"),
        (("--device", "abacus"), "no device 'abacus'"),
        (("--precision", "bfloat16"), "bfloat16"),
        (("--score", "points"), "points"),
        (("--style", "cubism"), "no style is named 'cubism'"),
        (("--style", "captum:cubism"), "captum has no mode 'cubism'"),
        (("--style", "shap", "--sign", "positive"), "shap style has its own sign"),
        (("--style", "flashtorch"), "which gradcam does not give"),
        (("--cmap", "rainbowish"), "no colour map 'rainbowish'"),
        (("--lang", "xx"), "xx"),
        (("--weights", "absent.pt"), "absent.pt"),
        (("--model", "nosuchnet"), "nosuchnet"),
        (("--model", "nets.py:broken"), "NaN"),
        (("--nonsense",), "--nonsense"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)  # fmt: skip
def test_what_is_wrong_is_one_line_and_a_hint_and_writes_nothing(
    given: tuple[str, ...], problem: str, there: Path, call: Call
) -> None:
    net = () if "--model" in given else NET
    refused(call("explain", "photos/cat.jpg", *net, *given), problem)
    assert not os.path.exists("seewhy-out") or os.listdir("seewhy-out") == []


def test_what_is_wrong_with_the_call_is_said_once_for_many_photos(there: Path, call: Call) -> None:
    refused(call("explain", "photos", *NET, "-t", "horse"), "horse")


def test_json_holds_the_error_too(there: Path, told: Told) -> None:
    error = told("explain", "photos/cat.jpg", *NET, "-t", "cat", code=2)["error"]
    assert error["code"] == "unknown_name" and "could be" in error["problem"] and error["hint"]


def test_a_blank_map_is_said_and_is_no_failure(undrawn: None, there: Path, call: Call, told: Told) -> None:
    asked = ("explain", "photos/cat.jpg", "--model", "nets.py:dead", "-m", "saliency")
    result = call(*asked)
    assert result.exit_code == 0 and "note: blank map" in result.stdout
    assert told(*asked)["photos"][0]["explanations"][0]["blank"] is True


def test_a_disk_or_a_figure_that_fails_leaves_nothing(there: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    assert call("explain", "photos/cat.jpg", *NET, "-o", "out").exit_code == 0
    before = {path: path.read_bytes() for path in Path("out").iterdir()}

    def full(*_args: Any, **_kwargs: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("matplotlib.figure.Figure.savefig", full)
    refused(call("explain", "photos/cat.jpg", *NET, "-o", "out", "--seed", "1"), "No space left on device")
    refused(call("explain", "photos/cat.jpg", *NET, "-o", "new"), "No space left on device")
    assert {path: path.read_bytes() for path in Path("out").iterdir()} == before
    assert sorted(os.listdir()) == ["bad.jpg", "nets.py", "out", "photos"] or "__pycache__" in os.listdir()
    assert not os.path.exists("new")


def test_a_folder_of_the_users_own_is_left_alone(there: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seewhy.plan.Plan.run", None)  # nothing is computed for it
    refused(call("explain", "photos/cat.jpg", *NET, "-o", "photos"), "holds other files")
    assert sorted(os.listdir("photos")) == ["cat.jpg", "dog.png"]


@pytest.mark.parametrize(
    "given",
    [
        ("--style", "captum:heat_map,masked_image", "--sign", "positive", "--cmap", "OrRd"),
        ("--style", "shap"),
        ("--style", "flashtorch", "-m", "saliency"),
        ("--sign", "all", "--cmap", "jet", "--lang", "zh"),
    ],
    ids=" ".join,
)
def test_styles_draw_other_figures(given: tuple[str, ...], there: Path, call: Call) -> None:
    method = () if "-m" in given else ("-m", "gradcam")
    assert call("explain", "photos/cat.jpg", *NET, *method, "-o", "plain").exit_code == 0
    result = call("explain", "photos/cat.jpg", *NET, *method, *given, "-o", "styled")
    assert result.exit_code == 0, result.stderr
    assert Path("styled/figure.png").read_bytes() != Path("plain/figure.png").read_bytes()


def test_a_style_of_single_maps_draws_each_of_a_grid(there: Path, call: Call) -> None:
    grid = ("-m", "gradcam", "-m", "saliency", "--style", "captum")
    assert call("explain", "photos/cat.jpg", *NET, *grid, "-o", "out").exit_code == 0
    assert [name for name in tree(there / "out") if name.endswith("figure.png")] == [
        "figure.png",
        "gradcam/figure.png",
        "saliency/figure.png",
    ]


def test_quiet_says_nothing_and_random_weights_are_said(undrawn: None, there: Path, call: Call) -> None:
    result = call("explain", "photos/cat.jpg", *NET, "-q")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")
    result = call("explain", "photos/cat.jpg", *NET, "--weights", "random")
    assert "RANDOM WEIGHTS" in result.stdout
    assert json.loads(Path("seewhy-out/cat/manifest.json").read_text("utf-8"))["model"]["weights"] == "random"


def test_interrupting_ends_with_130_and_leaves_nothing(
    there: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_args: Any, **_kwargs: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("matplotlib.figure.Figure.savefig", interrupted)
    result = call("explain", "photos/cat.jpg", *NET, "-o", "out")
    assert result.exit_code == 130 and "interrupted" in result.stderr
    assert not os.path.exists("out") and not [name for name in os.listdir() if name.startswith(".")]


def test_where_gradcam_does_not_fit_and_none_is_named_another_is_taken_and_said(
    undrawn: None, there: Path, call: Call
) -> None:
    result = call("explain", "photos/cat.jpg", "--model", "nets.py:flat", "-O", "n_steps=2")
    assert result.exit_code == 0, result.stderr
    (said,) = [line for line in result.stderr.splitlines() if line.startswith("explained by")]
    assert said.startswith("explained by integrated_gradients: 'gradcam' needs MAPS")
    assert seewhy.open("seewhy-out/cat").method == "integrated_gradients"
    assert "explained by" not in call("explain", "photos/cat.jpg", *NET).stderr


def test_a_method_or_a_layer_that_is_named_is_never_replaced(there: Path, call: Call) -> None:
    flat = ("--model", "nets.py:flat")
    refused(call("explain", "photos/cat.jpg", *flat, "-m", "gradcam"), "'gradcam' needs MAPS")
    refused(call("explain", "photos/cat.jpg", *flat, "--layer", "fc"), "layer 'fc' returns (4,) for an image, not maps")


def test_in_chinese_the_sentences_are_chinese_too(undrawn: None, there: Path, call: Call) -> None:
    result = call("explain", "photos/cat.jpg", *NET, "--lang", "zh")
    assert "photos/cat.jpg：SmallNet 的预测结果" in result.stdout and "seewhy-out/cat/page.html" in result.stdout
    assert not {"says", "forward", "results", "layer"} & set(result.stdout.replace(",", " ").split())
    assert "正在解释" in result.stderr and "explaining" not in result.stderr


def test_a_style_that_can_t_show_what_is_asked_is_refused_before_the_first_photo(there: Path, call: Call) -> None:
    two = ("-m", "saliency", "-m", "input_x_gradient")
    for given, problem in (
        (("--style", "shap", *two), "methods differ in their units"),
        (("--style", "captum:masked_image", "--sign", "all"), "can't show --sign all"),
    ):
        result = call("explain", "photos/cat.jpg", *NET, *given)
        refused(result, problem)
        assert "explaining" not in result.stderr


def test_notes_are_told_in_the_language_asked_for_and_stored_in_english(
    undrawn: None, there: Path, call: Call, told: Told
) -> None:
    asked = ("explain", "photos/cat.jpg", *NET, "-m", "integrated_gradients", "-O", "n_steps=1")
    english, chinese = call(*asked), call(*asked, "--lang", "zh")
    assert re.search(r"    note: the map's sum misses .*: take more n_steps\n", english.stdout)
    assert re.search(r"    说明：热力图的总和与得分之差相差 [\d.]+%：请增大 n_steps\n", chinese.stdout)
    stored = seewhy.open("seewhy-out/cat").notes
    row = told(*asked, "--lang", "zh")["photos"][0]["explanations"][0]
    assert row["notes"] == list(stored) and stored[0].startswith("the map's sum misses")


def test_compiling_is_asked_for_and_what_becomes_of_it_is_told(undrawn: None, there: Path, call: Call) -> None:
    asked = ("explain", "photos/cat.jpg", *NET, "-m", "rise", "-O", "n_samples=40")
    result = call(*asked, "--compile", "-o", "out")
    assert result.exit_code == 0 and "not compiled: the passes are too few" in result.stdout, result.stdout
    assert call(*asked, "-o", "plain").exit_code == 0
    assert np.array_equal(seewhy.open("out").values, seewhy.open("plain").values)
    assert not any("compiled" in one for one in seewhy.open("plain").notes)


def test_labels_are_a_file_of_the_photos_size_or_of_the_inputs(undrawn: None, there: Path, call: Call) -> None:
    rows, columns = np.indices((30, 41))
    Image.fromarray((rows // 8 * 40 + columns // 9).astype(np.uint8)).save("labels.png")
    own = np.arange(16)[:, None] // 4 * 9 + np.arange(20) // 5
    np.save("own.npy", own)
    asked = ("explain", "photos", *NET, "-m", "feature_ablation", "-m", "lime", "-O", "n_samples=40")
    result = call(*asked, "-O", "segments=@labels.png", "-o", "out")
    assert result.exit_code == 2 and "labels 30 x 41 for a photo 25 x 22 and an input 16 x 20" in result.stderr
    assert not os.path.exists("out/dog"), "the other photo is of another size"
    for id in ("feature_ablation", "lime"):
        found = seewhy.open(f"out/cat/{id}")
        assert found.options["segments"].shape == (16, 20)
        wide = Image.open("labels.png").resize((22, 16), Image.Resampling.NEAREST)  # as the photo, before the crop
        assert np.array_equal(found.options["segments"], np.asarray(wide)[:, 1:21])
        assert seewhy.again(found, seewhy.load("nets.py:build")).absolute == 0
    assert call(*asked, "-O", "segments=@own.npy", "-o", "own").exit_code == 0
    for photo in ("cat", "dog"):
        assert np.array_equal(seewhy.open(f"own/{photo}/lime").options["segments"], own)
    refused(call(*asked, "-O", "segments=@photos/dog.png"), "in colours")
    refused(call(*asked, "-O", "segments=voronoi"), "voronoi")
