"""Networks that compare pictures with texts, served: what is typed is bound to them, for each request anew."""

import base64
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import transformers
from click.testing import Result
from starlette.testclient import TestClient

import pairs
import seewhy
from called import of_command, of_python, same
from pairs import TEXTS, pair
from seewhy import TextModel
from seewhy.sources.hf_files import quiet
from seewhy.web.twins import twin
from serving import ended, long, png, send, values

DOG, CAT, BLANKET = TEXTS


@pytest.fixture
def client(served: Callable[..., TestClient]) -> TestClient:
    return served({"clip": pair("vit")})


def explained(client: TestClient, **work: Any) -> list[dict[str, Any]]:
    """The results of some work on a photo, cell by cell."""
    job = client.post("/api/jobs", json={"photo": send(client, png(3)), **work}).json()
    assert "id" in job, job
    assert ended(client, job["id"])["state"] == "done", client.get(f"/api/jobs/{job['id']}/events").text
    return [client.get(f"/api/results/{cell['key']}").json() for cell in job["cells"]]


def test_the_model_says_that_it_takes_texts_and_what_fits_it(client: TestClient) -> None:
    (model,) = client.get("/api/models").json()["models"]
    assert (model["texts"], model["classes"], model["first"]) == (True, 0, "attention_relevance")
    assert client.get("/api/models/clip/classes").json()["classes"] == []


def test_texts_are_explained_as_python_does_and_share_the_picture(client: TestClient, tmp_path: Path) -> None:
    (tmp_path / "photo.png").write_bytes(png(3))
    found = explained(client, methods=["attention_relevance", "saliency"], targets=[DOG, CAT])
    model = pair("vit")
    for at, method in enumerate(("attention_relevance", "saliency")):
        wanted = seewhy.compare(model, str(tmp_path / "photo.png"), [method], [DOG, CAT])
        for one, answer in zip(wanted, found[2 * at : 2 * at + 2], strict=True):
            np.testing.assert_array_equal(one.reduced()[0], values(answer))
            assert answer["asked"] == one.target and answer["label"] == one.labels[0]
            assert [score for _, score in answer["words"]["listed"]] == pytest.approx(one.extras["word_scores"][0])
            told = {one["label"]: one["probability"] for one in answer["predictions"]}
            assert told[answer["asked"]] == pytest.approx(float(one.extras["share"][0])) and len(told) == 2


def test_a_text_beside_others_is_another_question(client: TestClient) -> None:
    alone, two, three = (explained(client, methods=["saliency"], targets=list(TEXTS[: n + 1])) for n in range(3))
    assert len({one["key"] for found in (alone, two, three) for one in found}) == 1 + 2 + 3
    assert [len(found[0]["predictions"]) for found in (alone, two, three)] == [1, 2, 3]
    # What of a row is kept is not made again, and what is missing is compared with all of the row.
    again = client.post("/api/jobs", json={"photo": send(client, png(3)), "methods": ["saliency"], "targets": [*TEXTS]})
    assert all(cell["ready"] for cell in again.json()["cells"])


def test_what_is_missing_of_a_row_is_compared_with_all_of_it(client: TestClient, tmp_path: Path) -> None:
    before = explained(client, methods=["saliency"], targets=[DOG, CAT])
    shutil.rmtree(tmp_path / "data" / "results" / before[1]["key"])
    after = explained(client, methods=["saliency"], targets=[DOG, CAT])
    assert after[1]["predictions"] == before[1]["predictions"] and len(after[1]["predictions"]) == 2
    np.testing.assert_array_equal(values(after[1]), values(before[1]))


def test_a_contrast_of_texts(client: TestClient) -> None:
    (found,) = explained(client, methods=["saliency"], targets=[f"{DOG} - {CAT}"])
    assert found["asked"] == f"{DOG} - {CAT}" and {one["label"] for one in found["predictions"]} == {DOG, CAT}


@pytest.mark.parametrize("targets", [["top"], ["rank:0"], ["  "]])
def test_without_a_text_it_is_refused(client: TestClient, targets: list[str]) -> None:
    answer = client.post("/api/jobs", json={"photo": send(client), "methods": ["saliency"], "targets": targets})
    assert answer.status_code == 422 and answer.json()["error"]["hint"], answer.text
    assert client.post("/api/predictions", json={"photo": send(client)}).status_code == 422


