"""The operator's desk in a real browser: no script needed, any width and theme, nothing that hinders."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from index.answer import Outcome
from index.maxsim import StaticVectors
from tests.axe import violations
from tests.desk_office import HOSTILE, TOKEN, Office, article, office
from tests.web import OpenPage, browser_test, served

if TYPE_CHECKING:
    from playwright.sync_api import Page


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, static: StaticVectors) -> Iterator[Office]:
    made = office(tmp_path_factory.mktemp("desk") / "var", static)
    outcomes: tuple[Outcome, ...] = ("answered", "partly", "unknown", "social")
    for number in range(60):
        outcome = outcomes[number % 4 if number % 5 else 0]
        shown = (1, 2) if outcome in ("answered", "partly") else ()
        text = f"Apa yang terjadi di gedung {number % 7}?"
        name = made.note(text, outcome, *shown, ago=number % 9, seconds=0.02 * (1 + number % 8))
        if number % 3 == 0:
            made.journal.rate(name, number % 2 == 0, "Beritanya sudah lama" if number % 4 else None)
    name = made.note(HOSTILE + "panjang" * 40, "unknown", door="telegram", language="en")
    made.journal.rate(name, False, HOSTILE)
    yield made
    made.journal.database.close()


@pytest.fixture(scope="module")
def address(desk: Office) -> Iterator[str]:
    """A real server of the desk."""
    with served(desk.app) as address:
        yield address


def enter(page: Page, lang: str = "en") -> None:
    """Log in from wherever the page is."""
    page.locator("#token").fill(TOKEN)
    page.keyboard.press("Enter")
    page.locator("#index").wait_for()


@browser_test
def test_without_javascript_one_enters_looks_back_and_leaves(
    open_page: OpenPage, address: str, desk: Office
) -> None:
    page = open_page("/desk?lang=en&days=30", java_script_enabled=False)
    assert page.url.endswith("/desk/login?lang=en&days=30")
    page.locator("#token").fill("wrong")
    page.keyboard.press("Enter")
    assert "does not match" in page.get_by_role("alert").inner_text()
    page.locator("#token").fill(TOKEN)
    page.get_by_role("button", name="Log in").click()
    page.goto(f"{address}/desk?lang=en&days=30")
    assert page.locator("#by-day tbody tr").count() == 30
    page.get_by_role("button", name="Last 7 days").click()
    assert page.locator("#by-day tbody tr").count() == 7
    page.get_by_label("From").fill("2026-01-01")
    page.get_by_label("To", exact=True).fill("2026-01-03")
    page.get_by_role("button", name="Show").click()
    assert "1 Jan 2026 to 3 Jan 2026" in page.locator("main").inner_text()
    page.get_by_role("button", name="Bahasa Indonesia").click()
    assert page.get_by_role("heading", level=1).inner_text().startswith("Dasbor pengelola")
    assert "since=2026-01-01" in page.url, "the days stay when the language changes"
    page.get_by_role("button", name="Keluar").click()
    assert "Anda sudah keluar." in page.get_by_role("alert").inner_text()
    page.goto(f"{address}/desk")
    assert "/desk/login" in page.url


@browser_test
def test_going_back_to_the_index_before_takes_a_second_look(
    open_page: OpenPage, address: str, desk: Office
) -> None:
    page = open_page("/desk?lang=en", java_script_enabled=False)
    enter(page)
    older, newer = desk.store.ids()[-2:]
    sure = page.get_by_role("button", name="Yes, go back now")
    assert not sure.is_visible()
    page.get_by_text("Go back to the index before").click()
    sure.click()
    assert page.locator("tr.current").get_attribute("data-generation") == older
    assert f"Now serving {older}." in page.get_by_role("status").inner_text()
    assert desk.store.current_id() == older
    desk.articles.append(article(len(desk.articles) + 1))
    page.get_by_role("button", name="Rebuild the index").click()
    newest = desk.store.current_id()
    assert newest not in (older, newer)
    assert page.locator("tr.current").get_attribute("data-generation") == newest


@browser_test
def test_an_article_is_added_where_it_is_missing(open_page: OpenPage, desk: Office) -> None:
    page = open_page("/desk?lang=en")
    enter(page)
    group = page.locator(".cluster").first
    group.get_by_text("Add an article").click()
    group.get_by_label("Address of the page").fill("https://berita.example.org/gedung")
    group.get_by_role("button", name="Collect").click()
    page.get_by_role("status").filter(has_text="Pages looked at: 1").wait_for()
    assert desk.collected[-1] == ["https://berita.example.org/gedung"]


@browser_test
def test_the_page_says_when_work_has_ended(
    open_page: OpenPage, desk: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.desk._PATIENCE", 0.01)
    desk.busy.clear()
    try:
        page = open_page("/desk?lang=en")
        enter(page)
        page.get_by_role("button", name="Collect from all sources").click()
        page.get_by_role("status").filter(has_text="under way").wait_for()
        assert violations(page) == []
        page.get_by_role("button", name="Rebuild the index").click()
        page.get_by_role("alert").filter(has_text="Something else is still being done").wait_for()
    finally:
        desk.busy.set()
    page.get_by_role("status").filter(has_text="finished").wait_for()


@browser_test
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_nothing_hinders_an_operator(open_page: OpenPage, scheme: str, width: int) -> None:
    page = open_page("/desk?lang=id", color_scheme=scheme, width=width)
    assert violations(page) == []
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    faults: list[str] = []
    page.on("console", lambda told: faults.append(told.text))
    page.on("pageerror", lambda error: faults.append(str(error)))
    enter(page)
    for summary in page.locator("summary").all():
        if summary.is_visible():
            summary.click()
    assert violations(page) == []
    wide = "document.documentElement.scrollWidth > window.innerWidth"
    assert not page.evaluate(wide)
    own = page.url.split("/desk")[0] + "/"
    assert all(url.startswith(own) for url in requests), "nothing comes from elsewhere"
    assert faults == [], "the policy refuses nothing of ours"
    assert page.title() != "owned"
    assert page.locator("img").count() == 0


@browser_test
def test_the_plots_are_named_and_have_their_numbers_beside_them(open_page: OpenPage) -> None:
    page = open_page("/desk?lang=en")
    enter(page)
    for name in ("Questions a day", "Answered share", "Time to answer"):
        plot = page.get_by_role("img", name=name)
        assert plot.is_visible()
        assert "Numbers by day" in (plot.locator("desc").text_content() or "")
    # A bar that is twice as high on the screen is twice the number.
    days = page.locator("#by-day tbody tr")
    plot = page.get_by_role("img", name="Questions a day")
    heights = plot.evaluate(
        """(at) => [...at.querySelectorAll(".day")].map((day) =>
             [...day.querySelectorAll("[class^=is-]")]
               .reduce((sum, bar) => sum + bar.getBoundingClientRect().height, 0))"""
    )
    page.locator("#by-day summary").click()
    asked = [int(days.nth(row).locator("td").first.inner_text()) for row in range(7)][::-1]
    unit = heights[0] / asked[0]
    assert heights == pytest.approx([count * unit for count in asked], abs=0.6)
    assert sum(asked) > 20


@browser_test
def test_every_button_is_reached_by_key_and_seen(open_page: OpenPage) -> None:
    page = open_page("/desk?lang=en", width=320)
    enter(page)
    page.locator("body").focus()
    seen = set()
    for _ in range(120):
        page.keyboard.press("Tab")
        state = page.evaluate(
            """() => {
              const at = document.activeElement;
              if (at === document.body) return null;
              const box = at.getBoundingClientRect();
              return {
                name: at.textContent.trim().slice(0, 40) || at.id,
                ring: getComputedStyle(at).outlineStyle !== "none",
                inside: box.top >= 0 && box.bottom <= innerHeight + 1 || box.height > innerHeight,
              };
            }"""
        )
        if state is None:
            break
        assert state["ring"], state
        assert state["inside"], state
        seen.add(state["name"])
    assert {"Log out", "Rebuild the index", "Go back to the index before"} <= seen
