"""The chat page in a real browser, against a real server."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from api import create_app
from corpus.article import LANGUAGES
from index.answer import Answerer
from index.filters import Filters
from tests.outcomes import ALSO, NOTICE, PARTLY, SOCIAL
from tests.web import (
    MARKED,
    TEXTS,
    OpenPage,
    Standin,
    ask,
    browser_test,
    focused,
    served,
    settings,
    text_of,
)

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
    summary = page.locator(".original summary")
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


NARROW = "&since=2023-01-31&until=2024-01-01&publisher=K%26%3Cb%3E&topic=a&article_language=en"
SHOWN = {
    "id": [
        ("Is it open?", NARROW),
        ("Apa sebagian beda ramai?", ""),
        ("unknown", NARROW),
        ("hostile", ""),
    ],
    "en": [
        ("Apakah dibuka?", ""),
        ("What is partly differ many, then?", NARROW),
        ("halo", NARROW),
        ("crash", NARROW),
    ],
}
"""Questions that bring every kind of answer, by the language of the page around it."""


@browser_test
@pytest.mark.parametrize("language", LANGUAGES)
def test_server_and_browser_show_the_same(open_page: OpenPage, address: str, language: str) -> None:
    plain = open_page(java_script_enabled=False)
    loaded = open_page()
    asked = open_page()
    for question, more in SHOWN[language]:
        for page in (plain, loaded):
            page.goto(f"{address}/?lang={language}&q={quote(question)}{more}")
        asked.evaluate("sessionStorage.clear()")
        asked.goto(f"{address}/?lang={language}{more}")
        ask(asked, question)
        asked.locator("#conversation .chips, .fault").last.wait_for()
        loaded.evaluate("sessionStorage.clear()")  # for the next question
        for page in (loaded, asked):
            # Elements and their attributes; then what is read, without the button that needs a script.
            assert _outline(page) == _outline(plain)
        for page in (plain, loaded, asked):
            page.locator("[data-copy]").evaluate_all("all => all.forEach((one) => one.remove())")
        for page in (loaded, asked):
            assert text_of(page, "#conversation") == text_of(plain, "#conversation")


def _outline(page: Page) -> Any:
    return page.evaluate(
        """() => [...document.querySelectorAll("#conversation *")].map((at) => at.tagName + " "
          + [...at.attributes].map((a) => `${a.name}=${a.value}`).sort().join(" ")
            .replace(/[0-9a-f]{32}/, "id of the answer"))"""
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
    page.get_by_role("button", name="Delete conversation").click()
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
    assert "What is ASEAN?" in page.locator(".question").last.inner_text()
    assert page.locator(".turn").count() == 2, "the conversation is still there"


@browser_test
def test_what_is_no_full_answer_is_seen_not_to_be_one(open_page: OpenPage) -> None:
    page = open_page()
    ask(page, "Apa sebagian beda ramai?")
    page.locator(".partly").wait_for()
    assert page.locator(".partly").inner_text() == PARTLY["id"]
    assert page.locator(".notice").inner_text() == NOTICE["id"]
    assert page.locator(".found").count() == 0
    assert page.get_by_role("status").inner_text() == f"{PARTLY['id']} {NOTICE['id']}"
    first, second, _ = page.locator(".passage").all()
    assert first.locator(".old").inner_text() == "berita lama"
    assert second.locator(".old, .also").count() == 0
    assert " ".join(first.locator(".also").inner_text().split()) == (
        "Juga diberitakan oleh Kabar & Kota (dibuka di tab baru) (30 Agustus 2023), "
        "Surat Pagi (dibuka di tab baru) (Tanggal tidak dicantumkan), Situs Lain (1 September 2023)"
    )
    links = first.locator(".also a").all()
    assert [link.get_attribute("href") for link in links] == [ALSO[0].url, ALSO[1].url]
    assert links[0].get_attribute("title") == "Warga <b>Masuk</b>"
    ask(page, "halo")
    page.locator(".reply").wait_for()
    assert page.locator(".reply").inner_text() == SOCIAL["id"]
    assert page.locator(".turn").last.get_by_role("button").count() == 2, "questions to begin with"


@browser_test
def test_a_conversation_goes_on_until_a_new_topic(
    open_page: OpenPage, page_standin: Standin
) -> None:
    page = open_page()
    del page_standin.narrowed[:]
    new_topic = page.get_by_role("button", name="Topik baru")
    assert not new_topic.is_visible()

    def say(question: str) -> None:
        turns = page.locator(".turn").count()
        ask(page, question)
        page.locator(f"#conversation .turn:nth-of-type({turns + 1}) .chips").wait_for()

    def before() -> str | None:
        return page_standin.narrowed[-1][0]

    page.get_by_role("button", name="Apa itu KTT ASEAN?").click()
    page.locator(".found").wait_for()
    assert before() is None
    say("halo")
    assert before() == "Apa itu KTT ASEAN?"
    say("lalu di mana?")
    assert before() == "Apa itu KTT ASEAN?", "social talk is no topic"
    understood = "Apa itu KTT ASEAN? lalu di mana?"
    assert page.locator(".read-as q").inner_text() == understood
    assert "previous=Apa+itu+KTT+ASEAN" in page.url, "the address leads back to the same answer"
    page.reload()
    assert page.locator(".read-as q").inner_text() == understood
    say("lalu siapa?")
    assert before() == understood
    new_topic.click()
    assert not new_topic.is_visible()
    assert focused(page) == "" and page.evaluate("document.activeElement.id") == "question"
    assert page.get_by_role("status").inner_text() == TEXTS["id"]["fresh"]
    ask(page, "lalu apa?")
    page.locator(".break + .turn .found").wait_for()
    assert before() is None
    assert page.url.endswith("/?q=lalu+apa%3F&lang=id")
    page.get_by_role("button", name="English").click()
    assert page.locator(".break").inner_text() == TEXTS["en"]["fresh"]


@browser_test
def test_filters_narrow_what_is_asked(open_page: OpenPage, page_standin: Standin) -> None:
    page = open_page()
    del page_standin.narrowed[:]
    ask(page, "Apakah dibuka?")
    page.locator(".found").wait_for()
    panel = page.locator("#filters")
    panel.locator("summary").press("Enter")
    assert page.locator("#publishers option").last.get_attribute("value") == 'Kabar & "Kota"'
    page.get_by_label("Sejak tanggal").fill("2024-02-01")
    page.get_by_label("Sampai tanggal").fill("2024-01-01")
    page.get_by_label("Penerbit").fill("Antara")
    page.get_by_label("Bahasa berita").select_option("en")
    page.get_by_label("Topik", exact=True).fill("KTT")
    assert page.locator("#topics option").first.get_attribute("value") == "kunjungan"
    assert page.locator("#active").inner_text() == "(5)"
    again = page.get_by_role("button", name="Tanyakan lagi")
    again.click()
    hint = page.get_by_role("alert")
    hint.filter(has_text="melewati tanggal akhir").wait_for()
    page.get_by_label("Sampai tanggal").fill("2024-02-01")
    assert hint.inner_text() == ""
    page.get_by_role("textbox", name="Pertanyaan").fill("")
    again.click()
    page.locator(".narrowed").wait_for()
    page.locator(".turn:nth-child(2) .found").wait_for()
    assert page.locator(".narrowed").inner_text() == (
        "Disaring: sejak 1 Februari 2024 · sampai 1 Februari 2024 · Antara · KTT · bahasa Inggris"
    )
    day = date(2024, 2, 1)
    wanted = Filters(day, day, ("Antara",), ("en",), ("KTT",))
    assert page_standin.narrowed == [(None, None), (None, wanted)]
    narrow = "since=2024-02-01&until=2024-02-01&publisher=Antara&topic=KTT&article_language=en"
    assert narrow in page.url
    page.reload()
    assert page.locator(".narrowed").is_visible()
    panel.locator("summary").click()
    page.get_by_role("button", name="Hapus saringan").click()
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
    ask(page, "Apa itu?")
    page.locator(".turn:nth-child(3) .found").wait_for()
    assert page_standin.narrowed[-1] == ("Apakah dibuka?", None)


@browser_test
def test_without_javascript_filters_and_follow_ups(
    open_page: OpenPage, address: str, page_standin: Standin
) -> None:
    page = open_page("/?lang=id", java_script_enabled=False, width=320)
    page.locator("#filters summary").click()
    page.get_by_label("Sejak tanggal").fill("2023-01-31")
    page.get_by_label("Bahasa berita").select_option("id")
    page.get_by_role("textbox", name="Pertanyaan").fill("Apa itu KTT?")
    page.get_by_role("button", name="Tanyakan", exact=True).click()
    narrow = "since=2023-01-31&article_language=id&lang=id"
    assert page.url == f"{address}/?{narrow}&q=Apa+itu+KTT%3F", "what was left empty is left out"
    page.get_by_role("textbox", name="Pertanyaan").fill("lalu di mana?")
    page.get_by_role("button", name="Tanyakan", exact=True).click()
    assert page.locator(".read-as q").inner_text() == "Apa itu KTT? lalu di mana?"
    wanted = Filters(since=date(2023, 1, 31), languages=("id",))
    assert page_standin.narrowed[-2:] == [(None, wanted), ("Apa itu KTT?", wanted)]
    assert "bahasa Indonesia" in page.locator(".narrowed").inner_text()
    page.get_by_role("button", name="English").click()
    assert page.locator(".read-as q").inner_text() == "Apa itu KTT? lalu di mana?"
    page.locator("#filters summary").click()
    page.get_by_label("From date").fill("")
    page.get_by_role("button", name="Ask again").click()
    assert "lalu di mana?" in page.locator(".question").inner_text()
    assert page_standin.narrowed[-1][1] == Filters(languages=("id",))
    page.goto(f"{address}/?lang=id&q=Apa&since=2024-01-01&until=2023-01-01")
    assert "melewati tanggal akhir" in page.get_by_role("alert").inner_text()
    assert page.locator("#since").is_visible(), "it can be mended"
    assert page.locator("#since").input_value() == "2024-01-01"
    page.goto(f"{address}/?lang=id&q=Apa&previous=%3F")
    assert page.locator(".passage").count() == 3, "what the reader has not typed is no fault of his"
    page.get_by_role("button", name="Topik baru").click()
    assert page.url == f"{address}/?lang=id"


@browser_test
def test_the_product_answers_in_the_browser(answerer: Answerer, open_page: OpenPage) -> None:
    with served(create_app(answerer, settings())) as address:
        page = open_page(address)
        ask(page, "Apakah Kantor Sekretariat ASEAN terbuka untuk umum?")
        page.locator(".found").wait_for()
        assert "120 Peserta" in page.locator(".passages").inner_text()
        for mark in page.locator("mark").all():
            assert mark.inner_text().strip().endswith((".", "?", "!", '"', "”"))
