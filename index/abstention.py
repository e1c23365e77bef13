"""How good "I don't know" is: does confidence separate, is it calibrated, what does a threshold cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.calibrate import Observed
from index.confidence import Calibration

_BINS = 5
_COVERAGES = (0.99, 0.97, 0.95, 0.93, 0.9, 0.85, 0.8, 0.7, 0.5)
_WORDS_APART = 2


@dataclass(frozen=True, slots=True)
class Bin:
    """One bar of a reliability diagram: questions of like confidence, and the share answered rightly."""

    low: float
    high: float
    count: int
    confidence: float
    right: float


@dataclass(frozen=True, slots=True)
class Point:
    """What one threshold does. `coverage`: share of the answerable questions that are answered;
    `precision`: share of the answers whose first three passages hold a right one; the others: share of
    the questions without an answer that are not answered."""

    threshold: float
    coverage: float
    precision: float
    refused_unanswerable: float
    refused_offtopic: float


@dataclass(frozen=True, slots=True)
class Abstention:
    """What `measure` found. `shares`: of each kind of question, how many get which outcome."""

    shares: dict[str, float]
    auroc: dict[str, float]
    reliability: list[Bin]
    calibration_error: float
    points: list[Point]


def measure(
    observed: Observed, confidence: NDArray[np.float64], calibration: Calibration
) -> Abstention:
    """Measures of `confidence`, (n,), for the questions `observed`."""
    kinds, answerable = observed.kinds, observed.kinds == "answerable"
    shares = {}
    for kind in ("answerable", "unanswerable", "offtopic"):
        values = confidence[kinds == kind]
        if len(values):
            answered = values >= calibration.threshold
            unknown = values < calibration.partly
            shares[f"{kind}: answered"] = float(answered.mean())
            shares[f"{kind}: partly"] = float((~answered & ~unknown).mean())
            shares[f"{kind}: not known"] = float(unknown.mean())
    found = {"all": auroc(confidence[answerable], confidence[~answerable])}
    for kind in ("unanswerable", "offtopic"):
        found[f"against {kind}"] = auroc(confidence[answerable], confidence[kinds == kind])
    found["against questions of the same length"] = auroc(
        confidence[answerable],
        confidence[~answerable],
        np.abs(np.subtract.outer(observed.words[answerable], observed.words[~answerable]))
        <= _WORDS_APART,
    )
    bins = reliability(confidence, observed.answers)
    return Abstention(
        shares,
        found,
        bins,
        sum(item.count * abs(item.confidence - item.right) for item in bins) / len(confidence),
        [_point(observed, confidence, coverage) for coverage in _COVERAGES],
    )


def auroc(
    positives: Sequence[float] | NDArray[np.float64],
    negatives: Sequence[float] | NDArray[np.float64],
    paired: NDArray[np.bool_] | None = None,
) -> float:
    """The share of pairs in which the positive is higher, ties count half; NaN without pairs.

    `paired`, (len(positives), len(negatives)), says which pairs count; default: all.
    """
    difference = np.subtract.outer(np.asarray(positives), np.asarray(negatives))
    kept = difference[paired] if paired is not None else difference.ravel()
    if not len(kept):
        return float("nan")
    return float((kept > 0).mean() + 0.5 * (kept == 0).mean())


def reliability(confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> list[Bin]:
    """_BINS bins of as many questions each, the least confident first."""
    bins = []
    for chosen in np.array_split(np.argsort(confidence, kind="stable"), _BINS):
        if len(chosen):
            values = confidence[chosen]
            bins.append(
                Bin(
                    float(values[0]),
                    float(values[-1]),
                    len(chosen),
                    float(values.mean()),
                    float(right[chosen].mean()),
                )
            )
    return bins


def _point(observed: Observed, confidence: NDArray[np.float64], coverage: float) -> Point:
    kinds = observed.kinds
    threshold = float(np.quantile(confidence[kinds == "answerable"], 1 - coverage))
    answered = confidence >= threshold

    def refused(kind: str) -> float:
        return float((~answered[kinds == kind]).mean()) if (kinds == kind).any() else float("nan")

    return Point(
        threshold,
        float(answered[kinds == "answerable"].mean()),
        float(observed.answers[answered].mean()),
        refused("unanswerable"),
        refused("offtopic"),
    )
