"""What the reader learns from: questions, passages, whether the passage answers, and where.

Unanswerable questions that people wrote (IDK-MRC) are the smaller half. The others are made so
that they look like what the search brings when no article answers: the passage without the
sentence that answers, the nearest passage about something else, the answer to another question
about the same thing.
"""

import json
import logging
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from corpus.sentence import sentences
from index.maxsim import StaticVectors
from index.training.data import clean, read_question_passages, read_rows
from index.training.leakage import Protected, drop_leaks
from index.training.recipe import REPOSITORY, Recipe, TrainingError

log = logging.getLogger(__name__)
_TEMPLATE = re.compile(
    r"^(?P<asked>.*?(?: for| of|\(are\)| causes| prevent| diagnose| by) )(?P<thing>.+?)\s*\?*\s*$",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Example:
    """A question and a passage. `start`, `end`: characters of the answer, both -1 where the passage
    does not answer or nobody marked where. `group`: the passage that it was made from."""

    question: str
    passage: str
    answers: bool
    start: int
    end: int
    source: str
    group: str

    @property
    def texts(self) -> tuple[str, str]:
        """Both texts."""
        return self.question, self.passage


@dataclass(frozen=True, slots=True)
class Lesson:
    """Examples to learn from, and some of other passages to look at meanwhile."""

    train: list[Example]
    held_out: list[Example]


def own_lesson(
    recipe: Recipe, first: Lesson, protected: Protected | None, static: StaticVectors
) -> Lesson:
    """Our own questions about news digests in both languages, with a share of the first lesson's."""
    settings, picker = recipe.reader, random.Random(recipe.seed + 1)
    written = read_own(REPOSITORY / settings.own)
    if protected is not None:
        written = drop_leaks(written, protected)
    answered = [example for example in written if example.answers]
    removed = [
        shorter
        for example in answered
        if picker.random() < settings.removed and (shorter := without_answer(example))
    ]
    mined = nearest_wrong(answered, static, settings.nearest, picker)
    groups = sorted({example.group for example in written})
    held = frozenset(picker.sample(groups, int(2 * settings.held_out * len(groups))))
    cut = [windowed(example, settings.words, picker) for example in (*written, *removed, *mined)]
    train = [example for example in cut if example.group not in held]
    again = picker.sample(first.train, min(len(first.train), int(settings.replay * len(train))))
    return Lesson([*train, *again], [example for example in cut if example.group in held])


def read_own(path: Path) -> list[Example]:
    """Our own passages, in one language or both, with questions in both; `answers` holds for each
    language the exact part of the passage that answers, and is empty where nothing does.

    TrainingError where an answer is not in its passage.
    """
    found = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        row = json.loads(line)
        group = " ".join(row["passages"].values())
        for question in row["questions"]:
            for language, text in row["passages"].items():
                passage, answer = clean(text), clean(question["answers"].get(language, ""))
                if answer not in passage:
                    raise TrainingError(f"{path}, line {number}: {answer!r} is not in the passage.")
                start = passage.index(answer) if answer else -1
                end = start + len(answer) if answer else -1
                asked = clean(question["question"])
                found.append(Example(asked, passage, bool(answer), start, end, "own", group))
    return found


def read_lesson(
    recipe: Recipe, folder: Path, protected: Protected | None, static: StaticVectors
) -> Lesson:
    """All examples of `folder` in random order, the same for the same recipe, without leaks.

    `static` finds the nearest wrong passages.
    """
    settings, picker = recipe.reader, random.Random(recipe.seed)
    written = read_written(recipe, folder)
    asked = [
        Example(pair.question, pair.passage, True, -1, -1, "facqa", pair.passage)
        for pair in read_question_passages(folder, recipe, *settings.questions)
    ]
    if protected is not None:
        written, asked = drop_leaks(written, protected), drop_leaks(asked, protected)
    answered = [example for example in (*written, *asked) if example.answers]
    removed = [
        shorter
        for example in answered
        if picker.random() < settings.removed and (shorter := without_answer(example))
    ]
    mined = nearest_wrong(answered, static, settings.nearest, picker)
    about = read_about(recipe, folder, picker)
    whole = [*written, *asked, *removed, *mined, *about]
    picker.shuffle(whole)
    groups = sorted({example.group for example in written})
    held = frozenset(picker.sample(groups, int(settings.held_out * len(groups))))
    cut = [windowed(example, settings.words, picker) for example in whole]
    return Lesson(
        [example for example in cut if example.group not in held],
        [example for example in cut if example.group in held],
    )


def read_written(recipe: Recipe, folder: Path) -> list[Example]:
    """The questions that people asked of a passage, answerable or not, with marked answers."""
    found: dict[tuple[str, str], Example] = {}
    for file in recipe.files("answerability"):
        for row in read_rows(folder, file, recipe.seed):
            question, passage = clean(row["question"]), clean(row["passage"])
            answer = clean((row.get("answer") or {}).get("text", ""))
            # Cleaning moves characters: the occurrence nearest to the marked place is meant.
            places = [match.start() for match in re.finditer(re.escape(answer), passage)]
            start = (
                min(places, key=lambda at: abs(at - row["answer"]["start"]), default=-1)
                if (answer)
                else -1
            )
            end = start + len(answer) if start >= 0 else -1
            found[question.lower(), passage] = Example(
                question, passage, bool(row["answerable"]), start, end, row["src"], passage
            )
    return list(found.values())


def read_about(recipe: Recipe, folder: Path, picker: random.Random) -> list[Example]:
    """English questions with their answer, and with the answer to another question about the same
    thing: "What causes X?" is not answered by what the symptoms of X are."""
    things: dict[str, list[tuple[str, str, str]]] = {}
    for file in recipe.files("about"):
        for row in read_rows(folder, file, recipe.seed):
            question = clean(row["anchor"]).replace("(are) ", "").replace(" ?", "?")
            match = _TEMPLATE.match(clean(row["anchor"]))
            if match:
                things.setdefault(match["thing"].lower(), []).append(
                    (match["asked"].lower(), question, clean(row["positive"]))
                )
    made: list[Example] = []
    for thing in picker.sample(sorted(things), len(things)):
        rows = {asked: (question, answer) for asked, question, answer in things[thing]}
        if len(rows) < 2 or len(made) >= recipe.reader.about:
            continue
        first, second = picker.sample(sorted(rows), 2)
        question, answer = rows[first]
        _, other = rows[second]
        # General information answers more than it says.
        if first.startswith("what is") or second.startswith("what is"):
            continue
        made.append(Example(question, answer, True, -1, -1, "about", answer))
        made.append(Example(question, other, False, -1, -1, "about", answer))
    return made


def without_answer(example: Example) -> Example | None:
    """The passage without the sentences that hold the answer: on the subject, yet no answer.

    None where no answer is marked, or fewer than 12 words would be left.
    """
    if example.start < 0:
        return None
    answer = example.passage[example.start : example.end].lower()
    kept = [
        example.passage[start:end]
        for start, end in sentences(example.passage)
        if answer not in example.passage[start:end].lower() and not start <= example.start < end
    ]
    left = " ".join(kept)
    if len(left.split()) < 12:
        return None
    return replace(example, passage=left, answers=False, start=-1, end=-1, source="removed")


def nearest_wrong(
    answered: Sequence[Example], static: StaticVectors, depth: int, picker: random.Random
) -> list[Example]:
    """For each question one of the `depth` nearest passages that were made for other questions and
    do not hold its answer."""
    group_of = {example.passage: example.group for example in answered}
    pool = sorted(group_of)
    vectors = static.means(pool)
    own: dict[str, set[str]] = {}
    for example in answered:
        own.setdefault(example.question.lower(), set()).add(example.group)
    made = []
    for example in answered:
        near = np.argsort(-(vectors @ static.means([example.question])[0]))[: 2 * depth]
        answer = example.passage[example.start : example.end].lower() if example.start >= 0 else ""
        wrong = [
            pool[at]
            for at in near.tolist()
            if group_of[pool[at]] not in own[example.question.lower()]
            and not (answer and answer in pool[at].lower())
        ][:depth]
        if wrong:
            passage = picker.choice(wrong)
            made.append(
                replace(example, passage=passage, answers=False, start=-1, end=-1, source="nearest")
            )
    return made


def windowed(example: Example, words: int, picker: random.Random) -> Example:
    """The example with a passage of whole sentences, about `words` words, around its answer: as long
    as the passages that the search brings. At random, too, the question loses its question mark."""
    question = example.question
    if picker.random() < 0.3:
        question = question.rstrip(" ?")
    spans = sentences(example.passage) or [(0, len(example.passage))]
    sizes = [len(example.passage[start:end].split()) for start, end in spans]
    if sum(sizes) <= 1.2 * words:
        return replace(example, question=question)
    inside = [
        number
        for number, (start, end) in enumerate(spans)
        if example.start >= 0 and start < example.end and example.start < end
    ]
    first = last = 0
    if inside:
        first, last = inside[0], inside[-1]
    elif example.answers is False:
        first = last = picker.randrange(len(spans))
    while sum(sizes[first : last + 1]) < words and (first > 0 or last < len(spans) - 1):
        before = first > 0 and (last == len(spans) - 1 or picker.random() < 0.5)
        if before:
            first -= 1
        else:
            last += 1
    start, end = spans[first][0], spans[last][1]
    shift = start if example.start >= 0 else 0
    return replace(
        example,
        question=question,
        passage=example.passage[start:end],
        start=example.start - shift,
        end=example.end - shift,
    )
