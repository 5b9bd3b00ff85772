"""What every method promises. A new method is tested here the moment its file exists."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from attentive import evident
from conftest import MEAN, STD, Bright
from contract import QUICK, Promise, promises
from seewhy import Model, SeewhyError, compare, explain, get_method, list_methods
from seewhy.registry import Listed, declared, options_of
from seewhy.together import Together

METHODS = {one.id: one for one in list_methods()}


@pytest.fixture(params=sorted(METHODS))
def listed(request: pytest.FixtureRequest) -> Listed:
    return METHODS[request.param]


@pytest.fixture
def bright(request: pytest.FixtureRequest) -> Model:
    return evident(request.getfixturevalue("listed").id if "listed" in request.fixturenames else "saliency")


@pytest.mark.parametrize("promise", promises, ids=lambda promise: promise.__name__)
def test_every_method_keeps_its_promises(listed: Listed, promise: Promise, bright: Model, planted: Any) -> None:
    promise(listed.id, bright, planted)


def test_options_are_documented_and_round_trip(listed: Listed) -> None:
    made = get_method(listed.id)
    assert get_method(listed.id, **options_of(made)) == made
    assert all(option.metadata.get("help") for option in declared(made).values()), "an option without help"
    assert listed.info.paper and listed.info.cost and listed.info.summary.endswith(".")


def test_a_method_that_needs_more_than_the_model_offers_says_so(listed: Listed) -> None:
    class Scores(torch.nn.Module):
        def forward(self, x: Any) -> Any:
            return x.detach().flatten(1)[:, :3]

    model = Model(Scores(), mean=MEAN, std=STD, size=(8, 8))
    reason = {one.id: one for one in list_methods(model)}[listed.id]
    if reason.offered:
        pytest.skip("needs scores alone")
    with pytest.raises(SeewhyError, match=r"(?s)needs .* hint: methods for this model"):
        explain(model, torch.rand(1, 3, 8, 8), listed.id)


def test_targets_share_every_forward_where_they_can(listed: Listed, bright: Model, planted: Any) -> None:
    """Images through the network, of one target and of three: none more, but for windows that only one class sees."""
    if not isinstance(get_method(listed.id), Together):
        pytest.skip("looks at different pictures for each target")
    seen: list[int] = []
    bright.module.register_forward_pre_hook(lambda _module, args: seen.append(len(args[0])))
    plain = replace(bright, fast=False)  # a hook sees the module alone
    plain.census()
    if hasattr(get_method(listed.id), "begin"):
        explain(plain, planted[:1], listed.id, 0)  # what is tried once a network, as the census is taken once
    counts = []
    for targets in ([2], [2, 1, 0]):
        seen.clear()
        compare(plain, planted, [listed.id], targets, options={listed.id: QUICK.get(listed.id, {})})
        counts.append(sum(seen))
    assert 0 < counts[0] <= counts[1] < (1.2 if listed.id == "sess" else 1.001) * counts[0]


@pytest.mark.parametrize("attention", [False, True])
def test_methods_compared_give_what_they_give_alone(attention: bool, bright: Model, planted: Any) -> None:
    ids = [one.id for one in METHODS.values() if one.info.starts != "none"]
    if attention:
        bright = evident("raw_attention")
    ids = [id for id in ids if METHODS[id].info.needs in bright.offers]
    both = compare(bright, planted[:1], ids, [None, 2])
    for id in ids:
        for target in (None, 2):
            alone = explain(bright, planted[:1], id, target)
            np.testing.assert_allclose(
                both[id, target].values, alone.values, rtol=1e-4, atol=1e-6 * abs(alone.values).max()
            )


def test_comparing_costs_one_forward(planted: Any) -> None:
    calls = []
    model = Model(Bright(), mean=MEAN, std=STD, size=(32, 40), fast=False)
    model.module.register_forward_hook(lambda *_: calls.append(1))
    model.census()
    calls.clear()
    compare(model, planted, ["gradcam", "hirescam", "saliency"], [None, 0, 2])
    assert len(calls) == 1
