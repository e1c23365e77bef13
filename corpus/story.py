"""Stories: articles that tell the same in nearly the same words, such as a wire report reprinted.

Likeness of two texts is the Jaccard index of their sets of three-word shingles (Broder 1997), of
originals in one language. MinHash signatures with locality-sensitive hashing bring the pairs worth
comparing; what counts is the exact index.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from corpus.article import Article
from corpus.words import words

if TYPE_CHECKING:
    from datasketch import MinHash

Signatures = NDArray[np.uint32]
"""MinHash signatures, a row a text, `WIDTH` columns."""

PAIR = np.dtype([("one", "<i4"), ("other", "<i4"), ("likeness", "<f8")])
Pairs = NDArray[Any]
"""Rows of two articles that are alike, and how much (PAIR)."""

SAME = 0.5
"""Jaccard index from which two articles are one story.

The most alike pair of one language among the 230 shipped articles, which are all written anew, has .10;
a reprint of 150 words with another dateline and every tenth word changed has .54."""

_SHINGLE = 3
_BANDS, _ROWS = 42, 3
"""A pair of likeness s is compared with probability 1 - (1 - s³)⁴²: .996 at .5, .04 at .1."""
_WORTH = 0.3
"""Share of equal numbers in two signatures from which two texts are compared word by word: of a pair that is
.5 alike, 4 in a million have fewer, while pairs that share a sentence or two are a hundred times as many."""
_AT_ONCE = 100_000
_SEED = 1
WIDTH = _BANDS * _ROWS
"""Numbers in a signature."""


def find_stories(
    articles: Sequence[Article], signatures: Signatures | None = None
) -> list[tuple[str, ...]]:
    """The ids of each story of two or more of `articles`, oldest first (undated last, then by id).

    The same for the same articles in whatever order. Stories are ordered by their first id.
    `signatures`: of the articles' texts, where they are known.
    """
    if signatures is None:
        signatures = sign([article.text for article in articles])
    return stories_of(articles, find_pairs(articles, signatures))


def find_pairs(
    articles: Sequence[Article],
    signatures: Signatures,
    known: Pairs | None = None,
    new: NDArray[np.bool_] | None = None,
) -> Pairs:
    """Which two of `articles` are alike. `signatures`: of their texts.

    `known`: those of which neither is `new`, where they are known; then only the others are looked for.
    """
    one, other = _colliding(signatures, new)
    if known is None:
        known = np.empty(0, PAIR)
    found = []
    for first in range(0, len(one), _AT_ONCE):
        ones, others = one[first : first + _AT_ONCE], other[first : first + _AT_ONCE]
        near = (signatures[ones] == signatures[others]).mean(axis=1) >= _WORTH
        for a, b in zip(ones[near].tolist(), others[near].tolist(), strict=True):
            if articles[a].language == articles[b].language:
                likeness = jaccard(articles[a].text, articles[b].text)
                if likeness >= SAME:
                    found.append((a, b, likeness))
    return np.concatenate((known, np.array(found, PAIR)))


def stories_of(articles: Sequence[Article], pairs: Pairs) -> list[tuple[str, ...]]:
    """The stories that `pairs` of `articles` make, ordered as in `find_stories`.

    Each article joins the oldest one that it is like, not one that joined before it: else a report
    rewritten day by day would chain different events together.
    """
    alike: dict[int, list[tuple[int, float]]] = {}
    for one, other, likeness in pairs.tolist():
        alike.setdefault(one, []).append((other, likeness))
        alike.setdefault(other, []).append((one, likeness))
    stories: dict[int, list[str]] = {}
    for row in sorted(alike, key=lambda row: age(articles[row])):
        firsts = [(other, likeness) for other, likeness in alike[row] if other in stories]
        # Of those equally like the one that comes first by name.
        firsts.sort(key=lambda pair: (-pair[1], articles[pair[0]].id))
        stories.setdefault(firsts[0][0] if firsts else row, []).append(articles[row].id)
    return sorted(tuple(story) for story in stories.values() if len(story) > 1)


class Alike:
    """Texts of one language, among which to find the one that says the same as another text."""

    def __init__(self) -> None:
        # Loading it takes longer than all the rest; only a rebuild and collecting need it.
        from datasketch import MinHashLSH

        self._near = MinHashLSH(num_perm=WIDTH, params=(_BANDS, _ROWS))
        self._texts: dict[str, str] = {}

    def add(self, name: str, text: str, signature: NDArray[np.uint32] | None = None) -> None:
        """Remember `text` by `name`, instead of another one of that name."""
        if name in self._texts:
            self._near.remove(name)
        self._near.insert(name, _minhash(text, signature))
        self._texts[name] = text

    def find(self, text: str, signature: NDArray[np.uint32] | None = None) -> str | None:
        """The name of the text that `text` is most like; None where none is as like as SAME."""
        # Of equals the one that comes first by name: the order of a query is not fixed.
        names = sorted(map(str, self._near.query(_minhash(text, signature))))
        if not names:
            return None
        likeness = {name: jaccard(text, self._texts[name]) for name in names}
        best = max(names, key=likeness.__getitem__)
        return best if likeness[best] >= SAME else None


def jaccard(text: str, other: str) -> float:
    """The Jaccard index of two texts' sets of shingles, 0 to 1."""
    one, two = _shingles(text), _shingles(other)
    return len(one & two) / len(one | two)


