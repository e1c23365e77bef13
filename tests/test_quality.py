"""What the bundled models must reach on the development questions: a change that loses it is seen here."""

from __future__ import annotations

import pytest

from corpus.article import Article
from corpus.question import DEV
from index.encoder import MODEL, OnnxEncoder, SentenceTransformerEncoder
from index.evaluate import evaluate_corpus
from index.maxsim import StaticVectors
from index.reader import Reader
from index.report import Report

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def report(shipped_articles: list[Article], bundled: OnnxEncoder, static: StaticVectors) -> Report:
    return evaluate_corpus(DEV, shipped_articles, bundled, static, Reader())


def score(report: Report, texts: str, group: str, measure: str) -> float:
    row = next(
        row for row in report.rows if (row.texts, row.ranker, row.group) == (texts, "fused", group)
    )
    return row.scores[measure].mean


def test_search(report: Report) -> None:
    assert score(report, "originals", "all", "S@1") >= 0.85
    assert score(report, "originals", "all", "S@3") >= 0.95
    assert score(report, "originals", "cross-lingual", "S@3") >= 0.94
    assert score(report, "with translations", "all", "S@1") >= 0.89
    assert score(report, "with translations", "all", "S@3") >= 0.97
    for texts in ("originals", "with translations"):
        same, cross = (score(report, texts, g, "S@3") for g in ("same language", "cross-lingual"))
        assert cross >= same - 0.05


def test_abstention(report: Report) -> None:
    found = report.abstention
    assert found is not None
    assert found.shares["answerable: answered"] >= 0.93
    assert found.shares["offtopic: answered"] <= 0.05
    assert found.shares["unanswerable: answered"] <= 0.4
    assert found.auroc["all"] >= 0.93
    assert found.auroc["against questions of the same length"] >= 0.93
    assert found.calibration_error <= 0.05
    assert report.marked["marked sentence holds the answer, where the passage does"] >= 0.62


def test_eight_bits_lose_nothing(
    report: Report, shipped_articles: list[Article], static: StaticVectors
) -> None:
    exact = evaluate_corpus(DEV, shipped_articles, SentenceTransformerEncoder(str(MODEL)), static)
    for texts in ("originals", "with translations"):
        loss = score(exact, texts, "all", "nDCG@10") - score(report, texts, "all", "nDCG@10")
        assert loss <= 0.005, texts
