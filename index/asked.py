"""What people asked, for the operator: as tables, as JSON, and as CSV for a spreadsheet."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import IO, TYPE_CHECKING, Any

from index.journal import UNANSWERED, Door, Entry, Journal, Overview

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from index.clusters import Cluster

READ = 2000
"""Unanswered questions that are grouped, the newest, and rated ones that are listed."""
_GROUPS, _EXAMPLES, _RATED = 15, 3, 10
_BAR = 10
_FORMULA = tuple("=+-@|＝＋－＠")

Group = Callable[[Sequence[Entry]], "list[Cluster]"]
"""`index.clusters.cluster` with an encoder."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which questions: from the day `since` to the day `until`, both included, in this machine's days."""

    since: date
    until: date
    door: Door | None = None
    unanswered: bool = False
    helpful: bool | None = None

    @property
    def span(self) -> tuple[datetime, datetime]:
        """The first moment, and the first one after."""
        return _midnight(self.since), _midnight(self.until + timedelta(days=1))


@dataclass(frozen=True, slots=True)
class Asked:
    """What the journal says. `open`: questions without an answer; `grouped`: how many were read for
    `clusters`, the newest; `rated`: badly rated ones, or those that were wanted, the newest first."""

    wanted: Wanted
    overview: Overview
    most: list[tuple[str, int]]
    open: int
    grouped: int
    clusters: list[Cluster]
    rated: list[Entry]


def ask_journal(journal: Journal, wanted: Wanted, group: Group) -> Asked:
    """Read and group what is `wanted`."""
    overview = journal.overview(wanted.since, wanted.until, wanted.door)
    left = unanswered(journal, wanted, READ)
    helpful = bool(wanted.helpful)
    return Asked(
        wanted=wanted,
        overview=overview,
        most=journal.most_asked(wanted.since, wanted.until, wanted.door),
        open=sum(day.partly + day.unknown for day in overview.days),
        grouped=len(left),
        clusters=group(left),
        rated=journal.entries(*wanted.span, helpful=helpful, door=wanted.door, limit=READ),
    )


def unanswered(journal: Journal, wanted: Wanted, limit: int) -> list[Entry]:
    """Up to `limit` of the wanted questions that were not answered, the newest first."""
    found = [
        entry
        for outcome in UNANSWERED
        for entry in journal.entries(
            *wanted.span, outcome=outcome, helpful=wanted.helpful, door=wanted.door, limit=limit
        )
    ]
    return sorted(found, key=lambda entry: entry.at, reverse=True)[:limit]


def as_json(asked: Asked) -> dict[str, Any]:
    """The whole of it, ready for json.dumps."""
    overview = asked.overview
    return {
        "since": asked.wanted.since.isoformat(),
        "until": asked.wanted.until.isoformat(),
        "door": asked.wanted.door,
        "asked": overview.asked,
        "answered": overview.answered,
        "days": [asdict(day) | {"day": day.day.isoformat()} for day in overview.days],
        "doors": overview.doors,
        "languages": overview.languages,
        "articles": overview.articles,
        "most_asked": [{"question": text, "count": n} for text, n in asked.most],
        "unanswered": {
            "count": asked.open,
            "grouped": asked.grouped,
            "groups": [
                {
                    "label": found.label,
                    "count": len(found.entries),
                    "questions": list(dict.fromkeys(e.question for e in found.entries)),
                    "last": found.entries[0].at.isoformat(),
                }
                for found in asked.clusters
            ],
        },
        "rated": [asdict(entry) | {"at": entry.at.isoformat()} for entry in asked.rated],
    }


def write_csv(
    entries: Iterable[Entry], file: IO[str], clusters: Sequence[Cluster] | None = None
) -> None:
    """One row a question, in order; with `clusters` those first, group by group, under a label.

    What a spreadsheet would take for a formula begins with an apostrophe.
    """
    columns = "at door language question read_as outcome confidence seconds articles helpful reason"
    writer = csv.writer(file)
    writer.writerow([*columns.split(), *([] if clusters is None else ["group"])])
    grouped = [(entry, found.label) for found in clusters or () for entry in found.entries]
    done = {entry.id for entry, _ in grouped}
    for entry, label in [*grouped, *((entry, "") for entry in entries if entry.id not in done)]:
        cells = [
            entry.at.isoformat(timespec="seconds"),
            entry.door,
            entry.language,
            entry.question,
            entry.read_as or "",
            entry.outcome,
            f"{entry.confidence:.4f}",
            f"{entry.seconds:.4f}",
            " ".join(entry.articles),
            "" if entry.helpful is None else "yes" if entry.helpful else "no",
            entry.reason or "",
            *([] if clusters is None else [label]),
        ]
        writer.writerow([_cell(text) for text in cells])


