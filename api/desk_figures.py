"""What the desk shows, gathered from the journal and the corpus: blocking, so in threads."""

from __future__ import annotations

import asyncio
import io
import itertools
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol, TypeVar

from api.admin import Admin
from api.desk_visit import Span
from corpus.article import Article
from index.answer import IndexInfo
from index.asked import Wanted, unanswered, write_csv
from index.catalogue import Catalogue
from index.clusters import Cluster
from index.journal import Entry, Journal, Overview

GROUPED = 2000
"""Unanswered questions that are grouped, the newest: the work grows with the square."""
_KEPT_SECONDS = 60.0
T = TypeVar("T")
_LATEST = 20
_BAD = 50
_EVERYTHING = 10**9


class Indexed(Protocol):
    """What the desk needs of `index.answer.Answerer`: safe to call from threads, may block."""

    @property
    def index(self) -> IndexInfo | None:
        """The index that answers; None where there is none."""

    def article(self, name: str) -> Article | None:
        """The article whose id is `name`; raises NoIndexError."""

    def catalogue(self) -> Catalogue:
        """What the index holds; raises NoIndexError."""


class Runs(Protocol):
    """Has something that blocks done in a thread."""

    def __call__(self, action: Callable[[], T]) -> Awaitable[T]:
        """What `action` returns."""


@dataclass(frozen=True, slots=True)
class Publisher:
    """How much of a publisher is used: articles in the corpus, times shown, articles never shown."""

    name: str
    articles: int
    shown: int
    never: int


@dataclass(frozen=True, slots=True)
class Sources:
    """Which articles were shown, most first, and which never, newest first (some of them; `unused` is
    how many there are). `gone`: how often one was shown that the index no longer holds."""

    publishers: tuple[Publisher, ...]
    shown: tuple[tuple[Article, int], ...]
    never: tuple[Article, ...]
    unused: int
    gone: int


def sources_of(indexed: Indexed, shown: Mapping[str, int], most: int) -> Sources:
    """What of the index was shown how often; `most` articles each way. Raises NoIndexError."""
    catalogue = indexed.catalogue()
    times: Counter[str] = Counter()
    used: Counter[str] = Counter()
    often: list[tuple[Article, int]] = []
    gone = 0
    for name, count in shown.items():
        article = indexed.article(name)
        if article is None:
            gone += count
            continue
        times[article.source.publisher] += count
        used[article.source.publisher] += 1
        if len(often) < most:  # `shown` has those shown most first
            often.append((article, count))
    never = itertools.islice((name for name in catalogue.ids if name not in shown), most)
    publishers = [
        Publisher(one.name, one.articles, times[one.name], one.articles - used[one.name])
        for one in catalogue.publishers
    ]
    return Sources(
        tuple(sorted(publishers, key=lambda one: (-one.shown, one.name.casefold()))),
        tuple(often),
        tuple(article for name in never if (article := indexed.article(name)) is not None),
        sum(one.never for one in publishers),
        gone,
    )


@dataclass(frozen=True, slots=True)
class Figures:
    """What the journal tells of a span: counts, what was asked most in the same words, the answers rated
    badly and the latest questions (both newest first)."""

    overview: Overview
    most: tuple[tuple[str, int], ...]
    bad: tuple[Entry, ...]
    latest: tuple[Entry, ...]

    @property
    def unanswered(self) -> int:
        """How many questions were left open; passages that may help are no answer."""
        return sum(day.unknown + day.partly for day in self.overview.days)


class Reader:
    """Reads the journal for the desk. Safe to use from threads; `csv` blocks, the others do not."""

    def __init__(self, journal: Journal, admin: Admin) -> None:
        self._journal = journal
        self._admin = admin
        # Grouping takes a second of a processor: one at a time, and not twice for the same.
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="desk-clusters")
        self._lock = threading.Lock()
        self._kept: dict[Span, tuple[float, Future[Sequence[Cluster]]]] = {}

    async def figures(self, span: Span, run: Runs) -> Figures:
        """Raises DatabaseError. Reads side by side: most of the time is the database's own."""
        journal = self._journal
        since, until = Wanted(span.since, span.until).span
        overview, most, bad, latest = await asyncio.gather(
            run(lambda: journal.overview(span.since, span.until)),
            run(lambda: journal.most_asked(span.since, span.until)),
            run(lambda: journal.entries(since, until, helpful=False, limit=_BAD)),
            run(lambda: journal.entries(since, until, limit=_LATEST)),
        )
        return Figures(overview, tuple(most), tuple(bad), tuple(latest))

    def csv(self, span: Span) -> Iterator[str]:
        """All questions of `span` as `tanya questions --csv` writes them, a day at a time, the newest first.
        Raises DatabaseError."""
        head = "\ufeff"  # tells spreadsheets that this is UTF-8
        for ago in range((span.until - span.since).days + 1):
            day = span.until - timedelta(days=ago)
            asked = self._journal.entries(*Wanted(day, day).span, limit=_EVERYTHING)
            written = io.StringIO(newline="")
            write_csv(asked, written)
            title, _, rows = written.getvalue().partition("\r\n")
            yield f"{head}{title}\r\n{rows}" if head else rows
            head = ""

    def clusters(self, span: Span) -> Future[Sequence[Cluster]]:
        """The newest unanswered questions in groups, the largest first; not older than a minute."""
        now = time.monotonic()
        with self._lock:
            for kept, (begun, future) in list(self._kept.items()):
                stale = now - begun > _KEPT_SECONDS or (future.done() and future.exception())
                if future.done() and stale:
                    del self._kept[kept]
            if span not in self._kept:
                self._kept[span] = (now, self._pool.submit(self._group, span))
            return self._kept[span][1]

    def _group(self, span: Span) -> Sequence[Cluster]:
        return self._admin.cluster(
            unanswered(self._journal, Wanted(span.since, span.until), GROUPED)
        )
