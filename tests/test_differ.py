"""Sources of different times: when the answer says so, and in which order it shows them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from corpus.article import Article
from corpus.passage import split
from corpus.question import DEV, read_questions
from index.answer import Answerer
from index.differ import NOTICE, newest_first, sources_differ
from index.moment import Moment
from index.search import Hit
from tests.conftest import MakeArticle


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("Is the ASEAN Secretariat open to the public?", "en"),
        ("Apakah Kantor Sekretariat ASEAN terbuka untuk umum?", "id"),
    ],
)
def test_the_question_that_sources_answer_differently(
    answerer: Answerer, question: str, language: str
) -> None:
    answer = answerer.ask(question)
    assert answer.notice == NOTICE[language]
    days = [passage.source.published or date.min for passage in answer.passages]
    assert days == sorted(days, reverse=True)
    assert days[0].year == 2025
    # The order is the reader's; a score is still the passage's own.
    best = max(answer.passages, key=lambda passage: passage.score)
    assert best.score > 0.6


@pytest.mark.parametrize(
    "question",
    [
        "Who designed the old ASEAN Secretariat building?",
        "jalan apa saja yang ditutup pas KTT ASEAN?",
        "What was agreed at the 42nd ASEAN Summit in May 2023?",
        "Bagaimana cara mengganti oli sepeda motor?",
    ],
)
def test_no_notice_without_need(answerer: Answerer, question: str) -> None:
    answer = answerer.ask(question)
    assert answer.notice is None
    scores = [passage.score for passage in answer.passages]
    assert scores == sorted(scores, reverse=True)


def test_the_notice_is_rare(answerer: Answerer) -> None:
    """One question in ten at most, or readers would learn to overlook it."""
    questions = [q for q in read_questions(DEV) if q.kind == "answerable"][::3]
    noticed = [q.text for q in questions if answerer.ask(q.text).notice is not None]
    assert 1 <= len(noticed) <= len(questions) / 8, noticed


@pytest.fixture
def articles(make_article: MakeArticle) -> dict[str, Article]:
    found = {}
    for subject, day in (
        ("lama", date(2019, 8, 8)),
        ("baru", date(2025, 5, 24)),
        ("serentak", date(2019, 9, 1)),
        ("tanpa", None),
    ):
        article = make_article(subject)
        article = replace(article, source=replace(article.source, published=day))
        found[article.id] = article
    return found


def hit(articles: dict[str, Article], subject: str, score: float, lexical: float = 0.5) -> Hit:
    passage = split(articles[f"test/{subject}"])[0]
    return Hit(passage, 0, score, dense=score, article=score, maxsim=score, lexical=lexical)


def test_the_rule(articles: dict[str, Article]) -> None:
    old, new = hit(articles, "lama", 0.8), hit(articles, "baru", 0.75)
    assert sources_differ([old, new], Moment(), articles)
    assert sources_differ([old, new], Moment(latest=True), articles)
    for moment in (Moment(years=frozenset({2019})), Moment(past=True)):
        assert not sources_differ([old, new], moment, articles)
    for others in (
        [],
        [old],
        [old, hit(articles, "serentak", 0.79)],  # weeks apart
        [old, hit(articles, "tanpa", 0.79)],  # undated
        [old, hit(articles, "baru", 0.7)],  # far from the best
        [old, hit(articles, "baru", 0.79, lexical=0.1)],  # about the subject only
    ):
        assert not sources_differ(others, Moment(), articles)


def test_newest_first_undated_last_equals_by_score(articles: dict[str, Article]) -> None:
    hits = [hit(articles, name, 0.8) for name in ("tanpa", "lama", "baru", "serentak")]
    ordered = [found.passage.article_id for found in newest_first(hits, articles)]
    assert ordered == ["test/baru", "test/serentak", "test/lama", "test/tanpa"]
    twice = [hit(articles, "lama", 0.9), hit(articles, "lama", 0.7)]
    assert newest_first(twice, articles) == twice
