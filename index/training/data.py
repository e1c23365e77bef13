"""Training texts: read the recipe's files, check them, turn them into pairs."""

import hashlib
import json
import random
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from index.training.recipe import REPOSITORY, DataFile, Recipe, TrainingError

_SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Translation:
    """A sentence or paragraph in both languages."""

    indonesian: str
    english: str
    source: str

    @property
    def texts(self) -> tuple[str, str]:
        """Both sides."""
        return self.indonesian, self.english


@dataclass(frozen=True, slots=True)
class QuestionPassage:
    """A question (or heading, or premise) and a passage that belongs to it."""

    question: str
    passage: str
    source: str

    @property
    def texts(self) -> tuple[str, str]:
        """Both sides."""
        return self.question, self.passage


def clean(text: str) -> str:
    """One line, NFC, single spaces: what the tokenizer is given everywhere."""
    return _SPACES.sub(" ", unicodedata.normalize("NFC", text)).strip()


def read_translations(folder: Path, recipe: Recipe) -> list[Translation]:
    """All parallel sentences in file order (documents stay together), without repetitions.

    Pairs whose sides are equal (untranslated) or longer than six times each other are left out.
    """
    pairs: list[Translation] = []
    seen: set[tuple[str, str]] = set()
    for file in recipe.files("parallel"):
        rows = [
            Translation(clean(row["id"]), clean(row["en"]), row["src"])
            for row in read_rows(folder, file, recipe.seed)
        ]
        for pair in rows:
            key = (pair.indonesian.lower(), pair.english.lower())
            if key in seen or not _plausible(pair):
                continue
            seen.add(key)
            pairs.append(pair)
    return pairs


def read_question_passages(folder: Path, recipe: Recipe, *sources: str) -> list[QuestionPassage]:
    """Question–passage pairs of the recipe's `pairs_*` files; `sources` picks by file stem."""
    pairs: list[QuestionPassage] = []
    seen: set[tuple[str, str]] = set()
    for file in recipe.files("pairs_id", "pairs_xling", "pairs_en"):
        if sources and Path(file.path).stem not in sources:
            continue
        for row in read_rows(folder, file, recipe.seed):
            pair = QuestionPassage(clean(row["anchor"]), clean(row["positive"]), file.path)
            key = (pair.question.lower(), pair.passage.lower())
            if key not in seen and pair.question and pair.passage:
                seen.add(key)
                pairs.append(pair)
    return pairs


def read_lexicon(recipe: Recipe, root: Path = REPOSITORY) -> list[Translation]:
    """The lexicon's pairs, one for each English equivalent, then the chat spellings'.

    A chat spelling gets the equivalents of the standard word that it stands for.
    """
    words: dict[str, list[str]] = {}
    pairs: list[Translation] = []
    for name in [*recipe.lexicon.words, *recipe.lexicon.glossary]:
        source = Path(name).stem
        for left, right in _tab_separated(root / name):
            words.setdefault(left, right)
            pairs += [Translation(left, english, source) for english in right]
    for name in recipe.lexicon.chat:
        for left, right in _tab_separated(root / name):
            standard = right[0]
            equivalents = words.get(standard) or [
                " ".join(words[word][0] for word in standard.split() if word in words)
            ]
            pairs += [Translation(left, english, "chat") for english in equivalents if english]
    return pairs


def paragraphs(
    pairs: list[Translation], count: int, sentences: tuple[int, int], seed: int
) -> list[Translation]:
    """Pseudo-paragraphs: runs of consecutive pairs of one source, joined in both languages."""
    picker = random.Random(seed)
    sources: dict[str, list[Translation]] = {}
    for pair in pairs:
        sources.setdefault(pair.source, []).append(pair)
    # Everyday and command phrases make no paragraphs: their neighbours are unrelated.
    running = [rows for name, rows in sources.items() if name not in _NO_RUNNING_TEXT]
    weights = [len(rows) for rows in running]
    made = []
    for _ in range(count if running else 0):
        rows = picker.choices(running, weights)[0]
        length = picker.randint(*sentences)
        start = picker.randrange(max(1, len(rows) - length))
        run = rows[start : start + length]
        made.append(
            Translation(
                " ".join(_ended(pair.indonesian) for pair in run),
                " ".join(_ended(pair.english) for pair in run),
                run[0].source,
            )
        )
    return made


_NO_RUNNING_TEXT = {"tatoeba_anki", "tydiqa_translated", "talpco"}


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith((".", "?", "!", ":", ";")) else sentence + "."


def _plausible(pair: Translation) -> bool:
    short, long = sorted((len(pair.indonesian), len(pair.english)))
    if pair.indonesian.lower() == pair.english.lower():
        return short < 25  # a name or a term is the same in both languages, a sentence is not
    return short > 0 and long <= 6 * short + 20


def read_rows(folder: Path, file: DataFile, seed: int) -> list[dict[str, Any]]:
    """The lines of `file` below `folder`. TrainingError where it is missing or another version."""
    path = folder / file.path
    if not path.is_file():
        raise TrainingError(f"{path} is missing: give the folder of the training data.")
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    if digest != file.sha256:
        raise TrainingError(
            f"{path} has the sha256 {digest}, the recipe says {file.sha256}: "
            "fetch the file again or correct the recipe."
        )
    rows = [json.loads(line) for line in content.decode("utf-8").split("\n") if line.strip()]
    if 0 < file.keep < len(rows):
        # Keep runs of ten so that neighbours stay neighbours (pseudo-paragraphs need them).
        starts = list(range(0, len(rows), 10))
        random.Random(seed).shuffle(starts)
        chosen = sorted(starts[: file.keep // 10])
        rows = [row for start in chosen for row in rows[start : start + 10]]
    return rows


def _tab_separated(path: Path) -> Iterator[tuple[str, list[str]]]:
    if not path.is_file():
        raise TrainingError(f"{path} is missing: the lexicon belongs to the repository.")
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        columns = line.split("\t")
        if len(columns) < 2:
            raise TrainingError(f"{path}, line {number} has no tab: {line!r}.")
        right = [clean(part) for part in columns[1].split(";") if part.strip()]
        yield clean(columns[0]), right
