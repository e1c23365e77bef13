"""Collecting: from addresses and files to articles in the operator's folder."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

from corpus import step
from corpus.article import LANGUAGES, Article, Source, canonical_url
from corpus.clean import clean_line
from corpus.extract import Draft, ExtractError, extract, extract_file, site_of
from corpus.feed import FeedError, Link, kind, read_feed, read_sitemap
from corpus.ledger import Ledger, SourceVisit, Visit
from corpus.report import Item, Outcome, Report, Said, Task
from corpus.shelf import Placed, Shelf, digest
from corpus.sources import Listed
from corpus.web import Page, Web, WebError

_HOSTS = 4
"""Hosts that are visited at the same time."""
_SITEMAPS = 50
"""Sitemaps read of one index of them."""
_RECENT_SECONDS = 7 * 86_400.0
_AGAIN_SECONDS = 6 * 3600.0
"""A page of the last seven days is looked at again after six hours, where nothing says that it changed."""

Progress = Callable[[int, int], None]
"""Called with how many pages are done, and how many there are so far."""


@dataclass(frozen=True, slots=True)
class _Job:
    """A page to visit: `link` as its source names it."""

    link: Link
    said: Said
    direct: bool


class Collector:
    """Brings pages into a shelf. Hosts are visited side by side, each one page at a time."""

    def __init__(
        self,
        shelf: Shelf,
        ledger: Ledger,
        web: Web,
        dry_run: bool = False,
        progress: Progress = lambda done, total: None,
    ) -> None:
        self._shelf = shelf
        self._ledger = ledger
        self._web = web
        self._dry_run = dry_run
        self._progress = progress
        self._lock = threading.Lock()  # of shelf, ledger and the two counts
        self._done = self._total = 0

    def due(self, sources: Iterable[Listed]) -> list[Listed]:
        """Those of `sources` whose time has come."""
        now = time.time()
        found = []
        for source in sources:
            visit = self._ledger.source(source.url)
            # A minute early is on time: cron and the visits themselves do not keep the second.
            if visit is None or now - visit.visited >= source.every - min(60.0, source.every / 10):
                found.append(source)
        return found

    def collect(self, tasks: Sequence[Task]) -> Report:
        """Visit all of `tasks`. One that fails becomes an item with its reason, and stops no other.

        Raises ShelfError, or sqlite3.Error of the ledger, where nothing can be written; what was written
        before stays."""
        begun = time.monotonic()
        self._shelf.tidy()
        self._done, self._total = 0, len(tasks)
        hosts: dict[str, list[int]] = defaultdict(list)
        for number, task in enumerate(tasks):
            hosts[_host(task.where)].append(number)

        def in_turn(numbers: list[int]) -> list[tuple[int, list[Item]]]:
            return [(number, self._visit(tasks[number])) for number in numbers]

        pool = ThreadPoolExecutor(_HOSTS, thread_name_prefix="collect")
        try:
            results = [result for host in pool.map(in_turn, hosts.values()) for result in host]
        finally:
            # What is under way is finished; the rest is left for the next time.
            pool.shutdown(cancel_futures=True)
        items = [item for _, found in sorted(results, key=lambda one: one[0]) for item in found]
        return Report(tuple(items), time.monotonic() - begun, self._dry_run)

    def _visit(self, task: Task) -> list[Item]:
        if not task.where.lower().startswith(("http://", "https://")):
            item = self._file(Path(task.where), task.said)
            self._advance()
            return [item]
        source = task.listed is not None and task.listed.kind != "page"
        before = self._ledger_source(task.where) if source else None
        try:
            if not source and self._known_page(task.where):
                return [self._page(_Job(Link(task.where), task.said, direct=True))]
            page = self._fetch_list(task.where, before)
        except WebError as error:
            self._note_source(task, SourceVisit(task.where, time.time(), failed=-1))
            self._advance()
            outcome: Outcome = "gone" if error.status in (404, 410) else "failed"
            return [Item(task.where, outcome, str(error))]
        if page.not_modified and before is not None:
            self._note_source(task, replace(before, visited=time.time()))
            self._advance()
            return []
        what = kind(page.content, page.media_type, page.url)
        if what not in ("feed", "sitemap"):
            if source:
                self._advance()
                self._note_source(task, SourceVisit(task.where, time.time(), failed=-1))
                return [Item(task.where, "failed", f"{task.where} is no {task.listed.kind}")]  # type: ignore[union-attr]
            item = self._fetched(_Job(Link(task.where), task.said, direct=True), page)
            self._note_source(task, SourceVisit(task.where, time.time()))
            self._advance()
            return [item]
        try:
            links = self._links(page, what)
        except FeedError as error:
            self._advance()
            self._note_source(task, SourceVisit(task.where, time.time(), failed=-1))
            return [Item(task.where, "failed", str(error))]
        most = task.listed.most if task.listed is not None else 100
        jobs = [_Job(link, task.said, direct=False) for link in links[:most]]
        with self._lock:
            self._total += len(jobs)
        self._advance()
        items = [item for job in jobs for item in [self._page(job)]]
        failed = sum(item.outcome == "failed" for item in items)
        visit = SourceVisit(task.where, time.time(), page.etag, page.last_modified, failed)
        self._note_source(task, visit)
        return items

    def _fetch_list(self, url: str, before: SourceVisit | None) -> Page:
        # Pages that failed are tried again, which takes the list itself.
        if before is None or before.failed:
            return self._web.get(url)
        return self._web.get(url, before.etag, before.modified)

    def _links(self, page: Page, what: str) -> list[Link]:
        if what == "feed":
            return read_feed(page.content, page.url)
        links, further = read_sitemap(page.content, page.url)
        # One level down, as the protocol has it, and of the same site.
        for url in [one for one in further if site_of(one) == site_of(page.url)][:_SITEMAPS]:
            try:
                inner = self._web.get(url)
                links += read_sitemap(inner.content, inner.url)[0]
            except (WebError, FeedError):
                continue
        return sorted(links, key=lambda link: link.changed or "", reverse=True)

    def _page(self, job: _Job) -> Item:
        """Visit one page, unless nothing says that it is worth it."""
        try:
            url = job.link.url
            with self._lock:
                visit = self._ledger.visit(canonical_url(url))
                placed = self._shelf.at(url)
            if placed is not None and not placed.ours:
                return Item(url, "known", "", placed.article.id, placed.article.source.title)
            if visit is not None and not job.direct and not _worth(job.link, visit):
                return Item(url, "known", "", visit.article)
            state = visit if visit is not None and visit.outcome != "failed" else None
            try:
                page = self._web.get(
                    url, state.etag if state else None, state.modified if state else None
                )
            except WebError as error:
                return self._unread(job, visit, error)
            if page.not_modified and state is not None:
                self._note(replace(state, visited=time.time(), changed=job.link.changed))
                return Item(url, "same", "", state.article)
            return self._fetched(job, page)
        finally:
            self._advance()

    def _fetched(self, job: _Job, page: Page) -> Item:
        """Make an article of a page that was fetched."""
        url = job.link.url
        try:
            draft = extract(page.content, page.media_type, page.charset, page.url)
        except ExtractError as error:
            item = Item(url, "failed", str(error))
            digest_ = None
        else:
            item, digest_ = self._take(draft, job.link, job.said, page.url)
        self._note(
            Visit(
                url=canonical_url(url),
                visited=time.time(),
                outcome=item.outcome,
                etag=page.etag,
                modified=page.last_modified,
                changed=job.link.changed,
                article=item.article,
                digest=digest_,
            )
        )
        return item

    def _unread(self, job: _Job, visit: Visit | None, error: WebError) -> Item:
        url = job.link.url
        gone = error.status in (404, 410)
        article = visit.article if visit is not None else None
        if gone and article is not None:
            reason = f"{error}. Its article {article} stays; delete the file if it should go"
            return Item(url, "gone", reason, article)
        if visit is None or visit.article is None:
            self._note(Visit(canonical_url(url), time.time(), "failed"))
        return Item(url, "failed", str(error), article)

    def _file(self, path: Path, said: Said) -> Item:
        try:
            draft = extract_file(path)
        except ExtractError as error:
            return Item(str(path), "failed", str(error))
        except OSError as error:
            return Item(str(path), "failed", f"{path} cannot be read ({error.strerror})")
        url = said.url or draft.url
        if not url:
            reason = "It does not say where it was published. Give its address with --url"
            return Item(str(path), "failed", reason)
        item, digest_ = self._take(draft, Link(url), said, url)
        if item.article is not None and digest_ is not None:
            self._note(
                Visit(
                    canonical_url(url),
                    time.time(),
                    item.outcome,
                    article=item.article,
                    digest=digest_,
                )
            )
        return replace(item, where=str(path))

    def _take(self, draft: Draft, link: Link, said: Said, page_url: str) -> tuple[Item, str | None]:
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
        with self._lock:
            placed = self._shelf.at(url) or self._shelf.at(link.url)
            if placed is not None:
                return self._again(link, article, placed)
            if like := self._shelf.alike(article):
                reason = f"The same text as {like}"
                return Item(link.url, "duplicate", reason, like, title), None
            deleted = self._ledger.visit(canonical_url(link.url))
            if deleted is not None and deleted.digest is not None:
                reason = (
                    f"Its article {deleted.article} was deleted by hand, and is not written again"
                )
                return Item(link.url, "left", reason, deleted.article, title), deleted.digest
            article = replace(article, id=self._shelf.free_id(article))
            return self._put(link, article, "new")

    def _again(self, link: Link, article: Article, placed: Placed) -> tuple[Item, str | None]:
        """A page whose article is there already."""
        name, title = placed.article.id, article.source.title
        if not placed.ours:
            return Item(link.url, "known", "", name, title), None
        # A date that the page has lost is not lost; topics are the editors'.
        former = placed.article
        source = replace(
            article.source,
            published=article.source.published or former.source.published,
            publisher=former.source.publisher,
        )
        topics = former.topics or article.topics
        article = replace(article, id=name, source=source, topics=topics)
        article = replace(article, translation=former.translation)
        if _told(article) == _told(former):
            return Item(link.url, "same", "", name, title), digest(placed.path)
        visit = self._ledger.of_article(name)
        if visit is None or visit.digest != digest(placed.path):
            reason = (
                f"The page differs from {name}, which was edited by hand and is left as it is. "
                "To take the page anew, delete the file and its translation, and name the page again"
            )
            return Item(link.url, "left", reason, name, title), visit.digest if visit else None
        # What was translated is no longer what stands there.
        return self._put(link, replace(article, translation=None), "changed")

    def _put(self, link: Link, article: Article, outcome: Outcome) -> tuple[Item, str | None]:
        written = None if self._dry_run else self._shelf.put(article)
        step.reached("collect: article written")
        return Item(link.url, outcome, "", article.id, article.source.title), written

    def _known_page(self, url: str) -> bool:
        with self._lock:
            return self._ledger.visit(canonical_url(url)) is not None

    def _ledger_source(self, url: str) -> SourceVisit | None:
        with self._lock:
            return self._ledger.source(url)

    def _note(self, visit: Visit) -> None:
        with self._lock:
            self._ledger.note(visit)
        step.reached("collect: visit noted")

    def _note_source(self, task: Task, visit: SourceVisit) -> None:
        # What was named on the command line has no next time.
        if task.listed is not None:
            with self._lock:
                self._ledger.note_source(visit)
            step.reached("collect: source noted")

    def _advance(self) -> None:
        with self._lock:
            self._done += 1
            self._progress(self._done, self._total)


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
    return (article.source, article.language, article.text)


def _holds(article: Article, words: Sequence[str]) -> bool:
    text = f"{article.source.title}\n{article.text}".casefold()
    return any(word in text for word in words)


def _worth(link: Link, visit: Visit) -> bool:
    """Whether a page that was visited before should be visited again."""
    if visit.outcome == "failed" or (link.changed and link.changed != visit.changed):
        return True
    recent = link.published is not None and _age(link.published) < _RECENT_SECONDS
    return recent and time.time() - visit.visited > _AGAIN_SECONDS


def _age(day: date) -> float:
    return (date.today() - day).total_seconds()  # noqa: DTZ011 - a day more or less does not matter


def _host(where: str) -> str:
    return (urlsplit(where).hostname or "") if "://" in where else ""


def _bare_host(url: str) -> str:
    return (urlsplit(url).hostname or url).removeprefix("www.")
