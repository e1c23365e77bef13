"""Confidence, its fit, and the measures of abstention, against values worked out by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from corpus.article import Article
from index.abstention import auroc, measure, reliability
from index.calibrate import ANSWERED, Observed, fit, observe
from index.confidence import (
    ANY,
    READ,
    SIGNALS,
    Calibration,
    key,
    read,
    read_calibrations,
    signals,
    write_calibrations,
)
from index.encoder import StaticEncoder
from index.evaluate import build_index
from index.lexicon import shipped
from index.maxsim import StaticVectors
from index.reader import Reader
from index.search import Index
from index.spelling import speller


@pytest.fixture(scope="module")
def index(shipped_articles: list[Article], static: StaticVectors) -> Index:
    return build_index(shipped_articles, StaticEncoder(static), static)


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader()


def observed(count: int = 200) -> Observed:
    """Questions whose first signal tells, with noise, whether they are answered."""
    draw = np.random.default_rng(1)
    kinds = np.array(["answerable", "answerable", "unanswerable", "offtopic"] * (count // 4))
    values = draw.normal(size=(count, len(READ)))
    values[:, 0] += 2.0 * (kinds == "answerable") - 1.5 * (kinds == "offtopic")
    return Observed(values, kinds == "answerable", kinds, draw.integers(3, 12, count), kinds == "")


def test_the_fit_keeps_its_promise_about_the_answerable() -> None:
    seen = observed()
    fitted = fit(seen, READ)
    answered = fitted.held_out[seen.kinds == "answerable"] >= fitted.calibration.threshold
    assert answered.mean() == pytest.approx(ANSWERED, abs=0.011)
    assert fitted.calibration.partly < fitted.calibration.threshold
    assert fitted.calibration.weights[0] > 5 * max(map(abs, fitted.calibration.weights[1:]))
    # The regression over raw signals, as the service computes it, agrees with the one fitted.
    again = fitted.calibration.confidence(dict(zip(READ, seen.values[0].tolist(), strict=True)))
    assert again == pytest.approx(fitted.held_out[0], abs=0.1)


def test_noise_separates_nothing() -> None:
    seen = observed()
    noise = Observed(
        np.random.default_rng(2).normal(size=seen.values.shape),
        seen.answers,
        seen.kinds,
        seen.words,
        seen.talk,
    )
    found = measure(noise, fit(noise, READ).held_out, fit(noise, READ).calibration)
    assert 0.35 < found.auroc["all"] < 0.65


def test_measures() -> None:
    kinds = np.array(["answerable"] * 4 + ["unanswerable"] * 2 + ["offtopic"] * 2)
    answers = np.array([True, True, True, False, False, False, False, False])
    words = np.array([5, 5, 9, 9, 5, 20, 5, 5])
    confidence = np.array([0.9, 0.8, 0.7, 0.4, 0.75, 0.2, 0.1, 0.05])
    calibration = Calibration(("dense",), (1.0,), 0.0, threshold=0.6, partly=0.15)
    found = measure(
        Observed(np.zeros((8, len(READ))), answers, kinds, words, kinds == ""),
        confidence,
        calibration,
    )
    assert found.shares["answerable: answered"] == 0.75
    assert found.shares["unanswerable: answered"] == 0.5
    assert found.shares["unanswerable: partly"] == 0.5
    assert found.shares["offtopic: not known"] == 1.0
    assert found.auroc["against unanswerable"] == 6 / 8
    assert found.auroc["against questions of the same length"] == 1.0
    half = next(point for point in found.points if point.threshold == pytest.approx(0.75))
    assert (half.coverage, half.precision) == (0.5, 2 / 3)
    assert (half.refused_unanswerable, half.refused_offtopic) == (0.5, 1.0)


def test_reliability_compares_what_we_say_with_what_is_so() -> None:
    confidence = np.linspace(0.05, 0.95, 10)
    bins = reliability(confidence, np.arange(10) >= 5)
    assert [item.count for item in bins] == [2] * 5
    assert bins[0].right == 0.0 and bins[-1].right == 1.0
    assert bins[0].confidence == pytest.approx(0.1)
    assert auroc([1.0], [0.0], np.array([[False]])) != auroc([1.0], [0.0])


def test_a_number_that_no_passage_holds_is_a_signal(index: Index) -> None:
    for question, lacks in (
        ("Where was the 43rd ASEAN Summit held?", 0.0),
        ("Where was the 97th ASEAN Summit held?", 1.0),
    ):
        query = index.read(question)
        values = signals(index, query, index.search(query, 5))
        assert values["numbers"] == lacks, question
        assert 0.3 < values["covered"] <= 1.0


def test_the_reader_is_shown_english(index: Index, reader: Reader) -> None:
    query = index.read("Who designed the ASEAN Secretariat building?")
    hits = index.search(query, 5)
    readings = read(reader, index, query, hits)
    assert [passage.language for passage, _ in readings] == ["en"] * 3
    values = signals(index, query, hits, readings)
    assert values["reader"] == max(reading.answers for _, reading in readings)
    assert signals(index, query, []) == dict.fromkeys(READ, 0.0)


def test_calibrations_by_encoder_and_reader(tmp_path: Path, reader: Reader) -> None:
    path = tmp_path / "calibration.json"
    own = Calibration(SIGNALS, (1.0,) * len(SIGNALS), 0.0, 0.6, 0.2)
    write_calibrations({"mine": own}, path)
    assert read_calibrations(path) == {"mine": own}
    assert Calibration.load("mine", None, path) == own
    # Fitted without a reader, it says nothing of one: the shipped general one serves.
    general = Calibration.load("mine", reader, path)
    assert general == Calibration.load("unheard of", reader)
    assert "reader" in general.signals and "dense" not in general.signals
    assert key(ANY, reader) != key(ANY, None)


def test_observed_questions_know_whether_they_were_answered(
    index: Index, shipped_articles: list[Article]
) -> None:
    from corpus.question import DEV, read_questions

    questions = [q for q in read_questions(DEV) if q.kind != "unanswerable"][:6]
    questions += [q for q in read_questions(DEV) if q.kind == "offtopic"][:3]
    seen = observe(index, questions, speller(index, shipped()), None)
    assert seen.values.shape == (9, len(READ))
    assert not seen.answers[6:].any() and seen.answers[:6].sum() >= 4
    assert (seen.values[:, READ.index("reader")] == 0).all()
