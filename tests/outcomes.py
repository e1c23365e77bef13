"""Answers of every outcome, made of an ordinary one by words of its question."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from corpus.article import Source
from index.answer import Answer

NOTICE = {
    "id": "Sumber-sumber ini tidak sepakat: yang terbaru bertanggal 2024.",
    "en": "These sources differ: the newest is of 2024.",
}
PARTLY = {
    "id": "Kami belum menemukan jawaban pastinya, tetapi berita ini mungkin membantu.",
    "en": "We found no exact answer, but this news may help.",
}
SOCIAL = {
    "id": "Halo! Ada yang ingin Anda tanyakan tentang ASEAN?",
    "en": "Hello! What would you like to know about ASEAN?",
}
ALSO = (
    Source(
        "Warga <b>Masuk</b>", "Kabar & Kota", "https://k.example.org/1?a=1&b=2", date(2023, 8, 30)
    ),
    Source("Tanpa tanggal", "Surat Pagi", "https://s.example.org/2", None),
    Source("Tautan buruk", "Situs Lain", "javascript:document.title='owned'", date(2023, 9, 1)),
)


def varied(answer: Answer, previous: str | None) -> Answer:
    """`answer` as the words of its question want it.

    sebagian, partly: only partly answered; beda, differ: with a notice; ramai, many: also reported by
    others, and old; halo, hello: social; lalu, then: reads the question before along.
    """
    asked = set(answer.question.lower().replace("?", " ").replace(",", " ").split())
    language = answer.language
    if asked & {"halo", "hello"}:
        return replace(answer, outcome="social", passages=(), message=SOCIAL[language])
    if asked & {"sebagian", "partly"}:
        answer = replace(answer, outcome="partly", message=PARTLY[language], confidence=0.3)
    if asked & {"beda", "differ"}:
        answer = replace(answer, notice=NOTICE[language])
    if asked & {"ramai", "many"}:
        first, *others = answer.passages
        answer = replace(answer, passages=(replace(first, also=ALSO, old=True), *others))
    if previous is not None and asked & {"lalu", "then"}:
        answer = replace(answer, read_as=f"{previous} {answer.question}")
    return answer
