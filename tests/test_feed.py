"""Feeds and sitemaps: which pages they name, and what they say of them."""

from __future__ import annotations

import gzip
import time
from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.feed import FeedError, Link, kind, read_feed, read_sitemap
from tests.news_pages import atom, pdf, rss, sitemap, sitemap_index

SITE = "https://warta.example.org"
LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha">'
    + "".join(
        f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    + "]>"
)


def test_rss_keeps_the_day_of_the_newsroom() -> None:
    feed = rss([(f"{SITE}/1", "Satu & dua", date(2023, 9, 5)), ("/2", "Dua", None)])
    first, second = read_feed(feed.encode(), f"{SITE}/feed")
    assert (first.url, first.title, first.published) == (
        f"{SITE}/1",
        "Satu & dua",
        date(2023, 9, 5),
    )
    assert second == Link(f"{SITE}/2", "Dua")


def test_atom() -> None:
    (link,) = read_feed(atom([(f"{SITE}/1", "Satu", date(2023, 9, 5))]).encode(), f"{SITE}/feed")
    assert (link.url, link.published) == (f"{SITE}/1", date(2023, 9, 5))


def test_links_that_are_no_pages_are_left_out() -> None:
    feed = rss(
        [("javascript:alert(1)", "a", None), ("file:///etc/passwd", "b", None), ("", "c", None)]
    )
    assert read_feed(feed.encode(), f"{SITE}/feed") == []


def test_sitemaps_name_the_newest_first() -> None:
    days = [(f"{SITE}/1", None), (f"{SITE}/2", date(2023, 1, 1)), (f"{SITE}/3", date(2023, 9, 9))]
    links, further = read_sitemap(gzip.compress(sitemap(days).encode()), f"{SITE}/sitemap.xml.gz")
    assert [link.url[-1] for link in links] == ["3", "2", "1"]
    assert further == []
    assert read_sitemap(sitemap_index([f"{SITE}/a", "/b"]).encode(), SITE) == (
        [],
        [f"{SITE}/a", f"{SITE}/b"],
    )


def test_a_news_sitemap_gives_day_title_and_language() -> None:
    news = (
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
        'xmlns:n="http://www.google.com/schemas/sitemap-news/0.9"><url><loc>https://x.example.org/1</loc>'
        "<n:news><n:publication><n:name>W</n:name><n:language>id</n:language></n:publication>"
        "<n:publication_date>2023-09-05T01:00:00+07:00</n:publication_date><n:title>Judul</n:title>"
        "</n:news></url></urlset>"
    )
    ((link,), _) = read_sitemap(news.encode(), SITE)
    assert (link.title, link.published, link.language) == ("Judul", date(2023, 9, 5), "id")


@pytest.mark.parametrize(
    "content", [b"", b"<html>", b"\0\1\2", b"not xml", b"<rss", LAUGHS.encode()]
)
def test_what_is_no_feed(content: bytes) -> None:
    with pytest.raises(FeedError):
        read_feed(content, SITE)


@pytest.mark.parametrize("content", [b"", b"\0\1", b"not xml", b"\x1f\x8bbroken"])
def test_what_is_no_sitemap(content: bytes) -> None:
    with pytest.raises(FeedError):
        read_sitemap(content, SITE)


def test_bombs_do_not_go_off() -> None:
    begun = time.monotonic()
    laughs = LAUGHS + f"<urlset><url><loc>{SITE}/&i;</loc></url></urlset>"
    links, _ = read_sitemap(laughs.encode(), SITE)
    assert all(len(link.url) < 1000 for link in links)
    try:
        feed = read_feed(
            (LAUGHS + "<rss><channel><title>&i;</title></channel></rss>").encode(), SITE
        )
        assert feed == []
    except FeedError:
        pass
    with pytest.raises(FeedError):
        read_sitemap(gzip.compress(bytes(200_000_000)), SITE)
    assert time.monotonic() - begun < 10


@pytest.mark.parametrize(
    ("content", "media_type", "expected"),
    [
        (b"<?xml version='1.0'?><!-- x --><rss>", "text/html", "feed"),
        (b"\xef\xbb\xbf<feed xmlns='a'>", "", "feed"),
        (b"<urlset>", "text/plain", "sitemap"),
        (gzip.compress(b"<sitemapindex>", mtime=0), "application/x-gzip", "sitemap"),
        (b"%PDF-1.4", "text/html", "pdf"),
        (pdf("a", ["b"]), "application/octet-stream", "pdf"),
        (b"<!doctype html><html>", "", "page"),
        (b"<p>halo</p>", "text/html", "page"),
        (b"Halo semua.", "text/plain", "text"),
        (b"\x89PNG\r\n", "text/html", "other"),
        (b"\xff\xd8\xff\xe0", "image/jpeg", "other"),
        (b"", "text/html", "page"),
    ],
)
def test_the_first_bytes_tell_the_kind(content: bytes, media_type: str, expected: str) -> None:
    assert kind(content, media_type, SITE) == expected


@given(st.binary())
def test_noise_is_refused_in_order(content: bytes) -> None:
    for read in (read_feed, read_sitemap):
        with suppress(FeedError):
            read(content, SITE)
