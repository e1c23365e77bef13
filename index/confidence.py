"""How sure we are that the first passages answer the question: a fitted probability.

A raw cosine is no confidence: off-topic questions reach 0.7 with some encoders. The signals of the
hits go into a logistic regression fitted on annotated questions, answerable ones and those that no
article answers. It is stored beside the model that it was fitted for.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from index.encoder import MODEL
from index.search import Hit, Index, Query

CALIBRATION = MODEL / "calibration.json"

ANY = "any encoder"

SIGNALS = ("dense", "maxsim", "lexical", "margin", "covered")
"""Of the best hit three of its scores; `margin`: its score over the mean of the next four; `covered`: the
share of the question's weight that the first three passages hold together.

The question's length is left out on purpose: alone it separates the development questions with an AUROC
of .73, because the unanswerable ones among them happen to be shorter."""

WITHOUT_ENCODER = ("maxsim", "lexical", "covered")
"""Those that another encoder leaves as they are."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """A logistic regression over `signals`, and the confidence below which we do not answer."""

    signals: tuple[str, ...]
    weights: tuple[float, ...]
    bias: float
    threshold: float

    def confidence(self, values: dict[str, float]) -> float:
        """1 / (1 + exp(-(bias + Σ weight · value))), between 0 and 1."""
        z = self.bias + sum(
            weight * values[signal]
            for signal, weight in zip(self.signals, self.weights, strict=True)
        )
        return 1.0 / (1.0 + math.exp(-max(-50.0, min(50.0, z))))

    @classmethod
    def load(cls, fingerprint: str, *paths: Path) -> Calibration:
        """The calibration of the encoder `fingerprint` in the first of `paths` that has one.

        For an encoder that none was fitted for: that of the signals which do not depend on the
        encoder (MaxSim, BM25). The shipped file stands behind `paths`.
        """
        records = [read_calibrations(path) for path in (*paths, CALIBRATION) if path.exists()]
        for record in records:
            if fingerprint in record:
                return record[fingerprint]
        return records[-1][ANY]


def read_calibrations(path: Path) -> dict[str, Calibration]:
    """The calibrations in `path`, by fingerprint (or ANY)."""
    return {
        fingerprint: Calibration(
            tuple(fields["signals"]), tuple(fields["weights"]), fields["bias"], fields["threshold"]
        )
        for fingerprint, fields in json.loads(path.read_text(encoding="utf-8")).items()
    }


def write_calibrations(calibrations: dict[str, Calibration], path: Path) -> None:
    """Write what `read_calibrations` reads."""
    record = {fingerprint: asdict(item) for fingerprint, item in calibrations.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def signals(index: Index, query: Query, hits: Sequence[Hit]) -> dict[str, float]:
    """The values of `SIGNALS` for `hits`, best first; all 0 where there are none."""
    if not hits:
        return dict.fromkeys(SIGNALS, 0.0)
    first = hits[0]
    following = [hit.score for hit in hits[1:5]]
    texts = [hit.passage.embedded_text for hit in hits[:3]]
    similar = index.static.similarities(
        query.tokens, index.static.distinct(texts), range(len(texts))
    )
    weights = index.static.weights(query.tokens)
    best = similar.max(axis=0) if len(query.tokens) else np.zeros(0, np.float32)
    covered = float((best * weights).sum() / max(float(weights.sum()), 1e-9))
    return {
        "dense": first.dense,
        "maxsim": first.maxsim,
        "lexical": first.lexical,
        "margin": first.score - (sum(following) / len(following) if following else 0.0),
        "covered": covered,
    }
