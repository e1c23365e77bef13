"""What a reader does with an answer of the chat page: rate it, say why, share it, keep or delete it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from index.journal import Entry, Journal
from tests.web import TEXTS, OpenPage, Standin, ask, browser_test, focused

if TYPE_CHECKING:
    from playwright.sync_api import Page


def last(journal: Journal) -> Entry:
    return journal.entries(limit=1)[0]


def asked(page: Page, question: str) -> None:
    ask(page, question)
    page.locator(".turn").last.locator(".chips").wait_for()


@browser_test
def test_an_answer_is_rated_and_the_reason_said(open_page: OpenPage, page_journal: Journal) -> None:
    page = open_page()
    asked(page, "Apakah dibuka?")
    assert last(page_journal).door == "page"
    assert last(page_journal).helpful is None
    no = page.get_by_role("button", name="Tidak", exact=True)
    no.focus()
    page.keyboard.press("Enter")
    page.get_by_label("Apa yang kurang?").wait_for()
    assert page.get_by_role("status").inner_text() == TEXTS["id"]["rated"]
    assert focused(page) == "Tidak", "the focus stays where it was"
    assert no.get_attribute("aria-pressed") == "true"
    assert last(page_journal).helpful is False
    page.get_by_label("Apa yang kurang?").fill("Tanggalnya lama.")
    page.get_by_role("button", name="Kirim").click()
    page.locator(".thanks").wait_for()
    assert last(page_journal).reason == "Tanggalnya lama."
    page.get_by_role("button", name="Ya", exact=True).click()
    page.get_by_label("Ada yang ingin Anda tambahkan?").wait_for()
    assert last(page_journal).helpful is True, "one may think better of it"
    page.reload()
    page.locator(".rate").wait_for()
    asked(page, "halo")
    assert page.locator(".turn").last.locator(".rate").count() == 0, "small talk is no answer"


@browser_test
def test_a_rating_that_is_not_kept_is_said_and_nothing_typed_is_lost(open_page: OpenPage) -> None:
    page = open_page("/?lang=en")
    asked(page, "Is it open?")
    page.get_by_role("button", name="Yes", exact=True).click()
    reason = page.get_by_label("Is there anything you would like to add?")
    reason.fill("Thank you!")
    page.route("**/feedback", lambda route: route.abort())
    page.get_by_role("button", name="Send").click()
    page.locator(".rate-failed").wait_for()
    assert page.get_by_role("status").inner_text() == TEXTS["en"]["rate_failed"]
    assert reason.input_value() == "Thank you!"
    page.unroute("**/feedback")
    page.get_by_role("button", name="Send").click()
    page.locator(".thanks").wait_for()


@browser_test
def test_without_javascript_an_answer_is_rated_by_form(
    open_page: OpenPage, address: str, page_journal: Journal
) -> None:
    page = open_page("/?lang=id&q=Apakah+dibuka%3F", java_script_enabled=False)
    assert not page.get_by_role("button", name="Salin tautan").is_visible(), "it needs the script"
    page.get_by_role("button", name="Tidak", exact=True).click()
    assert page.url == f"{address}/rate"
    assert page.get_by_role("heading", level=2).inner_text() == TEXTS["id"]["rated"]
    assert last(page_journal).helpful is False
    page.get_by_label("Apa yang kurang?").fill("Kurang jelas")
    page.get_by_role("button", name="Kirim").click()
    assert page.get_by_role("heading", level=2).inner_text() == TEXTS["id"]["reasoned"]
    assert last(page_journal).reason == "Kurang jelas"
    page.get_by_role("link", name="Ajukan pertanyaan lain").click()
    assert page.url == f"{address}/?lang=id"


@browser_test
def test_the_link_to_a_question_is_copied_or_shown(open_page: OpenPage, address: str) -> None:
    page = open_page("/?lang=en", permissions=["clipboard-read", "clipboard-write"])
    page.locator("#filters summary").click()
    page.get_by_label("From date").fill("2023-01-31")
    asked(page, "Is it open?")
    asked(page, "then when?")
    links = f"{address}/?q=Is+it+open%3F&lang=en&since=2023-01-31"
    copy = page.get_by_role("button", name="Copy link")
    copy.first.click()
    page.get_by_role("status").filter(has_text="copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == links
    copy.last.click()
    page.wait_for_function("navigator.clipboard.readText().then((t) => t.includes('previous=Is'))")
    # Where the browser keeps the clipboard to itself, the link is there to be copied by hand.
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error()); }")
    page.locator("[data-copy]").first.click()
    assert page.locator(".by-hand a").get_attribute("href") == links


@browser_test
def test_the_conversation_is_kept_in_this_tab_and_can_be_deleted(
    open_page: OpenPage, address: str, page_standin: Standin
) -> None:
    page = open_page()
    asked(page, "Apakah dibuka?")
    page.get_by_role("button", name="Topik baru").click()
    asked(page, "Apa sebagian?")
    before = len(page_standin.asked)
    page.goto(address)
    page.locator(".turn").nth(1).wait_for()
    assert len(page_standin.asked) == before, "what is kept is not asked again"
    assert page.locator(".turn").count() == 2
    assert page.locator(".break + .turn .partly").count() == 1, "the new topic still begins there"
    ask(page, "lalu kapan?")
    page.locator(".turn").nth(2).locator(".chips").wait_for()
    assert page_standin.narrowed[-1][0] == "Apa sebagian?", "and is followed up on"
    other = page.context.new_page()
    other.goto(address)
    assert other.locator(".turn").count() == 0, "another tab knows nothing of it"
    page.get_by_role("button", name="Hapus percakapan").click()
    assert page.get_by_role("status").inner_text() == TEXTS["id"]["forgotten"]
    assert page.evaluate("document.activeElement.id") == "question"
    assert page.locator(".welcome").is_visible()
    page.goto(address)
    assert page.locator(".turn").count() == 0
    assert page.evaluate("sessionStorage.length") == 0
    assert page.context.cookies() == []


@browser_test
def test_without_storage_the_page_works(open_page: OpenPage) -> None:
    page = open_page("about:blank")
    page.add_init_script(
        "for (const name of ['sessionStorage', 'localStorage'])"
        " Object.defineProperty(window, name, { get() { throw new Error('forbidden'); } });"
    )
    page.goto(open_page().url)
    asked(page, "Apakah dibuka?")
    page.get_by_role("button", name="English").click()
    page.get_by_role("button", name="Delete conversation").click()
    assert page.locator(".turn").count() == 0
