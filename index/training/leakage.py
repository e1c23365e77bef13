"""Proof that nothing we evaluate on is in the training data.

    python -m index.training.leakage DATA EVALUATION [EVALUATION ...]

EVALUATION is a folder: BEIR sets (`corpus.jsonl`, `queries.jsonl`), articles (`*.md`) and
questions (`*.jsonl` with a "question") below it are all read. A training text leaks when it
equals an evaluation text after normalisation, or shares more than 30 % of its 8-word sequences
with one or more of them. Prints counts; the exit status is 1 when anything leaks. A set named
`*_full` is a larger haystack: only its questions and the passages that answer one are protected.
"""

import argparse
import json
import logging
import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from index.training.data import read_question_passages, read_rows, read_translations
from index.training.recipe import DEFAULT, REPOSITORY, TrainingError, read_recipe

LENGTH = 8
SHARE = 0.3
_WORD = re.compile(r"\w+")


class HasTexts(Protocol):
    """A training example that knows its texts."""

    @property
    def texts(self) -> tuple[str, str]:
        """Both texts."""
        ...


Pair = TypeVar("Pair", bound=HasTexts)

log = logging.getLogger(__name__)


def words(text: str) -> tuple[str, ...]:
    """Lower-cased words without punctuation, compatibility forms folded (NFKC)."""
    return tuple(_WORD.findall(unicodedata.normalize("NFKC", text).lower()))


@dataclass(frozen=True, slots=True)
class Leak:
    """A training text that occurs in the evaluation material."""

    source: str
    text: str
    share: float
    """Share of its word sequences found there; 1 for an exact match."""


class Protected:
    """The evaluation texts, ready for look-ups: whole texts and their word sequences."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._whole: set[tuple[str, ...]] = set()
        self._sequences: set[tuple[str, ...]] = set()
        for text in texts:
            spoken = words(text)
            self._whole.add(spoken)
            self._sequences.update(_sequences(spoken))

    def __len__(self) -> int:
        return len(self._whole)

    def share(self, text: str) -> float:
        """Share of the text's 8-word sequences that are protected; 1 for an exact match."""
        spoken = words(text)
        if not spoken:
            return 0.0
        if spoken in self._whole:
            return 1.0
        sequences = _sequences(spoken)
        return sum(item in self._sequences for item in sequences) / max(1, len(sequences))

    def leaks(self, texts: Iterable[tuple[str, str]]) -> list[Leak]:
        """Those of the (source, text) pairs that leak."""
        shares = ((source, text, self.share(text)) for source, text in texts)
        return [Leak(source, text, share) for source, text, share in shares if share > SHARE]


def read_protected(folders: Iterable[Path]) -> Protected:
    """Every evaluation text below the folders. Raises `TrainingError` when there is none."""
    texts: list[str] = []
    for folder in folders:
        found = len(texts)
        for path in sorted(folder.rglob("*.jsonl")):
            texts += _of_json_lines(path)
        for path in sorted(folder.rglob("*.md")):
            if path.name != "README.md":
                texts += _of_article(path)
        if len(texts) == found:
            raise TrainingError(f"{folder} holds no evaluation texts: give the right folder.")
    return Protected(texts)


def drop_leaks(pairs: list[Pair], protected: Protected) -> list[Pair]:
    """The pairs none of whose two texts leaks; how many go is logged."""
    kept = [pair for pair in pairs if all(protected.share(text) <= SHARE for text in pair.texts)]
    log.info("%d of %d training pairs dropped as leaks", len(pairs) - len(kept), len(pairs))
    return kept


def _of_json_lines(path: Path) -> list[str]:
    rows = [json.loads(line) for line in path.read_text("utf-8").split("\n") if line.strip()]
    judged = path.parent / "qrels" / "test.tsv"
    if path.name == "corpus.jsonl" and path.parent.name.endswith("_full") and judged.is_file():
        answering = {line.split("\t")[1] for line in judged.read_text("utf-8").splitlines()}
        rows = [row for row in rows if row["_id"] in answering]
    texts = [row.get("question") or row.get("text") or "" for row in rows]
    return [text for text in texts if text]


def _of_article(path: Path) -> list[str]:
    """The paragraphs of an article and the whole of it, without the front matter."""
    parts = path.read_text("utf-8").split("---\n", 2)
    body = parts[2] if len(parts) == 3 else parts[-1]
    return [body, *(part for part in body.split("\n\n") if part.strip())]


def _sequences(spoken: tuple[str, ...]) -> set[tuple[str, ...]]:
    return {spoken[start : start + LENGTH] for start in range(len(spoken) - LENGTH + 1)}


def main(arguments: list[str] | None = None) -> int:
    """Print how many training texts leak, by source; 1 when any does."""
    parser = argparse.ArgumentParser(prog="python -m index.training.leakage")
    parser.add_argument("data", type=Path, help="folder of the training data")
    parser.add_argument("evaluation", type=Path, nargs="+", help="folders of evaluation texts")
    parser.add_argument("--recipe", type=Path, default=DEFAULT)
    parser.add_argument("--show", type=int, default=5, help="print at most this many leaks")
    chosen = parser.parse_args(arguments)
    recipe = read_recipe(chosen.recipe)
    protected = read_protected(chosen.evaluation)
    texts: list[tuple[str, str]] = []
    for pair in read_translations(chosen.data, recipe):
        texts += [(pair.source, text) for text in pair.texts]
    for asked in read_question_passages(chosen.data, recipe):
        texts += [(asked.source, text) for text in asked.texts]
    for file in recipe.files("answerability"):
        for row in read_rows(chosen.data, file, recipe.seed):
            texts += [(file.path, row[key]) for key in ("question", "passage")]
    for line in (REPOSITORY / recipe.reader.own).read_text("utf-8").splitlines():
        row = json.loads(line)
        own = [*row["passages"].values(), *(asked["question"] for asked in row["questions"])]
        texts += [(recipe.reader.own, text) for text in own]
    leaks = protected.leaks(texts)
    print(
        f"{len(texts)} training texts against {len(protected)} evaluation texts: {len(leaks)} leak"
    )
    for source, count in Counter(leak.source for leak in leaks).most_common():
        print(f"  {source}: {count}")
    for leak in leaks[: chosen.show]:
        print(f"  {leak.share:.2f} {leak.source}: {leak.text[:160]}")
    return 1 if leaks else 0


if __name__ == "__main__":
    sys.exit(main())
