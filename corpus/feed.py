"""Documents that list others: feeds and sitemaps; and telling what kind a document is."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from datetime import date
from typing import Literal
from urllib.parse import urljoin

from lxml import etree

from corpus.clean import clean_line
from corpus.day import day_of
from corpus.url import parse_url

_LARGEST = 20_000_000
"""Bytes of a sitemap after decompression; the protocol allows 50 MB, newspapers need one."""
_MOST_LINKS = 10_000
_BINARY = (
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"RIFF",
    b"PK\x03\x04",
    b"\x7fELF",
    b"MZ",
    b"\x1f\x8b",
)

Kind = Literal["feed", "sitemap", "pdf", "page", "text", "other"]


class FeedError(Exception):
    """A feed or sitemap that cannot be read; the message says why."""


@dataclass(frozen=True, slots=True)
class Link:
    """A page that a feed or sitemap names. `published`: the day as stated there; `changed`: when it was
    last changed, in the list's own words; None where not said."""

    url: str
    title: str | None = None
    published: date | None = None
    changed: str | None = None
    language: str | None = None


def kind(content: bytes, media_type: str, url: str) -> Kind:
    """What `content` is. Its first bytes count more than what the server says it is."""
    head = content[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    if head.startswith(b"%PDF"):
        return "pdf"
    if head.startswith(b"\x1f\x8b"):
        head = _unpacked(content, 4096)[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    wide = head.startswith((b"\xff\xfe", b"\xfe\xff"))  # UTF-16
    if head.startswith(_BINARY) or (b"\0" in head and not wide):
        return "other"
    root = re.search(
        rb"<([A-Za-z][\w:.-]*)", re.sub(rb"<[?!][^>]*>|<!--.*?-->", b"", head, flags=re.S)
    )
    name = root[1].lower() if root else b""
    if name in (b"rss", b"feed", b"rdf:rdf"):
        return "feed"
    if name in (b"urlset", b"sitemapindex"):
        return "sitemap"
    if name and (b"html" in media_type.encode() or not media_type or b"<html" in head.lower()):
        return "page"
    if media_type == "application/pdf":
        return "pdf"
    if "html" in media_type:
        return "page"
    if media_type.startswith(("image/", "audio/", "video/", "font/")) or not content.strip():
        return "other"
    if media_type.startswith("text/") or not media_type:
        return "text"
    return "other"


def read_feed(content: bytes, url: str) -> list[Link]:
    """The pages that an RSS or Atom feed at `url` names, in its order, each once; FeedError where it
    is no feed."""
    import feedparser

    parsed = feedparser.parse(content)
    if not parsed.entries and (parsed.bozo or not parsed.get("version")):
        raise FeedError(f"{url} cannot be read as a feed")
    language = _language(parsed.get("feed", {}).get("language"))
    links: dict[str, Link] = {}
    for entry in parsed.entries[:_MOST_LINKS]:
        address = _address(entry.get("link"), url)
        if address is not None:
            links.setdefault(
                address,
                Link(
                    url=address,
                    title=clean_line(entry.get("title", "")) or None,
                    published=day_of(entry.get("published")),
                    changed=entry["updated"] if "updated" in entry else entry.get("published"),
                    language=_language(entry.get("language")) or language,
                ),
            )
    return list(links.values())


def read_sitemap(content: bytes, url: str) -> tuple[list[Link], list[str]]:
    """The pages that a sitemap at `url` names, newest first where it gives dates, and the further
    sitemaps it names, newest first; FeedError where it is none. It may be packed with gzip."""
    if content.startswith(b"\x1f\x8b"):
        content = _unpacked(content, _LARGEST)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, recover=True, huge_tree=False
    )
    try:
        root = etree.fromstring(content, parser)
    except (etree.LxmlError, ValueError):
        root = None
    if root is None or etree.QName(root).localname not in ("urlset", "sitemapindex"):
        raise FeedError(f"{url} cannot be read as a sitemap")
    links: list[Link] = []
    further: list[tuple[str, str]] = []
    for element in root:
        if not isinstance(element.tag, str):
            continue
        said = {
            etree.QName(child).localname: (child.text or "").strip()
            for child in element.iter()
            if isinstance(child.tag, str)
        }
        address = _address(said.get("loc"), url)
        if address is None:
            continue
        if etree.QName(element).localname == "sitemap":
            further.append((said.get("lastmod", ""), address))
        elif len(links) < _MOST_LINKS:
            links.append(
                Link(
                    url=address,
                    title=clean_line(said.get("title", "")) or None,
                    published=day_of(said.get("publication_date")),
                    changed=said.get("lastmod") or said.get("publication_date") or None,
                    language=_language(said.get("language")),
                )
            )
    # Stable: what has no date keeps its place behind those that have one.
    links.sort(key=lambda link: link.changed or "", reverse=True)
    further.sort(key=lambda item: item[0], reverse=True)
    return links, [address for _, address in further]


def _unpacked(content: bytes, most: int) -> bytes:
    """At most the first `most` bytes of what `content` unpacks to; what is broken ends it."""
    try:
        return zlib.decompressobj(wbits=zlib.MAX_WBITS | 16).decompress(content, most)
    except zlib.error:
        return b""


def _address(link: object, base: str) -> str | None:
    if not isinstance(link, str) or not link.strip():
        return None
    try:
        return parse_url(urljoin(base, link.strip())).text
    except ValueError:
        return None


def _language(code: object) -> str | None:
    if isinstance(code, str) and re.match(r"[A-Za-z]{2}(?:[-_]|$)", code):
        return {"in": "id"}.get(code[:2].lower(), code[:2].lower())
    return None
