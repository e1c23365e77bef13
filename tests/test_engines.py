"""The two engines and the re-scoring, on data whose right order can be worked out by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from index.dense import DenseIndex
from index.lexical import LexicalIndex
from index.maxsim import CAP, Ragged, StaticVectors
from tests.hashing import HashingEncoder


def test_dense_search_gives_cosines_best_first(tmp_path: Path, encoder: HashingEncoder) -> None:
    texts = ["gedung asean", "jalan ditutup", "gedung asean jakarta"]
    dense = DenseIndex.build(encoder.encode_passages(texts))
    dense.save(tmp_path / "v")
    for index in (dense, DenseIndex.load(tmp_path / "v")):
        rows, scores = index.search(encoder.encode_question("gedung asean"), 10)
        assert rows.tolist() == [0, 2, 1]
        assert scores[0] == pytest.approx(1.0, abs=1e-6)
        assert scores[1] == pytest.approx(2 / np.sqrt(2 * 3), abs=1e-6)
        assert index.vectors(np.array([1]))[0] @ encoder.encode_question(
            "jalan ditutup"
        ) == pytest.approx(1.0, abs=1e-6)
    assert dense.vectors(np.array([], np.int64)).shape == (0, encoder.dim)


def test_dense_refuses_what_has_no_cosine() -> None:
    with pytest.raises(ValueError, match=r"row 1 has norm 2\.0000"):
        DenseIndex.build(np.array([[1, 0], [2, 0]], np.float32))
    with pytest.raises(ValueError, match="float32"):
        DenseIndex.build(np.zeros((2, 2)))  # type: ignore[arg-type]


def test_an_empty_dense_index_finds_nothing() -> None:
    dense = DenseIndex.build(np.empty((0, 4), np.float32))
    rows, scores = dense.search(np.array([1, 0, 0, 0], np.float32), 3)
    assert len(rows) == len(scores) == 0


def test_lexical_search_is_per_language_and_stemmed(tmp_path: Path) -> None:
    texts = [
        ("id", "Jalan ditutup selama KTT"),
        ("en", "Roads were closed during the summit"),
        ("id", "Gedung sekretariat dibuka"),
    ]
    built = LexicalIndex.build(tmp_path / "lexical", texts)
    for index in (built, LexicalIndex.load(tmp_path / "lexical")):
        assert len(index) == 3
        rows, scores = index.search("id", [[("ditutupnya",)], [("ktt",)]], 5)
        assert rows.tolist() == [0]  # ditutupnya and ditutup have one stem
        assert 0.3 < scores[0] <= 1.0
        rows, _ = index.search("en", [[("road",), ("street",)], [("closing",)]], 5)
        assert rows.tolist() == [1]
        rows, _ = index.search("en", [[("ditutup",)]], 5)
        assert rows.tolist() == []


def test_lexical_scores_are_shares_of_the_ideal(tmp_path: Path) -> None:
    index = LexicalIndex.build(
        tmp_path / "lexical", [("id", "gedung " * 200), ("id", "gedung jalan"), ("id", "lain")]
    )
    rows, scores = index.search("id", [[("gedung",)], [("jalan",)]], 5)
    assert rows.tolist() == [1, 0]
    assert scores[0] < 1.0
    # Two groups: a passage that holds but one of them stays below half, or near it.
    assert scores[1] < 0.5


def test_stop_words_alone_find_nothing(tmp_path: Path) -> None:
    index = LexicalIndex.build(tmp_path / "lexical", [("id", "yang di mana")])
    rows, _ = index.search("id", [[("yang",)], [("mana",)]], 5)
    assert len(rows) == 0


def test_maxsim_counts_each_word_once_and_caps(static: StaticVectors) -> None:
    question = static.token_ids(["sekretariat"])[0]
    passages = static.distinct(["sekretariat asean", "harga beras naik", ""])
    similar = static.similarities(question, passages, [0, 1, 2])
    assert similar.shape == (3, len(question))
    assert similar[0] == pytest.approx(np.ones(len(question)))  # exact: at the cap, and no more
    assert (similar[1] < similar[0]).all()
    assert (similar[2] == 0).all()
    scores = static.score(question, passages, [0, 1, 2])
    assert scores[0] == pytest.approx(1.0)
    assert scores[2] == 0.0


def test_maxsim_is_what_the_formula_says(static: StaticVectors) -> None:
    question = static.token_ids(["gedung baru dibuka presiden"])[0]
    texts = ["the president opened the new building", "jalan ditutup", "gedung gedung"]
    best = []
    for text in texts:
        tokens = np.unique(static.token_ids([text])[0])
        cosines = static.units(question) @ static.units(tokens.astype(np.int32)).T
        best.append(np.minimum(np.maximum(cosines.max(axis=1), 0), CAP) / CAP)
    weights = static.weights(question) * np.sqrt(1.02 - np.mean(best, axis=0))
    expected = [float((row * weights).sum() / weights.sum()) for row in best]
    scores = static.score(question, static.distinct(texts), range(3))
    assert scores.tolist() == pytest.approx(expected, abs=1e-5)
    assert scores[0] > scores[1]  # the translation, not a chance sentence of the same language


def test_a_number_matches_only_itself(static: StaticVectors) -> None:
    question = static.token_ids(["46"])[0]
    passages = static.distinct(["KTT ke-47 tahun 2024", "KTT ke-46"])
    assert static.similarities(question, passages, [0, 1]).tolist() == [[0.0], [1.0]]


def test_no_words_no_score(static: StaticVectors) -> None:
    passages = static.distinct(["apa saja"])
    assert static.score(np.array([], np.int32), passages, [0]).tolist() == [0.0]
    assert static.score(static.token_ids(["apa"])[0], passages, []).shape == (0,)
    assert static.means(["", "apa"]).shape == (2, static.dim)
    assert np.linalg.norm(static.means(["", "apa"]), axis=1) == pytest.approx([1, 1], abs=1e-5)


def test_ragged_keeps_lists() -> None:
    lists = [np.array([3, 1], np.int32), np.array([], np.int32), np.array([7], np.int32)]
    ragged = Ragged.of(lists)
    assert len(ragged) == 3
    assert [ragged[row].tolist() for row in range(3)] == [[3, 1], [], [7]]
    assert len(Ragged.of([])) == 0
