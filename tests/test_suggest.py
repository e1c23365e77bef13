"""Suggestions while somebody types: what they hold, in which order."""

from __future__ import annotations

import time

import pytest

from corpus.question import read_suggestions
from index.suggest import Suggestions

LINES = [
    "Di mana Sekretariat ASEAN berada?",
    "Jalan apa saja yang ditutup saat KTT?",
    "Apa tugas Sekretariat ASEAN?",
    "Bagaimana cara berkunjung ke Sekretariat ASEAN?",
    "Where is the ASEAN Secretariat?",
]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("", []),
        ("  ?!", []),
        ("jal", [1]),
        ("jalan ditu", [1]),
        ("ditutup jalan", [1]),
        ("sekretariat", [0, 2, 3]),
        ("apa tugas", [2]),
        ("apa sekretariat", [2, 0, 3]),
        ("bgmn cara berkun", [3]),
        ("skretariat", [0, 2, 3, 4]),
        ("where is", [4]),
        ("paspor", []),
        ("jalan paspor", []),
    ],
)
def test_what_is_suggested(typed: str, found: list[int]) -> None:
    assert Suggestions(LINES).complete(typed, 5) == tuple(LINES[at] for at in found)


def test_no_more_than_asked_for_and_none_twice() -> None:
    lines = Suggestions([*LINES, *LINES])
    assert lines.complete("asean", 2) == (LINES[0], LINES[2])


def test_every_shipped_question_is_found_by_its_first_words() -> None:
    texts = [text for item in read_suggestions() for text in item.text.values()]
    lines = Suggestions(texts)
    begun = time.perf_counter()
    for text in texts:
        assert text in lines.complete(text[: len(text) * 2 // 3], 10), text
    assert (time.perf_counter() - begun) / len(texts) < 0.05
