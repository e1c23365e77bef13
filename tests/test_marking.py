"""The marked sentence: the one that answers, not the one that repeats the question."""

from __future__ import annotations

import numpy as np
import pytest

from corpus.article import Translation
from corpus.passage import Passage, split
from index.marking import best_sentence
from index.maxsim import StaticVectors
from index.reader import Reader, Reading
from tests.conftest import MakeArticle

ID = (
    "Gedung baru museum kota di Bandung diresmikan wali kota pada hari Senin. "
    "Pembangunannya menelan biaya 12 miliar rupiah. Pengunjung dapat melihat 300 lukisan."
)
EN = (
    "The new building of the city museum in Bandung was opened by the mayor on Monday. "
    "It cost 12 billion rupiah to build. Visitors can see 300 paintings."
)
QUESTION = "Berapa biaya gedung baru museum kota di Bandung?"


@pytest.fixture
def passages(make_article: MakeArticle) -> dict[str, Passage]:
    article = make_article("museum", ID, translation=Translation("en", "The museum", EN))
    return {passage.language: passage for passage in split(article)}


def reading(text: str, answer: str) -> Reading:
    """A reader that is sure that `answer` answers."""
    start = text.index(answer)
    places = np.array([[0.0, 0, 0], [start, 9, 9], [len(text) - 2, 0, 0]], np.float32)
    return Reading(3.0, start, start + len(answer), places)


def marked(passage: Passage, static: StaticVectors, *read: tuple[Passage, Reading]) -> str:
    tokens = static.token_ids([QUESTION])[0]
    span = best_sentence(static, tokens, passage, read)
    return passage.text[span.start : span.end]


def test_words_alone_mark_what_repeats_the_question(
    passages: dict[str, Passage], static: StaticVectors
) -> None:
    assert marked(passages["id"], static).startswith("Gedung baru")


def test_the_reader_marks_what_answers(passages: dict[str, Passage], static: StaticVectors) -> None:
    own = passages["id"]
    assert "12 miliar" in marked(own, static, (own, reading(ID, "12 miliar rupiah")))
    assert "300" in marked(own, static, (own, reading(ID, "300 lukisan")))


def test_what_is_read_in_one_language_is_marked_in_the_other(
    passages: dict[str, Passage], static: StaticVectors
) -> None:
    read = (passages["en"], reading(EN, "12 billion rupiah"))
    assert marked(passages["en"], static, read) == "It cost 12 billion rupiah to build."
    assert "12 miliar" in marked(passages["id"], static, read)
    read = (passages["en"], reading(EN, "300 paintings"))
    assert "300 lukisan" in marked(passages["id"], static, read)


def test_the_bundled_reader_knows_where(
    passages: dict[str, Passage], static: StaticVectors
) -> None:
    reader = Reader()
    for language, answer in (("id", "12 miliar"), ("en", "12 billion")):
        passage = passages[language]
        found = reader.read(QUESTION, [passage.text])[0]
        assert answer in passage.text[found.start : found.end]
        assert answer in marked(passage, static, (passage, found))
    told, untold = (
        reader.read(question, [EN])[0].answers
        for question in (QUESTION, "Berapa harga tiket masuk museum kota di Bandung?")
    )
    assert told > untold
