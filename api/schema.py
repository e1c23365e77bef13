"""What goes over the wire: the JSON of a question and of its answer."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)
from pydantic_core import PydanticCustomError

from corpus.article import Source
from index.answer import Answer, AnswerPassage, IndexInfo, Outcome
from index.filters import Filters


def _day(value: object) -> object:
    # Only YYYY-MM-DD: pydantic would take a number for seconds since 1970, Python 20230905 for a day.
    if not isinstance(value, str):
        return value
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise PydanticCustomError("day", "Write a day of the calendar as YYYY-MM-DD")


Language = Literal["id", "en"]
Passages = Annotated[int, Field(ge=1, le=10)]
Day = Annotated[date, BeforeValidator(_day)]
Names = Annotated[
    list[
        Annotated[
            str,
            StringConstraints(
                strip_whitespace=True,
                min_length=1,
                max_length=200,
                # So that the schema, too, says that spaces are no name.
                pattern=r"[^\s\x1c-\x1f]",
            ),
        ]
    ],
    Field(max_length=20),
]
Languages = Annotated[list[Language], Field(max_length=20)]

# Said once, for the JSON body and for the address.
PREVIOUS = (
    "The question asked before in the same conversation (its `read_as`, where it had one): "
    "used where this one cannot be understood without it."
)
SINCE = "Only articles of this day or later; articles without a date do not count then."
UNTIL = "Only articles of this day or earlier; articles without a date do not count then."
PUBLISHER = "Only articles of these publishers; upper and lower case are the same."
TOPIC = "Only articles that have one of these topics; upper and lower case are the same."
ARTICLE_LANGUAGE = "Only articles published in these languages (not the language to read in)."

_INDEX: dict[str, Any] = {
    "id": "20261123T090000Z-5f3a",
    "built_at": "2026-11-23T09:00:00Z",
    "articles": 230,
    "passages": 743,
}
ANSWER_EXAMPLE: dict[str, Any] = {
    "id": "5f3a0c7e9b1d4a2c8e6f0b3d7a9c1e5f",
    "question": "Is the ASEAN Secretariat open to the public?",
    "language": "en",
    "outcome": "answered",
    "answered": True,
    "confidence": 0.86,
    "passages": [
        {
            "id": "secretariat/2023-08-29-kantor-asean-dibuka-untuk-umum#0",
            "article": "secretariat/2023-08-29-kantor-asean-dibuka-untuk-umum",
            "title": "120 residents visit the ASEAN Secretariat",
            "text": "The city plans regular visits. The Secretariat received 120 residents.",
            "language": "en",
            "translated": True,
            "original": {
                "text": "Kota merencanakan kunjungan rutin. Sekretariat menerima 120 warga.",
                "language": "id",
            },
            "highlight": {"start": 31, "end": 70},
            "score": 0.7421,
            "source": {
                "title": "120 Warga Kunjungi Kantor Sekretariat ASEAN",
                "publisher": "Beritajakarta",
                "url": "https://example.org/berita/120-warga",
                "link": "https://example.org/berita/120-warga",
                "published": "2023-08-29",
            },
            "also": [
                {
                    "title": "Kantor ASEAN Dibuka untuk Umum",
                    "publisher": "Kantor Berita Contoh",
                    "url": "https://example.org/kabar/kantor-asean",
                    "published": "2023-08-30",
                }
            ],
            "old": True,
        }
    ],
    "related": ["Where is the ASEAN Secretariat?"],
    "message": None,
    "notice": None,
    "read_as": None,
    "index": _INDEX,
}


def _whole(number: object) -> object:
    return int(number) if isinstance(number, float) and number.is_integer() else number


class AskIn(BaseModel):
    """A question."""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "question": "Is the ASEAN Secretariat open to the public?",
                    "k": 3,
                    "language": None,
                },
                {"question": "Di mana kantor Sekretariat ASEAN?"},
                {
                    "question": "lalu siapa yang hadir?",
                    "previous": "Kapan KTT ASEAN ke-43 diadakan?",
                    "since": "2023-01-01",
                    "until": "2023-12-31",
                    "publisher": ["ANTARA News", "Kompas.com"],
                    "topic": ["asean summit"],
                    "article_language": ["id"],
                },
            ]
        },
    )

    question: str = Field(description="A question in Indonesian or English, in your own words.")
    # Strict, but to JSON 3.0 is as whole a number as 3.
    k: Annotated[Passages | None, BeforeValidator(_whole)] = Field(
        None, description="Most passages to answer with; null: as the service is set."
    )
    language: Language | None = Field(
        None, description="Language to read the answer in; null: the question's own."
    )
    previous: str | None = Field(None, description=PREVIOUS)
    since: Day | None = Field(None, description=SINCE)
    until: Day | None = Field(None, description=UNTIL)
    publisher: Names | None = Field(None, description=PUBLISHER)
    topic: Names | None = Field(None, description=TOPIC)
    article_language: Languages | None = Field(None, description=ARTICLE_LANGUAGE)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.since and self.until and self.since > self.until:
            raise PydanticCustomError("bad_range", "since is after until: no day is in between")
        return self

    def filters(self) -> Filters | None:
        """Which articles count; None where all do."""
        filters = Filters(
            since=self.since,
            until=self.until,
            publishers=tuple(self.publisher or ()),
            languages=tuple(self.article_language or ()),
            topics=tuple(self.topic or ()),
        )
        return None if filters == Filters() else filters


class _Out(BaseModel):
    model_config = ConfigDict(frozen=True)


class OriginalOut(_Out):
    """The passage as its article has it, where `text` is a translation."""

    text: str
    language: str = Field(description="ISO 639-1.")


class HighlightOut(_Out):
    """The sentence of `text` that fits the question best: `text[start:end]`."""

    start: int = Field(ge=0, description="Offset in Unicode code points (not UTF-16 units).")
    end: int = Field(ge=0, description="Offset behind the last code point.")


class SourceOut(_Out):
    """The page that is quoted."""

    title: str = Field(description="The page's own headline.")
    publisher: str
    url: str = Field(description="Address of the page.")
    link: str = Field(description="Address to open: the page, at the very sentence where possible.")
    published: date | None = Field(description="Day of publication; null where the page gave none.")


class AlsoOut(_Out):
    """Another page that tells the same story in nearly the same words."""

    title: str = Field(description="The page's own headline.")
    publisher: str
    url: str = Field(description="Address of the page.")
    published: date | None = Field(description="Day of publication; null where the page gave none.")


class PassageOut(_Out):
    """A passage of one article."""

    id: str
    article: str = Field(description="Id of the article; no two passages of an answer share one.")
    title: str = Field(description="Title of the article in the language of `text`.")
    text: str
    language: str = Field(description="Language of `text`, ISO 639-1.")
    translated: bool = Field(description="`text` is our translation; `original` has the original.")
    original: OriginalOut | None
    highlight: HighlightOut
    score: float = Field(description="Higher fits better; comparable within one answer.")
    source: SourceOut
    also: list[AlsoOut] = Field(description="Who else reported it.")
    old: bool = Field(description="Published so long ago that it may no longer hold.")


class IndexOut(_Out):
    """The index that answered."""

    model_config = ConfigDict(frozen=True, json_schema_extra={"examples": [_INDEX]})

    id: str
    built_at: datetime = Field(description="When it was built, UTC.")
    articles: int = Field(ge=0)
    passages: int = Field(ge=0)


class AnswerOut(_Out):
    """The passages that fit a question, best first, or an honest "I don't know"."""

    model_config = ConfigDict(frozen=True, json_schema_extra={"examples": [ANSWER_EXAMPLE]})

    id: str | None = Field(
        description="What to rate it by with POST /feedback; null where answers are not kept."
    )
    question: str
    language: str = Field(description="Language of the answer's own words (`message`, `related`).")
    outcome: Outcome = Field(
        description="`answered`: the passages answer; `partly`: they are about the question and may "
        "help, `message` says so; `unknown`: nothing fits, `message` says so; `social`: no question, "
        "`message` is what a person would reply. `passages` is empty for the last two."
    )
    answered: bool = Field(description="Whether `outcome` is `answered`.")
    confidence: float = Field(ge=0, le=1, description="Probability that the passages answer.")
    passages: list[PassageOut]
    related: list[str] = Field(description="Questions that can be answered.")
    message: str | None = Field(description="What to tell the reader first; null: `answered`.")
    notice: str | None = Field(
        description="A line to show above the passages, such as that the sources differ."
    )
    read_as: str | None = Field(
        description="The question as it was understood, where it was read as following `previous`."
    )
    index: IndexOut


class Alive(_Out):
    """The process runs."""

    status: Literal["alive"] = "alive"


class Ready(_Out):
    """An index is loaded, questions are answered from it."""

    status: Literal["ready"] = "ready"
    index: IndexOut


def from_answer(answer: Answer, id: str | None = None) -> AnswerOut:
    """`answer`, which the journal keeps under `id`, as it goes over the wire; `tanya ask --json` prints
    the same."""
    return AnswerOut(
        id=id,
        question=answer.question,
        language=answer.language,
        outcome=answer.outcome,
        answered=answer.answered,
        confidence=_rounded(answer.confidence),
        passages=[_passage(passage) for passage in answer.passages],
        related=list(answer.related),
        message=answer.message,
        notice=answer.notice,
        read_as=answer.read_as,
        index=from_index(answer.index),
    )


def from_index(index: IndexInfo) -> IndexOut:
    """`index` as it goes over the wire."""
    return IndexOut(
        id=index.id,
        built_at=utc(index.built_at),
        articles=index.articles,
        passages=index.passages,
    )


def utc(moment: datetime) -> datetime:
    """`moment` in UTC; without a zone it is UTC already."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def _passage(passage: AnswerPassage) -> PassageOut:
    original = passage.original
    source = passage.source
    return PassageOut(
        id=passage.id,
        article=passage.article,
        title=passage.title,
        text=passage.text,
        language=passage.language,
        translated=passage.translated,
        original=None
        if original is None
        else OriginalOut(text=original.text, language=original.language),
        highlight=HighlightOut(start=passage.highlight.start, end=passage.highlight.end),
        score=_rounded(passage.score),
        source=SourceOut(
            title=source.title,
            publisher=source.publisher,
            url=source.url,
            link=passage.link,
            published=source.published,
        ),
        also=[_also(other) for other in passage.also],
        old=passage.old,
    )


def _also(source: Source) -> AlsoOut:
    return AlsoOut(
        title=source.title,
        publisher=source.publisher,
        url=source.url,
        published=source.published,
    )


def _rounded(number: float) -> float:
    # numpy's float32 prints as 0.7421000003814697; nobody needs the tail.
    return round(float(number), 4)
