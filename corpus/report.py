"""What a collection was asked to do, and what it did."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args

from rich.console import Console
from rich.table import Table

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
    """What became of one page or file. `reason`: a sentence, where there is something to say."""

    where: str
    outcome: Outcome
    reason: str = ""
    article: str | None = None
    title: str | None = None


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
    """What became of the pages: those with something to say one by one, then how many of each."""
    told = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    for item in report.items:
        if item.outcome in ("new", "changed"):
            told.add_row(item.outcome, item.title or "", item.article or "")
        elif item.reason:
            told.add_row(item.outcome.replace("_", " "), item.where, item.reason, style="yellow")
    if told.rows:
        console.print(told)
    counts = [
        f"{report.count(outcome)} {outcome.replace('_', ' ')}"
        for outcome in get_args(Outcome)
        if report.count(outcome)
    ]
    tried = " (nothing was written)" if report.dry_run else ""
    said = ", ".join(counts) or "nothing new"
    console.print(f"{len(report.items)} pages: {said}, in {report.seconds:.1f} s{tried}")


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
