"""Indonesian ↔ English words, so that lexical search works across languages.

`lexicon/*.tsv` hold rows `left<TAB>right;right`: glossary and glossary_extra (terms, names,
abbreviations), words (single words), chat_spellings (informal → standard Indonesian), ambiguous
(rows that collide with a word of the other language, and so count only in Indonesian questions).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache
from pathlib import Path

import Stemmer

from corpus.article import LANGUAGES
from corpus.words import words

FOLDER = Path(__file__).parent / "lexicon"
_TERMS = ("glossary", "glossary_extra", "words")
_LONGEST = 6
"""Words of the longest phrase that is looked up."""
_ALTERNATIVES = 4
"""Translations of one phrase that are searched."""

_CLITICS = re.compile(r"(?:nya|lah|kah|pun|ku|mu)$")
_AMERICAN = (
    (re.compile(r"is(ation|ations|e|ed|es|ing)$"), r"iz\1"),
    (re.compile(r"^(cent)re(s?)$"), r"\1er\2"),
    (re.compile(r"^(programm)e(s?)$"), r"program\2"),
    (re.compile(r"^(lab|harb|neighb|hon|fav|col|behavi)our"), r"\1or"),
    (re.compile(r"^defence$"), "defense"),
)

Phrase = tuple[str, ...]


def near(typed: str, meant: str) -> bool:
    """Whether one slip makes `meant` of `typed`: a letter too many, missing, wrong, or two swapped."""
    if typed == meant or abs(len(typed) - len(meant)) > 1:
        return typed == meant
    start = 0
    while start < min(len(typed), len(meant)) and typed[start] == meant[start]:
        start += 1
    rest, wanted = typed[start:], meant[start:]
    return (
        rest[1:] == wanted[1:]
        or rest[1:] == wanted
        or rest == wanted[1:]
        or (rest[1::-1] == wanted[:2] and rest[2:] == wanted[2:])
    )


@lru_cache(100_000)  # a text's words are few different ones
def _american(word: str) -> str:
    for pattern, replacement in _AMERICAN:
        word = pattern.sub(replacement, word)
    return word


class Stems:
    """Snowball stems of one language ("id" or "en"); English spelling variants become one."""

    def __init__(self, language: str) -> None:
        self._english = language == "en"
        self._stemmer = Stemmer.Stemmer("english" if self._english else "indonesian")

    def __call__(self, tokens: Sequence[str]) -> list[str]:
        """The stem of each of `tokens`, in order."""
        prepared = [_american(token) for token in tokens] if self._english else list(tokens)
        return list(self._stemmer.stemWords(prepared))


class Lexicon:
    """Looks phrases up in both directions, the longest match first."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._stems = {language: Stems(language) for language in LANGUAGES}
        self.spellings = spellings(folder)
        """Informal spelling (one or several words) → standard Indonesian."""
        self.colliding = frozenset(columns[0] for _, columns in _rows(folder / "ambiguous.tsv"))
        """Words that mean something else in English: looked up in Indonesian questions only."""
        forward: dict[Phrase, list[Phrase]] = {}
        backward: dict[Phrase, list[tuple[int, Phrase]]] = {}
        for name in _TERMS:
            for left, rights in _rows(folder / f"{name}.tsv"):
                source = tuple(words(left))
                if not source:
                    continue
                targets = forward.setdefault(source, [])
                for place, right in enumerate(rights):
                    target = tuple(words(right))
                    if target and target != source:
                        targets.append(target)
                        backward.setdefault(target, []).append((place, source))
        self._tables: dict[str, dict[Phrase, list[Phrase]]] = {
            "id": {source: _first(targets) for source, targets in forward.items() if targets},
            # A row that names this translation first is the better one; the sort is stable, so
            # within a place the more frequent words come first, as in the files.
            "en": {
                target: _first(source for _, source in sorted(sources, key=lambda item: item[0]))
                for target, sources in backward.items()
            },
        }
        self._by_stem = {language: self._stemmed(language) for language in LANGUAGES}
        self.vocabulary = {
            language: frozenset(word for phrase in table for word in phrase)
            for language, table in self._tables.items()
        }
        """All words of the phrases of each language."""

    def translate(self, tokens: Sequence[str], language: str) -> list[list[Phrase]]:
        """What `tokens` (words of a question in `language`) may be in the other language.

        One list of alternative phrases for each stretch of the question, in order; a word that the
        lexicon does not know stands for itself: names and numbers are the same in both languages.
        """
        table = self._tables[language]
        groups: list[list[Phrase]] = []
        position = 0
        while position < len(tokens):
            for length in range(min(_LONGEST, len(tokens) - position), 0, -1):
                phrase = tuple(tokens[position : position + length])
                found = self._find(table, phrase, language)
                if found:
                    break
            else:
                length, found = 1, []
            word = tokens[position]
            if length == 1 and (not found or not word.isalpha() or len(word) <= 5):
                # Short words may be names or abbreviations (ASEAN, KTT, DEFA): keep them too.
                found = [*found, (word,)] if (word,) not in found else found
            groups.append(found)
            position += length
        return groups

    def _find(
        self, table: dict[Phrase, list[Phrase]], phrase: Phrase, language: str
    ) -> list[Phrase]:
        if language == "en" and len(phrase) == 1 and phrase[0] in self.colliding:
            return []
        found = table.get(phrase)
        if found is None:
            found = self._by_stem[language].get(tuple(self._stems[language](phrase)))
        if found is None and language == "id" and len(phrase) == 1:
            bare = _CLITICS.sub("", phrase[0])
            found = table.get((bare,)) if bare != phrase[0] else None
        return list(found or ())

    def _stemmed(self, language: str) -> dict[Phrase, list[Phrase]]:
        table: dict[Phrase, list[Phrase]] = {}
        for phrase, targets in self._tables[language].items():
            table.setdefault(tuple(self._stems[language](phrase)), targets)
        return table


@cache
def spellings(folder: Path = FOLDER) -> dict[str, str]:
    """Informal spelling (one or several words) → standard Indonesian."""
    found: dict[str, str] = {}
    for left, rights in _rows(folder / "chat_spellings.tsv"):
        found.setdefault(left, rights[0])
    return found


def _first(phrases: Iterable[Phrase]) -> list[Phrase]:
    return list(dict.fromkeys(phrases))[:_ALTERNATIVES]


def _rows(path: Path) -> Iterator[tuple[str, list[str]]]:
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            line = line.rstrip("\n")
            if not line:
                continue
            columns = line.split("\t")
            if len(columns) < 2:
                raise ValueError(
                    f"{path}:{number}: {line!r} has no tab. Write left<TAB>right;right"
                )
            yield (
                columns[0].strip(),
                [part.strip() for part in columns[1].split(";") if part.strip()],
            )


@cache
def shipped() -> Lexicon:
    """The lexicon that travels with the package, read once."""
    return Lexicon()
