import numpy as np
import pytest

from handmade import RANDOM, blob, drawn, handmade, plain, said
from seewhy.errors import BadInput
from seewhy.render import heading
from seewhy.render.grid import arrange, grid
from seewhy.types import ModelCard, Prediction

RED = plain(30, 45, 255, 0, 0)


def four() -> list:
    return [
        handmade(blob(5, 5, 1, 3) * strength, RED, method=method, labels=(label,), classes=(number,))
        for method in ("gradcam", "hirescam")
        for label, number, strength in (("tabby", 281, 1.0), ("lynx", 287, 0.25))
    ]


def test_methods_are_rows_and_targets_columns() -> None:
    rows = arrange(four(), None, 2.0)
    assert [[(cell.explanation.method, cell.explanation.labels[0]) for cell in row] for row in rows] == [
        [("gradcam", "tabby"), ("gradcam", "lynx")],
        [("hirescam", "tabby"), ("hirescam", "lynx")],
    ]


def test_the_targets_of_a_method_share_its_scale() -> None:
    made = grid(four(), alpha=1.0)
    strong, weak = (drawn(made, f"gradcam/{label}").astype(int) for label in ("tabby", "lynx"))
    assert strong[..., 1].max() > 240
    assert weak[..., 1].max() < 100


def test_a_target_that_would_look_empty_has_a_scale_of_its_own_and_says_so() -> None:
    three = ((1, "a"), (0.3, "b"), (0.02, "c"))
    strong, shared, faint = (handmade(blob(5, 5, 1, 3) * by, RED, labels=(name,)) for by, name in three)
    (row,) = arrange([strong, shared, faint], None, 2.0)
    assert [cell.top / row[0].top for cell in row] == pytest.approx([1, 1, 0.02])
    assert said(grid([strong, shared, faint])).count("times weaker") == 1
    assert "50 times weaker: a scale of its own" in said(grid([strong, shared, faint]))


def test_methods_with_one_target_lie_beside_each_other_each_on_its_own_scale() -> None:
    five = [handmade(blob(5, 5, 1, 3) * 10**n, RED, method=f"m{n}") for n in range(5)]
    rows = arrange(five, None, 2.0)
    assert [len(row) for row in rows] == [4, 1]
    assert rows[0][2].top == pytest.approx(100 * rows[0][0].top)


def test_a_blank_map_among_others_says_so() -> None:
    assert "no positive evidence" in said(grid([*four()[:1], handmade(-blob(5, 5, 1, 3), RED, method="cam")]))


def test_random_weights_are_stamped() -> None:
    assert "RANDOM WEIGHTS" in said(grid([handmade(np.ones((3, 3)), RED, model=RANDOM)]))


def test_captions_name_what_tells_maps_apart_and_each_model_has_its_predictions() -> None:
    other = ModelCard("Net", fingerprint="aa")
    cat, dog = (Prediction(0, "cat", 0.9),), (Prediction(1, "dog", 0.8),)
    words = said(grid([handmade(predictions=(cat,)), handmade(model=other, predictions=(dog,))]))
    assert "gradcam  ·  tiger cat (282)\nEfficientNet-Lite0" in words and "gradcam  ·  tiger cat (282)\nNet" in words
    assert "Predictions  ·  EfficientNet-Lite0" in words and "Predictions  ·  Net" in words
    assert "cat" in words and "dog" in words and "EfficientNet-Lite0, Net" in words


def test_two_layers_of_one_method_are_told_apart_and_one_method_alone_needs_no_more() -> None:
    words = said(grid([handmade(), handmade(layers=("bn1",))]))
    assert "(282)\nbn2" in words and "(282)\nbn1" in words
    assert heading.differences([handmade(), handmade(method="saliency", layers=())]) == ["", ""]


def test_options_scores_and_networks_of_one_name_are_told_apart() -> None:
    steps = [handmade(options={"n_steps": n, "baseline": 0.0}) for n in (10, 20)]
    assert heading.differences(steps) == ["n_steps=10", "n_steps=20"]
    assert heading.differences([handmade(), handmade(score="probability")]) == ["logit", "probability"]
    twins = [handmade(model=ModelCard("Net", fingerprint=f"{n}" * 16)) for n in (1, 2)]
    assert heading.differences(twins) == ["Net 11111111", "Net 22222222"]


def test_any_random_network_among_several_is_stamped() -> None:
    assert "RANDOM WEIGHTS" in said(grid([handmade(), handmade(model=RANDOM)]))


def test_different_photos_and_no_explanations_are_refused() -> None:
    with pytest.raises(BadInput, match="different photos"):
        grid([handmade(), handmade(pixels=RED)])
    with pytest.raises(BadInput, match="no explanations"):
        grid([])
