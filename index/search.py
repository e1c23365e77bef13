"""Search: candidates of the dense and the lexical lists, re-scored, one hit a story."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache, partial

import numpy as np
from numpy.typing import NDArray

from corpus.article import LANGUAGES, Article
from corpus.passage import Passage, counterpart
from corpus.words import words
from index.columns import ranges
from index.encoder import Encoder, Vectors
from index.filters import Filters
from index.generation import Generation
from index.language import detect, standardise, without_symbols
from index.lexicon import Lexicon, Phrase
from index.maxsim import Ids, StaticVectors
from index.moment import Moment, read_moment, recency, times_of

CANDIDATES = 50
"""Passages taken from each list: the dense one, and the lexical one of each language."""

EXACT = 300
"""Where no more passages than this fit a filter, all of them are scored, not only candidates."""


@dataclass(frozen=True, slots=True)
class Weights:
    """Shares of the four scores. Chosen on corpus/questions/dev.jsonl: `benchmarks/weights.py`.

    BM25 stays small: over a collection of two languages it prefers the question's own, and reciprocal
    rank fusion with it drops cross-lingual nDCG@10 from 69.5 to 24.2. It brings candidates. `named` and
    `latest` are no shares: they are added, times how well the article fits the time asked for. From .03
    to .08 dev hardly differs (nDCG@10 with translations .883 without them, .888 with); at .06 the first
    hit is right for 18 instead of 15 of the 25 questions of tests/moments.py that name a time, and for 12
    instead of 8 of the 18 that ask for the latest.
    """

    dense: float = 1.0
    article: float = 0.5
    maxsim: float = 1.0
    lexical: float = 0.4
    named: float = 0.06
    latest: float = 0.06


@dataclass(frozen=True, slots=True)
class Query:
    """A question, read: its language ("id", "en", or None: its words do not tell), standard spelling,
    vector, token ids for MaxSim, and the time it is about."""

    text: str
    language: str | None
    vector: Vectors
    tokens: Ids
    moment: Moment = field(default_factory=Moment)


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage found. `score`, higher is better, is the weighted mean of the four others, plus what the
    article gains by its time: `dense` (cosine), `article` (cosine of the mean of all its article's passages,
    in every language), `maxsim` (0 to 1) and `lexical` (share of the ideal BM25, 0 to 1). `also`: ids of
    other articles that tell the same story, oldest first. `row`: of the passage in the generation.
    `versions`: by language, the article's passage that fits best; the two texts of an article need not be
    cut at the same places."""

    passage: Passage
    row: int
    score: float
    dense: float
    article: float
    maxsim: float
    lexical: float
    also: tuple[str, ...] = ()
    versions: Mapping[str, Passage] = field(default_factory=dict)


Filter = Callable[[Article], bool]
_REMEMBERED = 10_000
"""Articles of which the times that they name are remembered."""


