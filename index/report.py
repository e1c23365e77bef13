"""What an evaluation found, as tables and as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, astuple, dataclass, field
from pathlib import Path
from typing import Any

from index.abstention import Abstention


@dataclass(frozen=True, slots=True)
class Score:
    """A mean over questions with its 95 % bootstrap interval (1,000 resamples, seed 0)."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a report: which texts, which ranker, which questions, how many, the scores."""

    texts: str
    ranker: str
    group: str
    count: int
    scores: dict[str, Score]


@dataclass(slots=True)
class Report:
    """What `evaluate` found."""

    questions: str
    encoder: str
    rows: list[Row] = field(default_factory=list)
    abstention: Abstention | None = None
    marked: dict[str, float] = field(default_factory=dict)
    misled: dict[str, float] = field(default_factory=dict)
    worst: list[str] = field(default_factory=list)


def print_report(report: Report, console: Any) -> None:
    """The report as tables on `console` (rich); in brackets the 95 % interval of nDCG@10."""
    from rich.table import Table

    table = Table(title=f"{report.questions} · encoder {report.encoder}")
    for column in ("texts", "ranker", "questions"):
        table.add_column(column)
    for column in ("n", *(report.rows[0].scores if report.rows else ())):
        table.add_column(column, justify="right")
    for row in report.rows:
        cells = [f"{score.mean:.3f}" for score in row.scores.values()]
        first = next(iter(row.scores.values()))
        cells[0] += f" ({first.low:.2f}–{first.high:.2f})"
        table.add_row(row.texts, row.ranker, row.group, str(row.count), *cells)
    console.print(table)
    if report.abstention is not None:
        _print_abstention(report.abstention, console)
    if report.marked:
        console.print(_shares("Marked sentence (with translations)", report.marked))
    if report.misled:
        console.print(_shares("Conversation", report.misled))
    for text in report.worst:
        console.print(text, markup=False, highlight=False)


def _print_abstention(found: Abstention, console: Any) -> None:
    from rich.table import Table

    console.print(_shares("What questions get", found.shares))
    console.print(_shares("AUROC of confidence", found.auroc))
    diagram = Table(title=f"Reliability (expected calibration error {found.calibration_error:.3f})")
    for column in ("confidence", "questions", "mean confidence", "answered rightly", ""):
        diagram.add_column(column, justify="left" if not column else "right")
    for item in found.reliability:
        # One bar for what we say, one for what is so: the closer, the better calibrated.
        bars = "\n".join("█" * round(20 * share) for share in (item.confidence, item.right))
        diagram.add_row(
            f"{item.low:.2f}–{item.high:.2f}",
            str(item.count),
            f"{item.confidence:.2f}",
            f"{item.right:.2f}",
            bars,
        )
    console.print(diagram)
    costs = Table(title="Coverage and precision by threshold")
    for column in (
        "threshold",
        "answerable answered",
        "answers that are right",
        "unanswerable refused",
        "off-topic refused",
    ):
        costs.add_column(column, justify="right")
    for point in found.points:
        costs.add_row(*(f"{value:.2f}" for value in astuple(point)))
    console.print(costs)


def _shares(title: str, shares: dict[str, float]) -> Any:
    from rich.table import Table

    table = Table(title=title)
    table.add_column("what")
    table.add_column("share", justify="right")
    for name, share in shares.items():
        table.add_row(name, f"{share:.3f}")
    return table


def write_json(report: Report, path: Path) -> None:
    """The report's figures as JSON in `path`."""
    record = {
        "questions": report.questions,
        "encoder": report.encoder,
        "rows": [
            {
                "texts": row.texts,
                "ranker": row.ranker,
                "group": row.group,
                "n": row.count,
                **{name: [s.mean, s.low, s.high] for name, s in row.scores.items()},
            }
            for row in report.rows
        ],
        "abstention": asdict(report.abstention) if report.abstention is not None else None,
        "marked": report.marked,
        "misled": report.misled,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record, indent=1), encoding="utf-8")
