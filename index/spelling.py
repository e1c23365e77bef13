"""Slips of the finger, vowels left out, spaces forgotten: words that nobody knows, and what was meant."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cached_property

from corpus.article import LANGUAGES
from corpus.words import FUNCTION_WORDS, words
from index.lexicon import Lexicon, Stems, near
from index.search import Filter, Index, Query

_SHORTEST = 4
_SHORTEST_PART = 3
"""Letters of the shortest word that is mended, and of the shortest part of two written as one."""
_WORD = re.compile(r"[^\W\d_]+")
_VOWELS = re.compile("[aeiou]")


class Speller:
    """Maps words that nothing knows to the word that was likely meant, the commonest first."""

    def __init__(self, counts: Mapping[str, int], known: Iterable[str] = ()) -> None:
        self._counts = {word: 0 for word in known if word.isalpha()}
        self._counts |= {word: count for word, count in counts.items() if word.isalpha()}
        self._stems = {language: Stems(language) for language in LANGUAGES}

    @cached_property
    def _stemmed(self) -> frozenset[str]:
        # These tables cost a third of a second, and most questions hold no unknown word.
        every = list(self._counts)
        return frozenset(stem for stems in self._stems.values() for stem in stems(every))

    @cached_property
    def _by_deletion(self) -> dict[str, list[str]]:
        table: dict[str, list[str]] = {}
        for word in self._long():
            for form in _deletions(word):
                table.setdefault(form, []).append(word)
        return table

    @cached_property
    def _by_skeleton(self) -> dict[str, list[str]]:
        table: dict[str, list[str]] = {}
        for word in self._long():
            table.setdefault(_skeleton(word), []).append(word)
        return table

    def _long(self) -> list[str]:
        return [word for word in self._counts if len(word) >= _SHORTEST]

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
        if len(word) < _SHORTEST or word in self._counts:
            return typed
        if any(stems([word])[0] in self._stemmed for stems in self._stems.values()):
            return typed
        slips = {
            meant
            for form in _deletions(word)
            for meant in self._by_deletion.get(form, ())
            if near(word, meant)
        }
        skeleton = _skeleton(word)
        if not slips and skeleton == word:
            slips = set(self._by_skeleton.get(skeleton, ()))
        if slips:
            return max(sorted(slips), key=lambda meant: self._counts[meant])
        parts = [
            (word[:at], word[at:])
            for at in range(_SHORTEST_PART, len(word) - _SHORTEST_PART + 1)
            if word[:at] in self._counts and word[at:] in self._counts
        ]
        if parts:
            return " ".join(max(parts, key=lambda pair: min(self._counts[part] for part in pair)))
        return typed


def _deletions(word: str) -> set[str]:
    """`word`, and what remains of it without one letter: words one slip apart share such a form."""
    return {word} | {word[:at] + word[at + 1 :] for at in range(len(word))}


def _skeleton(word: str) -> str:
    """Its first letter and the consonants after it: what chat spelling leaves of a word."""
    consonants: str = _VOWELS.sub("", word[1:])
    return word[:1] + consonants


def speller(index: Index, lexicon: Lexicon) -> Speller:
    """Of the words of the passages of `index`, the lexicon, and chat spelling."""
    counts = Counter(
        word for passage in index.generation.passages for word in words(passage.embedded_text)
    )
    known = {word for spelling in lexicon.spellings for word in spelling.split()}
    for language in LANGUAGES:
        known |= lexicon.vocabulary[language] | FUNCTION_WORDS[language]
    return Speller(counts, known)


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
