"""What becomes of a document that was read: a new article, a changed one, or nothing, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from corpus import step
from corpus.article import LANGUAGES, Article, Source, canonical_url
from corpus.clean import clean_line
from corpus.extract import Draft
from corpus.feed import Link
from corpus.ledger import Ledger
from corpus.report import Item, Outcome, Said
from corpus.shelf import VERSIONS, Placed, Shelf, digest


class Intake:
    """Puts drafts on a shelf. Not safe to use from several threads at once."""

    def __init__(self, shelf: Shelf, ledger: Ledger, dry_run: bool) -> None:
        self._shelf = shelf
        self._ledger = ledger
        self._dry_run = dry_run

    def take(self, draft: Draft, link: Link, said: Said, page_url: str) -> tuple[Item, str | None]:
        """Put what `draft` holds on the shelf, if it belongs there; the item, and the file's digest."""
        url = said.url or draft.url or page_url
        article = _article(draft, link, said, url)
        title = article.source.title
        if article.language not in LANGUAGES:
            known = article.language or "that cannot be told"
            reason = f"Its language ({known}) is not served. If that is wrong, give --language"
            return Item(link.url, "failed", reason, title=title), None
        if said.words and not _holds(article, said.words):
            return Item(link.url, "off_topic", title=title), None
        placed = self._shelf.at(url) or self._shelf.at(link.url)
        if placed is not None:
            return self._again(link, said, article, placed)
        if like := self._shelf.alike(article):
            reason = f"The same text as {like}"
            return Item(link.url, "duplicate", reason, like, title), None
        visits = [self._ledger.visit(canonical_url(one)) for one in (link.url, url)]
        deleted = next((visit for visit in visits if visit and visit.digest), None)
        if deleted is not None and not said.sure:
            reason = (
                f"Its article {deleted.article} was deleted by hand (or cannot be read) and is not "
                f"written again. If it should be: tanya collect {link.url}"
            )
            return Item(link.url, "left", reason, deleted.article, title), deleted.digest
        article = replace(article, id=self._shelf.free_id(article))
        return self._put(link, article, "new")

    def _again(
        self, link: Link, said: Said, article: Article, placed: Placed
    ) -> tuple[Item, str | None]:
        """A page whose article is there already."""
        name, title = placed.article.id, article.source.title
        if not placed.ours:
            return Item(link.url, "known", "", name, title), None
        # A date that the page has lost is not lost; topics are the editors'.
        former = placed.article
        source = replace(
            article.source,
            published=article.source.published or former.source.published,
            publisher=said.publisher if said.sure and said.publisher else former.source.publisher,
        )
        topics = former.topics or article.topics
        if said.sure:
            topics = tuple(dict.fromkeys((*former.topics, *said.topics)))
        article = replace(article, id=name, source=source, topics=topics)
        article = replace(article, translation=former.translation)
        if _told(article) == _told(former):
            return Item(link.url, "same", "", name, title), digest(placed.path)
        if not self._ledger.wrote(name, digest(placed.path)):
            reason = (
                f"The page differs from {name}, which was edited by hand and is left as it is. "
                "To take the page anew, delete the file and its translation, and name the page again"
            )
            visit = self._ledger.visit(canonical_url(link.url))
            return Item(link.url, "left", reason, name, title), visit.digest if visit else None
        if former.translation is not None and former.text != article.text:
            # What was translated is no longer what stands there.
            reason = f"Its translation was of the former text, and is kept below {VERSIONS}"
            return self._put(link, replace(article, translation=None), "changed", reason)
        return self._put(link, article, "changed")

    def _put(
        self, link: Link, article: Article, outcome: Outcome, reason: str = ""
    ) -> tuple[Item, str | None]:
        written = None if self._dry_run else self._shelf.put(article)
        step.reached("collect: article written")
        return Item(link.url, outcome, reason, article.id, article.source.title), written


def _article(draft: Draft, link: Link, said: Said, url: str) -> Article:
    """The article of a page, what is known beforehand and what its source says put together."""
    source = Source(
        title=clean_line(said.title or draft.title),
        # A newsroom's own name, spelled one way, is the operator's to give.
        publisher=said.publisher or draft.publisher or _bare_host(url),
        url=url,
        published=said.published or link.published or draft.published,
    )
    language = said.language if said.sure and said.language else draft.language or said.language
    topics = tuple(dict.fromkeys((*said.topics, *draft.topics)))
    return Article("", source, language or "", draft.text, topics, verbatim=draft.verbatim)


def _told(article: Article) -> tuple[object, ...]:
    return (article.source, article.language, article.text, article.topics)


def _holds(article: Article, words: Sequence[str]) -> bool:
    text = f"{article.source.title}\n{article.text}".casefold()
    return any(word in text for word in words)


def _bare_host(url: str) -> str:
    return (urlsplit(url).hostname or url).removeprefix("www.")
