"""SESS beside grad-cam's."""

from typing import Any

import pytest
from pytorch_grad_cam import SESS
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch import Tensor

from comparing import pixels, relative
from peers import grad_cam, unit
from seewhy import Model, explain
from seewhy.methods.sess import starts, windows

TARGETS = [1, 3]


class Large(ClassifierOutputTarget):
    """A class's score, made large so that the peer's 1e-7 is nothing; its weights are divided by their largest."""

    def __call__(self, outputs: Tensor) -> Tensor:
        return 1e5 * super().__call__(outputs)


def sess(model: Model, x: Tensor, layers: list[str], targets: list[int], **options: Any) -> Any:
    return grad_cam(SESS, model, x, layers, [Large(one) for one in targets], options)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ({}, {}),
        ({"pool": "max"}, {"pool": "max"}),
        ({"theta": 0.05, "blur": False}, {"theta": 0.05, "smooth": False}),
        ({"pre_filter": 0.6}, {"pre_filter_ratio": 0.6}),
    ],
    ids=["default", "max", "theta", "pre_filter"],
)
@pytest.mark.parametrize("layers", [["act3"], ["act2", "act3"]])
def test_it_is_grad_cams(layers: list[str], ours: Any, theirs: Any, small: Model, x: Tensor) -> None:
    values = explain(small, x, "sess", TARGETS, layer=layers, scales=4, **ours).values[:, 0]
    wanted = sess(small, x, layers, TARGETS, num_scales=4, **theirs)
    assert relative(unit(values), wanted) < 1e-5


def test_windows_cover_every_size_from_edge_to_edge() -> None:
    assert starts(10, 10) == [0] and starts(25, 10) == [0, 10, 15] and starts(20, 10) == [0, 10]
    found = windows((14, 21), 14, 3, 2 / 7)
    assert sorted({place[2:] for place in found}) == [(14, 21), (18, 27), (22, 33)]
    assert found[:2] == [(0, 0, 14, 21), (0, 7, 14, 21)]


@pytest.mark.engine
def test_windows_keep_no_forward(small: Model, x: Tensor) -> None:
    made = explain(small, x, "sess", 1, scales=2)
    count = len(windows((16, 20), 16, 2, 2 / 7))
    assert made.passes.forward == 2 * (1 + 2 * count) and made.passes.backward == 0, "the head is pooled and linear"


def test_it_is_grad_cams_on_the_default_model(default_model: Model, chelsea: Any) -> None:
    x = pixels(default_model, chelsea)
    values = explain(default_model, x, "sess", 282, scales=2).values[:, 0]
    assert relative(unit(values), sess(default_model, x, ["bn2"], [282], num_scales=2)) < 1e-5
