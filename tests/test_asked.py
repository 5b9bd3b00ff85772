"""Whatever is passed: a result, or a problem and a hint in a line each."""

from collections.abc import Callable
from dataclasses import fields
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import seewhy
from conftest import MEAN, STD, SmallNet
from seewhy import Model, SeewhyError, compare, explain, get_method, list_methods, predict
from seewhy.asked import listed, number, whole

NAN, INF = float("nan"), float("inf")
STRANGE: list[Any] = [
    *(None, "", "zebra", "\n", b"x", -1, 10**30, 10**400, 2.5, NAN, INF, 1j, True, np.float32(1.5), object(), int),
    *([], (), [None], [[1]], {"a": 1}, set(), torch.zeros(3, 3), np.zeros((2, 2)), np.array([]), nn.Linear(2, 2)),
]
ARGUMENTS: dict[str, Callable[[Model, Tensor, Any], Any]] = {
    "model": lambda m, x, v: explain(v, x),
    "image": lambda m, x, v: explain(m, v),
    "method": lambda m, x, v: explain(m, x, v),
    "target": lambda m, x, v: explain(m, x, target=v),
    "one target": lambda m, x, v: explain(m, x, target=[0, v]),
    "contrast": lambda m, x, v: explain(m, x, target=seewhy.Contrast(0, v)),
    "rank": lambda m, x, v: explain(m, x, target=seewhy.Top(v)),
    "custom": lambda m, x, v: explain(m, x, target=seewhy.Custom(v)),
    "layer": lambda m, x, v: explain(m, x, layer=v),
    "score": lambda m, x, v: explain(m, x, score=v),
    "seed": lambda m, x, v: explain(m, x, seed=v),
    "precision": lambda m, x, v: explain(m, x, precision=v),
    "memory": lambda m, x, v: explain(m, x, memory=v),
    "methods": lambda m, x, v: compare(m, x, v),
    "a method": lambda m, x, v: compare(m, x, [v]),
    "targets": lambda m, x, v: compare(m, x, ["gradcam"], v),
    "options": lambda m, x, v: compare(m, x, ["gradcam"], options=v),
    "a method's options": lambda m, x, v: compare(m, x, ["gradcam"], options={"gradcam": v}),
    "top": lambda m, x, v: predict(m, x, top=v),
    "id": lambda m, x, v: get_method(v),
    "listed for": lambda m, x, v: list_methods(v),
    "loaded": lambda m, x, v: seewhy.load(v),
    "device": lambda m, x, v: seewhy.load("default", device=v),
    "doctored": lambda m, x, v: seewhy.doctor(v),
    **{
        name: lambda m, x, v, name=name: explain(
            Model(m.module, **{"mean": MEAN, "std": STD, "size": (16, 20), name: v}),
            np.zeros((24, 30, 3), np.uint8),
        )
        for name in ("mean", "std", "size", "resize", "classes", "mode", "interpolation", "head", "memory")
    },
    **{
        f"load's {name}": lambda m, x, v, name=name: seewhy.load("timm:test_resnet", **{"weights": "random", name: v})
        for name in ("weights", "mean", "std", "size", "classes", "head")
    },
}
FETCHED = "load's weights"  # None would fetch them


@pytest.mark.parametrize("argument", ARGUMENTS)
def test_a_strange_argument_is_a_problem_and_a_hint_or_is_taken(argument: str, small: Model, x: Tensor) -> None:
    refused = 0
    for value in STRANGE:
        if argument == FETCHED and value is None:
            continue
        try:
            ARGUMENTS[argument](small, x, value)
        except SeewhyError as error:
            refused += 1
            assert error.problem and error.hint and "\n" not in error.problem + error.hint
            assert len(error.problem) <= 400 and len(error.hint) <= 400
    assert refused > 10, "nearly all of these are nonsense"


@pytest.mark.parametrize(
    "target", [True, [True, False], 1.0, [0, 1.9], np.array([0.2, 1.2]), "", seewhy.Contrast(True, 0), seewhy.Top(True)]
)
def test_what_is_no_class_is_not_taken_for_one(target: Any, small: Model, x: Tensor) -> None:
    with pytest.raises(SeewhyError):
        explain(small, x, target=target)


