"""How well unanswered questions are grouped: 300 written ones in 40 themes, both languages mixed.

    python -m benchmarks.clusters

Prints purity (the share of questions whose group is mostly of their theme) and the adjusted Rand index
(agreement of the pairs: 1 the same grouping, 0 what chance would give). The threshold is found on every
second theme and measured on the others, and the other way round; then the shipped one on all.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from index.clusters import ENCODED, MOST, NEAR, Similarities, cluster, groups, plain, similarities
from index.encoder import MODEL, Encoder, OnnxEncoder, StaticEncoder
from index.journal import Entry
from index.maxsim import StaticVectors

QUESTIONS = Path(__file__).parent.parent / "tests" / "unanswered.tsv"
"""Rows of theme, language, question: themes that the corpus does not answer."""

Labels = NDArray[np.int64]


def read_themes(path: Path = QUESTIONS) -> tuple[Labels, list[str]]:
    """The theme of each question, as a number, and the questions in standard spelling."""
    rows = [line.split("\t") for line in path.read_text("utf-8").splitlines()]
    _, themes = np.unique([row[0] for row in rows], return_inverse=True)
    return themes.astype(np.int64), [plain(row[2], row[1]) for row in rows]


def purity(themes: Labels, found: Labels) -> float:
    """The share of questions that are of the commonest theme of their group."""
    return sum(int(np.bincount(themes[found == group]).max()) for group in np.unique(found)) / len(
        themes
    )


def rand_index(themes: Labels, found: Labels) -> float:
    """The adjusted Rand index (Hubert and Arabie 1985)."""
    table = np.zeros((themes.max() + 1, found.max() + 1))
    np.add.at(table, (themes, found), 1)

    def pairs(counts: NDArray[np.float64]) -> float:
        return float((counts * (counts - 1) / 2).sum())

    both, a, b = pairs(table), pairs(table.sum(1)), pairs(table.sum(0))
    expected = a * b / pairs(np.array([float(len(themes))]))
    return (both - expected) / ((a + b) / 2 - expected)


def threshold(themes: Labels, similar: Similarities) -> float:
    """The threshold with the best Rand index; of a plateau its middle."""
    values = np.arange(0.02, 0.8, 0.01)
    scores = np.array([rand_index(themes, groups(similar, value)) for value in values])
    return float(np.median(values[scores >= scores.max() - 0.01]))


def measure(themes: Labels, similar: Similarities, near: float) -> tuple[str, ...]:
    """Threshold, purity, Rand index, groups, as cells of a table."""
    found = groups(similar, near)
    return (
        f"{near:.2f}",
        f"{purity(themes, found):.3f}",
        f"{rand_index(themes, found):.3f}",
        f"{found.max() + 1}",
    )


def halves(themes: Labels) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The rows of every second theme, and of the others."""
    return np.flatnonzero(themes % 2 == 0), np.flatnonzero(themes % 2)


def main() -> None:
    """Print the table."""
    themes, texts = read_themes()
    static = StaticVectors(MODEL / "static")
    table = Table(title=f"{len(texts)} unanswered questions in {themes.max() + 1} themes")
    for column in ("compared by", "questions", "threshold", "purity", "Rand index", "groups"):
        table.add_column(
            column, justify="left" if column in ("compared by", "questions") else "right"
        )
    encoders: Sequence[tuple[str, Encoder]] = (
        ("encoder, words", OnnxEncoder()),
        ("static twin, words", StaticEncoder(static)),
    )
    for name, encoder in encoders:

        def compare(rows: NDArray[np.int64], encoder: Encoder = encoder) -> Similarities:
            return similarities([texts[row] for row in rows], encoder, static)

        first, second = halves(themes)
        for chosen, held_out, said in ((first, second, "odd"), (second, first, "even")):
            near = threshold(themes[chosen], compare(chosen))
            cells = measure(themes[held_out], compare(held_out), near)
            table.add_row(name, f"{said} themes, threshold of the others", *cells)
        everything = compare(np.arange(len(texts)))
        table.add_row(name, "all, threshold as shipped", *measure(themes, everything, NEAR))
        best = threshold(themes, everything)
        table.add_row(name, "all, best threshold", *measure(themes, everything, best))
    Console().print(table)
    encoder = OnnxEncoder()
    for count in (20, ENCODED, 1000, MOST):
        entries = many(texts, count)
        began, worked = time.perf_counter(), time.process_time()
        found = cluster(entries, encoder)
        print(
            f"{count} different questions: {len(found)} groups in {time.perf_counter() - began:.2f} s, "
            f"{time.process_time() - worked:.2f} s of them at work"
        )


def many(texts: Sequence[str], count: int) -> list[Entry]:
    """`count` different unanswered questions."""
    now = datetime.now(UTC)
    return [
        Entry(
            id=f"{n:032}",
            at=now - timedelta(minutes=n),
            door="page",
            language="id",
            question=f"{texts[n % len(texts)]} {n // len(texts)}",
            outcome="unknown",
            confidence=0.1,
            articles=(),
            seconds=0.05,
            index_id="",
            helpful=None,
            reason=None,
        )
        for n in range(count)
    ]


if __name__ == "__main__":
    main()
