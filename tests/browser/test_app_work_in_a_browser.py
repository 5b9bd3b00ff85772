"""Long work on the page: how far it is, cancelled, failed, and gone on with after a reload."""

from pathlib import Path
from typing import Any

from paging import Site, Visits, explanation, give, same_values, shown, until
from serving import TOKEN

DRAWN = "one => one.getContext('2d').getImageData(0, 0, one.width, one.height).data.some(value => value > 0)"
LONG = 6_000  # samples of RISE: seconds


def rise(tab: Any, samples: int) -> None:
    tab.get_by_test_id("find-method").fill("rise")
    tab.get_by_test_id("about-rise").click()
    tab.get_by_test_id("card").locator('[name="n_samples"]').fill(str(samples))
    tab.get_by_test_id("run-card").click()


def test_long_work_is_told_of_shown_so_far_and_cancelled(tab: Any, site: Site) -> None:
    rise(tab, 50 * LONG)
    work = tab.get_by_test_id("work-rise")
    until(lambda: "%" in work.inner_text() and "left" in work.inner_text(), tab=tab, seconds=20)
    assert float(work.locator("progress").get_attribute("max")) == 50 * LONG
    assert tab.get_by_test_id("status").inner_text() == "1 at work"
    tab.get_by_test_id("tile-1").get_by_text("so far").wait_for()
    assert tab.get_by_test_id("heat-1").evaluate(DRAWN)
    assert len(site.jobs()) == 1
    tab.get_by_test_id("cancel-rise").click()
    until(lambda: "cancelled" in work.inner_text(), tab=tab)
    until(lambda: not site.jobs(), tab=tab)
    assert tab.get_by_test_id("tile-1").count() == 0 and tab.get_by_test_id("tile-0").is_visible()
    tab.get_by_test_id("again-rise").click()
    until(lambda: len(site.jobs()) == 1, tab=tab)
    tab.get_by_test_id("method-rise").uncheck()  # which ends it as well
    until(lambda: not site.jobs(), tab=tab)


def test_work_that_is_cancelled_before_the_server_has_answered_is_ended_there(tab: Any, site: Site) -> None:
    held: list[Any] = []
    tab.route("**/api/jobs", lambda route: held.append(route) if route.request.method == "POST" else route.continue_())
    rise(tab, 50 * LONG)
    until(lambda: held, tab=tab)
    tab.get_by_test_id("cancel-rise").click()
    before = {one["id"] for one in site.jobs()}
    held[0].continue_()
    tab.wait_for_timeout(300)
    until(lambda: {one["id"] for one in site.jobs()} <= before, tab=tab)
    assert tab.get_by_test_id("status").inner_text() == ""
    assert "cancelled" in tab.get_by_test_id("work-rise").inner_text()


def test_after_a_reload_the_same_work_goes_on_and_ends(tab: Any, site: Site, file: Path) -> None:
    rise(tab, LONG)
    work = tab.get_by_test_id("work-rise")
    until(lambda: "%" in work.inner_text(), tab=tab)
    [job] = site.jobs()
    tab.reload()
    until(lambda: "%" in work.inner_text(), tab=tab)
    unmade = [one["id"] for one in site.jobs() if not all(cell["ready"] for cell in one["cells"])]
    assert unmade == [job["id"]]
    until(lambda: not site.jobs(), seconds=30, tab=tab)
    shown(tab, "gradcam", "rise")
    assert work.count() == 0
    same_values(tab, explanation(site, file, "rise", n_samples=LONG).heatmap()[0], (32, 32), (50, 9), index=1)


def test_work_that_fails_says_why_and_what_may_help_as_text(visits: Visits, file: Path) -> None:
    tab = visits()
    tab.get_by_test_id("model").select_option("fragile")
    give(tab, (file.name, file.read_bytes()))
    shown(tab, "gradcam")
    tab.get_by_test_id("find-method").fill("rise")
    tab.get_by_test_id("method-rise").check()
    said = tab.get_by_test_id("work-rise").get_by_role("alert")
    said.wait_for()
    assert "<b>pictures</b>" in said.inner_text() and "its input was" in said.inner_text()
    assert said.locator("b").count() == 0
    assert tab.get_by_test_id("heat-0").is_visible() and tab.get_by_test_id("again-rise").is_visible()


def test_a_server_that_is_gone_is_told_of(tab: Any, visits: Visits) -> None:
    visits.expected.append("ERR_")
    tab.route("**/api/**", lambda route: route.abort())
    tab.get_by_test_id("find-method").fill("saliency")
    tab.get_by_test_id("method-saliency").check()
    said = tab.get_by_test_id("work-saliency").get_by_role("alert")
    said.wait_for()
    assert "does not answer" in said.inner_text()
    tab.unroute("**/api/**")
    tab.get_by_test_id("again-saliency").click()
    shown(tab, "gradcam", "saliency")


def test_nobody_without_the_token_gets_the_page(visits: Visits, site: Site) -> None:
    visits.expected.append("401")
    tab = visits.context().new_page()
    answer = tab.goto(site.address)
    assert answer.status == 401 and TOKEN not in answer.text() and tab.locator("seewhy-app").count() == 0
