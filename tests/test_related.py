"""Suggestions: near the question, never the question itself, of different articles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from corpus.article import Article, CorpusError, Source, Translation
from corpus.question import read_suggestions
from index.answer import Answerer
from index.maxsim import StaticVectors
from index.related import COUNT, Related, bank
from index.settings import Settings
from index.store import Store
from tests.hashing import HashingEncoder


def test_no_question_suggests_itself(answerer: Answerer) -> None:
    index = answerer._index()
    related = Related(answerer.static)
    article_of = {text: item.article for item in read_suggestions() for text in item.text.values()}
    blank = index.read("ASEAN")
    for item in read_suggestions():
        for language, text in item.text.items():
            query = replace(blank, text=text, tokens=answerer.static.token_ids([text])[0])
            near = related.near(index, query, language)
            assert text not in near
            assert len({article_of[one] for one in near}) == len(near) == COUNT


def test_suggestions_are_near(answerer: Answerer) -> None:
    answer = answerer.ask("mobil listrik merek apa yang dipakai delegasi KTT?")
    assert any("listrik" in one or "kendaraan" in one for one in answer.related)


def titled(
    make: Callable[..., Article], name: str, title: str, day: int, **more: object
) -> Article:
    source = Source(title, "Kantor Uji", f"https://example.org/{name}", date(2026, 5, day))
    return replace(make(name, **more), source=source)


def test_without_a_bank_the_newest_headlines_are_suggested(
    make_article: Callable[..., Article],
    store: Store,
    encoder: HashingEncoder,
    static: StaticVectors,
    tmp_path: Path,
) -> None:
    english = Translation("en", "Whales counted off Tonga", "Whales were counted off Tonga.")
    articles = [
        titled(make_article, "karang", "Terumbu karang Fiji pulih", 1),
        titled(make_article, "paus", "Paus dihitung di lepas Tonga", 3, translation=english),
        titled(make_article, "ikan", "Kuota ikan tuna disepakati", 2),
    ]
    store.rebuild(articles, encoder, static)
    settings = Settings(data=tmp_path / "var", shipped_corpus=False)
    answerer = Answerer(settings, store, encoder, static)
    assert answerer.examples("id", 2) == (
        "Paus dihitung di lepas Tonga",
        "Kuota ikan tuna disepakati",
    )
    assert answerer.examples("en") == ("Whales counted off Tonga",)
    index = answerer._index()
    related = Related(static, bank(settings))
    query = index.read("berapa kuota tuna?")
    assert related.near(index, query, "id")[0] == "Kuota ikan tuna disepakati"
    hits = index.search(query, 1)
    assert hits[0].passage.article_id == "test/ikan"
    assert "Kuota ikan tuna disepakati" not in related.near(index, query, "id", hits)
    assert related.near(index, index.read("Kuota ikan tuna disepakati"), "id")[:1] != (
        "Kuota ikan tuna disepakati",
    ), "not the question itself"


def test_questions_of_the_operators_own(
    make_article: Callable[..., Article],
    store: Store,
    encoder: HashingEncoder,
    static: StaticVectors,
    tmp_path: Path,
) -> None:
    store.rebuild([titled(make_article, "paus", "Paus dihitung", 3)], encoder, static)
    own = tmp_path / "own.jsonl"
    own.write_text(
        '{"id": "Kapan forum dibuka?", "en": "When does the forum open?"}\n'
        '{"id": "Berapa paus?", "en": "How many whales?", "article": "test/paus"}\n'
        '{"id": "Berapa hiu?", "en": "How many sharks?", "article": "test/hiu"}\n',
        encoding="utf-8",
    )
    answerer = Answerer(Settings(data=tmp_path / "var", questions=own), store, encoder, static)
    assert answerer.examples("en") == (
        "When does the forum open?",
        "How many whales?",
        "Paus dihitung",
    ), "one that no article answers is left out"
    own.write_text('{"id": "Kapan?"}\n', encoding="utf-8")
    with pytest.raises(CorpusError, match=r"own\.jsonl:1: 'en' is missing"):
        Related(static, own)
    with pytest.raises(CorpusError, match=r"none\.jsonl.*cannot be read.*TANYA_QUESTIONS"):
        Related(static, tmp_path / "none.jsonl")
