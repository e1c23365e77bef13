"""Measures of follow-ups: what the question before gives to those that need it, and takes from the others."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace

from corpus.question import Question
from index.followup import read_with
from index.search import Index, Query

_DEPTH = 10
_SEEDS = 3

SearchFunction = Callable[[str], list[tuple[str, float]]]


def as_dialogue(question: Question) -> Question:
    """`question` with the one before on a line above it: what `followup_searches` read."""
    return replace(question, text=f"{question.previous or ''}\n{question.text}")


def followup_searches(index: Index) -> dict[str, SearchFunction]:
    """Three ways to read the last of two lines: alone, always with the one before, and as we do."""

    def found(query: Query) -> list[tuple[str, float]]:
        return [(hit.passage.article_id, hit.score) for hit in index.search(query, _DEPTH)]

    def alone(text: str) -> list[tuple[str, float]]:
        return found(index.read(text.partition("\n")[2]))

    def always(text: str) -> list[tuple[str, float]]:
        return found(index.read(text.replace("\n", " ")))

    def shipped(text: str) -> list[tuple[str, float]]:
        previous, _, question = text.partition("\n")
        query = index.read(question)
        followed = read_with(index, query, question, previous)
        return found(followed[0] if followed else query)

    return {"alone": alone, "joined always": always, "as shipped": shipped}


def misled(index: Index, questions: Sequence[Question]) -> dict[str, float]:
    """Share of `questions`, which all stand for themselves, that are read as following up on another one,
    drawn at random (three times each)."""
    wrong = 0
    for seed in range(_SEEDS):
        chance = random.Random(seed)  # noqa: S311
        for question in questions:
            previous = chance.choice(questions).text
            query = index.read(question.text)
            wrong += read_with(index, query, question.text, previous) is not None
    return {"joined with an unrelated question": wrong / max(1, _SEEDS * len(questions))}
