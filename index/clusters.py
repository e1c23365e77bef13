"""Questions that nobody could answer, grouped by meaning across both languages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from index.encoder import Encoder
from index.journal import Entry

_NEAR = 0.6


@dataclass(frozen=True, slots=True)
class Cluster:
    """Questions about the same thing. `label`: the most central of them."""

    label: str
    entries: tuple[Entry, ...]


def cluster(entries: Sequence[Entry], encoder: Encoder) -> list[Cluster]:
    """The `entries` that were not answered, grouped by meaning; the largest group first."""
    unknown = [entry for entry in entries if entry.outcome in ("unknown", "partly")]
    if not unknown:
        return []
    vectors = np.stack([encoder.encode_question(entry.question) for entry in unknown])
    near = vectors @ vectors.T
    left = set(range(len(unknown)))
    found = []
    while left:
        rows = sorted(left)
        centre = max(rows, key=lambda row: int((near[row, rows] >= _NEAR).sum()))
        members = [row for row in rows if near[centre, row] >= _NEAR or row == centre]
        left -= set(members)
        found.append(Cluster(unknown[centre].question, tuple(unknown[row] for row in members)))
    return sorted(found, key=lambda item: -len(item.entries))