@pytest.mark.parametrize(
    ("function", "problem"),
    [
        (lambda y: y, r"returned shape \(2, 4\) for 2 images"),
        (lambda y: y.sum(), r"returned shape \(\) for 2 images"),
        (lambda y: 3.0, "returned float for 2 images"),
        (lambda y: y[:, 9], "raised IndexError"),
    ],
)
def test_a_target_function_gives_one_score_an_image(function: Any, problem: str, small: Model, x: Tensor) -> None:
    with pytest.raises(SeewhyError, match=problem):
        explain(small, x, target=function)
    assert explain(small, x, target=lambda y: y[:, 1]).values.tobytes() == explain(small, x, target=1).values.tobytes()


def test_numbers_of_numpy_and_torch_are_numbers(small: Model, x: Tensor) -> None:
    plain = explain(small, x, "integrated_gradients", 2, n_steps=3, seed=1)
    for three, two in ((np.int64(3), np.int32(2)), (torch.tensor(3), torch.tensor(2)), (3.0, 2)):
        found = explain(small, x, "integrated_gradients", two, n_steps=three, seed=np.int64(1))
        assert np.array_equal(found.values, plain.values) and found.options == plain.options and found.seed == 1


METHOD_OPTIONS = [
    (info.id, name, spec)
    for info in (one.info for one in list_methods())
    for name, spec in ((one.name, one) for one in fields(type(get_method(info.id))))
]


@pytest.mark.parametrize(
    ("id", "name", "spec"), METHOD_OPTIONS, ids=lambda value: value if isinstance(value, str) else ""
)
def test_an_option_out_of_its_range_names_the_range(id: str, name: str, spec: Any) -> None:
    low, high, choices = (spec.metadata[key] for key in ("low", "high", "choices"))
    refused: list[Any] = [] if low is None else [low - 1]
    refused += [] if high is None else [high + 1]
    for value in refused:
        value = (value,) if "tuple" in str(spec.type) else value
        with pytest.raises(SeewhyError, match=name) as error:
            get_method(id, **{name: value})
        assert str(low) in error.value.hint or str(high) in error.value.hint
        with pytest.raises(SeewhyError):
            explain(Model(SmallNet(), mean=MEAN, std=STD), torch.rand(1, 3, 16, 20), _made(id, name, value))
    if choices:
        for value in ("nothing", None, 3):
            with pytest.raises(SeewhyError, match=r"(?s)one of .*" + choices[0]):
                get_method(id, **{name: value})
    if spec.type in (int, float):
        for value in (None, "many", NAN, INF, True, [1], 1j):
            with pytest.raises(SeewhyError, match=name):
                get_method(id, **{name: value})
    if spec.type is bool:
        for value in (None, "yes", 1, [True]):
            with pytest.raises(SeewhyError, match="True or False"):
                get_method(id, **{name: value})


def _made(id: str, name: str, value: Any) -> Any:
    """A method built by its class, past the registry's check."""
    return type(get_method(id))(**{name: value})


def test_options_for_a_method_that_is_not_asked_for_are_refused(small: Model, x: Tensor) -> None:
    with pytest.raises(SeewhyError, match="gradcm"):
        compare(small, x, ["gradcam"], options={"gradcm": {"aug_smooth": True}})
    with pytest.raises(SeewhyError, match="not a list"):
        compare(small, x, "gradcam")
    with pytest.raises(SeewhyError, match="not a list"):
        compare(small, x, ["gradcam"], "ab")


def test_options_go_to_a_method_that_was_made_before(small: Model, x: Tensor) -> None:
    made = get_method("integrated_gradients", n_steps=4)
    assert explain(small, x, made, baseline="mean").options["n_steps"] == 4
    with pytest.raises(SeewhyError, match="no option 'n_step'"):
        explain(small, x, made, n_step=3)


@pytest.mark.parametrize("value", [-1, 11, NAN, INF, "5", None, True, [5], np.array([5]), 1j])
def test_a_number_is_finite_and_within_its_bounds(value: Any) -> None:
    with pytest.raises(SeewhyError):
        number(value, "a number", 0, 10)
    with pytest.raises(SeewhyError):
        whole(value, "a number", 0, 10)


def test_a_text_is_not_a_list_of_letters() -> None:
    assert listed((1, 2), "these", "give a list") == listed(np.array([1, 2]), "these", "give a list") == [1, 2]
    for value in ("ab", b"ab", {"a": 1}, {1}, 3, None):
        with pytest.raises(SeewhyError):
            listed(value, "these", "give a list")
