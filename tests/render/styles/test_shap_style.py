import numpy as np
import pytest
from torch import Tensor

from handmade import RANDOM, blob, drawn, handmade, plain, said
from seewhy import Model, compare
from seewhy.errors import BadInput
from seewhy.render.colors import table
from seewhy.render.styles.shap import AGAINST, FOR, shap

WHITE = plain(40, 60, 255, 255, 255)


def classes() -> list:
    values = blob(4, 6, 0, 5, 0.6) - blob(4, 6, 3, 0, 0.6)
    return [handmade(2 * values, WHITE, labels=("tabby",)), handmade(0.5 * values, WHITE, labels=("lynx",))]


def test_for_is_red_top_right_and_against_is_blue_bottom_left() -> None:
    panel = drawn(shap(classes(), vmax=1.0), "class 0 0")
    assert panel[0, -1].tolist() == list(FOR)
    assert panel[-1, 0].tolist() == list(AGAINST)


def test_the_shared_scale_ends_at_the_percentile_of_all_classes_together() -> None:
    noise = np.random.default_rng(0).standard_t(3, (2, 40, 60)).astype(np.float32)
    both = [handmade(4 * noise[0], WHITE), handmade(noise[1], WHITE)]
    bar = next(ax for ax in shap(both).axes if ax.get_label() == "colorbar")
    ticks = [float(tick.get_text()) for tick in bar.get_xticklabels()]
    assert ticks[-1] == pytest.approx(np.percentile(np.abs([4 * noise[0], noise[1]]), 99.9), rel=5e-3)
    assert ticks[0] == -ticks[-1]
    assert bar.get_xlabel() == "raw values of gradcam, for the logit"


def test_a_class_with_a_quarter_of_the_evidence_has_a_quarter_of_the_colour() -> None:
    weak = drawn(shap(classes()), "class 0 1")[0, -1].astype(float)
    assert np.abs(weak - (255 + 0.25 * (np.array(FOR) - 255))).max() < 3


def test_nothing_leaves_the_pale_photo() -> None:
    black = [handmade(np.eye(2) * 0, plain(30, 40, 0, 0, 0))]
    made = shap(black)
    assert drawn(made, "class 0 0")[2, 2].tolist() == [217] * 3
    assert "the score never moves" in said(made)


def test_every_image_of_a_batch_is_a_row() -> None:
    one = handmade(np.ones((2, 2)), WHITE)
    two = handmade(
        np.ones((2, 1, 2, 2)), WHITE, photos=one.photos * 2, classes=(1, 2), labels=("a", "b"),
        predictions=one.predictions * 2, scores=np.ones(2, np.float32),
    )  # fmt: skip
    made = shap([two, two], true_labels=["first", "second"])
    assert {ax.get_label() for ax in made.axes} >= {"photo 1", "class 1 0", "class 1 1"}
    assert "second" in said(made)
    with pytest.raises(BadInput, match="numbers of images"):
        shap([two, one])


def test_random_weights_are_stamped() -> None:
    assert "RANDOM WEIGHTS" in said(shap([handmade(model=RANDOM)]))


def test_different_photos_are_refused() -> None:
    with pytest.raises(BadInput, match="different photos"):
        shap([handmade(), handmade(pixels=WHITE)])


def test_only_shap_methods_are_said_to_give_shap_values() -> None:
    assert "SHAP value" in said(shap([handmade(method="gradient_shap")]))
    assert "SHAP value" not in said(shap([handmade()]))


def test_methods_do_not_share_a_scale() -> None:
    with pytest.raises(BadInput, match="several methods"):
        shap([handmade(), handmade(method="saliency")])


def test_another_colour_map_takes_the_place_of_red_and_blue_and_its_middle_is_transparent() -> None:
    made = shap(classes(), vmax=1.0, cmap="PiYG")
    panel, ends = drawn(made, "class 0 0"), table("PiYG")[[1, 255]].tolist()
    assert [panel[-1, 0].tolist(), panel[0, -1].tolist()] == ends
    bar = drawn(made, "colorbar")[0]
    assert [bar[0].tolist(), bar[-1].tolist()] == ends and bar[len(bar) // 2].min() >= 254
    values = np.zeros((2, 2), np.float32)
    values[0, 1] = 1
    assert drawn(shap([handmade(values, WHITE)], vmax=1.0, cmap="inferno"), "class 0 0")[-1, 0].tolist() == [255] * 3


def test_owen_values_of_several_classes_share_scale_and_bar(bright: Model, planted: Tensor) -> None:
    options = {"partition_shap": {"max_evals": 200, "fill": "mean"}}
    made = compare(bright, planted[:2], ["partition_shap"], [1, 0, 2], options=options)
    figure = shap(list(made), true_labels=["one", "two"], labels=["a", "b", "c"])
    labels = [ax.get_label() for ax in figure.axes]
    assert sorted(labels) == sorted(
        [f"photo {r}" for r in (0, 1)] + [f"class {r} {c}" for r in (0, 1) for c in (0, 1, 2)] + ["colorbar"]
    )
    assert all(word in said(figure) for word in ("SHAP value", "one", "two", "a", "b", "c"))
    red, blue = (drawn(figure, f"class 0 {c}")[:12, 28:].astype(float).mean((0, 1)) for c in (0, 1))
    assert red[0] > red[2] + 20 and blue[2] > blue[0] + 20, "the red square speaks for red and against dark"