def test_served_with_texts_they_are_compared_without_being_named(served: Callable[..., TestClient]) -> None:
    client = served({"clip": pair("vit", DOG, CAT)})
    listed = client.post("/api/predictions", json={"photo": send(client, png(3))}).json()["predictions"]
    assert {one["label"] for one in listed} == {DOG, CAT}
    (top,) = explained(client, methods=["saliency"], targets=["top"])
    assert top["label"] == listed[0]["label"] and len(top["predictions"]) == 2
    (more,) = explained(client, methods=["saliency"], targets=[BLANKET])
    assert more["label"] == BLANKET and len(more["predictions"]) == 3


def test_edits_follow_the_texts(client: TestClient) -> None:
    photo = send(client, png(3))
    found = explained(client, methods=["saliency"], targets=[DOG, CAT])
    edit = {"kind": "hottest", "key": found[1]["key"], "share": 0.0}
    body = {"photo": photo, "texts": [DOG, CAT], "classes": [found[1]["class"]], "edit": edit}
    nothing = client.post("/api/edits", json=body).json()
    assert [one["label"] for one in nothing["classes"]] == [CAT]
    listed = client.post("/api/predictions", json={"photo": photo, "texts": [DOG, CAT]}).json()["predictions"]
    for one, other in zip(nothing["predictions"], listed, strict=True):
        assert one["label"] == other["label"] and one["similarity"] == pytest.approx(other["similarity"], abs=1e-5)
    some = client.post("/api/edits", json={**body, "edit": {**edit, "share": 0.5}}).json()
    assert some["covered"] == pytest.approx(0.5, abs=0.01)
    assert some["predictions"][0]["similarity"] != pytest.approx(nothing["predictions"][0]["similarity"], abs=1e-3)
    assert client.post("/api/edits", json={key: body[key] for key in ("photo", "edit")}).status_code == 422


def test_edits_by_a_single_text_say_its_similarity(client: TestClient) -> None:
    (found,) = explained(client, methods=["saliency"], targets=[DOG])
    edit = {"kind": "hottest", "key": found["key"], "share": 0.3}
    answer = client.post("/api/edits", json={"photo": send(client, png(3)), "texts": [DOG], "edit": edit})
    assert answer.status_code == 200, answer.text
    (only,) = answer.json()["predictions"]
    assert "similarity" in only and "probability" not in only


def test_predictions_and_edits_do_not_wait_for_the_work(client: TestClient) -> None:
    photo = send(client)
    work = {"photo": photo, "methods": [long(1000000)], "targets": [DOG, CAT]}
    job = client.post("/api/jobs", json=work).json()
    while client.get(f"/api/jobs/{job['id']}").json()["events"] < 5:
        time.sleep(0.01)
    edit = {"kind": "brush", "rows": 1, "columns": 2, "mask": base64.b64encode(bytes([1, 0])).decode()}
    assert client.post("/api/predictions", json={"photo": photo, "texts": [DOG]}).status_code == 200
    assert client.post("/api/edits", json={"photo": photo, "texts": [DOG, CAT], "edit": edit}).status_code == 200
    assert client.get(f"/api/jobs/{job['id']}").json()["state"] == "running"
    client.delete(f"/api/jobs/{job['id']}")


@pytest.mark.parametrize("kind", pairs.KINDS)
def test_a_twin_is_the_same_network_on_the_same_weights(kind: str) -> None:
    model, x = pair(kind), pairs.photos(kind)
    other = twin(model)
    assert other.module is not model.module and other.fingerprint == model.fingerprint
    both = zip(model.module.parameters(), other.module.parameters(), strict=True)
    assert all(one.data_ptr() == two.data_ptr() for one, two in both)
    assert seewhy.predict(model, x, texts=TEXTS) == seewhy.predict(other, x, texts=TEXTS)


