"""axe-core finds nothing wrong with the chat page: in any state, theme, language and width."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tests.axe import violations
from tests.web import OpenPage, Standin, ask, browser_test

if TYPE_CHECKING:
    from playwright.sync_api import Page


def _asked(page: Page, question: str) -> None:
    ask(page, question)
    page.locator(".turn").last.locator(".chips, .fault").first.wait_for()


def _rated(page: Page) -> None:
    _asked(page, "Apakah dibuka?")
    page.locator("[name=helpful][value=no]").click()
    page.locator(".reason").wait_for()


def _reasoned(page: Page) -> None:
    _rated(page)
    page.locator("[name=reason]").fill("Lama")
    page.locator(".reason button").click()
    page.locator(".thanks").wait_for()


def _filtered(page: Page) -> None:
    page.locator("#filters summary").click()
    page.locator("#since").fill("2024-02-01")
    page.locator("#until").fill("2024-01-01")
    ask(page, "Apakah dibuka?")
    page.get_by_role("alert").filter(has_text="tanggal").wait_for()


def _gone(page: Page) -> None:
    page.route("**/ask", lambda route: route.abort())
    _asked(page, "Apakah dibuka?")


def _suggested(page: Page) -> None:
    page.locator("#question").press_sequentially("apa itu")
    page.locator(".suggestion").first.wait_for()
    page.keyboard.press("ArrowDown")


def _conversation(page: Page) -> None:
    for question in ("Apa sebagian beda ramai?", "Then is it open?", "halo", "unknown"):
        _asked(page, question)
    page.locator("#new-topic").click()
    page.locator(".original summary").first.click()
    _asked(page, "Apakah dibuka?")
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error()); }")
    page.locator("[data-copy]").last.click()
    page.locator(".by-hand").wait_for()


STATES: dict[str, Callable[[Page], None]] = {
    "empty": lambda page: None,
    "suggestions": _suggested,
    "conversation": _conversation,
    "rated": _rated,
    "reason said": _reasoned,
    "filters, with a mistake": _filtered,
    "server gone": _gone,
}


@browser_test
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("state", STATES)
def test_nothing_hinders_readers(open_page: OpenPage, state: str, scheme: str) -> None:
    page = open_page("/?lang=id", color_scheme=scheme, width=320 if scheme == "dark" else 1280)
    STATES[state](page)
    assert violations(page) == []


@browser_test
def test_nothing_hinders_readers_while_they_wait_and_without_javascript(
    open_page: OpenPage, address: str, page_standin: Standin
) -> None:
    page = open_page("/?lang=en")
    page_standin.go.clear()
    try:
        ask(page, "slow What?")
        page.locator(".searching").wait_for()
        assert violations(page) == []
    finally:
        page_standin.go.set()
    # As the server sends it: axe-core itself is a script, so only ours is kept away.
    plain = open_page("about:blank")
    plain.route("**/static/*.js", lambda route: route.abort())
    for path in ("/?lang=en&q=Is+it+open%3F", "/embed?lang=id&q=Apa+sebagian+beda+ramai%3F"):
        plain.goto(address + path)
        assert violations(plain) == []
    plain.get_by_role("button", name="Tidak", exact=True).click()
    plain.get_by_label("Apa yang kurang?").wait_for()
    assert violations(plain) == []
