"""Messages as Telegram would read them: valid, short enough, nothing important cut away."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.keyboard import View, rating_rows, read_rating, read_reason
from bot.markup import clean, excerpt, one_line, plain, shorten, visible, web_address
from bot.menu import COMMANDS
from bot.message import Messages, wording
from bot.render import LIMIT, related_question, render
from corpus.article import LANGUAGES, Source
from index.answer import Answer, AnswerPassage, Original
from index.marking import Span
from tests.desk import INFO, RELATED, answer, passage, settings_for
from tests.telegram_rules import HtmlError, checked_keyboard, parse, units

ID = Messages("id", "Tanya ASEAN", "humas@example.org")
EN = Messages("en", "Tanya ASEAN", "")

# Every kind of character, markup and direction controls more often than chance would have it.
words = st.one_of(
    st.text(max_size=30),
    st.tuples(
        st.lists(
            st.sampled_from(
                ["<b>", "</blockquote>", "&amp;", "&", '"', "😀", "kata. ", "Kalimat lain! ",
                 "\u202e", "\n", "\x00", "\ud800", "A. apa", "e\u0301", "panjang" * 9]
            ),
            max_size=8,
        ).map("".join),
        st.sampled_from([1, 1, 30]),
    ).map(lambda drawn: drawn[0] * drawn[1]),
)  # fmt: skip
spans = st.builds(Span, st.integers(-5, 900), st.integers(-5, 2500))
languages = st.sampled_from(LANGUAGES)
dates = st.none() | st.dates()
addresses = words | st.sampled_from(
    ["https://a.example/?a=1&b=\"2'<3>", "javascript:alert(1)", "http://[", "https://b.example/x"]
)
sources = st.builds(Source, title=words, publisher=words, url=addresses, published=dates)
passages = st.builds(
    AnswerPassage,
    id=words, article=words, title=words, text=words, language=languages, translated=st.booleans(),
    original=st.none() | st.builds(Original, text=words, language=languages), highlight=spans,
    score=st.floats(0, 1), link=addresses,
    source=sources, also=st.lists(sources, max_size=5).map(tuple), old=st.booleans(),
)  # fmt: skip
answers = st.builds(
    Answer,
    question=words, language=languages,
    outcome=st.sampled_from(["answered", "partly", "unknown", "social"]), confidence=st.floats(0, 1),
    passages=st.lists(passages, max_size=12).map(tuple),
    related=st.lists(words, max_size=7).map(tuple), message=st.none() | words, index=st.just(INFO),
    notice=st.none() | words, read_as=st.none() | words,
)  # fmt: skip


@settings(deadline=None, max_examples=100)
@given(answers, st.none() | words, words, words, st.booleans(), st.integers(1, 9))
def test_any_answer_is_a_message_that_telegram_takes(
    any_answer: Answer, asked: str | None, name: str, contact: str, recent: bool, k: int
) -> None:
    messages = Messages(any_answer.language, name, contact)
    view = View(k, any_answer.language, recent)
    below = rating_rows(messages, "0123456789abcdef" * 2, False, "unclear")
    rendered = render(any_answer, messages, asked, view, below, days=365)
    parsed = parse(rendered.html)
    assert 1 <= units(parsed.text) <= LIMIT
    assert parsed.text == visible(rendered.html)
    assert 1 <= units(rendered.plain) <= LIMIT
    assert len(parsed.entities) <= 100
    assert not re.search("[\x00-\x09\x0b-\x1f\u200b\u200e\u202a-\u202e\u2066-\u2069]", parsed.text)
    markup = rendered.keyboard.to_dict() if rendered.keyboard else None
    for row in (markup or {}).get("inline_keyboard", []):
        for button in row:
            if "url" in button:  # Telegram's demand for a dot in the host is met by the fallback
                assert web_address(button.pop("url"))
                button["callback_data"] = "x"
            elif (data := button["callback_data"]).startswith("ask:"):
                assert related_question(parsed.text, data) is not None
            else:
                assert View.read(data) or read_rating(data) or read_reason(data)
    checked_keyboard(markup)


@settings(deadline=None, max_examples=200)
@given(words, words, words, st.integers(130, 900))
def test_an_excerpt_keeps_to_its_room_and_to_the_text(
    before: str, marked: str, after: str, limit: int
) -> None:
    before, marked, after = clean(before), clean(marked), clean(after)
    pieces = excerpt(before, marked, after, limit)
    assert units("".join(pieces)) <= limit
    assert "".join(pieces).strip("… \n").replace("…", "") in (before + marked + after).replace(
        "…", ""
    )


def test_the_marked_sentence_survives_where_the_rest_does_not() -> None:
    long = " ".join(f"Kalimat nomor {n} yang cukup panjang untuk dibaca." for n in range(200))
    marked = "Kalimat nomor 100 yang cukup panjang untuk dibaca."
    rendered = render(
        answer("Apa?", "id", *(passage(n, text=long, marked=marked) for n in range(1, 11))), ID
    )
    parsed = parse(rendered.html)
    assert LIMIT - 400 < units(parsed.text) <= LIMIT
    quotes = re.findall(r"<blockquote[^>]*>(.*?)</blockquote>", rendered.html, re.DOTALL)
    assert len(quotes) == 10
    assert all(f"<b>{marked}</b>" in quote and quote.endswith("dibaca. …") for quote in quotes)
    assert quotes[0].startswith("… Kalimat nomor 9")
    assert parsed.text.endswith(ID.say("note"))


def test_the_fold_does_not_hide_the_marked_sentence() -> None:
    text = "Pembukaan yang panjang. " * 12 + "Ia bilang gedung itu terbuka. Sudah."
    marked = "Ia bilang gedung itu terbuka."
    late = [passage(n, text=text, marked=marked) for n in (1, 2)]
    html = render(answer("Apa?", "id", *late, passage(3)), ID).html
    first, second, third = re.findall(r"<blockquote[^>]*>(.*?)</blockquote>", html, re.DOTALL)
    assert first.startswith("Pembukaan")
    assert second.startswith(f"<b>{marked}</b>\n\nPembukaan")
    assert second.endswith(f" <b>{marked}</b> Sudah.")
    assert third.startswith("Awal 3. <b>")


def test_room_that_a_short_passage_leaves_goes_to_the_long_ones() -> None:
    long = "Satu kalimat biasa saja. " * 150
    short_and_long = (passage(1), passage(2, text=long, marked="Satu kalimat biasa saja."))
    rendered = render(answer("Apa?", "id", *short_and_long), ID)
    assert units(visible(rendered.html)) > LIMIT - 100


def test_hostile_article_text_stays_text() -> None:
    hostile = passage(
        1,
        title="<a href='https://evil.example'>Klik</a> \u202eelttit",
        text="</blockquote><script>x</script> & \u2066tebal\u2069. Titik.",
        marked="</blockquote><script>x</script> & \u2066tebal\u2069.",
        publisher="<i>Surat</i>\nKabar",
        link="javascript:alert(1)",
        url='https://berita.example.org/?a="><b>',
    )
    rendered = render(answer("Apa?", "id", hostile), ID)
    parsed = parse(rendered.html)
    assert "1. <a href='https://evil.example'>Klik</a> elttit" in parsed.text
    assert "<i>Surat</i> Kabar · 29 Agustus 2023" in parsed.text
    assert "</blockquote><script>x</script> & tebal. Titik." in parsed.text
    assert {e["url"] for e in parsed.entities if "url" in e} == {
        'https://berita.example.org/?a="><b>'
    }


def test_a_passage_without_a_web_address_has_neither_link_nor_button() -> None:
    rendered = render(answer("Apa?", "id", passage(1, link="ftp://x/y", url="berkas")), ID)
    assert "<a " not in rendered.html
    assert rendered.keyboard is None


def test_where_a_text_comes_from_is_said() -> None:
    original = Original("Text.", "en")
    translated = passage(1, translated=True, original=original)
    foreign = passage(2, language="en", published=None)
    text = visible(render(answer("Apa?", "id", translated, foreign), ID).html)
    assert "Berita 1 · 29 Agustus 2023 · terjemahan kami dari bahasa Inggris" in text
    assert "Berita 2 · tanggal tidak diketahui · dalam bahasa Inggris" in text


def test_dates_are_written_as_people_write_them() -> None:
    assert [ID.day(date(2023, month, 9)).split()[1] for month in (1, 8, 12)] == [
        "Januari", "Agustus", "Desember",
    ]  # fmt: skip
    assert EN.day(date(2023, 8, 29)) == "29 August 2023"
    assert EN.day(None) == "date unknown"


def test_who_else_reported_it_is_named_in_part() -> None:
    others = tuple(
        Source(f"Judul {n}", f"Surat {n}", f"https://s{n}.example.org/", date(2023, 9, n))
        for n in range(1, 6)
    )
    html = render(answer("What?", "en", passage(1, also=others)), EN).html
    assert visible(html).splitlines()[4] == (
        "Also reported by Surat 1 (1 September 2023), Surat 2 (2 September 2023), "
        "Surat 3 (3 September 2023), and 2 more"
    )
    assert '<a href="https://s3.example.org/">Surat 3</a>' in html


def test_social_talk_is_no_refusal() -> None:
    talk = replace(answer("halo", "id"), outcome="social", message="Halo juga!")
    text = visible(render(talk, ID).html)
    assert text.startswith(f"Halo juga!\n\n{ID.say('related_social')}\nA. ")
    assert "humas@example.org" not in text
    assert ID.say("social") in visible(render(replace(talk, message=None), ID).html)


def test_partly_promises_no_answer() -> None:
    partly = replace(answer("Apa?", "id", passage(1)), outcome="partly", message=None)
    text = visible(render(partly, ID).html)
    assert text.startswith(f"🔎 {ID.say('partly')}\n\n1. ")
    assert ID.say("found") not in text


def test_unknown_names_the_contact_once() -> None:
    told = answer("Apa?", "id")
    assert visible(render(told, ID).html).count("humas@example.org") == 1
    said = Answer("Apa?", "id", "unknown", 0.1, (), (), "Maaf. Tulis ke humas@example.org.", INFO)
    assert visible(render(said, ID).html).count("humas@example.org") == 1
    assert "@" not in visible(render(answer("What?", "en"), EN).html)


def test_related_questions_are_read_back_from_the_message() -> None:
    rendered = render(answer("Apa?", "id"), ID)
    assert rendered.keyboard is not None
    [row] = rendered.keyboard.inline_keyboard
    text = parse(rendered.html).text
    assert [related_question(text, str(b.callback_data)) for b in row] == list(RELATED["id"])
    assert related_question("A. Pertanyaan lain?", str(row[0].callback_data)) is None


def test_plain_text_holds_the_links() -> None:
    rendered = render(answer("Apa?", "id", passage(1)), ID)
    assert (
        "1. Kunjungan ke <Sekretariat> 1 (https://berita1.example.org/a?b=1&c=2)" in rendered.plain
    )


@pytest.mark.parametrize(
    ("text", "limit", "short"),
    [
        ("satu dua tiga", 13, "satu dua tiga"),
        ("satu dua tiga", 12, "satu dua…"),
        ("satudua", 4, "sat…"),
        ("😀😀😀", 4, "😀…"),
        ("satu", 0, ""),
    ],
)
def test_shortening_counts_utf16_units(text: str, limit: int, short: str) -> None:
    assert shorten(text, limit) == short
    assert units(short) <= limit


def test_cleaning_keeps_emoji_and_drops_what_is_invisible() -> None:
    assert clean("a\u202eb\u200bc\x07\ud800 👩\u200d👧 \t d\r\n\n\n\ne") == "abc 👩\u200d👧 d\n\ne"
    assert one_line(" a\n\n b ", 10) == "a b"


# The texts


def shape(value: Any, path: str = "") -> dict[str, set[str | None] | int]:
    """Every key of a language's file with the placeholders of its text."""
    if isinstance(value, dict):
        return {k: v for key in value for k, v in shape(value[key], f"{path}.{key}").items()}
    if isinstance(value, list):
        return {path: len(value)}
    return {path: {field for _, field, _, _ in Formatter().parse(value) if field is not None}}


def test_both_languages_say_the_same_things() -> None:
    assert shape(wording("id")) == shape(wording("en"))
    assert len(wording("id")["months"]) == 12


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_a_message(language: str) -> None:
    messages = Messages(language, "<Tanya> & co", "a<b@example.org")
    values = {
        **dict.fromkeys(("limit", "n", "days", "articles", "publishers", "questions"), 1_000),
        **dict.fromkeys(
            ("bot", "language", "question", "day", "publisher", "example", "wait"), "<"
        ),
    }
    for key, text in wording(language)["text"].items():
        used = {k: v for k, v in values.items() if "{" + k + "}" in text}
        said = messages.say(key, **used)
        try:
            assert 1 <= units(parse(said).text) <= 1500
        except HtmlError as error:
            pytest.fail(f"{key}: {error}")
        assert plain(said, LIMIT)
    assert {*COMMANDS, "description", "short_description"} == set(wording(language)["menu"])
    ours = Messages.of(language, settings_for(None, Path()))
    assert units(ours.menu("description")) <= 512
    assert units(ours.menu("short_description")) <= 120
    assert all(units(text) <= 200 for text in wording(language)["notice"].values())
    assert all(1 <= units(text) <= 64 for text in wording(language)["button"].values())
