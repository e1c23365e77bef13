"""Which sentence of a passage answers: what an answer marks, and where its link points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from corpus.passage import Passage
from corpus.sentence import sentences
from index.maxsim import Ids, StaticVectors
from index.reader import Reading, span_sums

_READ = 1.0
"""Weight of the reader's shares beside MaxSim."""


@dataclass(frozen=True, slots=True)
class Span:
    """Character offsets into a text: `text[start:end]`."""

    start: int
    end: int


def best_sentence(
    static: StaticVectors,
    question: Ids,
    passage: Passage,
    read: Sequence[tuple[Passage, Reading]] = (),
) -> Span:
    """The sentence of `passage` that answers `question` (token ids); the first of equals.

    By MaxSim, and where `passage` or its translation was `read`, by where the reader sees the answer: a
    sentence that repeats the question's words tells what it is about, and the next one answers. In
    MaxSim words weigh their norm, not its square: within a passage the subject's rare words are
    everywhere, and common ones ("when", "open") tell the sentences apart.
    """
    spans = sentences(passage.text)
    texts = [passage.text[start:end] for start, end in spans]
    scores = static.score(question, static.distinct(texts), range(len(spans)), exponent=1.0).astype(
        np.float64
    )
    for other, reading in read:
        told = sentences(other.text)
        shares = _shares(reading, told)
        if other.text != passage.text:
            # Sentence by sentence into the language that is shown.
            own = static.means([other.text[start:end] for start, end in told])
            place = (own @ static.means(texts).T).argmax(axis=1)
            shares = np.bincount(place, shares, len(spans)).astype(np.float64)
        scores = scores + _READ * shares
    start, end = spans[int(scores.argmax())]
    return Span(start, end)


def _shares(reading: Reading, spans: Sequence[tuple[int, int]]) -> NDArray[np.float64]:
    """How likely each sentence holds the answer: a softmax over the best answer within each."""
    best = np.full(len(spans), -30.0)
    for at, (start, end) in enumerate(spans):
        inside = reading.places[(reading.places[:, 0] >= start) & (reading.places[:, 0] < end), 1:]
        if len(inside):
            best[at] = span_sums(inside).max()
    likely = np.exp(best - best.max())
    shares: NDArray[np.float64] = likely / likely.sum()
    return shares


def sentence_link(url: str, sentence: str) -> str:
    """`url` pointing at `sentence` on its page, as a text fragment (WICG Scroll to Text Fragment).

    Long sentences are given by their first and last five words.
    """
    tokens = sentence.split()
    parts = [sentence] if len(tokens) <= 12 else [" ".join(tokens[:5]), " ".join(tokens[-5:])]
    # A hyphen has a meaning of its own in a fragment, and quote never encodes it.
    encoded = ",".join(quote(part, safe="").replace("-", "%2D") for part in parts)
    return f"{url.partition('#')[0]}#:~:text={encoded}"
