"""Follow-ups, with the shipped corpus: those that need the question before get it, no others."""

from __future__ import annotations

import random

import pytest

from corpus.article import Article
from corpus.question import DEV, FOLLOWUPS, read_questions, read_suggestions
from index.answer import Answerer
from index.followup import sign
from index.language import standardise


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("Kalau Vietnam kapan?", "opening"),
        ("and Cambodia?", "opening"),
        ("how about the trains?", "opening"),
        ("berapa biayanya?", "pointing"),
        ("when was it built?", "pointing"),
        ("siapa saja yang hadir di sana?", "pointing"),
        ("why there?", "pointing"),
        ("jalan mana yang ditutup?", "bare"),
        ("and where is the ASEAN Secretariat?", None),
        ("Kalau gedung baru Sekretariat ASEAN, berapa biayanya?", None),
        ("Who chairs the bloc in the year after the Philippines?", None),
        ("android apps?", "bare"),  # "and" only as a word
    ],
)
def test_words_that_lean_on_the_question_before(question: str, found: str | None) -> None:
    assert sign(question) == found


def test_followups_find_their_articles(answerer: Answerer) -> None:
    dialogues = read_questions(FOLLOWUPS)
    found = {"alone": 0, "shipped": 0}
    for item in dialogues:
        alone = answerer.ask(item.text, k=3)
        shipped = answerer.ask(item.text, k=3, previous=item.previous)
        found["alone"] += any(passage.article in item.gold for passage in alone.passages)
        found["shipped"] += any(passage.article in item.gold for passage in shipped.passages)
        assert shipped.read_as is None or shipped.read_as.startswith(str(item.previous)[:-1])
        assert alone.read_as is None
    assert found["shipped"] >= 0.85 * len(dialogues)
    assert found["shipped"] >= found["alone"] + 0.25 * len(dialogues)


def test_questions_that_stand_for_themselves_are_left_alone(answerer: Answerer) -> None:
    bank = [text for item in read_suggestions() for text in item.text.values()]
    questions = [item.text for item in read_questions(DEV)] + bank
    chance = random.Random(7)
    for question in questions:
        if sign(standardise(question)) is None and sign(question) is None:
            continue  # read_with goes no further
        joined = answerer.ask(question, previous=chance.choice(bank)).read_as
        assert joined is None, joined


@pytest.mark.parametrize(
    "question", ["apa itu DEFA?", "what is RCEP?", "Timor Leste", "AHA Centre"]
)
def test_a_short_question_about_something_else_is_left_alone(
    answerer: Answerer, question: str
) -> None:
    previous = "Siapa arsitek Gedung Sekretariat ASEAN?"
    assert answerer.ask(question, previous=previous).read_as is None


def test_a_followup_is_read_in_its_own_language(answerer: Answerer) -> None:
    answer = answerer.ask("kalau wakilnya?", previous="Who is the Secretary-General of ASEAN")
    assert answer.read_as == "Who is the Secretary-General of ASEAN? Kalau wakilnya?"
    assert answer.question == "kalau wakilnya?"
    assert answer.language == "id"


def test_the_dialogues(shipped_articles: list[Article]) -> None:
    dialogues = read_questions(FOLLOWUPS)
    languages = {article.id: article.language for article in shipped_articles}
    dev = {item.text for item in read_questions(DEV)}
    assert len({(item.previous, item.text) for item in dialogues}) == len(dialogues) >= 60
    assert {item.language for item in dialogues} == {"id", "en"}
    for item in dialogues:
        assert item.previous
        assert item.text not in dev
        assert item.gold.keys() <= languages.keys()
        assert item.crosslingual == (item.language not in {languages[gold] for gold in item.gold})
