"""Slips of the finger, vowels left out, spaces forgotten: words that nobody knows, and what was meant."""

from __future__ import annotations

import re
from datetime import date
from functools import cache

from corpus.article import LANGUAGES
from corpus.words import FUNCTION_WORDS
from index.lexicon import Lexicon, Stems, near
from index.search import Filter, Index, Query
from index.vocabulary import SHORTEST, Vocabulary, skeleton

_SHORTEST_PART = 3
"""Letters of the shortest part of two words written as one."""
_WORD = re.compile(r"[^\W\d_]+")


class Speller:
    """Maps words that nothing knows to the word that was likely meant, the commonest first."""

    def __init__(self, *vocabularies: Vocabulary) -> None:
        """Knows the words of all `vocabularies`; how often one occurs is what the first that has it says."""
        self._vocabularies = vocabularies
        self._stems = [Stems(language) for language in LANGUAGES]

    def mend(self, text: str) -> str:
        """`text` with what nobody knows replaced: one slip, vowels left out, a space forgotten."""
        mended: str = _WORD.sub(
            # A capital within a sentence is a name, known or not; in a text of capitals it tells nothing.
            lambda match: (
                match[0]
                if match.start() and match[0][0].isupper() and not text.isupper()
                else self._mend(match[0])
            ),
            text,
        )
        return mended

    def _mend(self, typed: str) -> str:
        word = typed.lower()
        if len(word) < SHORTEST or self._count(word) is not None:
            return typed
        stems = {of([word])[0] for of in self._stems}
        if any(known.stems_as(stem) for known in self._vocabularies for stem in stems):
            return typed
        slips = {
            meant for known in self._vocabularies for meant in known.near(word) if near(word, meant)
        }
        if not slips and skeleton(word) == word:
            slips = {meant for known in self._vocabularies for meant in known.with_skeleton(word)}
        if slips:
            return max(sorted(slips), key=lambda meant: self._count(meant) or 0)
        parts = []
        for at in range(_SHORTEST_PART, len(word) - _SHORTEST_PART + 1):
            counts = [self._count(part) for part in (word[:at], word[at:])]
            if counts[0] is not None and counts[1] is not None:
                parts.append((min(counts[0], counts[1]), at))
        if parts:
            _, at = max(parts, key=lambda part: part[0])
            return f"{word[:at]} {word[at:]}"
        return typed

    def _count(self, word: str) -> int | None:
        return next(
            (n for known in self._vocabularies if (n := known.count(word)) is not None), None
        )


def speller(index: Index, lexicon: Lexicon) -> Speller:
    """Of the words of the passages of `index`, the lexicon, and chat spelling."""
    return Speller(index.generation.vocabulary, _of_lexicon(lexicon))


@cache
def _of_lexicon(lexicon: Lexicon) -> Vocabulary:
    known = {word for spelling in lexicon.spellings for word in spelling.split()}
    for language in LANGUAGES:
        known |= lexicon.vocabulary[language] | FUNCTION_WORDS[language]
    return Vocabulary.of(dict.fromkeys(known, 0))


def read_mended(
    index: Index,
    speller: Speller,
    query: Query,
    keep: Filter | None = None,
    today: date | None = None,
) -> Query:
    """`query` with its slips mended, where the search then finds something better; else as it is.

    A word that is merely unknown (a name, another subject) mostly finds nothing better for being mended.
    `today`: as in `Index.read`.
    """
    text = speller.mend(query.text)
    if text == query.text:
        return query
    mended = index.read(text, today)
    return mended if index.best_score(mended, keep) > index.best_score(query, keep) else query
