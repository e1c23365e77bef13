"""The pages that a feed or a sitemap names, those of the sitemaps that it names included."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from corpus.extract import site_of
from corpus.feed import FeedError, Link, read_feed, read_sitemap
from corpus.web import Page, WebError

_SITEMAPS = 50
"""Sitemaps read of one index of them."""


@dataclass(frozen=True, slots=True)
class Listing:
    """`links`: newest first, where the list says so; `broken`: addresses of further sitemaps that could
    not be read, each with the reason."""

    links: tuple[Link, ...]
    broken: tuple[tuple[str, str], ...] = ()


def read_listing(page: Page, what: str, fetch: Callable[[str], Page]) -> Listing:
    """What the feed or sitemap `page` lists; FeedError where it cannot be read."""
    if what == "feed":
        return Listing(tuple(read_feed(page.content, page.url)))
    links, further = read_sitemap(page.content, page.url)
    broken: list[tuple[str, str]] = []
    # One level down, as the protocol has it, and of the same site.
    for url in [one for one in further if site_of(one) == site_of(page.url)][:_SITEMAPS]:
        try:
            inner = fetch(url)
            links += read_sitemap(inner.content, inner.url)[0]
        except (WebError, FeedError) as error:
            broken.append((url, str(error)))
    once: dict[str, Link] = {}
    for link in links:
        once.setdefault(link.url, link)
    newest = sorted(once.values(), key=lambda link: link.changed or "", reverse=True)
    return Listing(tuple(newest), tuple(broken))
