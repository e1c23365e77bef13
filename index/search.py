"""Search: candidates of the dense and the lexical lists, re-scored, one hit an article."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corpus.article import LANGUAGES, Article
from corpus.passage import Passage, counterpart
from index.encoder import Encoder, Vectors
from index.generation import Generation
from index.language import detect, standardise
from index.lexicon import Lexicon, Phrase, words
from index.maxsim import Ids, StaticVectors

CANDIDATES = 50
"""Passages taken from each list: the dense one, and the lexical one of each language."""


@dataclass(frozen=True, slots=True)
class Weights:
    """Shares of the three scores. Chosen on corpus/questions/dev.jsonl: `benchmarks/weights.py`.

    BM25 stays small: over a collection of two languages it prefers the question's own, and reciprocal
    rank fusion with it drops cross-lingual nDCG@10 from 69.5 to 24.2. It brings candidates.
    """

    dense: float = 1.0
    maxsim: float = 1.0
    lexical: float = 0.1


@dataclass(frozen=True, slots=True)
class Query:
    """A question, read: its language ("id", "en", or None: its words do not tell), standard spelling,
    vector, and token ids for MaxSim."""

    text: str
    language: str | None
    vector: Vectors
    tokens: Ids


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage found. `score`, higher is better, is the weighted mean of the three others: `dense`
    (cosine), `maxsim` (0 to 1) and `lexical` (share of the ideal BM25, 0 to 1)."""

    passage: Passage
    score: float
    dense: float
    maxsim: float
    lexical: float


Filter = Callable[[Article], bool]


class Index:
    """A generation with what is needed to search it. Never changes; safe to use from threads."""

    def __init__(
        self,
        generation: Generation,
        encoder: Encoder,
        static: StaticVectors,
        lexicon: Lexicon,
        weights: Weights | None = None,
    ) -> None:
        self.generation = generation
        self.static = static
        self._encoder = encoder
        self._lexicon = lexicon
        self._weights = weights or Weights()
        self._passages_of: dict[tuple[str, str], list[Passage]] = {}
        for passage in generation.passages:
            key = (passage.article_id, passage.language)
            self._passages_of.setdefault(key, []).append(passage)

    def with_weights(self, weights: Weights) -> Index:
        """The same index with other shares of the scores."""
        return Index(self.generation, self._encoder, self.static, self._lexicon, weights)

    def read(self, question: str) -> Query:
        """What search needs to know of `question`."""
        language = detect(question)
        text = question if language == "en" else standardise(question)
        return Query(
            text=text,
            language=language,
            vector=self._encoder.encode_question(text),
            tokens=self.static.token_ids([text])[0],
        )

    def search(
        self,
        question: str | Query,
        k: int,
        keep: Filter | None = None,
        language: str | None = None,
    ) -> list[Hit]:
        """The best passage of each of the `k` best articles, best first; fewer where fewer fit.

        `keep` says which articles count; `language`: passages in that language only.
        """
        if k < 1:
            raise ValueError(f"k={k}: ask for at least 1 passage")
        query = self.read(question) if isinstance(question, str) else question
        hits = self.score(query, self.candidates(query), keep, language)
        best: dict[str, Hit] = {}
        for hit in hits:
            best.setdefault(hit.passage.article_id, hit)
        return list(best.values())[:k]

    def candidates(self, query: Query) -> dict[int, float]:
        """Rows worth scoring, with their lexical score (0 for those that only the dense list has)."""
        rows, _ = self.generation.dense.search(query.vector, CANDIDATES)
        found = dict.fromkeys((int(row) for row in rows), 0.0)
        tokens = words(query.text)
        for language in LANGUAGES:
            if language == (query.language or "id"):
                groups: list[list[Phrase]] = [[(word,)] for word in tokens]
            else:
                groups = self._lexicon.translate(tokens, query.language or "id")
            lexical_rows, scores = self.generation.lexical.search(language, groups, CANDIDATES)
            for row, score in zip(lexical_rows.tolist(), scores.tolist(), strict=True):
                found[row] = max(found.get(row, 0.0), score)
        return found

    def score(
        self,
        query: Query,
        candidates: dict[int, float],
        keep: Filter | None = None,
        language: str | None = None,
    ) -> list[Hit]:
        """All allowed candidates as hits, best first."""
        rows = [row for row in candidates if self._allowed(row, keep, language)]
        dense, maxsim = self._dense(query, rows), self._maxsim(query, rows)
        lexical = np.array([candidates[row] for row in rows], np.float32)
        share = self._weights
        total = share.dense + share.maxsim + share.lexical
        scores = (share.dense * dense + share.maxsim * maxsim + share.lexical * lexical) / total
        order = np.argsort(-scores, kind="stable")
        return [
            Hit(
                passage=self.generation.passages[rows[at]],
                score=float(scores[at]),
                dense=float(dense[at]),
                maxsim=float(maxsim[at]),
                lexical=float(lexical[at]),
            )
            for at in order.tolist()
        ]

    def in_language(self, passage: Passage, language: str) -> Passage | None:
        """The passage that says in `language` what `passage` says; None where there is none."""
        if passage.language == language:
            return passage
        others = self._passages_of.get((passage.article_id, language), [])
        return counterpart(passage, self.generation.articles[passage.article_id], others)

    def _allowed(self, row: int, keep: Filter | None, language: str | None) -> bool:
        passage = self.generation.passages[row]
        return (language is None or passage.language == language) and (
            keep is None or keep(self.generation.articles[passage.article_id])
        )

    def _dense(self, query: Query, rows: list[int]) -> NDArray[np.float32]:
        vectors = self.generation.dense.vectors(np.array(rows, np.int64))
        cosines: NDArray[np.float32] = vectors @ query.vector
        return cosines

    def _maxsim(self, query: Query, rows: list[int]) -> NDArray[np.float32]:
        return self.static.score(query.tokens, self.generation.tokens, rows)