class Index:
    """A generation with what is needed to search it. Never changes; safe to use from threads."""

    def __init__(
        self,
        generation: Generation,
        encoder: Encoder,
        static: StaticVectors,
        lexicon: Lexicon | None,
        weights: Weights | None = None,
    ) -> None:
        """Without a `lexicon` a question's words are looked up as they are in both languages."""
        self.generation = generation
        self.static = static
        self._encoder = encoder
        self._lexicon = lexicon
        self._weights = weights or Weights()
        self._newest = date.fromordinal(max(1, generation.newest))
        self._story_of = {name: story for story in generation.stories for name in story}
        # A question with a time asks it of every candidate. With the index, what is remembered goes too.
        self._times = lru_cache(_REMEMBERED)(partial(_times_of, generation.articles))

    def with_weights(self, weights: Weights) -> Index:
        """The same index with other shares of the scores."""
        return Index(self.generation, self._encoder, self.static, self._lexicon, weights)

    def without_lexicon(self) -> Index:
        """The same index whose lexical lists know nothing of translation: plain BM25."""
        return Index(self.generation, self._encoder, self.static, None, self._weights)

    def read(self, question: str, today: date | None = None) -> Query:
        """What search needs to know of `question`. "Last year" is relative to `today`, by default the
        day of the newest article, so that measures are the same every day."""
        question = without_symbols(question)
        language = detect(question)
        text = question if language == "en" else standardise(question)
        return Query(
            text=text,
            language=language,
            vector=self._encoder.encode_question(text),
            tokens=self.static.token_ids([text])[0],
            moment=read_moment(text, today or self._newest),
        )

    def search(
        self,
        question: str | Query,
        k: int,
        keep: Filter | None = None,
        language: str | None = None,
    ) -> list[Hit]:
        """The best passage of each of the `k` best stories, best first; fewer where fewer fit.

        `keep` says which articles count; `language`: passages in that language only. A passage's score
        is the same with and without them, and they reach every passage that fits, however far down.
        """
        if k < 1:
            raise ValueError(f"k={k}: ask for at least 1 passage")
        query = self.read(question) if isinstance(question, str) else question
        common = self.candidates(query)
        fitting = self._fitting(keep, language)
        if fitting is None:
            hits = self.score(query, common)
        else:
            hits = self.score(query, self.candidates(query, fitting), among=list(common))
        return self.one_a_story(hits, keep)[:k]

    def best_score(self, query: Query, keep: Filter | None = None) -> float:
        """The score of the best hit; 0 where there is none."""
        return max((hit.score for hit in self.search(query, 1, keep)), default=0.0)

    def one_a_story(self, hits: Iterable[Hit], keep: Filter | None = None) -> list[Hit]:
        """The first of `hits` of each article, and of articles that tell the same; the others of them
        that fit `keep` become its `also`."""
        best: dict[str, Hit] = {}
        versions: dict[str, dict[str, Passage]] = {}
        for hit in hits:
            name = hit.passage.article_id
            versions.setdefault(name, {}).setdefault(hit.passage.language, hit.passage)
            story = self._story_of.get(name, (name,))
            if story[0] not in best:
                also = tuple(
                    other
                    for other in story
                    if other != name and (keep is None or keep(self.generation.articles[other]))
                )
                best[story[0]] = replace(hit, also=also, versions=versions[name])
        return list(best.values())

    def candidates(self, query: Query, among: NDArray[np.int64] | None = None) -> dict[int, float]:
        """Rows worth scoring, with their lexical score (0 for those that only the dense list has).

        `among`: of these rows only, and all of them where they are at most EXACT.
        """
        depth = CANDIDATES
        if among is not None and len(among) <= EXACT:
            depth = EXACT
        rows, _ = self.generation.dense.search(query.vector, depth, among)
        found = dict.fromkeys((int(row) for row in rows), 0.0)
        tokens = words(query.text)
        for language in LANGUAGES:
            if self._lexicon is None or language == (query.language or "id"):
                groups: list[list[Phrase]] = [[(word,)] for word in tokens]
            else:
                groups = self._lexicon.translate(tokens, query.language or "id")
            lexical_rows, scores = self.generation.lexical.search(language, groups, depth, among)
            for row, score in zip(lexical_rows.tolist(), scores.tolist(), strict=True):
                found[row] = max(found.get(row, 0.0), score)
        return found

    def score(
        self,
        query: Query,
        candidates: dict[int, float],
        among: Sequence[int] | None = None,
    ) -> list[Hit]:
        """All candidates as hits, best first. `among`: the rows on which MaxSim measures how much a word
        tells; by default the candidates."""
        rows = list(candidates)
        dense, article = self._cosines(query, rows)
        maxsim = self.static.score(query.tokens, self.generation.tokens, rows, among=among)
        lexical = np.array([candidates[row] for row in rows], np.float32)
        share = self._weights
        scores = (
            share.dense * dense
            + share.article * article
            + share.maxsim * maxsim
            + share.lexical * lexical
        ) / (share.dense + share.article + share.maxsim + share.lexical)
        if query.moment.named or query.moment.latest:
            scores = scores + self._timely(query.moment, rows)
        order = np.argsort(-scores, kind="stable")
        return [
            Hit(
                passage=self.generation.passages[rows[at]],
                row=rows[at],
                score=float(scores[at]),
                dense=float(dense[at]),
                article=float(article[at]),
                maxsim=float(maxsim[at]),
                lexical=float(lexical[at]),
            )
            for at in order.tolist()
        ]

    def version(self, hit: Hit, language: str) -> Passage | None:
        """The passage in `language` of the article of `hit` that fits best; None where it has none."""
        return hit.versions.get(language) or self.in_language(hit.passage, language)

    def in_language(self, passage: Passage, language: str) -> Passage | None:
        """The passage that says in `language` what `passage` says; None where there is none."""
        if passage.language == language:
            return passage
        articles = self.generation.articles
        place = articles.place(passage.article_id)
        all_ = self.generation.passages[int(articles.rows[place]) : int(articles.rows[place + 1])]
        others = [other for other in all_ if other.language == language]
        return counterpart(passage, articles.at(place), others)

    def _fitting(self, keep: Filter | None, language: str | None) -> NDArray[np.int64] | None:
        """The rows that fit, ascending; None where all do."""
        if keep is None and language is None:
            return None
        articles, passages = self.generation.articles, self.generation.passages
        fits = np.ones(len(passages), bool)
        if isinstance(keep, Filters):
            fits = articles.fitting(keep)[passages.article]
        elif keep is not None:
            kept = np.array([keep(article) for article in articles.values()], bool)
            fits = kept[passages.article]
        if language is not None:
            fits &= passages.in_language(language)
        return None if fits.all() else np.flatnonzero(fits)

    def _timely(self, moment: Moment, rows: list[int]) -> NDArray[np.float32]:
        """What each of `rows` gains by the time of its article."""
        gains: dict[str, float] = {}
        names = [self.generation.passages[row].article_id for row in rows]
        for name in dict.fromkeys(names):
            article = self.generation.articles[name]
            gains[name] = 0.0
            if moment.named:
                gains[name] += self._weights.named * moment.fit(article, self._times(name))
            if moment.latest:
                published = article.source.published
                gains[name] += self._weights.latest * recency(published, self._newest)
        return np.array([gains[name] for name in names], np.float32)

    def _cosines(
        self, query: Query, rows: list[int]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Cosines of the question with the passages at `rows`, and with the means of their articles.

        A passage of an article that is about the question beats an equal one that only mentions it:
        Success@1 on dev .83 → .85.
        """
        held = self.generation.articles.rows
        places, which = np.unique(self.generation.passages.article[rows], return_inverse=True)
        counts = held[places + 1] - held[places]
        needed = ranges(held[places], counts)
        vectors = self.generation.dense.vectors(needed)
        cosines = vectors @ query.vector
        of_article = np.empty(len(places), np.float32)
        ends = np.cumsum(counts)
        for at, (first, end) in enumerate(zip(ends - counts, ends, strict=True)):
            mean = vectors[first:end].mean(axis=0)
            of_article[at] = mean @ query.vector / max(float(np.linalg.norm(mean)), 1e-9)
        # Where each row stands among the needed ones.
        at_row = np.searchsorted(needed, rows)
        return cosines[at_row].astype(np.float32), of_article[which]


def _times_of(articles: Mapping[str, Article], name: str) -> tuple[Moment, Moment]:
    return times_of(articles[name])
