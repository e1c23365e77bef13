"""How sure we are that the first passages answer the question: a fitted probability.

A raw cosine is no confidence: off-topic questions reach 0.7 with some encoders. The signals of the
hits go into a logistic regression fitted on annotated questions, answerable ones and those that no
article answers. It is stored beside the model that it was fitted for.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from corpus.passage import Passage
from index.encoder import MODEL
from index.reader import Reader, Reading
from index.search import Hit, Index, Query

CALIBRATION = MODEL / "calibration.json"

ANY = "any encoder"
_NUMBER = re.compile(r"\d+")

SIGNALS = ("dense", "maxsim", "lexical", "margin", "covered", "numbers")
"""Of the best hit three of its scores; `margin`: its score over the mean of the next four; `covered`: the
share of the question's weight that the first three passages hold together, a word weighing as in the
search; `numbers`: 1 where they and their dates lack a number of the question ("the 1988 summit"), else 0.

The question's length is left out on purpose: alone it separates the development questions with an AUROC
of .76, because the unanswerable ones among them happen to be shorter."""

READ = (*SIGNALS, "reader", "reader_first")
"""With `reader`: the highest logit that one of the passages read answers, and that of the first."""

WITHOUT_ENCODER = ("maxsim", "lexical", "covered", "numbers")
"""Those that another encoder leaves as they are."""

PASSAGES_READ = 3


@dataclass(frozen=True, slots=True)
class Calibration:
    """A logistic regression over `signals`, the confidence from which we answer (`threshold`), and that
    from which we show passages that may help (`partly`)."""

    signals: tuple[str, ...]
    weights: tuple[float, ...]
    bias: float
    threshold: float
    partly: float

    def confidence(self, values: dict[str, float]) -> float:
        """1 / (1 + exp(-(bias + Σ weight · value))): the probability that a passage among the first
        three answers, for questions like those it was fitted on."""
        z = self.bias + sum(
            weight * values[signal]
            for signal, weight in zip(self.signals, self.weights, strict=True)
        )
        return 1.0 / (1.0 + math.exp(-max(-50.0, min(50.0, z))))

    @classmethod
    def load(cls, fingerprint: str, reader: Reader | None, *paths: Path) -> Calibration:
        """The calibration of the encoder `fingerprint` with `reader` in the first of `paths` that has
        one.

        For an encoder that none was fitted for: that of the signals which do not depend on the
        encoder. The shipped file stands behind `paths`.
        """
        records = [read_calibrations(path) for path in (*paths, CALIBRATION) if path.exists()]
        for record in records:
            if key(fingerprint, reader) in record:
                return record[key(fingerprint, reader)]
        return records[-1][key(ANY, reader)]


def key(fingerprint: str, reader: Reader | None) -> str:
    """What a calibration is stored under: the encoder (or ANY), and the reader where one reads."""
    return fingerprint if reader is None else f"{fingerprint} with {reader.fingerprint}"


def read_calibrations(path: Path) -> dict[str, Calibration]:
    """The calibrations in `path`, by `key`."""
    return {
        fingerprint: Calibration(
            tuple(fields["signals"]),
            tuple(fields["weights"]),
            fields["bias"],
            fields["threshold"],
            # Files of before had no such outcome.
            fields.get("partly", fields["threshold"]),
        )
        for fingerprint, fields in json.loads(path.read_text(encoding="utf-8")).items()
    }


def write_calibrations(calibrations: dict[str, Calibration], path: Path) -> None:
    """Write what `read_calibrations` reads."""
    record = {fingerprint: asdict(item) for fingerprint, item in calibrations.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def read(
    reader: Reader, index: Index, query: Query, hits: Sequence[Hit]
) -> list[tuple[Passage, Reading]]:
    """What the reader says of the first PASSAGES_READ of `hits`, in order, with the text it was shown:
    English where there is any, whatever the question's language. The reader's body learnt English first,
    and on dev it tells answered from unanswered better there."""
    shown = [index.version(hit, "en") or hit.passage for hit in hits[:PASSAGES_READ]]
    readings = reader.read(query.text, [passage.text for passage in shown])
    return list(zip(shown, readings, strict=True))


def signals(
    index: Index,
    query: Query,
    hits: Sequence[Hit],
    readings: Sequence[tuple[Passage, Reading]] = (),
) -> dict[str, float]:
    """The values of READ for `hits`, best first; all 0 where there are none.

    `readings`: what `read` gave; without them the reader's two are 0.
    """
    if not hits:
        return dict.fromkeys(READ, 0.0)
    first = hits[0]
    following = [hit.score for hit in hits[1:5]]
    return {
        "dense": first.dense,
        "maxsim": first.maxsim,
        "lexical": first.lexical,
        "margin": first.score - (sum(following) / len(following) if following else 0.0),
        "covered": _covered(index, query, hits[:5]),
        "numbers": float(_lacks_numbers(index, query, hits[:3])),
        "reader": max((reading.answers for _, reading in readings), default=0.0),
        "reader_first": readings[0][1].answers if readings else 0.0,
    }


def _covered(index: Index, query: Query, hits: Sequence[Hit]) -> float:
    if not len(query.tokens):
        return 0.0
    static = index.static
    rows = [hit.row for hit in hits]
    similar = static.similarities(query.tokens, index.generation.tokens, rows)
    weights = static.weights(query.tokens) * np.sqrt(1.02 - similar.mean(axis=0))
    return float((similar[:3].max(axis=0) * weights).sum() / max(float(weights.sum()), 1e-9))


def _lacks_numbers(index: Index, query: Query, hits: Sequence[Hit]) -> bool:
    told = []
    for hit in hits:
        told.append(hit.passage.embedded_text)
        told.append(str(index.generation.articles[hit.passage.article_id].source.published))
    known = frozenset(_NUMBER.findall(" ".join(told)))
    return not known.issuperset(_NUMBER.findall(query.text))
