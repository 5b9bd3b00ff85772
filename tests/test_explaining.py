"""What is said where a method, the memory or the score itself fails."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from conftest import MEAN, STD
from seewhy import Model, SeewhyError, compare, explain, get_method
from seewhy.methods.saliency import Saliency
from seewhy.together import Together
from seewhy.types import Map


def test_a_method_that_makes_another_number_of_maps_than_images_is_at_fault(
    small: Model, x: Tensor, monkeypatch: Any
) -> None:
    monkeypatch.setattr(Saliency, "__call__", lambda self, model, x, target, rng: Map(torch.ones(1, 1, 4, 5)))
    with pytest.raises(SeewhyError, match=r"\(1, 1, 4, 5\) for 2 images\n.*a bug in the method"):
        explain(small, x, "saliency", 1)


def test_memory_that_runs_out_for_a_single_image_is_said(small: Model, x: Tensor, monkeypatch: Any) -> None:
    def greedy(*_: Any) -> Map:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(Saliency, "__call__", greedy)
    with pytest.raises(SeewhyError, match=r"memory ran out .*\n.*smaller input"):
        explain(small, x, "saliency", 1)


class HalfBlind(nn.Module):
    """Class 0 looks at the picture, the others are constants."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        seen = self.conv(x).relu().mean((1, 2, 3))
        return torch.stack([seen, torch.full_like(seen, 0.5), torch.full_like(seen, 0.2)], 1)


@pytest.mark.parametrize("id", ["gradcam", "saliency", "integrated_gradients"])
@pytest.mark.parametrize("target", [1, lambda y: torch.full((len(y),), 2.0)], ids=["constant class", "constant"])
def test_a_score_that_does_not_look_at_the_picture_gives_a_blank_map_and_says_so(
    id: str, target: Any, x: Tensor
) -> None:
    made = explain(Model(HalfBlind(), mean=MEAN, std=STD, size=(16, 20)), x, id, target)
    assert made.blank == (True, True) and made.notes[-1].startswith("blank map: ")


def test_what_was_not_compared_is_a_key_error_that_names_what_was(small: Model, x: Tensor) -> None:
    both = compare(small, x, ["gradcam", "saliency"], [1, 2])
    assert both["gradcam", 2] is both["gradcam"][1]
    with pytest.raises(KeyError, match="'cam' is none of gradcam, saliency"):
        both["cam"]
    with pytest.raises(KeyError, match="3 is none of 1, 2"):
        both["gradcam", 3]


def test_options_are_laid_over_a_method_already_made(small: Model, x: Tensor) -> None:
    made = explain(small, x, get_method("integrated_gradients", n_steps=3, baseline=0.5), 1, n_steps=4)
    assert made.options["n_steps"] == 4 and made.options["baseline"] == 0.5


def test_equal_targets_are_computed_once_with_values_of_their_own(small: Model, x: Tensor, monkeypatch: Any) -> None:
    asked = []
    plain = Saliency.__call__

    def watched(self: Any, model: Any, x: Tensor, target: Any, rng: Any) -> Map:
        asked.append(target.key)
        return plain(self, model, x, target, rng)

    monkeypatch.setattr(Saliency, "__call__", watched)
    first, same, other = compare(small, x, ["saliency"], [1, "b", 2])["saliency"]
    assert len(asked) == 2 and (first.target, same.target) == ("1", "b")
    same.values[:] = 0
    assert first.values.any() and other.values.any()


def test_a_forward_that_classes_share_counts_in_each_of_them(small: Model, x: Tensor) -> None:
    alone = explain(small, x, "integrated_gradients", 1, n_steps=5)
    both = compare(small, x, ["integrated_gradients"], [1, 2, 3], options={"integrated_gradients": {"n_steps": 5}})
    assert {one.passes for one in both} == {alone.passes} and alone.passes.backward == 10


def test_a_method_of_all_targets_does_not_have_one_way_for_each_besides() -> None:
    with pytest.raises(TypeError, match="override for_targets"):

        class Mixed(Together):
            def __call__(self, model: Any, x: Any, target: Any, rng: Any) -> Map:
                return Map(x)
