"""What work will take: read from the methods' words, held to what it took, and then remembered."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from torch import Tensor

from attentive import evident
from contract import QUICK, run
from seewhy import Model, explain, get_method, list_methods
from seewhy.web.costs import BESIDES, Cost, Costs, Pace, pace
from seewhy.web.words_of_cost import passes
from serving import ended, long, png, send

# As many as the picture has windows, superpixels or channels that differ, or counted elsewhere: on a copy in float64.
OPEN = {
    "ablationcam", "feature_ablation", "iscam", "legrad", "occlusion", "refinecam", "scorecam", "sess", "sscam",
    "transformer_attribution",
}  # fmt: skip
IDS = [one.id for one in list_methods()]


@pytest.mark.parametrize("id", IDS)
def test_passes_are_those_that_are_counted_or_not_known(id: str, planted: Tensor) -> None:
    made = get_method(id, **QUICK.get(id, {}))
    told = passes(made)
    assert (told is None) == (id in OPEN)
    if told is None:
        return
    counted = run(id, evident(id), planted[:1]).passes
    assert counted.forward / 2 <= told.forward <= 2 * counted.forward, counted
    assert counted.backward / 2 <= told.backward <= 2 * counted.backward, counted
    assert 0 <= told.whole <= told.backward


@pytest.mark.parametrize(
    ("id", "options", "forward"),
    [
        ("rise", {"n_samples": 70}, 71),
        ("rise", {"n_samples": 70, "tolerance": 0.1}, None),
        ("gradcam", {"aug_smooth": True}, None),
        ("integrated_gradients", {"n_steps": 7, "baseline": (0.0, 0.5, 1.0)}, 22),
        ("gradient_shap", {"n_samples": 9}, 12),
        ("gradient_shap", {"n_samples": 9, "baseline": "mean"}, 11),
        ("deep_lift", {"baseline": (0.0, 1.0)}, 5),
    ],
)
def test_options_are_read(id: str, options: dict[str, Any], forward: int | None, planted: Tensor) -> None:
    told = passes(get_method(id, **options))
    assert (told and told.forward) == forward
    if forward:
        counted = explain(evident(id), planted[:1], id, 1, **options).passes
        assert counted.forward / 2 <= forward <= 2 * counted.forward


def test_seconds_are_a_straight_line_of_passes() -> None:
    known = Pace(1.0, 2.0, 0.25, 0.5)
    assert known.seconds(1, 0) == 1 and known.seconds(5, 0) == 2 and known.seconds(5, 3) == 5


def test_a_pace_is_taken_once_and_when_nothing_else_runs(network: Model, tmp_path: Path) -> None:
    costs, saliency = Costs(tmp_path / "costs.json"), get_method("saliency")
    assert costs.of(network, saliency, 1, lambda: False) == Cost(1, 1, None)
    first = costs.of(network, saliency, 1, lambda: True)
    assert first.seconds and costs.of(network, saliency, 1, lambda: False) == first
    three = costs.of(network, get_method("rise"), 3, lambda: True)
    assert three.forward == costs.of(network, get_method("rise"), 1, lambda: True).forward, "classes share forwards"
    assert costs.of(network, get_method("guided_backprop"), 3, lambda: True) == Cost(1, 3, None)
    assert set(IDS) >= BESIDES and pace(network).forward > 0


def test_what_was_measured_is_remembered(network: Model, tmp_path: Path) -> None:
    costs, method = Costs(tmp_path / "costs.json"), get_method("sess", scales=3)
    assert costs.of(network, method, 1, lambda: True) == Cost()
    (tmp_path / "photo.png").write_bytes(png())
    found = explain(network, str(tmp_path / "photo.png"), method)
    costs.keep(network, method, 1, [found])
    wanted = Cost(found.passes.forward, found.passes.backward, found.seconds)
    assert wanted.forward and wanted == costs.of(network, method, 1, lambda: True)
    costs.keep(network, get_method("rise"), 1, [replace(found, seconds=7.0)])
    costs.close()
    assert Costs(tmp_path / "costs.json").of(network, method, 1, lambda: True) == wanted
    assert Costs(tmp_path / "costs.json").of(network, get_method("rise"), 1, lambda: True).seconds == 7
    assert costs.of(network, get_method("sess", scales=4), 1, lambda: True) == Cost()
    for broken in ("", "[]", '{"a": 1}', '{"a": [1]}', '{"a": ["x", 1, 1]}'):
        (tmp_path / "costs.json").write_text(broken)
        assert Costs(tmp_path / "costs.json").of(network, method, 1, lambda: True) == Cost()


def test_costs_over_http(client: TestClient, served: Callable[..., TestClient]) -> None:
    work = {"methods": ["gradcam", {"id": "occlusion", "options": {"window": 8, "stride": 8}}, long(50)],
            "targets": ["cat", "dog"]}  # fmt: skip
    before = client.post("/api/costs", json=work).json()["costs"]
    assert [one["method"] for one in before] == ["gradcam", "occlusion", "rise"]
    assert before[0]["seconds"] and before[2]["forward"] == 51
    assert before[1] == {"method": "occlusion", "forward": None, "backward": None, "seconds": None}
    job = client.post("/api/jobs", json={"photo": send(client), **work}).json()
    ended(client, job["id"])
    client.app.state.close()  # type: ignore[attr-defined]  # a Starlette
    for one in (client, served()):  # another process, by the same folder
        after = one.post("/api/costs", json=work).json()["costs"]
        assert after[1]["forward"] > 1 and all(each["seconds"] > 0 for each in after)
    assert client.post("/api/costs", json={"methods": ["nothing"]}).status_code == 404
    assert client.post("/api/costs", content=b"[]").status_code == 400
