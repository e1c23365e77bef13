"""Questions to suggest that the index does answer: those of a bank, then headlines of its articles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from corpus.article import LANGUAGES, Article, CorpusError
from corpus.question import BANK, Suggestion, read_suggestions
from index.maxsim import StaticVectors
from index.search import Hit, Index, Query
from index.settings import Settings
from index.suggest import Suggestions

COUNT = 3
_SAME = 0.97
"""Cosine from which a suggestion says what was just asked."""
_HEADLINES = 500
"""Newest articles whose headlines may be suggested: a large corpus must not slow the first answer."""

Floats = NDArray[np.float32]


def bank(settings: Settings) -> Path | None:
    """The file of suggested questions: the operator's own, or ours, which know our own articles only."""
    if settings.questions is not None:
        return settings.questions
    return BANK if settings.shipped_corpus else None


@dataclass(frozen=True, slots=True)
class _Headlines:
    """Headlines of one generation in one language, newest first, with their articles and vectors."""

    texts: tuple[str, ...]
    articles: tuple[str, ...]
    vectors: Floats


class Related:
    """The bank with its vectors: static ones, so that 300 questions cost a few milliseconds.

    Where the bank has too few for an index (a corpus of the operator's own), headlines of the newest
    articles fill up.
    """

    def __init__(self, static: StaticVectors, path: Path | None = BANK) -> None:
        """CorpusError where `path` cannot be read; None: no bank."""
        self._static = static
        try:
            self._suggestions = read_suggestions(path) if path is not None else []
        except (OSError, UnicodeDecodeError) as error:
            raise CorpusError(
                f"{path}: the suggested questions cannot be read ({error}). "
                "Correct the file, or leave TANYA_QUESTIONS empty."
            ) from error
        texts = [item.text[language] for item in self._suggestions for language in LANGUAGES]
        self._vectors: Floats = static.means(texts).reshape(
            len(self._suggestions), len(LANGUAGES), static.dim
        )
        # One generation's: another replaces it whole, so that threads need no lock.
        self._headlines: tuple[str, dict[str, _Headlines]] = ("", {})
        self._suggestible: dict[tuple[str, str], tuple[Suggestions, Suggestions]] = {}

    def examples(self, index: Index, language: str, count: int) -> tuple[str, ...]:
        """The first `count` suggestions in `language` whose articles the index holds."""
        return self.lines(index, language)[:count]

    def lines(self, index: Index, language: str) -> tuple[str, ...]:
        """All that may be suggested in `language`, the best first; no two the same."""
        held = [item.text[language] for item in self._suggestions if _held(item, index)]
        return tuple(dict.fromkeys([*held, *self._of(index, language).texts]))

    def suggest(self, index: Index, typed: str, language: str, count: int) -> tuple[str, ...]:
        """Up to `count` of `lines` that hold what was `typed`, as `Suggestions.complete` orders them:
        questions before headlines."""
        key, known = (index.generation.id, language), self._suggestible
        if key not in known:
            # Of one generation, and replaced whole: threads need no lock.
            kept = {name: value for name, value in known.items() if name[0] == key[0]}
            questions = [item.text[language] for item in self._suggestions if _held(item, index)]
            headlines = self._of(index, language).texts
            known = {**kept, key: (Suggestions(questions), Suggestions(headlines))}
            self._suggestible = known
        found = [line for lines in known[key] for line in lines.complete(typed, count)]
        return tuple(dict.fromkeys(found))[:count]

    def near(
        self,
        index: Index,
        query: Query,
        language: str,
        shown: Sequence[Hit] = (),
        count: int = COUNT,
    ) -> tuple[str, ...]:
        """Up to `count` questions in `language`, nearest first, of different articles that the index
        holds; never the question itself, nor the headline of an article of `shown`."""
        vector = self._static.mean(query.tokens)
        told = {hit.passage.article_id for hit in shown}
        found: dict[str, str] = {}
        if self._suggestions:
            similar = (self._vectors @ vector).max(axis=1)
            for at in _nearest(similar):
                item = self._suggestions[at]
                if _held(item, index):
                    found.setdefault(item.article or item.text[language], item.text[language])
                if len(found) == count:
                    return tuple(found.values())
        headlines = self._of(index, language)
        if headlines.texts:
            for at in _nearest(headlines.vectors @ vector):
                if len(found) == count:
                    break
                article = headlines.articles[at]
                if article not in told:
                    found.setdefault(article, headlines.texts[at])
        return tuple(found.values())

    def _of(self, index: Index, language: str) -> _Headlines:
        generation = index.generation
        known, headlines = self._headlines
        if known != generation.id:
            # By the column of days: only the newest are read, of however many.
            newest = np.argsort(-generation.articles.published, kind="stable")[:_HEADLINES]
            articles = [generation.articles.at(place) for place in newest.tolist()]
            headlines = {name: self._read(articles, name) for name in LANGUAGES}
            self._headlines = (generation.id, headlines)
        return headlines[language]

    def _read(self, articles: Sequence[Article], language: str) -> _Headlines:
        """The headlines in `language`; where there is none at all, those there are."""
        own = [item for item in articles if _speaks(item, language)] or articles
        by_text: dict[str, str] = {}
        for article in own:
            by_text.setdefault(article.title_in(language).strip(), article.id)
        texts = tuple(by_text)
        vectors = self._static.means(list(texts)).reshape(len(texts), self._static.dim)
        return _Headlines(texts, tuple(by_text.values()), vectors)


def _held(item: Suggestion, index: Index) -> bool:
    return not item.article or item.article in index.generation.articles


def _speaks(article: Article, language: str) -> bool:
    translation = article.translation
    return article.language == language or (
        translation is not None and translation.language == language
    )


def _nearest(similar: Floats) -> Iterator[int]:
    """Rows from the nearest on, without those that say the same as what was asked."""
    for at in np.argsort(-similar, kind="stable").tolist():
        if similar[at] < _SAME:
            yield at
