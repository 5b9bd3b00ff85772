"""A network that compares photos with texts, on the page: nothing until a text is typed, then maps, words, shares."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import seewhy
from paging import Site, Visits, give, predictions, running, shown, until
from pairs import TEXTS, pair
from serving import png

DOG, CAT, _ = TEXTS


@pytest.fixture
def compared(browser: Any, tmp_path: Path) -> Iterator[Visits]:
    """The page of a CLIP, and of a classifier besides."""
    from conftest import MEAN, STD, SmallNet

    small = seewhy.Model(SmallNet().eval(), mean=MEAN, std=STD, size=(32, 32), classes=["cat", "dog", "car", "bus"])
    models = {"clip": pair("vit"), "small": small}
    with running(models, tmp_path) as (host, _):
        made = Visits(browser, Site(host, models))
        yield made
        for context in made.contexts:
            context.close()
    assert made.complaints == []


def type_in(tab: Any, text: str) -> None:
    tab.get_by_test_id("find").fill(text)
    tab.get_by_test_id("find").press("Enter")


def results(tab: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = tab.evaluate("document.querySelector('seewhy-app').session.results")
    return found


def test_two_texts_are_typed_and_each_has_its_map_its_words_and_its_share(compared: Visits, tmp_path: Path) -> None:
    file = tmp_path / "photo.png"
    file.write_bytes(png(3, (120, 90)))
    tab = compared()
    give(tab, (file.name, file.read_bytes()))
    assert "Type what you look for" in tab.get_by_test_id("type-a-text").inner_text()
    assert tab.get_by_test_id("method-attention_relevance").is_checked()
    assert tab.get_by_test_id("targets").locator("span").count() == 0
    assert not [one for one in compared.asked if one in ("POST /api/jobs", "POST /api/predictions")]
    type_in(tab, DOG)
    shown(tab, "attention_relevance")
    until(lambda: tab.get_by_test_id("predictions").locator("em").count() == 1, tab=tab)
    type_in(tab, CAT)
    shown(tab, *2 * ["attention_relevance"])
    until(lambda: tab.get_by_test_id("predictions").locator("em").count() >= 2, tab=tab)

    model = pair("vit")
    wanted = seewhy.predict(model, str(file), texts=[DOG, CAT])
    assert predictions(tab)[:2] == [(one.label, f"{100 * one.probability:.1f} %") for one in wanted]
    similar = tab.get_by_test_id("predictions").first.locator("em").all_inner_texts()
    assert similar == [f"{one.similarity:.3f}" for one in wanted]
    maps = seewhy.compare(model, str(file), ["attention_relevance"], [DOG, CAT])
    for i, (one, result) in enumerate(zip(maps, results(tab), strict=True)):
        assert result["asked"] == one.target
        said = tab.get_by_test_id(f"words-{i}").inner_text().split()
        assert [word for word in said if word in one.words[0]] == list(one.words[0])
        assert tab.get_by_text(f"share {one.extras['share'][0]:.1%}").count() == 1
        assert [score for _, score in result["words"]["listed"]] == pytest.approx(one.extras["word_scores"][0])


def test_texts_and_classes_are_left_behind_with_their_networks(compared: Visits) -> None:
    tab = compared()
    give(tab, ("photo.png", png(3, (120, 90))))
    type_in(tab, DOG)
    shown(tab, "attention_relevance")
    tab.get_by_test_id("model").select_option("small")
    shown(tab, "gradcam")
    assert tab.get_by_test_id("targets").locator("span").all_inner_texts() == ["likeliest class"]
    tab.get_by_test_id("model").select_option("clip")
    tab.get_by_test_id("type-a-text").wait_for()
    type_in(tab, f"{DOG} - {CAT}")
    shown(tab, "gradcam")
    assert [one["label"] for one in results(tab)[0]["predictions"]] == [one[0] for one in predictions(tab)[:2]]
    tab.get_by_role("button", name="Leave out").click()
    tab.get_by_test_id("type-a-text").wait_for()


def test_a_link_holds_the_texts(compared: Visits) -> None:
    tab = compared()
    give(tab, ("photo.png", png(3, (120, 90))))
    type_in(tab, DOG)
    type_in(tab, CAT)
    shown(tab, *2 * ["attention_relevance"])
    other = compared(tab.evaluate("location.hash").removeprefix("#"))
    shown(other, *2 * ["attention_relevance"])
    assert [one["key"] for one in results(other)] == [one["key"] for one in results(tab)]


def test_an_address_without_a_text_asks_for_one(compared: Visits) -> None:
    tab = compared()
    give(tab, ("photo.png", png(3, (120, 90))))
    type_in(tab, DOG)
    shown(tab, "attention_relevance")
    photo = tab.evaluate("location.hash").partition("&model=")[0]
    compared.asked.clear()
    tab.evaluate(f"location.hash = '{photo}&model=clip'")
    tab.get_by_test_id("type-a-text").wait_for()
    assert tab.get_by_test_id("method-attention_relevance").is_checked()
    assert "POST /api/jobs" not in compared.asked and tab.get_by_test_id("trouble").count() == 0


def test_the_scores_of_texts_follow_what_is_hidden(compared: Visits) -> None:
    tab = compared()
    give(tab, ("photo.png", png(3, (120, 90))))
    type_in(tab, DOG)
    type_in(tab, f"{CAT} - {DOG}")
    shown(tab, *2 * ["attention_relevance"])
    tab.get_by_test_id("tab-test").click()
    live = tab.get_by_test_id("live-top").locator("em")
    until(lambda: live.count() == 2, tab=tab)
    before = live.all_inner_texts()
    tab.get_by_test_id("share").fill("80")
    until(lambda: live.all_inner_texts() != before, tab=tab, said=lambda: f"still {before}")


def test_of_a_photo_that_is_kept_no_longer_the_page_says_so(compared: Visits, tmp_path: Path) -> None:
    compared.expected.append("404")
    first = compared()
    first.get_by_test_id("model").select_option("small")
    give(first, ("mine.png", png(3, (120, 90))))
    shown(first, "gradcam")
    link, key = first.evaluate("location.hash").removeprefix("#"), results(first)[0]["key"]
    (kept,) = [one for one in (tmp_path / "data" / "photos").iterdir() if one.stem in link]
    kept.unlink()
    for tab in (compared(link), compared(link.replace("model=small", "model=clip").replace("target=top", ""))):
        said = tab.get_by_test_id("trouble")
        said.wait_for()
        assert said.inner_text().startswith('The photo "mine.png" is no longer kept here: send it again')
        assert tab.get_by_test_id("drop").get_by_text("Drop").first.is_visible()
        broken = "[...document.querySelectorAll('img')].filter(one => one.complete && !one.naturalWidth).length"
        assert tab.evaluate(broken) == 0
    tab = compared(link)
    tab.get_by_test_id("trouble").wait_for()
    tab.get_by_test_id("language").click()
    assert "已不再保存" in tab.get_by_test_id("trouble").inner_text()
    give(tab, ("mine.png", png(3, (120, 90))))
    shown(tab, "gradcam")
    assert results(tab)[0]["key"] == key and tab.get_by_test_id("trouble").count() == 0
