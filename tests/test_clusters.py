"""Unanswered questions in groups by meaning, across both languages."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from benchmarks.clusters import halves, purity, rand_index, read_themes, threshold
from index import clusters
from index.clusters import cluster, groups, similarities
from index.encoder import OnnxEncoder, StaticEncoder
from index.journal import Entry
from index.maxsim import StaticVectors
from tests.hashing import HashingEncoder

NOW = datetime(2026, 3, 10, tzinfo=UTC)


def entry(text: str, minutes: int = 0, language: str = "id", **changes: object) -> Entry:
    made = Entry(
        id=f"{text}{minutes}",
        at=NOW + timedelta(minutes=minutes),
        door="page",
        language=language,
        question=text,
        outcome="unknown",
        confidence=0.1,
        articles=(),
        seconds=0.05,
        index_id="x",
        helpful=None,
        reason=None,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def test_themes_are_found_across_both_languages(
    bundled: OnnxEncoder, static: StaticVectors
) -> None:
    themes, texts = read_themes()
    assert (len(texts), themes.max() + 1) == (300, 40)
    found = groups(similarities(texts, bundled, static))
    assert purity(themes, found) > 0.88
    assert rand_index(themes, found) > 0.8
    first, second = halves(themes)
    near = threshold(themes[first], similarities([texts[n] for n in first], bundled, static))
    held_out = groups(similarities([texts[n] for n in second], bundled, static), near)
    assert purity(themes[second], held_out) > 0.88
    assert rand_index(themes[second], held_out) > 0.8


def test_many_questions_are_grouped_by_the_static_twin(static: StaticVectors) -> None:
    themes, texts = read_themes()
    found = groups(similarities(texts, StaticEncoder(static), static))
    assert purity(themes, found) > 0.9
    assert rand_index(themes, found) > 0.8


def test_the_measures_know_the_best_and_the_worst() -> None:
    themes = np.array([0, 0, 1, 1, 2, 2])
    assert (purity(themes, themes), rand_index(themes, themes)) == (1, 1)
    one = np.zeros(6, np.int64)
    assert purity(themes, one) == pytest.approx(1 / 3)
    assert rand_index(themes, one) == pytest.approx(0)


def test_a_group_has_a_label_and_the_largest_comes_first(
    bundled: OnnxEncoder, static: StaticVectors
) -> None:
    asked = [
        entry("Berapa biaya membuat paspor baru?", 1),
        entry("brp biaya bikin paspor", 2),
        entry("How much does a new passport cost?", 3, "en", outcome="partly"),
        entry("Siapa juara SEA Games?", 4),
        entry("Siapa juara SEA Games?", 9),
        entry("jalan apa yang ditutup?", 5, outcome="answered"),
        entry("halo", 6, outcome="social"),
        entry("kucing saya hilang", 7),
    ]
    found = cluster(asked, bundled, static)
    assert [len(group.entries) for group in found] == [3, 2, 1]
    assert {group.label for group in found[1:]} == {"Siapa juara SEA Games?", "kucing saya hilang"}
    assert found[0].label in {one.question for one in asked[:3]}
    assert [one.at for one in found[0].entries] == sorted((e.at for e in asked[:3]), reverse=True)
    assert [one.at.minute for one in found[1].entries] == [9, 4], "the newest first"


def test_a_follow_up_counts_as_it_was_understood(
    bundled: OnnxEncoder, static: StaticVectors
) -> None:
    asked = [
        entry("kalau yang baru?", read_as="Berapa biaya paspor yang baru?"),
        entry("Berapa biaya membuat paspor baru?", 1),
        entry("kalau yang murah?", 2, read_as="Hotel murah dekat JCC?"),
    ]
    first, second = cluster(asked, bundled, static)
    assert {one.question for one in first.entries} == {
        "kalau yang baru?",
        "Berapa biaya membuat paspor baru?",
    }
    assert second.label == "Hotel murah dekat JCC?"


@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_questions_are_groups_too(count: int, static: StaticVectors) -> None:
    texts = ["visa ke Vietnam?", "cuaca Jakarta?"][:count]
    found = cluster([entry(text) for text in texts], HashingEncoder(256), static)
    assert sorted(group.label for group in found) == sorted(texts)


def test_texts_without_words_do_not_matter(static: StaticVectors) -> None:
    asked = [entry(text, n) for n, text in enumerate(["???", "!!", "🙂", "visa?", "[phone]"])]
    found = cluster(asked, HashingEncoder(256), static)
    assert sum(len(group.entries) for group in found) == 5


def test_of_very_many_questions_the_newest_are_grouped(
    static: StaticVectors, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clusters, "MOST", 3)
    monkeypatch.setattr(clusters, "ENCODED", 2)
    texts = ("visa", "paspor", "cuaca", "hotel", "hotel")
    encoder = HashingEncoder(256)
    found = cluster([entry(text, n) for n, text in enumerate(texts)], encoder, static)
    assert sorted(len(group.entries) for group in found) == [1, 1, 2]
    assert {group.label for group in found} == {"hotel", "cuaca", "paspor"}
