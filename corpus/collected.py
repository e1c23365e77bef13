"""The last collection, kept for whoever looks later: `tanya collect` mostly runs where nobody watches."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

from corpus.aside import replace_file
from corpus.report import Item, Outcome, Report, as_json

FILE = "collect.last.json"
_MOST = 500
"""Pages that are kept of a report: those that failed first."""


@dataclass(frozen=True, slots=True)
class Collected:
    """What the last collection did. `ended` is UTC; `counts`: pages by outcome; `pages`: how many there
    were; `failed`: those that could not be read, with their reasons (some hundreds at most)."""

    ended: datetime
    seconds: float
    counts: dict[str, int]
    pages: int
    failed: tuple[Item, ...]


def keep(report: Report, folder: Path) -> None:
    """Write `report` to `folder`, in place of the one before. Raises OSError."""
    told = as_json(report)
    # Of a large collection most pages are as they were: there is nothing to tell of them.
    items = [item for item in report.items if item.outcome not in ("same", "known", "off_topic")]
    items.sort(key=lambda item: item.outcome != "failed")
    kept = as_json(Report(tuple(items[:_MOST]), report.seconds))["pages"]
    told |= {"ended": datetime.now(UTC).isoformat(), "visited": len(report.items), "pages": kept}
    replace_file(folder / FILE, json.dumps(told, indent=1, ensure_ascii=False))


def last(folder: Path) -> Collected | None:
    """The last collection; None where there was none, or nobody can read it."""
    try:
        told = json.loads((folder / FILE).read_text(encoding="utf-8"))
        return Collected(
            ended=datetime.fromisoformat(told["ended"]),
            seconds=float(told["seconds"]),
            counts={outcome: int(told["counts"].get(outcome, 0)) for outcome in get_args(Outcome)},
            pages=int(told["visited"]),
            failed=tuple(
                Item(page["where"], "failed", page["reason"] or "")
                for page in told["pages"]
                if page["outcome"] == "failed"
            ),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
