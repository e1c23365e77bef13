"""What a collection was asked to do, and what it did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args
from urllib.parse import urlsplit

from rich.console import Console
from rich.table import Table
from rich.text import Text

from corpus.clean import clean_line
from corpus.sources import Listed

Outcome = Literal[
    "new", "changed", "same", "known", "duplicate", "off_topic", "left", "gone", "failed"
]
"""What became of a page: a new article; a changed one; the same as before; not visited, because nothing
says that it changed, or it is in the corpus by other means; the same text as another page of its site;
without any of the words looked for; left alone, because a person has changed or deleted the article; no
longer there (its article stays); not read, or nothing to make an article of."""


@dataclass(frozen=True, slots=True)
class Said:
    """What is known of an article beforehand, from a source's entry or the command line. `sure`: it counts
    more than what the page says of itself."""

    title: str | None = None
    publisher: str | None = None
    published: date | None = None
    language: str | None = None
    topics: tuple[str, ...] = ()
    url: str | None = None
    words: tuple[str, ...] = ()
    sure: bool = False


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to visit: an address (page, feed or sitemap) or a file. `listed`: its source's entry."""

    where: str
    said: Said = Said()
    listed: Listed | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """What became of one page or file. `reason`: a sentence, where there is something to say. `again`:
    it failed for a reason that may be gone at the next visit."""

    where: str
    outcome: Outcome
    reason: str = ""
    article: str | None = None
    title: str | None = None
    again: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """What a collection did, in the order of the tasks."""

    items: tuple[Item, ...]
    seconds: float
    dry_run: bool = False

    def count(self, outcome: Outcome) -> int:
        """How many pages ended so."""
        return sum(item.outcome == outcome for item in self.items)

    @property
    def changed(self) -> bool:
        """Whether the corpus is another one than before."""
        return bool(self.count("new") + self.count("changed")) and not self.dry_run


def tasks_of(sources: Iterable[Listed]) -> list[Task]:
    """What to visit for `sources`."""
    return [
        Task(
            where=source.url,
            said=Said(
                publisher=source.publisher,
                language=source.language,
                topics=source.topics,
                words=source.words,
            ),
            listed=source,
        )
        for source in sources
    ]


def exit_code(report: Report) -> int:
    """For scripts: 0 all could be read, 4 some could not, 3 none could."""
    failed = report.count("failed")
    if not failed:
        return 0
    return 3 if failed == len(report.items) else 4


def print_report(report: Report, console: Console) -> None:
    """What became of the pages: those with something to say one by one, then how many of each host."""
    told = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    for item in report.items:
        # As Text: what a page says of itself is never read as markup, of a terminal neither.
        if item.outcome in ("new", "changed"):
            told.add_row(*map(_plain, (item.outcome, item.title or "", item.article or "")))
        elif item.reason:
            row = (item.outcome.replace("_", " "), item.where, item.reason)
            told.add_row(*map(_plain, row), style="yellow")
    if told.rows:
        console.print(told)
    if report.items:
        console.print(_counts(report))
    tried = " (nothing was written)" if report.dry_run else ""
    counts = [
        f"{report.count(outcome)} {outcome.replace('_', ' ')}"
        for outcome in get_args(Outcome)
        if report.count(outcome)
    ]
    said = ", ".join(counts) or "nothing new"
    console.print(f"{len(report.items)} pages: {said}, in {report.seconds:.1f} s{tried}")


def _counts(report: Report) -> Table:
    """How many pages of each host ended how."""
    seen = [outcome for outcome in get_args(Outcome) if report.count(outcome)]
    counts = Counter((_host(item.where), item.outcome) for item in report.items)
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("host")
    for outcome in seen:
        table.add_column(outcome.replace("_", " "), justify="right")
    for host in dict.fromkeys(_host(item.where) for item in report.items):
        table.add_row(_plain(host), *(str(counts[host, outcome] or "–") for outcome in seen))
    return table


def _host(where: str) -> str:
    return (urlsplit(where).hostname or where) if "://" in where else "files"


def _plain(text: str) -> Text:
    return Text(clean_line(text, 1000))


def as_json(report: Report) -> dict[str, object]:
    """The same for programs."""
    return {
        "dry_run": report.dry_run,
        "seconds": round(report.seconds, 3),
        "counts": {outcome: report.count(outcome) for outcome in get_args(Outcome)},
        "pages": [
            {
                "where": item.where,
                "outcome": item.outcome,
                "reason": item.reason or None,
                "article": item.article,
                "title": item.title,
            }
            for item in report.items
        ],
    }
