"""Questions near the one asked that the index does answer, from the bank of suggested questions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from corpus.article import LANGUAGES
from corpus.question import BANK, Suggestion, read_suggestions
from index.maxsim import StaticVectors
from index.search import Index, Query

COUNT = 3
_SAME = 0.97
"""Cosine from which a suggestion says what was just asked."""


class Related:
    """The bank with its vectors: static ones, so that 300 questions cost a few milliseconds."""

    def __init__(self, static: StaticVectors, path: Path = BANK) -> None:
        self._static = static
        self._suggestions = read_suggestions(path) if path.exists() else []
        texts = [item.text[language] for item in self._suggestions for language in LANGUAGES]
        self._vectors: NDArray[np.float32] = static.means(texts).reshape(
            len(self._suggestions), len(LANGUAGES), static.dim
        )

    def examples(self, index: Index, language: str, count: int) -> tuple[str, ...]:
        """The first `count` suggestions in `language` whose articles the index holds."""
        held = [item for item in self._suggestions if item.article in index.generation.articles]
        return tuple(item.text[language] for item in held[:count])

    def near(
        self, index: Index, query: Query, language: str, count: int = COUNT
    ) -> tuple[str, ...]:
        """Up to `count` questions in `language`, nearest first, of different articles that the index
        holds; never the question itself."""
        if not self._suggestions:
            return ()
        vector = self._static.mean(query.tokens)
        similar = (self._vectors @ vector).max(axis=1)
        found: dict[str, Suggestion] = {}
        for at in np.argsort(-similar, kind="stable").tolist():
            suggestion = self._suggestions[at]
            if similar[at] < _SAME and suggestion.article in index.generation.articles:
                found.setdefault(suggestion.article, suggestion)
            if len(found) == count:
                break
        return tuple(suggestion.text[language] for suggestion in found.values())
