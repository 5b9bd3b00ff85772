"""Variants scored in bfloat16: close to float32's scores, told how close, refused where that can't be."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr
from torch import Tensor, nn

from comparing import relative
from conftest import SmallNet
from seewhy import Model, compare, explain, get_method, list_methods
from seewhy.errors import BadOption, Unsupported
from seewhy.model.fold import folded
from seewhy.model.half import COMPARED, Compared, halved, lacking, rank_correlation
from seewhy.model.packed import Convolution
from seewhy.targets import ClassLogit
from seewhy.types import Map, Need

MEAN, STD = (0.5, 0.5, 0.5), (0.25, 0.25, 0.25)


@pytest.fixture(autouse=True)
def supported(request: pytest.FixtureRequest) -> None:
    if "model" in request.fixturenames and lacking(torch.device("cpu")):
        pytest.skip("this processor has no bfloat16")


@pytest.fixture
def model(small: Model) -> Model:
    return small.at("bfloat16")


def test_everything_but_the_ends_is_multiplied_in_bfloat16(model: Model, x: Tensor) -> None:
    with model.frozen():
        tape = model.census(x).tape
        assert tape is not None
        calls = halved(folded(tape.calls, [tape.output.number]))
    convolutions = [call.function for call in calls if isinstance(call.function, Convolution)]
    assert len(convolutions) == 3 and all(one.weight.dtype == torch.bfloat16 for one in convolutions)
    linear = next(call for call in calls if call.name == "linear")
    assert all(one.dtype == torch.float32 for one in linear.args if isinstance(one, Tensor))
    assert linear.function(torch.ones(1, 8, dtype=torch.bfloat16), *linear.args[1:]).dtype == torch.float32


def test_scores_are_float32s_to_bfloat16s_rounding_and_not_float32s_own(model: Model, x: Tensor) -> None:
    with model.frozen(), torch.no_grad():
        half, full = model.halved(x)(x), model.scored(x)
    assert half.dtype == torch.float32
    assert 1e-5 < relative(half, full) < 2e-2


def test_scores_follow_the_weights(model: Model, x: Tensor) -> None:
    with model.frozen(), torch.no_grad():
        before = model.halved(x)(x)
    with torch.no_grad():
        model.module.get_submodule("conv3").weight.mul_(1.5)
    with model.frozen(), torch.no_grad():
        after = model.halved(x)(x)
        assert relative(after, model(x)) < 2e-2 < relative(after, before)


@pytest.mark.parametrize("id", [one.id for one in list_methods() if one.info.half])
def test_a_method_says_that_its_variants_were_scored_roughly(id: str, small: Model, x: Tensor, model: Model) -> None:
    cut = {"segments": "grid:number=4"} if hasattr(get_method(id), "segments") else {}
    full, half = (explain(small, x, id, 1, precision=precision, **cut) for precision in ("float32", "bfloat16"))
    assert (full.precision, half.precision) == ("float32", "bfloat16")
    assert np.array_equal(half.scores, full.scores) and half.predictions == full.predictions
    assert 0 < relative(half.values, full.values) < 0.1
    error, rank = (half.extras[f"bfloat16_{name}"] for name in ("error", "rank_correlation"))
    assert error.shape == rank.shape == (2,) and (error > 0).all() and (error < 0.05).all()
    near = id == "iscam"  # whose pictures' scores lie within .03 of each other here: bfloat16 rounds them by .02
    assert (rank > (0.5 if near else 0.8)).all()
    assert any("scored in bfloat16" in note and f"{error.max():.1e}" in note for note in half.notes)
    assert not any("bfloat16" in told for told in (*full.extras, *full.notes))
    variants = full.passes.forward - 2
    assert half.passes.forward == full.passes.forward + min(2 * COMPARED, variants)


def test_each_image_method_and_target_has_its_own_error(x: Tensor, model: Model) -> None:
    methods = ("scorecam", "iscam")
    table = compare(model, x, methods, [1, 2])
    for method in methods:
        for target in (1, 2):
            alone = [explain(model, one[None], method, target) for one in x]
            for name in ("bfloat16_error", "bfloat16_rank_correlation"):
                found = table[method, str(target)].extras[name]
                assert np.allclose(found, [one.extras[name][0] for one in alone], rtol=1e-3), (method, target, name)


def test_the_clean_image_is_scored_in_float32(model: Model, small: Model, x: Tensor) -> None:
    with model.frozen():
        assert torch.equal(model.outputs(x), small.outputs(x))


def test_the_first_variants_of_each_image_are_compared_in_any_chunks() -> None:
    compared, rows = Compared(), torch.tensor([0] * 10 + [1] * 3 + [0] * 20 + [1] * 20)
    found = []
    for start in range(0, len(rows), 7):
        chunk = rows[start : start + 7]
        places = compared.wanted(chunk)
        if len(places):
            compared.keep(places[:, None].float(), places[:, None].float(), chunk[places])
        found += (start + places).tolist()
    wanted = [(rows == row).nonzero()[:COMPARED, 0].tolist() for row in (0, 1)]
    assert sorted(found) == sorted(wanted[0] + wanted[1])


def test_the_error_told_is_the_error() -> None:
    full = torch.randn(12, 3, generator=torch.Generator().manual_seed(0)).double()
    target = ClassLogit(1).pin(torch.zeros(2, 3), int)
    rows = torch.tensor([0, 1]).repeat(6)
    compared, half = Compared(), full.clone()
    half[rows == 1] *= -1.25
    compared.keep(half, full, rows)
    told = compared.told(Map(torch.zeros(2, 1, 2, 2)), target)
    assert told.extras["bfloat16_error"].tolist() == pytest.approx([0, 2.25])
    assert told.extras["bfloat16_rank_correlation"].tolist() == pytest.approx([1, -1])
    assert "the first 6 of an image" in told.notes[0] and "2.2e+00" in told.notes[0] and "-1.000" in told.notes[0]


def test_the_rank_correlation_is_spearmans_with_ties() -> None:
    generator = torch.Generator().manual_seed(0)
    a, b = (torch.randint(0, 5, (16,), generator=generator).double() for _ in range(2))
    assert float(rank_correlation(a, b)) == pytest.approx(spearmanr(a, b).statistic, abs=1e-12)
    same = torch.ones(16).double()
    assert float(rank_correlation(same, same)) == 1 and float(rank_correlation(same, a)) == 0


def test_no_method_that_takes_a_backward_is_offered(model: Model, x: Tensor) -> None:
    offered = {one.id for one in list_methods(model) if one.offered}
    assert offered == {one.id for one in list_methods() if one.info.half}
    assert not any(Need.GRADIENT in one.info.needs for one in list_methods() if one.info.half)
    with pytest.raises(Unsupported, match=r"(?s)'saliency' .*gradients in bfloat16 are noise.*scorecam"):
        explain(model, x, "saliency")
    with pytest.raises(Unsupported, match=r"'ablationcam' .*bfloat16"):
        explain(model, x, "ablationcam")


class Looks(nn.Module):
    """Looks at its numbers, so that its forward can't be written down."""

    def __init__(self) -> None:
        super().__init__()
        self.net = SmallNet()

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x) if float(x.detach().sum()) > -1e9 else self.net(-x)


