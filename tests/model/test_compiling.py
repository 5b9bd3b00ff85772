"""A compiled program is tried in a long run and used where it is faster; whatever fails, the run goes on as ever."""

import gc
import os
import shutil
import sysconfig
import weakref
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from contract import assert_same_state, state
from seewhy import Explanation, Model, explain
from seewhy.model import compiling
from seewhy.model.compiling import TRIED, Compiling, Trial
from seewhy.model.half import lacking
from seewhy.types import Map

pytestmark = pytest.mark.engine
N = 700  # masks: 21 chunks of 32 and a part of one
HEADERS = Path(sysconfig.get_path("include"), "Python.h")
needs_a_compiler = pytest.mark.skipif(
    not (shutil.which("g++") and HEADERS.exists()), reason="there is no C++ compiler here, or no Python.h"
)


class Clock:
    """Time that passes only where somebody works."""

    def __init__(self) -> None:
        self.now = 100.0
        self.calls = ""

    def perf_counter(self) -> float:
        return self.now

    def working(self, name: str, seconds: float, off: float = 0.0) -> Callable[[Tensor], Tensor]:
        def run(x: Tensor) -> Tensor:
            self.calls += name
            self.now += seconds * len(x)
            return 2 * x + off

        return run


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(compiling, "time", found)
    return found


def scored(clock: Clock, made: Any, images: int = 1000, chunks: int = 12, pays: float = 10.0) -> tuple[str, Compiling]:
    """Who worked on each chunk, a program that takes a second an image (e) or what `made` gives, and what is told."""

    def inductor(run: Any, x: Tensor) -> Any:
        clock.now += 30
        if isinstance(made, Exception):
            raise made
        return made

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compiling, "inductor", inductor)
        patch.setattr(compiling, "PAYS", pays)
        eager: Any = clock.working("e", 1.0)
        trial, own = Trial(eager), Compiling()
        own.announced(images)
        x = torch.arange(1.0, 5.0)
        for _ in range(chunks):
            assert torch.allclose(own.outputs(trial, x), 2 * x, rtol=1e-5)
    return clock.calls, own


def note(own: Compiling) -> str:
    (said,) = own.told(Map(torch.zeros(1, 1, 2, 2))).notes or ("",)
    return said


def test_the_faster_way_goes_on(clock: Clock) -> None:
    calls, own = scored(clock, clock.working("c", 0.5))
    assert calls == "eee" + "ce" + "cecece" + "cc", "as it is, compared, by turns, then the faster"
    assert note(own) == "compiled in 36 s: 2.00 times as fast, 500.00 ms an image in the place of 1000.00"
    assert own.trial is not None and own.trial.timed and len(own.trial.times[0]) == TRIED


def test_what_is_slower_is_told_with_what_it_took_and_forgotten(clock: Clock) -> None:
    calls, own = scored(clock, clock.working("c", 1.25))
    assert calls == "eee" + "ce" + "cecece" + "ee"
    assert note(own) == "compiled in 39 s and not used: 1250.00 ms an image in the place of 1000.00"
    assert own.trial is not None and own.trial.compiled is None


@pytest.mark.parametrize(("images", "pays", "calls"), [(1000, 10_000.0, "e" * 12), (20, 10.0, "e" * 12)])
def test_a_run_that_would_not_make_up_for_it_is_not_compiled(
    clock: Clock, images: int, pays: float, calls: str
) -> None:
    found, own = scored(clock, clock.working("c", 0.5), images=images, pays=pays)
    assert found == calls and own.spent == 0
    assert note(own) == "not compiled: the passes are too few to make up for it"


def test_other_scores_are_not_believed(clock: Clock) -> None:
    calls, own = scored(clock, clock.working("c", 0.5, off=1e-3))
    assert calls == "eee" + "ce" + "e" * 8
    assert note(own) == "not compiled, after 36 s: its scores are not the program's"


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (RuntimeError("No working C++ compiler found in ..."), "there is no C++ compiler"),
        (NotImplementedError("it is too odd\nand more"), "the compiler failed: it is too odd"),
        (torch.OutOfMemoryError("none left"), "the compiler failed: none left"),
    ],
)
def test_a_compiler_that_fails_is_told(clock: Clock, error: Exception, why: str) -> None:
    calls, own = scored(clock, error)
    assert calls == "e" * 12 and note(own) == f"not compiled, after 34 s: {why}"


def test_what_fails_in_the_middle_goes_on_as_ever(clock: Clock) -> None:
    run, left = clock.working("c", 0.5), iter(range(5))

    def fails(x: Tensor) -> Tensor:
        if next(left, None) is None:
            raise RuntimeError("worn out")
        return run(x)

    calls, own = scored(clock, fails)
    assert calls == "eee" + "ce" + "cecece" + "c" + "e"
    assert note(own) == "not compiled, after 36 s: the compiler failed: worn out"
    with pytest.raises(torch.OutOfMemoryError):  # the stream takes smaller chunks

        def too_large(x: Tensor) -> Tensor:
            raise torch.OutOfMemoryError("none left")

        Trial(run, compiled=too_large, times=([1.0] * TRIED, [0.5] * TRIED))(torch.ones(4))


def test_what_ends_before_both_ways_are_timed_says_so(clock: Clock) -> None:
    _, own = scored(clock, clock.working("c", 0.5), chunks=6)
    assert note(own) == "compiled in 36 s, too late to be timed"


def test_a_part_of_a_chunk_and_what_was_not_announced_run_as_ever(clock: Clock) -> None:
    eager: Any = clock.working("e", 1.0)
    trial, own = Trial(eager, compiled=clock.working("c", 0.1)), Compiling()
    own.outputs(trial, torch.ones(4))
    assert clock.calls == "e" and note(own) == ""
    own.announced(100)
    for rows in (4, 3, 4):
        own.outputs(trial, torch.ones(rows))
    assert clock.calls == "e" + "c" + "e" + "e", "by turns: the next whole chunk is as it is"


