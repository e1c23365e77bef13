from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.article import Article, Translation
from corpus.passage import LONGEST, Passage, counterpart, split
from corpus.sentence import sentences
from tests.conftest import MakeArticle


def pieces(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text)]


@pytest.mark.parametrize(
    "text",
    [
        "Biayanya Rp 5.000.000 atau 3.5 juta dolar.",
        "Kantor itu di Jl. Sisingamangaraja No. 70A, Jakarta.",
        "Rapat digelar Selasa, 29.8.2023 pukul 10.30 WIB.",
        "Presiden J. Widodo bertemu Dr. Kao Kim Hourn.",
        "Menurut S.H. Prasetyo hal itu benar.",
        "Romeo Jr. Abad Arca leads the division.",
        "Ma. Theresa Lazaro spoke for Mr. Marcos.",
        "The U.S. Secretary of State came on Sept. 5 to Jakarta.",
        "Anggota a.l. Indonesia, Malaysia, dsb. akan hadir.",
        'Ia berkata "siap." lalu pergi.',
        "1. Pembukaan oleh Presiden.",
    ],
)
def test_full_stops_that_end_no_sentence(text: str) -> None:
    assert pieces(text) == [text]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("KTT dibuka. Presiden hadir.", ["KTT dibuka.", "Presiden hadir."]),
        ("Apakah buka? Ya! Datanglah.", ["Apakah buka?", "Ya!", "Datanglah."]),
        ('Ia berkata: "Siap." Lalu ia pergi.', ['Ia berkata: "Siap."', "Lalu ia pergi."]),
        ("Judul\n\nIsi berita", ["Judul", "Isi berita"]),
        ("Hadir menteri, duta besar, dll. Acara selesai.", 2),
        ("It began in 1967. Five states signed.", 2),
        ("Ada 11 anggota. 43 pertemuan digelar.", 2),
    ],
)
def test_sentence_ends(text: str, expected: list[str] | int) -> None:
    found = pieces(text)
    assert (len(found) if isinstance(expected, int) else found) == expected


words = st.text(st.sampled_from("abcAB.!?,5 \n\"'()ü"), min_size=1, max_size=400)


@given(words)
def test_sentences_lose_nothing(text: str) -> None:
    spans = sentences(text)
    last = 0
    for start, end in spans:
        assert text[last:start].strip() == ""
        assert text[start:end].strip() == text[start:end] != ""
        last = end
    assert text[last:].strip() == ""


def check_cover(article: Article, passages: list[Passage], language: str) -> None:
    text = article.text_in(language)
    last = 0
    for passage in passages:
        assert passage.text == text[passage.start : passage.end]
        assert text[last : passage.start].strip() == ""
        last = passage.end
    assert text[last:].strip() == ""


@given(words.filter(lambda text: text.strip() != ""))
def test_passages_cover_any_text(text: str) -> None:
    article = make("a", text)
    check_cover(article, split(article), "id")


def test_passages_of_the_shipped_corpus(shipped_articles: list[Article]) -> None:
    lengths = []
    for article in shipped_articles:
        passages = split(article)
        for language in ("id", "en"):
            check_cover(article, [p for p in passages if p.language == language], language)
        assert len({passage.id for passage in passages}) == len(passages)
        lengths += [len(passage.text.split()) for passage in passages]
    within = sum(60 <= length <= 120 for length in lengths) / len(lengths)
    assert within > 0.75
    assert max(lengths) < 150


@given(st.lists(st.integers(1, 400), min_size=1, max_size=12), st.integers(0, 3))
def test_long_texts_are_cut_and_covered(counts: list[int], every: int) -> None:
    """Sentences of any length, paragraphs at some of their ends."""
    text = ""
    for number, count in enumerate(counts):
        text += " ".join(["Kata"] + ["kata"] * (count - 1)) + "."
        text += "\n\n" if every and number % every == 0 else " "
    article = make("x", text.strip())
    passages = split(article)
    check_cover(article, passages, "id")
    assert all(len(p.text.split()) <= 2 * LONGEST for p in passages)


def make(subject: str, text: str, translation: Translation | None = None) -> Article:
    from corpus.article import Source

    source = Source("Judul", "Kantor Uji", f"https://example.org/{subject}", None)
    return Article(subject, source, "id", text, translation=translation)


def test_a_middle_passage_carries_the_title(make_article: MakeArticle) -> None:
    passage = split(make_article("gedung"))[0]
    assert passage.embedded_text == f"Tentang gedung. {passage.text}"


def test_counterpart_follows_the_paragraphs() -> None:
    long, short = " ".join(["panjang"] * 70) + ".", " ".join(["kata"] * 65) + "."
    other = " ".join(["word"] * 100) + "."
    article = make("a", f"{long}\n\n{short}", Translation("en", "Title", f"{short}\n\n{other}"))
    passages = split(article)
    own = [p for p in passages if p.language == "id"]
    english = [p for p in passages if p.language == "en"]
    assert len(own) == len(english) == 2
    for one, two in zip(own, english, strict=True):
        assert counterpart(one, article, english) is two
        assert counterpart(two, article, own) is one
    assert counterpart(own[0], article, []) is None
