"""Suggestions while somebody types, as a keyboard, a mouse and a screen reader meet them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from tests.web import EXAMPLES, OpenPage, Standin, browser_test


@browser_test
def test_a_suggestion_is_chosen_with_the_keys(open_page: OpenPage, page_standin: Standin) -> None:
    page = open_page()
    box = page.locator("#question")
    options = page.get_by_role("listbox", name="Saran pertanyaan").get_by_role("option")
    box.press_sequentially("apa itu")
    options.first.wait_for()
    assert options.all_inner_texts() == [EXAMPLES["id"][1]]
    assert page.get_by_role("status").inner_text().startswith("1 saran pertanyaan")
    assert box.get_attribute("aria-controls") == "suggestions"
    assert box.get_attribute("aria-activedescendant") is None
    box.press("ArrowDown")
    assert options.first.get_attribute("aria-selected") == "true"
    assert box.get_attribute("aria-activedescendant") == options.first.get_attribute("id")
    assert box.input_value() == "apa itu", "the box keeps the focus and what was typed"
    box.press("Escape")
    assert options.count() == 0
    box.press_sequentially(" ")
    box.press_sequentially("k")
    options.first.wait_for()
    box.press("ArrowUp")
    box.press("Enter")
    page.locator(".found").wait_for()
    assert page_standin.asked[-1][0] == EXAMPLES["id"][1]
    assert box.input_value() == ""


@browser_test
def test_a_suggestion_is_clicked_and_others_are_left_alone(
    open_page: OpenPage, page_standin: Standin
) -> None:
    page = open_page("/?lang=en", width=320)
    box = page.locator("#question")
    suggestion = page.locator(".suggestion")
    box.press_sequentially("where")
    suggestion.filter(has_text="Where is the ASEAN Secretariat?").click()
    page.locator(".found").wait_for()
    assert page_standin.asked[-1][0] == "Where is the ASEAN Secretariat?"
    box.press_sequentially("where")
    suggestion.wait_for()
    box.press("Enter")
    page.locator(".turn:nth-child(2) .found").wait_for()
    assert page_standin.asked[-1][0] == "where", "Enter asks what was typed where none is chosen"
    assert page.locator(".suggestion").count() == 0
    box.press_sequentially("where")
    suggestion.wait_for()
    box.press("Tab")
    assert page.locator(".suggestion").count() == 0


@browser_test
def test_without_suggestions_nothing_is_missed(open_page: OpenPage) -> None:
    page = open_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    answers: Iterator[Callable[[Any], object]] = iter(
        [
            lambda route: route.abort(),
            lambda route: route.fulfill(status=500, body="<h1>Bad</h1>"),
            lambda route: route.fulfill(status=404, body='{"code": "not_found"}'),
        ]
    )
    tried: list[str] = []

    def answer(route: Any) -> None:
        tried.append("")
        next(answers)(route)

    page.route("**/suggest?*", answer)
    box = page.locator("#question")
    for text in ("apa", "apa i", "apa it"):
        with page.expect_request("**/suggest?*"):
            box.fill(text)
    for text in ("apa itu", "apa itu K"):
        page.wait_for_timeout(400)
        box.fill(text)
    assert len(tried) == 3, "a server that has none is not asked again"
    assert page.locator(".suggestion").count() == 0
    box.press("Enter")
    page.locator(".found").wait_for()
    assert complaints == []
