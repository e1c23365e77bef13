"""As-you-type suggestions: questions we can answer that hold the words typed so far."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from corpus.words import FUNCTION_WORDS, words
from index.language import standardise
from index.lexicon import near

_SHORTEST_SLIP = 5
"""Letters of the shortest word in which a slip is forgiven."""
_FUNCTION = FUNCTION_WORDS["id"] | FUNCTION_WORDS["en"]


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    words: tuple[str, ...]


class Suggestions:
    """Lines to choose from, in order of preference. Never changes; safe to use from threads."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = [_Line(line, tuple(words(line))) for line in dict.fromkeys(lines)]

    def complete(self, typed: str, count: int) -> tuple[str, ...]:
        """Up to `count` lines that hold every word of `typed`, the last of which may be unfinished.

        Lines that begin with what was typed come first, then those that hold more of its function words
        ("where", "yang"), which need not occur; of equals the preferred. Only where none holds the words
        as they are typed, chat spelling is read and a slip forgiven. () where nothing was typed.
        """
        for wanted, slips in ((words(typed), False), (words(standardise(typed)), True)):
            found = []
            for place, line in enumerate(self._lines):
                rank = _rank(wanted, line.words, slips)
                if rank is not None:
                    found.append((*rank, place, line.text))
            if found:
                return tuple(text for *_, text in sorted(found)[:count])
        return ()


def _rank(wanted: list[str], held: tuple[str, ...], slips: bool) -> tuple[bool, int] | None:
    """How well `held` answers `wanted`, lower is better; None where a word of substance is missing."""
    if not wanted:
        return None
    missing = 0
    for at, word in enumerate(wanted):
        unfinished = at == len(wanted) - 1
        if any(_meant(word, other, unfinished, slips) for other in held):
            continue
        if unfinished or word not in _FUNCTION:
            return None
        missing += 1
    begins = held[: len(wanted) - 1] == tuple(wanted[:-1]) and held[len(wanted) - 1 :][:1] != ()
    begins = begins and held[len(wanted) - 1].startswith(wanted[-1])
    return not begins, missing


def _meant(typed: str, held: str, unfinished: bool, slips: bool) -> bool:
    if typed == held or (unfinished and held.startswith(typed)):
        return True
    if unfinished and held.isdecimal() and typed.startswith(held):
        return typed[len(held) :] in ("s", "n", "r", "t")  # on the way to "43rd"
    return slips and len(typed) >= _SHORTEST_SLIP and near(typed, held)
