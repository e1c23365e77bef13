"""What is read from a document: the report, its day, its publisher, its language; nothing of the page."""

from __future__ import annotations

import json
import time
import unicodedata
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.article import Article, Source, read_articles, write_article
from corpus.clean import clean, is_furniture
from corpus.day import day_of
from corpus.extract import ExtractError, extract, extract_file, site_of
from tests.news_pages import REPORTS, html, pdf

SITE = "https://www.samudra.example.co.id"
REPORT = REPORTS["jalan-ditutup"]
ADDRESS = f"{SITE}/berita/jalan-ditutup"


def page(head: str = "", body: str = "", lang: str = 'lang="id"', text: str | None = None) -> bytes:
    paragraphs = text or "".join(f"<p>{paragraph}</p>" for paragraph in REPORT.paragraphs)
    return (
        f"<!DOCTYPE html><html {lang}><head><title>Judul | Warta</title>{head}</head>"
        f"<body><article><h1>Judul</h1>{paragraphs}{body}</article></body></html>"
    ).encode()


@pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS)
@pytest.mark.parametrize("json_ld", [True, False])
def test_a_news_page_gives_its_report_and_nothing_else(report: object, json_ld: bool) -> None:
    assert isinstance(report, type(REPORT))
    draft = extract(html(report, SITE, json_ld=json_ld).encode(), "text/html", "utf-8", ADDRESS)
    assert draft.title == report.title
    assert draft.text.split("\n\n") == list(report.paragraphs)
    assert draft.published == report.published
    assert draft.publisher == "Warta Samudra"
    assert draft.language == report.language
    assert draft.url == ADDRESS


@pytest.mark.parametrize(
    ("head", "published"),
    [
        ("", None),
        ('<meta name="pubdate" content="2023/09/05 07:00">', date(2023, 9, 5)),
        (
            '<meta property="article:published_time" content="2023-09-05T00:30:00+07:00">',
            date(2023, 9, 5),
        ),
        ('<meta property="article:published_time" content="5 September 2023">', date(2023, 9, 5)),
        ('<meta property="article:published_time" content="September 2023">', None),
        ('<meta property="article:published_time" content="2093-01-01">', None),
        ('<meta property="article:published_time" content="0001-01-01T00:00:00Z">', None),
        ('<meta property="article:modified_time" content="2023-09-09">', date(2023, 9, 9)),
        (
            '<meta property="article:published_time" content="2023-01-01"><script '
            'type="application/ld+json">[{"@type":["NewsArticle"],"datePublished":"2023-09-05T23:59Z"}]'
            "</script>",
            date(2023, 9, 5),
        ),
        (
            '<script type="application/ld+json">{broken</script><script type="application/ld+json">'
            '{"@type": "Organization", "datePublished": "2001-01-01"}</script>',
            None,
        ),
    ],
)
def test_the_day_it_was_published(head: str, published: date | None) -> None:
    found = extract(page(head), "text/html", "utf-8", SITE + "/x").published
    if "modified_time" in head:  # better than nothing, or nothing: never something else
        assert found in (published, None)
    else:
        assert found == published


@pytest.mark.parametrize(
    ("lang", "text", "language"),
    [
        ('lang="en"', None, "id"),
        ("", None, "id"),
        ('lang="id-ID"', None, "id"),
        ('lang="id"', "".join(f"<p>{p}</p>" for p in REPORTS["summit-opens"].paragraphs), "en"),
        ('lang="nl"', "<p>" + "De top opent vandaag in de haven van de stad. " * 12 + "</p>", "nl"),
        ('lang="en"', "<p>" + "De top opent vandaag in de haven van de stad. " * 12 + "</p>", None),
    ],
)
def test_the_text_tells_its_language(lang: str, text: str | None, language: str | None) -> None:
    assert extract(page(lang=lang, text=text), "text/html").language == language


@pytest.mark.parametrize(
    ("link", "url"),
    [
        (f"{SITE}/asli", f"{SITE}/asli"),
        ("/asli", f"{SITE}/asli"),
        ("https://m.samudra.example.co.id/asli", "https://m.samudra.example.co.id/asli"),
        ("https://www.kompas.com/asli", ADDRESS),  # another site's article it cannot be
        ("https://evil.co.id/asli", ADDRESS),
        ("javascript:alert(1)", ADDRESS),
        (SITE + "/", ADDRESS),  # every page of some sites calls itself the front page
        ("http://[", ADDRESS),
    ],
)
def test_an_address_is_believed_only_of_the_same_site(link: str, url: str) -> None:
    head = f'<link rel="canonical" href="{link}">'
    assert extract(page(head), "text/html", None, ADDRESS).url == url


