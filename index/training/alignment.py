"""IBM Model 1: which English piece an Indonesian piece translates to.

Brown, Della Pietra, Della Pietra, Mercer (1993), "The Mathematics of Statistical Machine
Translation", section 4.1: p(e | f) by expectation maximisation over sentence pairs, with an
empty word that takes up English pieces nobody asked for.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Alignment:
    """p(e | f) as a sparse table sorted by f: parallel arrays with one entry a pair seen."""

    foreign: NDArray[np.int64]
    english: NDArray[np.int64]
    probability: NDArray[np.float64]

    def of(self, foreign: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """English ids and p(e | foreign), most probable first; empty for an unseen piece."""
        start, end = np.searchsorted(self.foreign, [foreign, foreign + 1])
        order = np.argsort(-self.probability[start:end], kind="stable")
        return self.english[start:end][order], self.probability[start:end][order]


def align(
    pairs: Sequence[tuple[Sequence[int], Sequence[int]]], iterations: int, longest: int = 64
) -> Alignment:
    """Learn p(e | f) from (foreign ids, English ids) of sentence pairs.

    Ids are non-negative; the empty word is kept apart and not part of the answer. Sentences are
    cut at `longest` pieces. Memory is some 40 bytes for each (f, e) meeting in a sentence.
    """
    if not pairs:
        raise ValueError("align needs at least one sentence pair, got none.")
    width = 1 + max(max(english, default=0) for _, english in pairs)
    keys: list[NDArray[np.int64]] = []
    targets: list[NDArray[np.int32]] = []
    total = 0  # English tokens so far: each one shares out a count of 1 among the f beside it
    for foreign, english in pairs:
        # id 0 is the empty word, so every foreign id moves up by one
        f = np.concatenate(([0], np.asarray(foreign[:longest], dtype=np.int64) + 1))
        e = np.asarray(english[:longest], dtype=np.int64)
        keys.append((f[:, None] * width + e[None, :]).ravel())
        targets.append(np.tile(np.arange(total, total + len(e), dtype=np.int32), len(f)))
        total += len(e)
    target = np.concatenate(targets)
    table, entry = np.unique(np.concatenate(keys), return_inverse=True)
    entry = entry.astype(np.int32)
    table_foreign, table_english = table // width, table % width
    probability = np.ones(len(table))
    for _ in range(iterations):
        share = probability[entry]
        share /= np.bincount(target, weights=share, minlength=total)[target]
        counts = np.bincount(entry, weights=share, minlength=len(table))
        probability = counts / np.bincount(table_foreign, weights=counts)[table_foreign]
    kept = table_foreign > 0
    return Alignment(table_foreign[kept] - 1, table_english[kept], probability[kept])
