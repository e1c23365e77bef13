"""Stories: articles that tell the same in nearly the same words, such as a wire report reprinted.

Likeness of two texts is the Jaccard index of their sets of three-word shingles (Broder 1997), of
originals in one language. MinHash signatures with locality-sensitive hashing bring the pairs worth
comparing; what counts is the exact index.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from corpus.article import Article
from corpus.words import words

if TYPE_CHECKING:
    from datasketch import MinHash

Signatures = NDArray[np.uint32]
"""MinHash signatures, a row a text, `WIDTH` columns."""

SAME = 0.5
"""Jaccard index from which two articles are one story.

The most alike pair of one language among the 230 shipped articles, which are all written anew, has .10;
a reprint of 150 words with another dateline and every tenth word changed has .54."""

_SHINGLE = 3
_BANDS, _ROWS = 42, 3
"""A pair of likeness s is compared with probability 1 - (1 - s³)⁴²: .996 at .5, .04 at .1."""
_SEED = 1
WIDTH = _BANDS * _ROWS
"""Numbers in a signature."""


def find_stories(
    articles: Sequence[Article], signatures: Signatures | None = None
) -> list[tuple[str, ...]]:
    """The ids of each story of two or more of `articles`, oldest first (undated last, then by id).

    Each article joins the oldest one that it is like, not one that joined before it: else a report
    rewritten day by day would chain different events together. The same for the same articles in
    whatever order. Stories are ordered by their first id. `signatures`: of the articles' texts, where
    they are known.
    """
    if signatures is None:
        signatures = sign([article.text for article in articles])
    alike = {article.language: Alike() for article in articles}
    stories: dict[str, list[str]] = {}
    order = sorted(_colliding(signatures), key=lambda row: age(articles[row]))
    for article, signature in ((articles[row], signatures[row]) for row in order):
        first = alike[article.language].find(article.text, signature)
        if first is None:
            alike[article.language].add(article.id, article.text, signature)
            stories[article.id] = [article.id]
        else:
            stories[first].append(article.id)
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


def _colliding(signatures: Signatures) -> list[int]:
    """The rows that share a band with another row: all that can be in a story. Of a hundred thousand
    articles they are few, and finding them takes a second."""
    shared = np.zeros(len(signatures), bool)
    mixers = np.random.default_rng(_SEED).integers(1, 2**63, _ROWS, np.uint64) | np.uint64(1)
    for band in range(_BANDS):
        numbers = signatures[:, band * _ROWS : (band + 1) * _ROWS].astype(np.uint64)
        # Equal bands give equal sums; two different ones that do cost a comparison more.
        _, which, counts = np.unique(numbers @ mixers, return_inverse=True, return_counts=True)
        shared |= counts[which] > 1
    return np.flatnonzero(shared).tolist()


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