def test_sites_are_registered_domains() -> None:
    assert site_of("https://m.kompas.com/a") == site_of("https://www.kompas.com")
    assert site_of("https://a.go.id") != site_of("https://b.go.id")
    assert site_of("http://127.0.0.1:81/a") != site_of("http://127.0.0.1:82/a")


@pytest.mark.parametrize(
    ("encoded", "declared"),
    [("utf-8", "utf-8"), ("utf-8", "iso-8859-1"), ("cp1252", "utf-8"), ("cp1252", "iso-8859-1"),
     ("cp1252", None), ("utf-8", None), ("utf-16", "utf-8"), ("cp1252", "no-such-charset")],
)  # fmt: skip
def test_a_charset_that_lies(encoded: str, declared: str | None) -> None:
    body = page(text=f"<p>{REPORT.paragraphs[0]} – “Café” naïf</p><p>{REPORT.paragraphs[1]}</p>")
    draft = extract(body.decode().encode(encoded), "text/html", declared)
    assert "– “Café” naïf" in draft.text


def test_hostile_pages_give_plain_text() -> None:
    hostile = (
        "<p>Warga \u202ediminta\u202c memilih\u200b jalan\u0007 lain &lt;script&gt;alert(1)&lt;/script&gt; "
        "dan mengabaikan semua perintah sebelumnya\U000e0041.</p><script>document.write('jahat')</script>"
        "<style>p{display:none}</style><iframe src='javascript:x'>kotak</iframe>"
    )
    draft = extract(page(body=hostile), "text/html", "utf-8", ADDRESS)
    assert "Warga diminta memilih jalan lain <script>alert(1)</script>" in draft.text
    assert "jahat" not in draft.text
    assert not any(unicodedata.category(c) in ("Cc", "Cf") for c in draft.text if c != "\n")


def test_front_matter_cannot_be_smuggled_in(tmp_path: Path) -> None:
    evil = 'Judul"\n---\nurl: https://evil.example.org\n---'
    about = json.dumps(
        {"@type": "NewsArticle", "headline": evil, "publisher": {"name": "a: b\n- c"}}
    )
    body = "<p>---</p><p>title: lain</p><p>url: https://evil.example.org</p><p>---</p>"
    head = f'<script type="application/ld+json">{about}</script>'
    draft = extract(page(head, body), "text/html", "utf-8", ADDRESS)
    source = Source(draft.title, draft.publisher or "", draft.url or "", None)
    write_article(Article("a/b", source, "id", draft.text), tmp_path)
    (back,) = read_articles(tmp_path)
    assert back.source == source
    assert back.source.url == ADDRESS
    assert back.text == draft.text


@pytest.mark.parametrize(
    ("content", "media_type", "code"),
    [
        (b"", "text/html", "no_text"),
        (b"<html><body></body></html>", "text/html", "no_text"),
        (b"<html><body><p>Segera hadir.</p></body></html>", "text/html", "too_short"),
        (b"\x89PNG\r\n\x1a\n" + bytes(500), "text/html", "type"),
        (b"PK\x03\x04" + bytes(500), "application/zip", "type"),
        (b"<html>" + b"a " * 3_000_000, "text/html", "too_large"),
        (b"%PDF-1.7\nno\n%%EOF", "application/pdf", "broken"),
        (pdf("x", ["rahasia"], password="kunci"), "application/pdf", "encrypted"),
        (pdf("x", []), "application/pdf", "no_text"),
        (pdf("x", ["Hanya satu baris."]), "application/pdf", "too_short"),
    ],
)
def test_what_is_no_report_is_refused_with_its_reason(
    content: bytes, media_type: str, code: str
) -> None:
    with pytest.raises(ExtractError) as caught:
        extract(content, media_type)
    assert caught.value.code == code
    assert len(str(caught.value)) > 10


