"""What a citizen gets: the types of an answer, which every door shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from corpus.article import Source
from index.filters import Filters
from index.marking import Span


@dataclass(frozen=True, slots=True)
class Original:
    """The passage as its article has it, where the answer shows a translation."""

    text: str
    language: str


@dataclass(frozen=True, slots=True)
class AnswerPassage:
    """One passage of an answer, in the reader's language where we have it.

    `title` is the article's title in the language of `text`; `source.title` is the page's own
    headline. `translated`: `text` is our translation, and `original` holds what it translates.
    `highlight`: the sentence of `text` that fits the question best. `score`: higher is better.
    `link`: the address to open: `source.url`, pointing at the very sentence where the page holds it.
    `also`: citations of articles that tell the same story in nearly the same words. `old`: published
    longer ago than the horizon of the settings.
    """

    id: str
    article: str
    title: str
    text: str
    language: str
    translated: bool
    original: Original | None
    highlight: Span
    score: float
    source: Source
    link: str
    also: tuple[Source, ...] = ()
    old: bool = False


@dataclass(frozen=True, slots=True)
class IndexInfo:
    """Which index answered: generation id, when it was built (UTC), how much it holds."""

    id: str
    built_at: datetime
    articles: int
    passages: int


Outcome = Literal["answered", "partly", "unknown", "social"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a citizen gets. `language`: of question and messages, "id" or "en".

    `outcome`:

    - "answered": `passages` answer the question, `message` is None;
    - "partly": `passages` are about the question and may help; `message` is the honest heading that
      says so;
    - "unknown": nothing fits; `passages` is empty, `message` says so and whom to ask;
    - "social": no question (a greeting, thanks, "who are you", an insult); `passages` is empty and
      `message` is what a person would reply.

    `related` holds questions that we can answer, `confidence` is the probability, 0 to 1, that the
    passages answer. `notice`: a line to show above the passages (sources of different dates differ),
    or None. `read_as`: the question as it was understood, where it was read as following up on the
    one before; None where it stands for itself. All words of ours are in `language`.
    """

    question: str
    language: str
    outcome: Outcome
    confidence: float
    passages: tuple[AnswerPassage, ...]
    related: tuple[str, ...]
    message: str | None
    index: IndexInfo
    notice: str | None = None
    read_as: str | None = None

    @property
    def answered(self) -> bool:
        """Whether the passages answer the question ("partly" is not an answer)."""
        return self.outcome == "answered"


class Asks(Protocol):
    """What every door needs of `Answerer`: safe to call from threads, blocks."""

    def ask(
        self,
        question: str,
        k: int | None = None,
        language: str | None = None,
        *,
        previous: str | None = None,
        filters: Filters | None = None,
    ) -> Answer:
        """The answer; raises QuestionError or NoIndexError."""
        ...