def sign(texts: Sequence[str]) -> Signatures:
    """The signatures of `texts`, (n, WIDTH) uint32."""
    signatures = np.empty((len(texts), WIDTH), np.uint32)
    for row, text in enumerate(texts):
        signatures[row] = _minhash(text).hashvalues
    return signatures


def age(article: Article) -> tuple[date, str]:
    """Sorts articles oldest first, those without a date last, equals by id."""
    return (article.source.published or date.max, article.id)


def _colliding(
    signatures: Signatures, new: NDArray[np.bool_] | None
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The pairs of rows, each once, that share a band, and of which one is `new` where that is given."""
    count = len(signatures)
    if count < 2 or (new is not None and not new.any()):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    found = []
    mixers = np.random.default_rng(_SEED).integers(1, 2**63, _ROWS, np.uint64) | np.uint64(1)
    for band in range(_BANDS):
        numbers = signatures[:, band * _ROWS : (band + 1) * _ROWS].astype(np.uint64)
        # Equal bands give equal sums; two different ones that do cost a comparison more.
        sums = numbers @ mixers
        if new is not None:
            among = np.flatnonzero(np.isin(sums, sums[new]))
        else:
            among = np.arange(count)
        order = among[np.argsort(sums[among], kind="stable")]
        # How many rows after each one have the same sum.
        ends = np.searchsorted(sums[order], sums[order], side="right")
        after = ends - np.arange(len(order)) - 1
        ones = np.repeat(np.arange(len(order)), after)
        steps = np.arange(len(ones)) - np.repeat(np.cumsum(after) - after, after) + 1
        one, other = order[ones], order[ones + steps]
        if new is not None:
            touched = new[one] | new[other]
            one, other = one[touched], other[touched]
        found.append(np.unique(np.minimum(one, other) * count + np.maximum(one, other)))
    pairs = np.unique(np.concatenate(found))
    return pairs // count, pairs % count


def _minhash(text: str, signature: NDArray[np.uint32] | None = None) -> MinHash:
    from datasketch import MinHash

    made = MinHash(
        num_perm=WIDTH,
        seed=_SEED,
        hashfunc=zlib.crc32,
        scheme="affine32",  # hashes of 32 bits, as crc32 gives
        hashvalues=signature,
    )
    if signature is None:
        made.update_batch(_shingles(text))
    return made


def _shingles(text: str) -> frozenset[bytes]:
    """The runs of three words of `text`; of a shorter text, the whole."""
    found = words(text)
    last = max(1, len(found) - _SHINGLE + 1)
    return frozenset(" ".join(found[at : at + _SHINGLE]).encode() for at in range(last))
