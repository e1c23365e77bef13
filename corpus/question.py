"""Questions: annotated ones for evaluation, and those that we suggest to citizens."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from corpus.article import LANGUAGES, CorpusError

FOLDER = Path(__file__).parent / "questions"
DEV = FOLDER / "dev.jsonl"
FOLLOWUPS = FOLDER / "followups.jsonl"
BANK = FOLDER / "bank.jsonl"

KINDS = ("answerable", "unanswerable", "offtopic")


@dataclass(frozen=True, slots=True)
class Question:
    """An annotated question. `kind` is one of KINDS; `gold`: article id → grade (2 answers fully, 1 in
    part); `crosslingual`: no gold article is originally in the question's language; `must_contain`:
    regular expressions (lower case), any of which a passage that answers matches in its original;
    `previous`: the question asked before in the same conversation."""

    id: str
    text: str
    language: str
    kind: str
    crosslingual: bool
    gold: dict[str, int]
    must_contain: tuple[str, ...]
    previous: str | None = None


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A question that `article` answers ("": the operator vouches for it): its wording by language."""

    article: str
    text: dict[str, str]


def read_questions(path: Path) -> list[Question]:
    """The annotated questions in `path`, in order. CorpusError with file and line for a bad one."""
    questions = []
    for line, record in _records(path):
        try:
            question = Question(
                id=record["id"],
                text=record["question"],
                language=record["language"],
                kind=record["kind"],
                crosslingual=bool(record.get("crosslingual", False)),
                gold={gold["article"]: int(gold["grade"]) for gold in record.get("gold", [])},
                must_contain=tuple(record.get("must_contain", [])),
                previous=record.get("previous"),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise CorpusError(
                f"{path}:{line}: {error!r} is missing or wrong. See the README beside it."
            ) from error
        if question.kind not in KINDS or question.language not in LANGUAGES:
            raise CorpusError(
                f"{path}:{line}: kind {question.kind!r}, language {question.language!r}: "
                f"use one of {', '.join(KINDS)}, and of {', '.join(LANGUAGES)}."
            )
        questions.append(question)
    return questions


def read_suggestions(path: Path = BANK) -> list[Suggestion]:
    """The suggested questions in `path`, in order. CorpusError with file and line for a bad one."""
    suggestions = []
    for line, record in _records(path):
        try:
            text = {language: str(record[language]) for language in LANGUAGES}
            suggestions.append(Suggestion(article=str(record.get("article", "")), text=text))
        except (AttributeError, KeyError, TypeError) as error:
            raise CorpusError(
                f"{path}:{line}: {error} is missing. Each line is an object with "
                f"{' and '.join(LANGUAGES)}, and article, the id of the article that answers."
            ) from error
    return suggestions


def _records(path: Path) -> Iterator[tuple[int, dict]]:  # type: ignore[type-arg]
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                try:
                    yield number, json.loads(line)
                except ValueError as error:
                    raise CorpusError(f"{path}:{number}: not JSON ({error}).") from error
