"""Fit the confidence of an encoder on annotated questions (`tanya calibrate`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corpus.question import Question
from index.confidence import SIGNALS, Calibration, signals
from index.search import Index

ANSWERED = 0.95
"""Share of the answerable questions that must stay above the threshold, in held-out folds."""
_FOLDS = 5


@dataclass(frozen=True, slots=True)
class Fitted:
    """A calibration, and what cross-validation says of it: each figure on questions not fitted on."""

    calibration: Calibration
    auroc: float
    answered: float
    refused_unanswerable: float
    refused_offtopic: float


def collect(index: Index, questions: Sequence[Question]) -> NDArray[np.float64]:
    """The values of SIGNALS for each question: (len(questions), len(SIGNALS))."""
    rows = []
    for question in questions:
        query = index.read(question.text)
        values = signals(index, query, index.search(query, 5))
        rows.append([values[name] for name in SIGNALS])
    return np.array(rows, np.float64).reshape(len(questions), len(SIGNALS))


def fit(
    values: NDArray[np.float64], questions: Sequence[Question], names: Sequence[str] = SIGNALS
) -> Fitted:
    """A logistic regression of "is answerable" on the signals `names`.

    Classes weigh the same, so that the confidence is that of a question with even odds. The threshold
    leaves 95 % of the answerable questions answered, judged by 5-fold cross-validation.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    columns = [SIGNALS.index(name) for name in names]
    chosen = values[:, columns]
    kinds = np.array([question.kind for question in questions])
    labels = (kinds == "answerable").astype(int)
    model = make_pipeline(StandardScaler(), LogisticRegression(class_weight="balanced"))
    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=0)
    held_out = cross_val_predict(model, chosen, labels, cv=folds, method="predict_proba")[:, 1]
    threshold = float(np.quantile(held_out[labels == 1], 1 - ANSWERED))
    model.fit(chosen, labels)
    scaler, regression = model[0], model[1]
    weights = regression.coef_[0] / scaler.scale_
    bias = float(regression.intercept_[0] - (weights * scaler.mean_).sum())
    return Fitted(
        calibration=Calibration(
            tuple(names),
            tuple(round(float(weight), 4) for weight in weights),
            round(bias, 4),
            round(threshold, 4),
        ),
        auroc=float(roc_auc_score(labels, held_out)),
        answered=float((held_out[labels == 1] >= threshold).mean()),
        refused_unanswerable=float((held_out[kinds == "unanswerable"] < threshold).mean()),
        refused_offtopic=float((held_out[kinds == "offtopic"] < threshold).mean()),
    )