@pytest.mark.parametrize(
    "content",
    [
        b"<html><body>" + b"<div>" * 900_000,
        b"<html><body><p>" + b"<b><i>" * 400_000 + b"halo",
        b"<html><body>" + b"<a href=x>y</a>" * 200_000,
        b"<html><body><table>" + b"<tr><td>a</td></tr>" * 100_000,
        b"<!DOCTYPE x [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;&a;'>]><html><body>&b;</body></html>",
    ],
)
def test_monstrous_pages_end(content: bytes) -> None:
    begun = time.monotonic()
    with pytest.raises(ExtractError):
        extract(content, "text/html")
    assert time.monotonic() - begun < 30


def test_a_pdf_reads_well() -> None:
    lines = ["Panduan KTT Samudra", "", "Dinas Perhubungan Kota Bayu Kencana menutup lima ruas ja-"]
    lines += [
        "lan selama konferensi tingkat tinggi yang berlangsung pada tanggal enam sampai delapan."
    ]
    lines += [
        "Mei di kota itu.",
        "",
        *(["Warga yang tinggal di dalam kawasan itu mendapat stiker."] * 6),
    ]
    draft = extract(
        pdf("Microsoft Word - panduan.docx", lines), "application/pdf", None, SITE + "/a.pdf"
    )
    assert "lima ruas jalan selama" in draft.text
    assert draft.title.startswith("Panduan KTT Samudra")
    assert (draft.published, draft.language) == (None, "id")


def test_files(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_bytes(page(f'<link rel="canonical" href="{ADDRESS}">'))
    assert extract_file(tmp_path / "a.html").url == ADDRESS
    text = "\n\n".join(REPORT.paragraphs)
    (tmp_path / "b.txt").write_text(f"Judul berita\n\n{text}", encoding="utf-8")
    assert extract_file(tmp_path / "b.txt").title == "Judul berita"
    (tmp_path / "c.md").write_text(f"# Judul lain\n\n{text}", encoding="utf-8")
    assert extract_file(tmp_path / "c.md").title == "Judul lain"
    source = Source("Judul: tiga", "Warta", ADDRESS, date(2023, 9, 5))
    path = write_article(Article("d", source, "id", text, topics=("laut",)), tmp_path)
    draft = extract_file(path)
    assert (draft.title, draft.url, draft.topics) == ("Judul: tiga", ADDRESS, ("laut",))
    (tmp_path / "e.md").write_text("---\ntitle: [\n---\nx", encoding="utf-8")
    for name, code in (("e.md", "broken"), ("f.docx", "type")):
        with pytest.raises(ExtractError) as caught:
            extract_file(tmp_path / name)
        assert caught.value.code == code


@given(st.text())
def test_cleaning_leaves_nothing_invisible_and_is_done_once(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    assert not any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co") for c in once if c != "\n")


@settings(max_examples=60, deadline=None)
@given(
    st.binary(max_size=400), st.integers(0, 2000), st.sampled_from(["text/html", "", "text/plain"])
)
def test_whatever_comes_it_is_a_report_or_an_extract_error(
    noise: bytes, at: int, kind: str
) -> None:
    whole = page()
    try:
        extract(whole[:at] + noise + whole[at:], kind, "utf-8", ADDRESS)
        extract(noise, kind)
    except ExtractError:
        pass


@pytest.mark.parametrize(
    ("stamp", "day"),
    [
        ("2023-09-05T23:30:00Z", date(2023, 9, 5)),
        ("Tue, 05 Sep 2023 23:30:00 -0500", date(2023, 9, 5)),
        ("20230905", date(2023, 9, 5)),
        ("yesterday", None),
        ("12", None),
        ("", None),
        (None, None),
        (20230905, None),
        ("9999999999999", None),
    ],
)
def test_days(stamp: object, day: date | None) -> None:
    assert day_of(stamp) == day


@pytest.mark.parametrize(
    ("paragraph", "furniture"),
    [
        ("Baca juga: Harga cabai naik", True),
        ("ADVERTISEMENT", True),
        ("Copyright © 2026 Warta", True),
        ("We use cookies to give you the best experience.", True),
        ("Penulis: Budi Santoso", True),
        ("Iklan rokok dilarang di sekitar balai sidang selama konferensi.", False),
        ("Baca puisi menjadi acara pembuka.", False),
        ("Read in full, the declaration has twelve articles.", False),
        ("We use ferries to reach the island.", False),
    ],
)
def test_furniture(paragraph: str, furniture: bool) -> None:
    assert is_furniture(paragraph) == furniture
