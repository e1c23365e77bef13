"""Stories: articles that tell the same in nearly the same words, such as a wire report reprinted.

Likeness of two texts is the Jaccard index of their sets of three-word shingles (Broder 1997), of
originals in one language. MinHash signatures with locality-sensitive hashing bring the pairs worth
comparing; what counts is the exact index.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from datetime import date

from corpus.article import Article
from corpus.words import words

SAME = 0.5
"""Jaccard index from which two articles are one story.

The most alike pair of one language among the 230 shipped articles, which are all written anew, has .10;
a reprint of 150 words with another dateline and every tenth word changed has .54."""

_SHINGLE = 3
_BANDS, _ROWS = 42, 3
"""A pair of likeness s is compared with probability 1 - (1 - s³)⁴²: .996 at .5, .04 at .1."""
_SEED = 1


def find_stories(articles: Sequence[Article]) -> list[tuple[str, ...]]:
    """The ids of each story of two or more of `articles`, oldest first (undated last, then by id).

    Each article joins the oldest one that it is like, not one that joined before it: else a report
    rewritten day by day would chain different events together. The same for the same articles in
    whatever order. Stories are ordered by their first id.
    """
    # Loading it takes longer than all the rest; only a rebuild needs it.
    from datasketch import MinHash, MinHashLSH

    near = {
        language: MinHashLSH(num_perm=_BANDS * _ROWS, params=(_BANDS, _ROWS))
        for language in {article.language for article in articles}
    }
    shingles: dict[str, frozenset[bytes]] = {}
    stories: dict[str, list[str]] = {}
    for article in sorted(articles, key=age):
        own = _shingles(article.text)
        signature = MinHash(num_perm=_BANDS * _ROWS, seed=_SEED, hashfunc=zlib.crc32)
        signature.update_batch(own)
        likeness = {
            name: len(own & shingles[name]) / len(own | shingles[name])
            for name in map(str, near[article.language].query(signature))
        }
        # Of equals the one that comes first by id: the order of a query is not fixed.
        first = max(sorted(likeness), key=likeness.__getitem__, default="")
        if likeness.get(first, 0.0) >= SAME:
            stories[first].append(article.id)
        else:
            near[article.language].insert(article.id, signature)
            shingles[article.id] = own
            stories[article.id] = [article.id]
    return sorted(tuple(story) for story in stories.values() if len(story) > 1)


def age(article: Article) -> tuple[date, str]:
    """Sorts articles oldest first, those without a date last, equals by id."""
    return (article.source.published or date.max, article.id)


def _shingles(text: str) -> frozenset[bytes]:
    """The runs of three words of `text`; of a shorter text, the whole."""
    found = words(text)
    last = max(1, len(found) - _SHINGLE + 1)
    return frozenset(" ".join(found[at : at + _SHINGLE]).encode() for at in range(last))
