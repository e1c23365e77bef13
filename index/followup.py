"""Questions that lean on the one before: "kalau tiketnya?", "and when was it built?".

Two signs together: the words lean (the question opens like one that goes on, or points back, or has hardly
a word of its own), and the search finds something better with the question before than without it.
With an unrelated question before, joining lowers the best score: short questions that stand for themselves
("kapan GBK ditutup?") are left alone.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import numpy as np

from corpus.words import FUNCTION_WORDS, words
from index.search import Filter, Index, Query

_OPENING = re.compile(
    r"(?:(?:terus|trus|trs|lalu|lantas|dan|and|or|atau|so|but|tapi|kalau|kalo|klo|kl|then) |"
    r"(?:what|how) about |(?:bagaimana|gimana) dengan )"
)
_POINTING = frozenset(
    "itu ini nya dia mereka situ sana beliau tersebut tadi "
    "it its they them their there that this those these he she him his her".split()
)
_ATTACHED = re.compile(r"[^\W\d_]{2,}nya")
_NOT_ATTACHED = frozenset("hanya punya tanya nanya bertanya".split())
_FUNCTION = FUNCTION_WORDS["id"] | FUNCTION_WORDS["en"] | _POINTING | {"terus", "trus", "lalu"}
_SUBJECTS = frozenset("asean ktt summit sekretariat secretariat".split())
_OWN = {"opening": 5, "pointing": 3, "bare": 2}
"""Words of its own that a question may have and still lean: where it opens like one that goes on, where it
points back, and where it does neither."""
_MARGIN = {"opening": 0.02, "pointing": 0.02, "bare": 0.1}
"""By how much the best score must rise."""
_NEW_VECTOR = 0.5
_NEW_WORDS = 3
"""What is new in a question tells its answer from others about the same subject: its vector is added at this
weight, and its words count so many times in MaxSim. Chosen on every second dialogue of followups.jsonl:
Success@1 there .59 → .65, on the other half .70 → .76."""
_LONGEST = 500


def sign(question: str) -> str | None:
    """How the words of `question` (in standard spelling) leave open what it is about: "opening",
    "pointing" or "bare"; None where they do not."""
    tokens = words(question)
    if not tokens or not _SUBJECTS.isdisjoint(tokens):
        return None
    found = "bare"
    if _OPENING.match(" ".join(tokens) + " "):
        found = "opening"
    elif any(
        token in _POINTING or (_ATTACHED.fullmatch(token) and token not in _NOT_ATTACHED)
        for token in tokens
    ):
        found = "pointing"
    return found if sum(token not in _FUNCTION for token in tokens) <= _OWN[found] else None


def read_with(
    index: Index,
    query: Query,
    question: str,
    previous: str,
    keep: Filter | None = None,
    today: date | None = None,
) -> tuple[Query, str] | None:
    """`question` (read alone: `query`) read as following up on `previous`: what to search, and the two in
    words. None where it stands for itself. `today`: as in `Index.read`."""
    found = sign(query.text)
    if found is None:
        return None
    text = f"{_closed(previous[:_LONGEST])} {question[:1].upper()}{question[1:]}"
    joined = index.read(text, today)
    both = joined.vector + np.float32(_NEW_VECTOR) * query.vector
    before = index.read(previous[:_LONGEST]).tokens
    joined = replace(
        joined,
        vector=(both / max(float(np.linalg.norm(both)), 1e-9)).astype(np.float32),
        tokens=np.concatenate([before, *[query.tokens] * _NEW_WORDS]),
    )
    if index.best_score(joined, keep) <= index.best_score(query, keep) + _MARGIN[found]:
        return None
    return joined, text


def _closed(text: str) -> str:
    text = text.strip()
    return text if text.endswith((".", "?", "!", "…")) else f"{text}?"
