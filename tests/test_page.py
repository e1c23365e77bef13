"""The chat page in a real browser, against a real server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from api import create_app
from corpus.article import LANGUAGES
from index.answer import Answerer
from tests.web import MARKED, TEXTS, OpenPage, ask, browser_test, served, settings, text_of

if TYPE_CHECKING:
    from playwright.sync_api import Page


@browser_test
def test_a_question_is_typed_and_the_answer_read(open_page: OpenPage) -> None:
    page = open_page()
    assert page.get_by_role("heading", level=1).inner_text() == "Tanya ASEAN"
    ask(page, "Apakah Sekretariat ASEAN dibuka?")
    page.locator(".found").wait_for()
    assert page.locator(".passage").count() == 3
    first = page.locator(".passage").first
    # An emoji stands before it: offsets that counted UTF-16 units would cut elsewhere.
    assert first.locator("mark").inner_text() == MARKED
    assert first.locator("time").inner_text() == "29 Agustus 2023"
    link = first.get_by_role("link")
    assert link.get_attribute("href") == "https://example.org/berita#:~:text=120"
    assert (link.get_attribute("target"), link.get_attribute("rel")) == ("_blank", "noopener")
    assert "Tanggal tidak dicantumkan" in page.locator(".passage").nth(1).inner_text()
    assert page.get_by_role("status").inner_text() == "3 cuplikan berita yang paling sesuai"
    assert page.get_by_role("textbox").input_value() == ""
    assert page.title() == "Apakah Sekretariat ASEAN dibuka? · Tanya ASEAN"


@browser_test
def test_a_translation_says_so_and_shows_the_original(open_page: OpenPage) -> None:
    page = open_page("/?lang=en")
    ask(page, "Is the Secretariat open?")
    summary = page.locator("summary")
    assert "Translated from Indonesian." in summary.inner_text()
    original = page.locator(".original-text")
    assert not original.is_visible()
    summary.click()
    assert MARKED in original.inner_text()
    assert page.locator(".original div").get_attribute("lang") == "id"


@browser_test
def test_no_answer_is_said_with_a_contact_and_other_questions(open_page: OpenPage) -> None:
    page = open_page()
    ask(page, "unknown things")
    box = page.locator(".unknown")
    assert "Maaf, kami tidak tahu." in box.inner_text()
    assert box.get_by_role("link").get_attribute("href") == "mailto:tanya@example.org"
    assert page.locator(".passage").count() == 0
    page.get_by_role("button", name="Di mana Sekretariat ASEAN?").click()
    page.locator(".passage").first.wait_for()
    assert page.locator(".turn").count() == 2, "the conversation goes on"


@browser_test
def test_without_javascript_one_question_at_a_time(open_page: OpenPage, address: str) -> None:
    page = open_page(java_script_enabled=False)
    page.get_by_role("textbox").fill("Apakah dibuka?")
    page.get_by_role("button", name="Tanyakan").click()
    assert page.url == f"{address}/?lang=id&q=Apakah+dibuka%3F"
    assert page.locator(".passage mark").first.inner_text() == MARKED
    page.get_by_role("button", name="English").click()
    assert page.locator(".found").inner_text() == "The 3 news passages that fit best"
    page.get_by_role("button", name="What is ASEAN?").click()
    assert "What is ASEAN?" in page.locator(".question").inner_text()
    page.goto(f"{address}/?lang=id&q=%3F%3F")
    assert "tidak dapat dibaca" in page.get_by_role("alert").inner_text()
    assert page.get_by_role("textbox").input_value() == "??", "it can be mended"


@browser_test
@pytest.mark.parametrize("language", LANGUAGES)
def test_server_and_browser_show_the_same(open_page: OpenPage, address: str, language: str) -> None:
    plain = open_page(java_script_enabled=False)
    loaded = open_page()
    asked = open_page()
    for question in ("Apakah dibuka?", "Is it open?", "unknown", "hostile", "crash"):
        for page in (plain, loaded):
            page.goto(f"{address}/?lang={language}&q={quote(question)}")
        asked.goto(f"{address}/?lang={language}")
        ask(asked, question)
        asked.locator("#conversation .chips, .fault").last.wait_for()
        for page in (loaded, asked):
            assert text_of(page, "#conversation") == text_of(plain, "#conversation")
            # Elements and their attributes, too.
            assert _outline(page) == _outline(plain)


def _outline(page: Page) -> Any:
    return page.evaluate(
        """() => [...document.querySelectorAll("#conversation *")].map((at) => at.tagName + " "
          + [...at.attributes].map((a) => `${a.name}=${a.value}`).sort().join(" "))"""
    )


@browser_test
def test_the_language_is_switched_remembered_and_linked(open_page: OpenPage, address: str) -> None:
    page = open_page()
    ask(page, "Apakah dibuka?")
    page.locator(".found").wait_for()
    assert page.locator(".found").inner_text() == "3 cuplikan berita yang paling sesuai"
    page.get_by_role("button", name="English").click()
    page.locator(".found", has_text="The 3 news passages that fit best").wait_for()
    assert page.locator("time").first.inner_text() == "29 August 2023"
    assert "120 people took part." in page.locator("mark").first.inner_text()
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.get_by_role("button", name="Bahasa Indonesia").is_visible()
    page.reload()
    assert "120 people took part." in page.locator("mark").first.inner_text()
    ask(page, "Apakah tetap dalam bahasa pertanyaan?")
    page.locator(".turn:nth-child(2) .found", has_text="cuplikan").wait_for()
    page.goto(address)
    assert page.get_by_role("heading", level=2).inner_text() == TEXTS["en"]["welcome"]
    page.goto(f"{address}/?lang=id")
    assert page.get_by_role("heading", level=2).inner_text() == TEXTS["id"]["welcome"]
    english = open_page(locale="en-GB")
    assert english.get_by_role("heading", level=2).inner_text() == TEXTS["en"]["welcome"]
    other = open_page(locale="fr-FR")
    assert other.get_by_role("heading", level=2).inner_text() == TEXTS["id"]["welcome"]


@browser_test
def test_an_address_asks_and_a_question_makes_one(open_page: OpenPage) -> None:
    page = open_page("/?q=Is+it+open%3F&lang=en")
    assert page.locator(".passage").count() == 3
    assert not page.locator(".welcome").is_visible()
    ask(page, "What is ASEAN?")
    page.locator(".turn:nth-child(2) .found").wait_for()
    assert page.url.endswith("/?q=What+is+ASEAN%3F&lang=en")
    page.reload()
    assert "What is ASEAN?" in page.locator(".question").inner_text()


@browser_test
def test_the_product_answers_in_the_browser(answerer: Answerer, open_page: OpenPage) -> None:
    with served(create_app(answerer, settings())) as address:
        page = open_page(address)
        ask(page, "Apakah Kantor Sekretariat ASEAN terbuka untuk umum?")
        page.locator(".found").wait_for()
        assert "120 Peserta" in page.locator(".passages").inner_text()
        for mark in page.locator("mark").all():
            assert mark.inner_text().strip().endswith((".", "?", "!", '"', "”"))