def test_while_a_slider_moves_texts_are_encoded_once(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    (found,) = explained(client, methods=["saliency"], targets=[DOG])
    encoded, encode = list[TextModel](), TextModel._encode
    monkeypatch.setattr(TextModel, "_encode", lambda model: encoded.append(model) or encode(model))
    for texts in ([DOG, CAT], [DOG]):
        said = []
        for share in (0.0, 0.4, 0.8):
            edit = {"kind": "hottest", "key": found["key"], "share": share}
            answer = client.post("/api/edits", json={"photo": send(client, png(3)), "texts": texts, "edit": edit})
            said.append([one["label"] for one in answer.json()["predictions"]])
        assert all(sorted(one) == sorted(texts) for one in said)
    assert len(encoded) == 2


@pytest.mark.parametrize("own", [(), (BLANKET,)])
def test_curves_are_those_among_the_texts_it_was_explained_with(
    own: tuple[str, ...], served: Callable[..., TestClient], tmp_path: Path
) -> None:
    (tmp_path / "photo.png").write_bytes(png(3))
    client = served({"clip": pair("vit", *own)})
    _, found = explained(client, methods=["saliency"], targets=[DOG, CAT])
    curves = client.get(f"/api/results/{found['key']}/curves?random=0").json()
    model = pair("vit", *own, DOG, CAT)
    one = seewhy.explain(model, str(tmp_path / "photo.png"), "saliency", CAT)
    wanted = seewhy.metrics.deletion(model, one, steps=20, fill="blur")
    assert curves["deletion"]["values"] == pytest.approx(wanted.values[0].tolist(), abs=1e-5)
    share = {one["label"]: one["probability"] for one in found["predictions"]}[CAT]
    assert curves["deletion"]["values"][0] == pytest.approx(share, abs=1e-4)


def test_costs_are_told_and_right_where_they_are(client: TestClient) -> None:
    work = {"methods": ["attention_relevance", "gradcam", "saliency", "occlusion"], "targets": [DOG, CAT]}
    before = client.post("/api/costs", json=work).json()["costs"]
    assert [one["method"] for one in before] == work["methods"]
    explained(client, **work)
    after = client.post("/api/costs", json=work).json()["costs"]
    assert all(one["seconds"] > 0 and one["forward"] > 0 for one in after)
    for one, other in zip(before, after, strict=True):
        assert one["forward"] in (None, other["forward"]) and one["backward"] in (None, other["backward"]), (one, other)


@pytest.fixture
def named(there: Path, tmp_path: Path) -> tuple[TextModel, str]:
    """One that has a name; its name."""
    folder = there / "small"
    processor = transformers.ViTImageProcessor(size={"height": 32, "width": 32})
    with quiet(transformers):
        for one in (pairs.network("hf clip"), pairs.tokenizer("hf clip"), processor):
            one.save_pretrained(folder)
    (there / "photo.jpg").write_bytes((there / "photos" / "cat.jpg").read_bytes())
    return seewhy.load("hf:small"), "hf:small"


@pytest.mark.parametrize(
    ("own", "targets"),
    [((), [DOG]), ((), [DOG, CAT, f"{DOG} - {BLANKET}"]), ((BLANKET, "7"), ["top", "7", CAT]),
     (("x - y", "x"), ["x - y"])],
)  # fmt: skip
def test_calls_give_the_same_values(
    own: tuple[str, ...], targets: list[str], named: Any, served: Callable[..., TestClient],
    there: Path, call: Callable[..., Result], undrawn: None,
) -> None:  # fmt: skip
    model, spec = named
    client = served({spec: model.bound(own, ["a photo of {}."])})
    photo = send(client, (there / "photo.jpg").read_bytes())
    job = client.post("/api/jobs", json={"photo": photo, "methods": ["saliency"], "targets": targets}).json()
    assert "classes.txt" not in job["calls"]["command"] and "--templates" in job["calls"]["command"]
    assert ("--text" in job["calls"]["command"]) == bool(own)
    ended(client, job["id"])
    results = [client.get(f"/api/results/{cell['key']}").json() for cell in job["cells"]]
    by_command = of_command(job["calls"]["command"], call, there)
    for one, result in zip(of_python(job["calls"]["python"]), results, strict=True):
        assert same(one, result) and any(same(other, result) for other in by_command)
    for result in results:
        (one,) = of_python(result["calls"]["python"])
        (other,) = of_command(result["calls"]["command"], call, there)
        assert same(one, result) and same(other, result), result["calls"]