def test_where_there_is_no_program_it_is_refused_with_the_reason_before_any_pass(
    small: Model, x: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow, looks = replace(small, fast=False), Model(Looks(), mean=MEAN, std=STD, size=(16, 20))
    for one, why in ((slow, "fast=False"), (looks, "looks at the numbers")):
        if not lacking(torch.device("cpu")):
            with pytest.raises(Unsupported, match=f"(?s)bfloat16: .*{why}.*hint: leave precision="):
                explain(one, x, "scorecam", precision="bfloat16")
    monkeypatch.setattr("seewhy.model.forward.lacking", lambda device: "this abacus has no bfloat16")
    with pytest.raises(Unsupported, match="abacus"):
        explain(small, x, "scorecam", precision="bfloat16")


def test_a_network_that_bfloat16_spoils_is_refused(model: Model, x: Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seewhy.model.programs.ROUGH", 1e-6)
    with pytest.raises(Unsupported, match="from what the network gives"):
        explain(model, x, "scorecam")


def test_a_network_of_another_precision_is_refused(small: Model) -> None:
    for kind in (torch.float64, torch.bfloat16):
        other = Model(copy.deepcopy(small.module).to(kind), mean=MEAN, std=STD, size=(16, 20))
        with pytest.raises(Unsupported, match=str(kind).removeprefix("torch.")):
            other.at("bfloat16")
    with pytest.raises(BadOption, match="'half'"):
        small.at("half")


def test_float32_can_be_had_again(small: Model, x: Tensor) -> None:
    assert small.at("bfloat16").at("float32").precision == "float32"
    assert small.at("bfloat16").at("float64").precision == "float64"
    assert small.at("bfloat16").wide().compared is None
