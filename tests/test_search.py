"""Search over the shipped corpus: which passage wins."""

from __future__ import annotations

import pytest

from index.answer import Answerer
from index.encoder import OnnxEncoder
from index.lexicon import shipped
from index.maxsim import StaticVectors
from index.search import Index


@pytest.fixture(scope="module")
def index(answerer: Answerer, bundled: OnnxEncoder, static: StaticVectors) -> Index:
    return Index(answerer.store.open(bundled.fingerprint), bundled, static, shipped())


@pytest.mark.parametrize(
    ("question", "article"),
    [
        ("When was the TAC signed?", "asean/0000-00-00-asean-knowledge-kit-tac-2005"),
        ("arti padi di lambang asean apa sih", "asean/2020-03-24-kompas-makna-lambang-asean"),
        (
            "stasiun MRT terdekat dr sekretariat asean?",
            "secretariat/0000-00-00-mengenal-lebih-dekat-stasiun-mrt-asean",
        ),
    ],
)
def test_the_right_article_is_among_three(index: Index, question: str, article: str) -> None:
    assert article in [hit.passage.article_id for hit in index.search(question, 3)]


def test_one_hit_an_article_best_first(index: Index) -> None:
    hits = index.search("KTT ASEAN di Jakarta", 10)
    assert len({hit.passage.article_id for hit in hits}) == 10
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert all(0 <= hit.maxsim <= 1 and 0 <= hit.lexical <= 1 for hit in hits)


def test_filters(index: Index) -> None:
    hits = index.search("KTT ASEAN", 5, keep=lambda a: a.source.publisher == "Kompas.com")
    assert hits
    for hit in hits:
        article = index.generation.articles[hit.passage.article_id]
        assert article.source.publisher == "Kompas.com"
    assert {h.passage.language for h in index.search("KTT ASEAN", 5, language="en")} == {"en"}
    assert index.search("KTT ASEAN", 5, keep=lambda article: False) == []


def test_lexical_candidates_cross_languages(index: Index) -> None:
    query = index.read("jalan ditutup")
    found = {
        index.generation.passages[row].language
        for row, lexical in index.candidates(query).items()
        if lexical > 0
    }
    assert found == {"id", "en"}


def test_bad_k(index: Index) -> None:
    with pytest.raises(ValueError, match="k=0"):
        index.search("apa?", 0)


def test_words_no_one_knows_still_give_a_ranking(index: Index) -> None:
    assert len(index.search("zzzz qqqq", 3)) == 3
