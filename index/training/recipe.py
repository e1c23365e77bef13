"""`recipe.toml` as frozen dataclasses: every file, size, seed and rate of the training."""

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal, TypeVar

HERE = Path(__file__).parent
REPOSITORY = HERE.parent.parent
DEFAULT = HERE / "recipe.toml"

Kind = Literal["parallel", "pairs_id", "pairs_en", "pairs_xling", "answerability", "about"]
T = TypeVar("T")


class TrainingError(Exception):
    """What went wrong in the training, which value it was, and what to do about it."""


@dataclass(frozen=True, slots=True)
class DataFile:
    """One JSON-lines file. A line is `{"id", "en"}` (parallel), `{"question", "passage", "answerable",
    "answer": {"text", "start"}}` (answerability), else `{"anchor", "positive"}`."""

    path: str
    kind: Kind
    what: str
    origin: str
    licence: str
    sha256: str
    keep: int = 0
    """Take at most this many lines, chosen at random; 0 takes all."""


@dataclass(frozen=True, slots=True)
class Base:
    """The English model that lends its body and teaches."""

    package: str
    hub: str
    max_tokens: int


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Sizes of the bilingual vocabulary and how new rows are made."""

    english: int
    indonesian: int
    lexicon_words: int
    min_frequency: int
    alignment_iterations: int
    neighbours: int
    min_share: float
    lexicon_repeats: int
    homograph_ratio: float
    sources: list[str]


@dataclass(frozen=True, slots=True)
class Distil:
    """Stage 2: the student learns the teacher's vectors for both languages."""

    steps: int
    warm_up_steps: int
    tokens_per_batch: int
    learning_rate_embeddings: float
    learning_rate_body: float
    weight_decay: float
    cosine_weight: float
    contrast_weight: float
    temperature: float
    negatives: int
    same_above: float
    english_share: float
    paragraph_share: float
    paragraph_sentences: list[int]
    average: float


@dataclass(frozen=True, slots=True)
class Static:
    """The static twin: one vector a token."""

    vocabulary: int
    epochs: int
    batch: int
    learning_rate: float
    temperature: float
    teacher_batch: int
    teacher_weight: float
    smoothing: float
    paragraphs: int


@dataclass(frozen=True, slots=True)
class Late:
    """The static twin's second lesson: capped MaxSim."""

    epochs: int
    sources: list[str]
    pairs: int
    batch: int
    learning_rate: float
    temperature: float
    cap: float
    slope: float
    drift_weight: float


@dataclass(frozen=True, slots=True)
class Reader:
    """The reader: does a passage answer a question, and where."""

    layers: int
    questions: list[str]
    """Files of questions with a passage that answers, nobody marked where."""
    removed: float
    """Share of the answered questions that come again without the sentence that answers."""
    nearest: int
    """A wrong passage is one of this many nearest."""
    about: int
    """Examples made of answers to other questions about the same thing, at most."""
    words: int
    held_out: float
    tokens_per_batch: int
    epochs: float
    learning_rate: float
    own: str
    """Our own questions, below the repository: the second lesson."""
    own_epochs: float
    own_learning_rate: float
    replay: float
    """In the second lesson this many examples of the first for each of its own."""
    weight_decay: float
    span_weight: float


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Tab-separated word lists of the repository: left side, equivalents with `;` between."""

    words: list[str]
    glossary: list[str]
    chat: list[str]


@dataclass(frozen=True, slots=True)
class Recipe:
    """The whole of `recipe.toml`."""

    name: str
    version: str
    seed: int
    base: Base
    vocabulary: Vocabulary
    distil: Distil
    static: Static
    late: Late
    reader: Reader
    lexicon: Lexicon
    data: list[DataFile]

    def files(self, *kinds: Kind) -> list[DataFile]:
        """The data files of these kinds, in the recipe's order."""
        return [file for file in self.data if file.kind in kinds]


def read_recipe(path: Path = DEFAULT) -> Recipe:
    """Read and check a recipe. Raises `TrainingError` for a missing or an unknown key."""
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    sections: dict[str, type[Any]] = {
        "base": Base,
        "vocabulary": Vocabulary,
        "distil": Distil,
        "static": Static,
        "late": Late,
        "reader": Reader,
        "lexicon": Lexicon,
    }
    for key, section in sections.items():
        if key not in table:
            raise TrainingError(f"{path} has no section [{key}]: add it.")
        table[key] = _fill(section, table[key], f"{path} [{key}]")
    table["data"] = [_fill(DataFile, row, f"{path} [[data]]") for row in table.get("data", [])]
    return _fill(Recipe, table, str(path))


def _fill(kind: type[T], table: dict[str, Any], where: str) -> T:
    known = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    unknown = sorted(set(table) - known)
    if unknown:
        raise TrainingError(
            f"{where} has the unknown key {unknown[0]!r}: known are {sorted(known)}."
        )
    try:
        return kind(**table)
    except TypeError as error:
        raise TrainingError(f"{where} lacks a key: {error}.") from error
