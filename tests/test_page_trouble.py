"""The chat page where something is wrong: hostile text, injected scripts, a server that is gone."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from api import create_app
from index.answer import IndexInfo
from index.limiter import Limiter
from tests.web import HOSTILE, TEXTS, OpenPage, Standin, ask, browser_test, served, settings


@browser_test
@pytest.mark.parametrize("js", [True, False])
def test_hostile_text_stays_text(open_page: OpenPage, js: bool) -> None:
    question = f"hostile {HOSTILE}</textarea></script>"
    page = open_page(f"/?lang=id&q={quote(question)}", java_script_enabled=js)
    if js:
        ask(page, question)
        page.locator(".turn:nth-child(2) .found").wait_for()
    assert HOSTILE in page.locator(".question").last.inner_text()
    assert page.locator(".passage mark").first.inner_text() == HOSTILE
    assert page.locator("#conversation").locator("script, img").count() == 0
    assert page.locator('a[href^="javascript"]').count() == 0
    assert page.title().startswith("hostile"), "nothing in it ran"


@browser_test
@pytest.mark.parametrize("path", ["/", "/embed"])
def test_an_injected_script_does_not_run(open_page: OpenPage, address: str, path: str) -> None:
    page = open_page("about:blank")
    refusals: list[str] = []
    page.on("console", lambda message: refusals.append(message.text))
    injected = """
      <script>window.owned = "inline"</script>
      <script src="https://evil.example/x.js"></script>
      <img src="x" onerror="window.owned = 'handler'">
      <form id="f" action="https://evil.example/"></form>
    """

    def inject(route: Any) -> None:
        response = route.fetch()
        route.fulfill(response=response, body=response.text().replace("<main>", injected))

    page.route(address + path, inject)
    page.route("https://evil.example/**", lambda route: route.fulfill(body="window.owned = 'src'"))
    page.goto(address + path)
    page.wait_for_function("document.title.includes('Tanya')")
    assert page.evaluate("window.owned ?? null") is None
    assert sum("violates the following Content Security Policy" in text for text in refusals) >= 3
    # Nor can our own script be led to make markup of text.
    refused = page.evaluate(
        "() => { try { document.body.innerHTML = '<p>'; } catch (error) { return error.name; } }"
    )
    assert refused == "TypeError"


@browser_test
def test_the_page_asks_nobody_else(open_page: OpenPage, address: str) -> None:
    page = open_page("about:blank")
    requests: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(address)
    ask(page, "Apakah dibuka?")
    page.locator(".found").wait_for()
    page.goto(f"{address}/docs")
    page.get_by_text("Ask a question by address").wait_for()
    assert len(requests) > 5
    assert [url for url in requests if not url.startswith((address, "data:"))] == []
    assert complaints == []


@browser_test
def test_what_cannot_be_asked_is_said(
    open_page: OpenPage, address: str, page_standin: Standin
) -> None:
    page = open_page()
    hint = page.get_by_role("alert")
    box = page.get_by_role("textbox")
    ask(page, "   ")
    assert "masih kosong" in hint.inner_text()
    before = len(page_standin.asked)
    ask(page, "a" * 501)
    assert "paling banyak 500 karakter" in hint.inner_text()
    assert "501 dari 500" in page.locator("#count").inner_text()
    assert len(page_standin.asked) == before
    assert len(box.input_value()) == 501, "nothing that was typed is lost"
    box.fill("a")
    assert hint.inner_text() == ""
    ask(page, "?!")
    hint.filter(has_text="tidak dapat dibaca").wait_for()
    assert box.input_value() == "?!"
    assert page.locator(".turn").count() == 0
    page.goto(f"{address}/?q=%3F%21&lang=en")
    page.get_by_role("button", name="Bahasa Indonesia").click()
    assert "tidak dapat dibaca" in hint.inner_text(), "by its address, too"


@browser_test
def test_a_server_that_is_busy_broken_or_gone_is_said(open_page: OpenPage) -> None:
    standin = Standin(index=None)
    with served(create_app(standin, settings())) as address:
        page = open_page(address)
        fault = page.locator(".fault")
        ask(page, "Apa itu ASEAN?")
        assert TEXTS["id"]["faults"]["no_index"] in fault.inner_text()
        standin.index = Standin().index
        page.get_by_role("button", name="Coba lagi").click()
        page.locator(".found").wait_for()
        assert page.locator(".turn").count() == 1, "the failed turn has gone"
        ask(page, "crash")
        assert TEXTS["id"]["faults"]["internal"] in fault.inner_text()
        page.route("**/ask", lambda route: route.fulfill(status=502, body="<h1>Bad</h1>"))
        ask(page, "Apa itu ASEAN?")
        page.locator(".turn:nth-child(2) .fault").wait_for()
        assert TEXTS["id"]["faults"]["internal"] in fault.inner_text()
        page.unroute("**/ask")
    ask(page, "Apa itu Sekretariat?")
    fault.filter(has_text="tidak dapat dihubungi").wait_for()
    assert page.get_by_role("status").inner_text() == TEXTS["id"]["faults"]["offline"]
    assert page.locator(".passage").count() == 3, "earlier answers stay"


@browser_test
def test_an_index_that_is_switched_meanwhile_goes_unnoticed(open_page: OpenPage) -> None:
    standin = Standin()
    with served(create_app(standin, settings())) as address:
        page = open_page(address)
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        assert "230 artikel, diperbarui 23 November 2026" in page.locator(".bottom").inner_text()
        ask(page, "Apakah dibuka?")
        page.locator(".found").wait_for()
        built = datetime(2026, 12, 1, 6, 0, tzinfo=UTC)
        standin.index = IndexInfo("20261201T060000Z-0001", built, 231, 745)
        ask(page, "lalu kapan?")
        page.locator(".turn:nth-child(2) .found").wait_for()
        assert "231 artikel, diperbarui 1 Desember 2026" in page.locator(".bottom").inner_text()
        assert page.locator(".turn:nth-child(1) .passage").count() == 3, "what was answered stays"
        page.get_by_role("button", name="English").click()
        page.locator(".turn:nth-child(1) .original").wait_for()
        assert "231 articles, updated 1 December 2026" in page.locator(".bottom").inner_text()
        assert complaints == []


@browser_test
def test_who_asks_too_much_is_told_to_wait(open_page: OpenPage, tmp_path: Path) -> None:
    own = settings(rate="1/minute", data=tmp_path, secret="of the test")
    with served(create_app(Standin(), own, limiter=Limiter.of(own))) as address:
        page = open_page(f"{address}/?lang=en")
        ask(page, "Is it open?")
        page.locator(".found").wait_for()
        ask(page, "What is it?")
        page.locator(".fault").wait_for()
        assert TEXTS["en"]["faults"]["rate_limited"] in page.locator(".fault").inner_text()
        response = page.goto(f"{address}/?q=Is+it+open%3F&lang=en")
        assert response is not None and response.status == 429
        page.locator(".found").wait_for()
        assert page.locator(".fault").count() == 0, "what was answered before is still there"


@browser_test
def test_a_slow_answer_is_waited_for(open_page: OpenPage, page_standin: Standin) -> None:
    page = open_page()
    page_standin.go.clear()
    try:
        ask(page, "slow Apa?")
        page.locator(".searching").wait_for()
        assert page.get_by_role("status").inner_text() == TEXTS["id"]["searching"]
        ask(page, "another")
        assert page.get_by_role("textbox").input_value() == "another", "kept until there is room"
        assert page.locator(".turn").count() == 1
    finally:
        page_standin.go.set()
    page.locator(".found").wait_for()
    assert page.get_by_role("textbox").input_value() == "another"
    assert page.evaluate("document.activeElement.id") == "question", "whoever types is left alone"
