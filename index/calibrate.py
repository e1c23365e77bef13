"""Fit the confidence of an encoder on annotated questions (`tanya calibrate`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corpus.question import Question
from index.confidence import READ, Calibration, read, signals
from index.language import is_foreign
from index.reader import Reader
from index.search import Index
from index.social import recognise
from index.spelling import Speller, read_mended

ANSWERED = 0.94
"""Share of the answerable questions that must be answered, in held-out folds."""
HELPED = 0.97
"""Share of the answerable questions that are at least shown passages that may help, where those are half
as sure as an answer."""
_FOLDS = 5


@dataclass(frozen=True, slots=True)
class Observed:
    """What is known of annotated questions. `values`: (n, len(READ)) float64, the signals; `answers`:
    (n,) bool, whether an article among the first three answers; `kinds`: (n,) of Question.kind;
    `words`: (n,) int, the length of each question in words; `talk`: (n,) bool, those that are never
    searched for (greetings, other languages)."""

    values: NDArray[np.float64]
    answers: NDArray[np.bool_]
    kinds: NDArray[np.str_]
    words: NDArray[np.int64]
    talk: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Fitted:
    """A calibration, and the confidence of each question by a model that was not fitted on it."""

    calibration: Calibration
    held_out: NDArray[np.float64]


def observe(
    index: Index, questions: Sequence[Question], spell: Speller, reader: Reader | None
) -> Observed:
    """Ask `index` all `questions`."""
    rows, answers = [], []
    for question in questions:
        query = read_mended(index, spell, index.read(question.text))
        hits = index.search(query, 5)
        readings = read(reader, index, query, hits) if reader is not None else ()
        values = signals(index, query, hits, readings)
        rows.append([values[name] for name in READ])
        answers.append(any(hit.passage.article_id in question.gold for hit in hits[:3]))
    return Observed(
        np.array(rows, np.float64).reshape(len(questions), len(READ)),
        np.array(answers, bool),
        np.array([question.kind for question in questions], str),
        np.array([len(question.text.split()) for question in questions], np.int64),
        np.array([bool(recognise(q.text)) or is_foreign(q.text) for q in questions], bool),
    )


def fit(observed: Observed, names: Sequence[str]) -> Fitted:
    """A logistic regression of `answers` on the signals `names`.

    Held-out confidences are those of 5-fold cross-validation. The thresholds are quantiles of theirs
    over the answerable questions: ANSWERED of them lie above the one, at most HELPED above the other.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    chosen = observed.values[:, [READ.index(name) for name in names]]
    model = make_pipeline(StandardScaler(), LogisticRegression())
    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=0)
    labels = observed.answers.astype(int)
    held_out = cross_val_predict(model, chosen, labels, cv=folds, method="predict_proba")[:, 1]
    held_out[observed.talk] = 0.0
    answerable = held_out[observed.kinds == "answerable"]
    threshold = float(np.quantile(answerable, 1 - ANSWERED))
    model.fit(chosen, labels)
    scaler, regression = model[0], model[1]
    weights = regression.coef_[0] / scaler.scale_
    bias = float(regression.intercept_[0] - (weights * scaler.mean_).sum())
    return Fitted(
        Calibration(
            tuple(names),
            tuple(round(float(weight), 4) for weight in weights),
            round(bias, 4),
            round(threshold, 4),
            # What is less than half as sure as an answer helps nobody.
            round(max(float(np.quantile(answerable, 1 - HELPED)), threshold / 2), 4),
        ),
        held_out,
    )
