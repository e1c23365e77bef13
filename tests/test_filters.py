"""Filters: what they let through, and that nothing that fits is out of reach."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.article import SHIPPED, read_articles
from corpus.question import DEV, read_questions
from index.answer import Answerer
from index.encoder import OnnxEncoder
from index.filters import Filters
from index.lexicon import shipped
from index.maxsim import StaticVectors
from index.search import EXACT, Hit, Index

ARTICLES = read_articles(SHIPPED)
DATES = sorted({a.source.published for a in ARTICLES if a.source.published is not None})
PUBLISHERS = sorted({a.source.publisher for a in ARTICLES})
TOPICS = sorted({topic for a in ARTICLES for topic in a.topics})
QUESTIONS = (
    "Is the ASEAN Secretariat open to the public?",
    "jalan apa aja yang ditutup pas KTT?",
    "Who is the Secretary-General of ASEAN?",
    "Bagaimana cara mengganti oli sepeda motor?",
)

some_filters = st.builds(
    lambda first, days, publishers, languages, topics: Filters(
        since=first,
        until=None if first is None or days is None else first + timedelta(days),
        publishers=tuple(publishers),
        languages=tuple(languages),
        topics=tuple(topics),
    ),
    st.none() | st.sampled_from(DATES),
    st.none() | st.integers(0, 2000),
    st.lists(st.sampled_from(PUBLISHERS), max_size=3, unique=True),
    st.lists(st.sampled_from(("id", "en")), max_size=1),
    st.lists(st.sampled_from(TOPICS), max_size=4, unique=True),
)


@pytest.fixture(scope="module")
def index(answerer: Answerer, bundled: OnnxEncoder, static: StaticVectors) -> Index:
    return Index(answerer.store.open(bundled.fingerprint), bundled, static, shipped())


@pytest.fixture(scope="module")
def ranking(index: Index) -> dict[str, list[Hit]]:
    """Every passage there is, ranked for each of QUESTIONS: brute force."""
    found = {}
    for question in QUESTIONS:
        query = index.read(question)
        rows = np.arange(len(index.generation.passages))
        scores: dict[int, float] = {}
        for first in range(0, len(rows), EXACT):
            scores |= index.candidates(query, rows[first : first + EXACT])
        assert len(scores) == len(rows)
        found[question] = index.score(query, scores, among=list(index.candidates(query)))
    return found


@settings(max_examples=60, deadline=None)
@given(filters=some_filters, question=st.sampled_from(QUESTIONS))
def test_every_hit_fits_and_the_best_that_fits_comes_first(
    index: Index, ranking: dict[str, list[Hit]], filters: Filters, question: str
) -> None:
    hits = index.search(question, 5, filters)
    articles = index.generation.articles
    assert all(filters(articles[hit.passage.article_id]) for hit in hits)
    fitting = [hit for hit in ranking[question] if filters(articles[hit.passage.article_id])]
    assert len(hits) == min(5, len({hit.passage.article_id for hit in fitting}))
    if hits:
        assert hits[0].score == pytest.approx(fitting[0].score, abs=1e-5)
        assert hits[0].passage.article_id == fitting[0].passage.article_id


def test_what_no_list_would_bring_is_found(index: Index) -> None:
    question = "Is the ASEAN Secretariat open to the public?"
    near = {
        index.generation.passages[row].article_id for row in index.candidates(index.read(question))
    }
    far = next(article for article in index.generation.articles.values() if article.id not in near)
    hits = index.search(question, 3, lambda article: article is far)
    assert [hit.passage.article_id for hit in hits] == [far.id]
    assert {hit.passage.article_id for hit in index.search(question, 3)}.isdisjoint({far.id})


def test_a_filter_leaves_scores_as_they_are(index: Index) -> None:
    best = index.search(QUESTIONS[1], 1)[0]
    publisher = index.generation.articles[best.passage.article_id].source.publisher
    assert index.search(QUESTIONS[1], 1, Filters(publishers=(publisher.upper(),)))[0] == best
    assert index.search(QUESTIONS[1], 5, Filters()) == index.search(QUESTIONS[1], 5)


@pytest.mark.parametrize("filters", [Filters(publishers=("Nobody",)), Filters(topics=("cats",))])
def test_a_name_that_no_article_has_gives_nothing(answerer: Answerer, filters: Filters) -> None:
    answer = answerer.ask("Is the ASEAN Secretariat open to the public?", filters=filters)
    assert answer.outcome == "unknown"
    assert answer.passages == ()


def test_an_answer_from_what_fits(answerer: Answerer) -> None:
    filters = Filters(since=date(2025, 1, 1))
    answer = answerer.ask("Is the ASEAN Secretariat open to the public?", filters=filters)
    assert answer.answered
    for passage in answer.passages:
        assert passage.source.published is not None
        assert passage.source.published >= date(2025, 1, 1)


def test_an_article_that_fits_alone_need_not_answer(answerer: Answerer, index: Index) -> None:
    """Alone it stands out against no other: that must not make us sure."""
    questions = [q for q in read_questions(DEV) if q.kind == "answerable"][::10]
    unknown = 0
    for question in questions:
        for hit in index.search(question.text, 10)[5:]:
            source = index.generation.articles[hit.passage.article_id].source
            if source.published is not None and hit.passage.article_id not in question.gold:
                break
        day = source.published
        filters = Filters(since=day, until=day, publishers=(source.publisher,))
        unknown += answerer.ask(question.text, filters=filters).outcome != "answered"
    assert unknown > 0.6 * len(questions)


def test_days_in_the_wrong_order() -> None:
    with pytest.raises(ValueError, match="since=2024-01-02 is after until=2024-01-01"):
        Filters(since=date(2024, 1, 2), until=date(2024, 1, 1))
    assert Filters(since=date(2024, 1, 1), until=date(2024, 1, 1)).since == date(2024, 1, 1)