def print_asked(asked: Asked, console: Console) -> None:
    """As tables; only what was wanted."""
    from rich.text import Text

    wanted, overview = asked.wanted, asked.overview
    if not (wanted.unanswered or wanted.helpful is not None):
        console.print(Text(_headline(asked), style="bold"))
        console.print(_trend(overview), "")
        often = [(text, n) for text, n in asked.most if n > 1]
        if often:
            table = _table("Asked most often, in the same words", ("times", "question"))
            for text, n in often:
                table.add_row(str(n), Text(text))
            console.print(table, "")
    if wanted.helpful is None:
        _print_clusters(asked, console)
    if not wanted.unanswered:
        _print_rated(asked, console)


def _headline(asked: Asked) -> str:
    overview = asked.overview
    social = sum(day.social for day in overview.days)
    good, bad = (sum(getattr(d, n) for d in overview.days) for n in ("helpful", "unhelpful"))
    share = f" ({overview.answered / overview.asked:.0%})" if overview.asked else ""
    doors = ", ".join(f"{door} {n}" for door, n in overview.doors.items())
    return (
        f"{asked.wanted.since} to {asked.wanted.until}: {overview.asked} questions, "
        f"{overview.answered} answered{share}, {asked.open} not\n"
        f"Greetings and the like: {social}. Rated helpful: {good}, not helpful: {bad}\n"
        f"By door: {doors}\n"
    )


def _trend(overview: Overview) -> Table:
    names = (
        "day",
        "asked",
        "answered",
        "partly",
        "unknown",
        "p50 ms",
        "p95 ms",
        "helpful",
        "not",
        "",
    )
    table = _table("By day", names)
    most = max((day.asked - day.social for day in overview.days), default=0)
    for day in overview.days:
        n = day.asked - day.social
        share = f"{day.answered / n:.0%}" if n else "–"
        times = ("–" if s is None else f"{1000 * s:.0f}" for s in (day.p50, day.p95))
        counts = (day.partly, day.unknown), (day.helpful, day.unhelpful)
        table.add_row(
            day.day.isoformat(),
            str(n),
            share,
            *map(str, counts[0]),
            *times,
            *map(str, counts[1]),
            "█" * round(_BAR * n / max(1, most)),
        )
    return table


def _print_clusters(asked: Asked, console: Console) -> None:
    from rich.text import Text

    if not asked.clusters:
        console.print("No question was left unanswered.")
        return
    newest = f", the newest {asked.grouped} of them grouped" if asked.grouped < asked.open else ""
    table = _table(f"Not answered: {asked.open}{newest}", ("times", "about", "for example"))
    shown = asked.clusters if asked.wanted.unanswered else asked.clusters[:_GROUPS]
    for found in shown:
        others = dict.fromkeys(entry.read_as or entry.question for entry in found.entries)
        others.pop(found.label, None)
        examples = "\n".join(list(others)[:_EXAMPLES])
        table.add_row(str(len(found.entries)), Text(found.label), Text(examples, style="dim"))
    console.print(table, "")
    if len(shown) < len(asked.clusters):
        rest = len(asked.clusters) - len(shown)
        console.print(f"… and {rest} more groups: --unanswered lists all of them.\n")


def _print_rated(asked: Asked, console: Console) -> None:
    from rich.text import Text

    what = "helpful" if asked.wanted.helpful else "not helpful"
    if not asked.rated:
        console.print(f"No answer was rated {what}.")
        return
    title = f"Rated {what}: {len(asked.rated)}"
    table = _table(title, ("when", "question", "outcome", "why"))
    shown = asked.rated if asked.wanted.helpful is not None else asked.rated[:_RATED]
    for entry in shown:
        when = f"{entry.at.astimezone():%Y-%m-%d %H:%M}"
        table.add_row(when, Text(entry.question), entry.outcome, Text(entry.reason or "–"))
    console.print(table)
    if len(shown) < len(asked.rated):
        console.print(f"… and {len(asked.rated) - len(shown)} more: --rated bad lists all of them.")


def _table(title: str, columns: Sequence[str]) -> Table:
    from rich.table import Table

    words = {"question", "about", "for example", "why"}
    table = Table(
        title=title, title_justify="left", title_style="bold", box=None, padding=(0, 1, 0, 0)
    )
    for name in columns:
        left = name in words or name in ("day", "when", "outcome", "")
        table.add_column(name, justify="left" if left else "right", no_wrap=name not in words)
    return table


def _cell(text: str) -> str:
    text = " ".join(text.split())
    return f"'{text}" if text.startswith(_FORMULA) else text


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day).astimezone()
