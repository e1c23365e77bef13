from __future__ import annotations

from pathlib import Path

import pytest

from corpus.article import Article
from corpus.question import DEV, FOLLOWUPS, read_questions, read_suggestions
from corpus.words import words
from index.encoder import StaticEncoder
from index.evaluate import build_index
from index.language import detect, is_foreign, standardise, without_symbols
from index.lexicon import shipped
from index.maxsim import StaticVectors


def test_language_of_the_development_questions() -> None:
    questions = [q for q in read_questions(DEV) if q.kind != "offtopic"]
    wrong = [q.text for q in questions if detect(q.text) != q.language]
    assert wrong == []


@pytest.mark.parametrize("text", ["ASEAN", "Jakarta 2023", "asdkjh qwoeiu", "???"])
def test_words_that_tell_no_language(text: str) -> None:
    assert detect(text) is None


@pytest.mark.parametrize(
    ("informal", "standard"),
    [
        ("gmn cara ke sana?", "bagaimana cara ke sana?"),
        ("jalan apa aja yg ditutup", "jalan apa saja yang ditutup"),
        ("No telp kantornya brp?", "nomor telepon kantornya berapa?"),
        ("(gmn)", "(bagaimana)"),
        ("kotak harapan negara2 dan menlu2nya", "kotak harapan negara dan menlunya"),
        ("KTT 42 di Labuan Bajo, B2 dan G20", "KTT 42 di Labuan Bajo, B2 dan G20"),
        ("Sekretariat ASEAN di mana?", "Sekretariat ASEAN di mana?"),
    ],
)
def test_informal_spellings_become_standard(informal: str, standard: str) -> None:
    assert standardise(informal).lower() == standard.lower()


def test_words() -> None:
    assert words("KTT ke-43 di Jakarta") == ["ktt", "ke", "43", "di", "jakarta"]
    assert words("the 43rd Summit's ASEAN’s") == ["the", "43", "summit", "asean"]
    assert words("5.000 orang") == ["5", "000", "orang"]
    assert words("") == []


@pytest.mark.parametrize(
    ("question", "language", "translation"),
    [
        ("sekretariat asean", "id", ("asean", "secretariat")),
        ("road closures", "en", ("jalan", "yang", "ditutup")),
        ("keketuaan", "id", ("chairmanship",)),
        ("gedungnya", "id", ("building",)),  # the clitic is taken off
        ("chairmanships", "en", ("keketuaan",)),  # by its stem
    ],
)
def test_words_are_carried_into_the_other_language(
    question: str, language: str, translation: tuple[str, ...]
) -> None:
    alternatives = [
        phrase for group in shipped().translate(words(question), language) for phrase in group
    ]
    assert translation in alternatives


def test_unknown_words_stand_for_themselves() -> None:
    assert shipped().translate(["widodo", "2023"], "id") == [[("widodo",)], [("2023",)]]


def test_ambiguous_words_count_only_in_indonesian() -> None:
    lexicon = shipped()
    assert ("united", "states") in lexicon.translate(["as"], "id")[0]
    assert lexicon.translate(["as"], "en") == [[("as",)]]


def test_other_languages_are_known_and_ours_never_refused() -> None:
    """84 sentences in 22 other languages, 62 of ours; Sundanese may pass as Indonesian, which it is near."""
    lines = (Path(__file__).parent / "languages.tsv").read_text("utf-8").splitlines()
    rows = [(line.split("\t")[0], line.split("\t")[1]) for line in lines]
    served = {"id", "en", "mixed", "none"}
    assert len({language for language, _ in rows} - served) >= 12
    assert [text for language, text in rows if language in served and is_foreign(text)] == []
    missed = [
        language for language, text in rows if language not in served and not is_foreign(text)
    ]
    assert missed.count("su") == len(missed) <= 3


def test_no_question_of_ours_is_refused_for_its_language() -> None:
    texts = [item.text for path in (DEV, FOLLOWUPS) for item in read_questions(path)]
    texts += [text for item in read_suggestions() for text in item.text.values()]
    assert [text for text in texts if is_foreign(text)] == []


@pytest.mark.parametrize("text", ["bonjour", "gracias", "你好"])
def test_a_greeting_in_another_language(text: str) -> None:
    assert is_foreign(text)


def test_emoji_are_not_searched_for(static: StaticVectors, shipped_articles: list[Article]) -> None:
    assert without_symbols("di mana 😀🏛️ kantornya?? 👨‍👩‍👧 ☀") == "di mana kantornya??"
    assert (
        without_symbols("Rp 5 + 3 = 8, 100 %, 20 °C, naïve") == "Rp 5 + 3 = 8, 100 %, 20 C, naïve"
    )
    index = build_index(shipped_articles[:20], StaticEncoder(static), static)
    plain, decorated = (
        index.read(text) for text in ("Di mana kantornya?", "Di mana kantornya? 🙏😊")
    )
    assert plain.text == decorated.text and (plain.vector == decorated.vector).all()
