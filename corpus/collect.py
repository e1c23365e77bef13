"""Collecting: from addresses and files to articles in the operator's folder."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

from corpus import step
from corpus.article import canonical_url
from corpus.extract import Draft, ExtractError, extract, extract_file
from corpus.feed import FeedError, Link, kind
from corpus.intake import Intake
from corpus.ledger import Ledger, SourceVisit, Visit
from corpus.listing import read_listing
from corpus.report import Item, Report, Said, Task
from corpus.shelf import Shelf, ShelfError
from corpus.sources import MOST, Listed
from corpus.targets import is_address
from corpus.web import Page, Web, WebError

_HOSTS = 4
"""Hosts that are visited at the same time."""
_RECENT_SECONDS = 7 * 86_400.0
_AGAIN_SECONDS = 6 * 3600.0
"""A page of the last seven days is looked at again after six hours, where nothing says that it changed."""
_UNUSABLE_SECONDS = 86_400.0
"""So is what was no report (a video, a page of three words) after a day."""
_UNREAD = ("failed", "unusable")
_log = logging.getLogger("tanya.collect")

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
        self._intake = Intake(shelf, ledger, dry_run)
        self._dry_run = dry_run
        self._progress = progress
        self._lock = threading.Lock()  # of shelf, ledger and the two counts
        self._done = self._total = 0
        self._stopping = threading.Event()

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
        if not self._dry_run:
            self._shelf.tidy()
        self._done, self._total = 0, len(tasks)
        self._stopping.clear()
        hosts: dict[str, list[int]] = defaultdict(list)
        for number, task in enumerate(tasks):
            hosts[_host(task.where)].append(number)
        found: dict[int, list[Item]] = {}

        def in_turn(numbers: list[int]) -> None:
            for number in numbers:
                if self._stopping.is_set():
                    return
                found[number] = self._visit(tasks[number])
                self._advance()

        pool = ThreadPoolExecutor(_HOSTS, thread_name_prefix="collect")
        try:
            futures = [pool.submit(in_turn, numbers) for numbers in hosts.values()]
            for future in wait(futures, return_when=FIRST_EXCEPTION).done:
                future.result()
        finally:
            # What is under way is finished; the rest is left for the next time.
            self._stopping.set()
            pool.shutdown(cancel_futures=True)
        items = [item for number in sorted(found) for item in found[number]]
        return Report(tuple(items), time.monotonic() - begun, self._dry_run)

    def _visit(self, task: Task) -> list[Item]:
        try:
            if not is_address(task.where):
                return [self._file(Path(task.where), task.said)]
            if task.listed is not None and task.listed.kind != "page":
                return self._source(task)
            item = self._page_or_list(task)
        except (ShelfError, sqlite3.Error):
            raise
        except Exception as error:
            return [_unexpected(task.where, error)]
        self._note_source(task, SourceVisit(task.where, time.time()))
        return item

    def _page_or_list(self, task: Task) -> list[Item]:
        """What was named without saying what it is."""
        job = _Job(Link(task.where), task.said, direct=True)
        with self._lock:
            known = self._ledger.visit(canonical_url(task.where)) is not None
        if known:
            return [self._page(job)]
        try:
            page = self._web.get(task.where)
        except WebError as error:
            return [self._unread(job, None, error)]
        if kind(page.content, page.media_type, page.url) in ("feed", "sitemap"):
            return self._list(task, page)
        return [self._fetched(job, page)]

    def _source(self, task: Task) -> list[Item]:
        """What a feed or sitemap of the sources has brought since the last visit."""
        with self._lock:
            before = self._ledger.source(task.where)
        try:
            # Pages that failed are tried again, which takes the list itself.
            state = before if before is not None and not before.failed else None
            page = self._web.get(
                task.where, state.etag if state else None, state.modified if state else None
            )
        except WebError as error:
            return self._no_list(task, str(error))
        if page.not_modified and before is not None:
            self._note_source(task, replace(before, visited=time.time()))
            return []
        return self._list(task, page)

    def _list(self, task: Task, page: Page) -> list[Item]:
        what = kind(page.content, page.media_type, page.url)
        if what not in ("feed", "sitemap"):
            return self._no_list(task, f"{task.where} is neither a feed nor a sitemap")
        try:
            listing = read_listing(page, what, self._web.get)
        except FeedError as error:
            return self._no_list(task, str(error))
        links = listing.links[: task.listed.most if task.listed is not None else MOST]
        with self._lock:
            self._total += len(links)
        # A title or an address is of one page.
        said = replace(task.said, title=None, url=None)
        items = [Item(url, "failed", reason, again=True) for url, reason in listing.broken]
        for link in links:
            if self._stopping.is_set():
                return items
            items.append(self._page_alone(_Job(link, said, direct=False)))
            self._advance()
        failed = sum(item.again for item in items)
        visit = SourceVisit(task.where, time.time(), page.etag, page.last_modified, failed)
        self._note_source(task, visit)
        return items

    def _no_list(self, task: Task, reason: str) -> list[Item]:
        self._note_source(task, SourceVisit(task.where, time.time(), failed=-1))
        return [Item(task.where, "failed", reason, again=True)]

    def _page_alone(self, job: _Job) -> Item:
        try:
            return self._page(job)
        except (ShelfError, sqlite3.Error):
            raise
        except Exception as error:
            return _unexpected(job.link.url, error)

    def _page(self, job: _Job) -> Item:
        """Visit one page, unless nothing says that it is worth it."""
        url = job.link.url
        with self._lock:
            visit = self._ledger.visit(canonical_url(url))
            placed = self._shelf.at(url) if visit is None or job.direct else None
        if placed is not None and not placed.ours:
            return Item(url, "known", "", placed.article.id, placed.article.source.title)
        if visit is not None and not job.direct and not _worth(job.link, visit):
            return Item(url, "known", "", visit.article)
        # Whoever names a page has a reason: it is looked at whole.
        known = visit is not None and visit.outcome not in _UNREAD and not job.said.sure
        state = visit if known else None
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

    def _fetched(self, job: _Job, page: Page) -> Item:
        """Make an article of a page that was fetched."""
        url = job.link.url
        try:
            draft = extract(page.content, page.media_type, page.charset, page.url)
        except ExtractError as error:
            item = Item(url, "failed", str(error))
            written = None
        else:
            item, written = self._take(draft, job.link, job.said, page.url)
        visit = Visit(
            url=canonical_url(url),
            visited=time.time(),
            outcome="unusable" if item.outcome == "failed" else item.outcome,
            etag=page.etag,
            modified=page.last_modified,
            changed=job.link.changed,
            article=item.article,
            digest=written,
        )
        with self._lock:
            former = self._ledger.visit(visit.url)
        if item.outcome in ("failed", "off_topic") and former is not None:
            # It is still the page that its article was made of.
            visit = replace(visit, article=former.article, digest=former.digest)
        self._note(visit)
        return item

    def _unread(self, job: _Job, visit: Visit | None, error: WebError) -> Item:
        url = job.link.url
        article = visit.article if visit is not None else None
        if error.status in (404, 410) and article is not None:
            reason = f"{error}. Its article {article} stays; delete the file if it should go"
            return Item(url, "gone", reason, article)
        if article is None:
            self._note(Visit(canonical_url(url), time.time(), "failed"))
        return Item(url, "failed", str(error), article, again=True)

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

    def _take(self, draft: Draft, link: Link, said: Said, url: str) -> tuple[Item, str | None]:
        with self._lock:
            return self._intake.take(draft, link, said, url)

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


def _unexpected(where: str, error: Exception) -> Item:
    """A mistake of ours or of a library: it must not stop the other pages either."""
    _log.error("%s could not be collected.", where, exc_info=error)
    reason = f"It could not be read ({type(error).__name__}); the log tells more"
    return Item(where, "failed", reason)


def _worth(link: Link, visit: Visit) -> bool:
    """Whether a page that was visited before should be visited again."""
    if visit.outcome == "failed" or (link.changed and link.changed != visit.changed):
        return True
    if visit.outcome == "unusable":
        return time.time() - visit.visited > _UNUSABLE_SECONDS
    recent = link.published is not None and _age(link.published) < _RECENT_SECONDS
    return recent and time.time() - visit.visited > _AGAIN_SECONDS


def _age(day: date) -> float:
    return (date.today() - day).total_seconds()  # noqa: DTZ011 - a day more or less does not matter


def _host(where: str) -> str:
    return (urlsplit(where).hostname or "") if "://" in where else ""
