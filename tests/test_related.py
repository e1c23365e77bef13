"""Suggestions: near the question, never the question itself, of different articles."""

from __future__ import annotations

from dataclasses import replace

from corpus.question import read_suggestions
from index.answer import Answerer
from index.related import COUNT, Related


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
