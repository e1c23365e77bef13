"""What a check of the corpus found, and how it is told."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Code = Literal[
    "unreadable", "no-date", "wrong-date", "publisher", "title", "url", "duplicate", "leftover",
    "too-short", "language", "navigation", "repeated", "garbled", "translation",
]  # fmt: skip
"""unreadable: the front matter (or two files together) cannot be used; leftover: keys without effect, of a
template or in the text; navigation: of the page around the report; repeated: the same line in many articles
of one publisher; garbled: remains of markup, of another encoding, invisible characters."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to look at. `line`: from 1, None where it is of the whole file; `message`: what is the
    matter, and what to do."""

    path: Path
    line: int | None
    code: Code
    message: str

    def __str__(self) -> str:
        where = f"{self.path}:{self.line}" if self.line else str(self.path)
        return f"{where}: {self.code}: {self.message}"


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found, in order of files and lines. `untranslated`: articles in one language only."""

    articles: int
    untranslated: int
    findings: tuple[Finding, ...]


def summary(checked: Checked) -> str:
    """One line: how many articles, how many findings of each kind."""
    counts = Counter(finding.code for finding in checked.findings)
    said = ", ".join(f"{count} {code}" for code, count in counts.most_common())
    alone = f"; {checked.untranslated} in one language only" if checked.untranslated else ""
    found = f"{len(checked.findings)} findings" + (f" ({said})" if said else "")
    return f"{checked.articles} articles: {found}{alone}"


def as_json(checked: Checked) -> dict[str, object]:
    """The same for programs."""
    return {
        "articles": checked.articles,
        "untranslated": checked.untranslated,
        "counts": Counter(finding.code for finding in checked.findings),
        "findings": [
            {
                "file": str(finding.path),
                "line": finding.line,
                "code": finding.code,
                "message": finding.message,
            }
            for finding in checked.findings
        ],
    }