def explained(model: Model, x: Tensor, **more: Any) -> Explanation:
    made: Explanation = explain(model, x, "rise", 1, n_samples=N, **more)
    return made


def last(found: Explanation) -> str:
    return found.notes[-1]


@pytest.fixture
def eager(small: Model, x: Tensor) -> Explanation:
    return explained(small, x[:1])


def graph_of(model: Model, x: Tensor) -> nn.Module:
    """What was compiled, as the compiler holds it."""
    run: Any = model._known["compiled", 32, *x.shape[1:]].compiled
    (found,) = [one.cell_contents for one in run.__closure__ if isinstance(one.cell_contents, nn.Module)]
    graph: nn.Module = found._orig_mod
    return graph


@needs_a_compiler
def test_what_inductor_makes_gives_the_same_map_and_nothing_is_left_of_it(
    small: Model, x: Tensor, eager: Explanation, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch._dynamo.config
    import torch._inductor.config

    def everything() -> Any:
        every = (torch._dynamo.config, torch._inductor.config)
        configs = [dict(one.get_config_copy()) for one in every]
        return dict(os.environ), configs, torch.get_num_threads(), torch.is_grad_enabled()

    monkeypatch.setattr(compiling, "PAYS", 0.0)
    monkeypatch.setattr(Trial, "faster", Trial.timed)  # so that it is used
    model = replace(small, compile=True)
    before, own = everything(), state(model)
    found = explained(model, x[:1])
    assert last(found).startswith("compiled in ") and "times as fast" in last(found), last(found)
    assert everything() == before
    assert_same_state(own, state(model))
    scale = abs(eager.values).max()
    np.testing.assert_allclose(found.values, eager.values, rtol=0, atol=1e-5 * scale)
    assert found.passes == eager.passes
    again = explained(model, x[:1])
    assert last(again).startswith("compiled in an earlier call: ")
    np.testing.assert_allclose(again.values, eager.values, rtol=0, atol=1e-5 * scale)
    graph = weakref.ref(graph_of(model, x))
    assert graph() is not None
    model._known.clear()
    gc.collect()
    assert graph() is None, "the compiler keeps what it compiled"


@needs_a_compiler
def test_without_a_compiler_it_runs_as_it_is(
    small: Model, x: Tensor, eager: Explanation, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import torch._inductor.config

    monkeypatch.setattr(compiling, "PAYS", 0.0)
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path))
    with torch._inductor.config.patch({"cpp.cxx": (None, "no-such-compiler")}):
        found = explained(replace(small, compile=True), x[:1])
    assert last(found).startswith("not compiled, after ") and last(found).endswith(": there is no C++ compiler")
    assert np.array_equal(found.values, eager.values)
    assert os.environ["TORCHINDUCTOR_CACHE_DIR"] == str(tmp_path)


def test_new_weights_are_compiled_anew(small: Model, x: Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []

    def inductor(run: Any, x: Tensor) -> Any:
        made.append(len(x))
        return run

    monkeypatch.setattr(compiling, "inductor", inductor)
    monkeypatch.setattr(compiling, "PAYS", 0.0)
    model = replace(small, compile=True)
    first = explained(model, x[:1])
    assert np.array_equal(explained(model, x[:1]).values, first.values) and made == [32]
    with torch.no_grad():
        model.module.fc.weight.mul_(-1)
    other = explained(model, x[:1])
    assert made == [32, 32] and not np.allclose(other.values, first.values)
    assert np.array_equal(other.values, explained(small, x[:1]).values)


def test_who_samples_superpixels_or_regions_tries_it_and_who_does_not_says_nothing(
    small: Model, x: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiling, "inductor", lambda run, x: run)
    monkeypatch.setattr(compiling, "PAYS", 0.0)
    model = replace(small, compile=True)
    for id, options in (
        ("lime", {"segments": "grid"}),
        ("kernel_shap", {"segments": "grid"}),
        ("partition_shap", {"max_evals": 700}),
    ):
        found, wanted = (explain(one, x, id, 1, **options) for one in (model, small))
        assert last(found).startswith("compiled in "), found.notes
        assert np.array_equal(found.values, wanted.values) and found.passes == wanted.passes
    for id, more in (("gradcam", {}), ("occlusion", {}), ("scorecam", {}), ("feature_ablation", {"segments": "grid"})):
        assert not any("compiled" in one for one in explain(model, x, id, 1, **more).notes)


def test_what_can_not_be_compiled_is_told(small: Model, x: Tensor) -> None:
    found = explained(replace(small, compile=True, fast=False), x[:1])
    assert last(found) == "not compiled: its forward can't be written down"
    assert last(explained(replace(small, compile=True), x[:1])).startswith("not compiled: the passes are too few")
    if not lacking(torch.device("cpu")):
        found = explained(replace(small, compile=True), x[:1], precision="bfloat16")
        assert "not compiled: scores in bfloat16 are not" in found.notes


def test_a_network_is_loaded_to_be_compiled(tmp_path: Path) -> None:
    from seewhy import load

    asked: Any = {"weights": "random", "size": 32}
    assert load("torchvision:squeezenet1_1", compile=True, **asked).compile
    assert not load("torchvision:squeezenet1_1", **asked).compile
    (tmp_path / "net.py").write_text(
        "from conftest import MEAN, STD, SmallNet\nfrom seewhy import Model\n\n\n"
        "def build():\n    return Model(SmallNet(), mean=MEAN, std=STD)\n"
    )
    assert load(f"{tmp_path / 'net.py'}:build", compile=True).compile
