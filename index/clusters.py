"""Questions that were not answered, grouped by what they are about, across both languages.

Two measures are averaged: the cosine of the questions' vectors, from which what all questions share is taken
away, and the soft cosine of their words (Sidorov et al. 2014), in which words count as alike as their static
vectors are, in either language, and weigh the less the more questions hold the like. Groups are merged as
long as their questions are alike on average (average linkage).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from corpus.question import BANK, read_suggestions
from corpus.words import words
from index.encoder import MODEL, Encoder, StaticEncoder, Vectors
from index.journal import UNANSWERED, Entry
from index.language import standardise
from index.maxsim import Ids, StaticVectors

NEAR = 0.28
"""Questions at least so much alike on average are one group. `python -m benchmarks.clusters` measures it, and
thresholds found on half of the themes on the other half."""
ENCODED = 300
"""Of more different questions the vectors are those of the static twin: encoding takes milliseconds each."""
MOST = 3000
"""Different questions that are compared, the newest: the work grows with the square."""

_SHARED = 0.75
"""How much of what the vectors of all questions have in common is taken away."""
_UNLIKE, _ALIKE = 0.2, 0.7
"""Cosines of two words that count as 0 and as 1."""
_COMMON = 60
"""Suggested questions whose mean vector stands for what all questions have in common."""

Similarities = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Cluster:
    """Questions about the same thing, the newest first. `label`: the most central of them."""

    label: str
    entries: tuple[Entry, ...]


def cluster(
    entries: Sequence[Entry], encoder: Encoder, static: StaticVectors | None = None
) -> list[Cluster]:
    """The `entries` that were not answered (unknown or partly) in groups, the largest first; a question that
    is like no other is a group of its own. `static`: by default the bundled vectors.

    Of more than MOST different questions the oldest are left out.
    """
    texts: dict[tuple[str, ...], str] = {}
    alike: dict[tuple[str, ...], list[Entry]] = {}
    for entry in sorted(entries, key=lambda entry: entry.at, reverse=True):
        if entry.outcome in UNANSWERED:
            text = plain(entry.read_as or entry.question, entry.language)
            key = tuple(words(text))
            if key in alike or len(alike) < MOST:
                texts.setdefault(key, text)
                alike.setdefault(key, []).append(entry)
    if not alike:
        return []
    same = list(alike.values())
    static = static or _bundled()
    if len(same) > ENCODED:
        encoder = StaticEncoder(static)
    similar = similarities(list(texts.values()), encoder, static)
    labels = groups(similar)
    counts = np.array([len(found) for found in same], np.float32)
    clusters = []
    for label in range(int(labels.max()) + 1):
        rows = np.flatnonzero(labels == label)
        central = same[rows[int((similar[np.ix_(rows, rows)] @ counts[rows]).argmax())]][0]
        members = [entry for row in rows for entry in same[row]]
        members.sort(key=lambda entry: entry.at, reverse=True)
        clusters.append(Cluster(central.read_as or central.question, tuple(members)))
    # Of groups of one size the one asked last comes first.
    clusters.sort(key=lambda found: (len(found.entries), found.entries[0].at), reverse=True)
    return clusters


def plain(text: str, language: str) -> str:
    """A question with its chat spelling made standard."""
    return text if language == "en" else standardise(text)


def similarities(texts: Sequence[str], encoder: Encoder, static: StaticVectors) -> Similarities:
    """How much alike all pairs of `texts` are, (n, n) float32, at most 1."""
    return (_by_meaning(texts, encoder) + _by_words(texts, static)) / np.float32(2)


def groups(similar: Similarities, near: float = NEAR) -> NDArray[np.int64]:
    """The number of the group, from 0, of each row of `similar`."""
    if len(similar) == 1:
        return np.zeros(1, np.int64)
    # Late: SciPy takes a while to load.
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    distances = np.maximum(1 - similar, 0)
    np.fill_diagonal(distances, 0)
    tree = linkage(squareform(distances, checks=False), "average")
    found: NDArray[np.int64] = fcluster(tree, 1 - near, "distance").astype(np.int64) - 1
    return found


def _by_meaning(texts: Sequence[str], encoder: Encoder) -> Similarities:
    vectors = np.stack([encoder.encode_question(text) for text in texts])
    vectors -= _SHARED * _common(encoder)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    similar: Similarities = vectors @ vectors.T
    return similar


def _by_words(texts: Sequence[str], static: StaticVectors) -> Similarities:
    from scipy.sparse import csr_array

    asked = [np.unique(ids) for ids in static.token_ids(texts)]
    suggested = [np.unique(ids) for ids in static.token_ids(_suggested())]
    vocabulary = np.unique(np.concatenate([*asked, *suggested])).astype(np.int32)

    def holds(lists: list[Ids]) -> csr_array:
        columns = np.searchsorted(vocabulary, np.concatenate(lists))
        starts = np.cumsum([0, *map(len, lists)])
        values = np.ones(len(columns), np.float32)
        return csr_array((values, columns, starts), shape=(len(lists), len(vocabulary)))

    units = static.units(vocabulary)
    like = np.clip((units @ units.T - _UNLIKE) / (_ALIKE - _UNLIKE), 0, 1).astype(np.float32)
    # A word is as frequent as the words like it. The suggested questions count along: among five
    # questions nothing would be common.
    frequency = sum(np.minimum(holds(lists) @ like, 1).sum(axis=0) for lists in (asked, suggested))
    rarity = np.log((len(asked) + len(suggested) + 1) / (frequency + 0.5))
    weights = np.sqrt(static.weights(vocabulary)) * np.maximum(rarity, 0.05)
    question = holds(asked)
    question.data = weights[question.indices].astype(np.float32)
    products = np.asarray((question @ like) @ question.T)
    lengths = np.sqrt(np.maximum(np.diag(products), 1e-9))
    similar: Similarities = (products / lengths[:, None] / lengths[None, :]).astype(np.float32)
    return similar


@cache
def _bundled() -> StaticVectors:
    return StaticVectors(MODEL / "static")


@cache
def _suggested() -> tuple[str, ...]:
    return tuple(text for suggestion in read_suggestions(BANK) for text in suggestion.text.values())


_means: dict[str, Vectors] = {}


def _common(encoder: Encoder) -> Vectors:
    mean = _means.get(encoder.fingerprint)
    if mean is None:
        suggested = _suggested()
        some = suggested[:: max(1, len(suggested) // _COMMON)][:_COMMON]
        mean = np.stack([encoder.encode_question(text) for text in some]).mean(axis=0)
        _means[encoder.fingerprint] = mean
    return mean
