"""Slips are mended; names and whatever is merely unknown are left alone."""

from __future__ import annotations

import random

import pytest

from corpus.question import DEV, read_questions
from index.answer import Answerer
from index.lexicon import near
from index.spelling import Speller
from index.vocabulary import Vocabulary


@pytest.mark.parametrize(
    ("typed", "meant", "found"),
    [
        ("austalia", "australia", True),
        ("frist", "first", True),
        ("theeme", "theme", True),
        ("gedunh", "gedung", True),
        ("gedung", "gedung", True),
        ("gdeugn", "gedung", False),
        ("gedung", "gudang", False),
        ("a", "", True),
    ],
)
def test_one_slip(typed: str, meant: str, found: bool) -> None:
    assert near(typed, meant) is found
    assert near(meant, typed) is found


@pytest.fixture(scope="module")
def mender() -> Speller:
    counts = {"september": 9, "berlaku": 4, "kantor": 8, "asean": 99, "gedung": 7, "local": 3}
    return Speller(Vocabulary.of(counts), Vocabulary.of({"harga": 0, "berapa": 0}))


@pytest.mark.parametrize(
    ("typed", "mended"),
    [
        ("tgl 5 septmber", "tgl 5 september"),
        ("brlaku ga?", "berlaku ga?"),
        ("kantorasean di mana", "kantor asean di mana"),
        ("KANTORR ASEAN", "kantor ASEAN"),
        ("the locals", "the locals"),  # a form of a known word
        ("apa kata Kantorr", "apa kata Kantorr"),  # a name
        ("harga emas antam", "harga emas antam"),
        ("G20 2023 B2B", "G20 2023 B2B"),
    ],
)
def test_mending(mender: Speller, typed: str, mended: str) -> None:
    assert mender.mend(typed) == mended


def test_answers_survive_slips(answerer: Answerer) -> None:
    """A letter is dropped from every word of six or more in forty development questions."""
    chance = random.Random(3)
    questions = [item for item in read_questions(DEV) if item.kind == "answerable"][::4]

    def slip(word: str) -> str:
        at = chance.randrange(1, max(2, len(word)))
        return word[:at] + word[at + 1 :] if len(word) >= 6 and word.islower() else word

    held = 0
    for item in questions:
        typed = " ".join(slip(word) for word in item.text.split())
        held += any(passage.article in item.gold for passage in answerer.ask(typed).passages)
    assert held >= 0.75 * len(questions)
