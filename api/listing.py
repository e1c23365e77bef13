"""What goes over the wire beside answers: articles, sources, suggestions, ratings."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from api.schema import IndexOut, from_index
from corpus.article import Article
from index.catalogue import Catalogue, Topic
from index.journal import LONGEST_REASON


class _Out(BaseModel):
    model_config = ConfigDict(frozen=True)


class TranslationOut(_Out):
    """An article in the other language, translated by us."""

    language: str = Field(description="Language of `text`, ISO 639-1.")
    title: str
    text: str


class ArticleOut(_Out):
    """An article as the corpus holds it."""

    id: str
    title: str
    publisher: str
    url: str = Field(description="Address of the page.")
    published: date | None = Field(description="Day of publication; null where the page gave none.")
    language: str = Field(description="Language of `text`, ISO 639-1.")
    topics: list[str]
    verbatim: bool = Field(
        description="`text` is the page's own wording; else it is our digest of the page."
    )
    text: str
    translation: TranslationOut | None


class TopicOut(_Out):
    """A topic, for the filter `topic` of a question."""

    name: str
    articles: int = Field(ge=1, description="How many articles have it.")


class PublisherOut(_Out):
    """A source, for the filter `publisher` of a question."""

    publisher: str
    articles: int = Field(ge=1, description="How many articles are theirs.")
    oldest: date | None = Field(description="Day of the oldest; null where no day is known.")
    newest: date | None = Field(description="Day of the newest; null where no day is known.")
    languages: list[str] = Field(description="Languages of the articles, the commonest first.")
    topics: list[TopicOut] = Field(description="The commonest topics, at most 20.")


class SourcesOut(_Out):
    """Whose articles the answers are taken from, and what they are about; the most first."""

    index: IndexOut
    sources: list[PublisherOut]
    topics: list[TopicOut] = Field(description="The commonest topics of all, at most 200.")


class SuggestionsOut(_Out):
    """Questions that can be answered, the best first."""

    suggestions: list[str]


class FeedbackIn(BaseModel):
    """What somebody thinks of an answer."""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "id": "5f3a0c7e9b1d4a2c8e6f0b3d7a9c1e5f",
                    "helpful": False,
                    "reason": "The schedule has changed since.",
                }
            ]
        },
    )

    id: Annotated[str, StringConstraints(min_length=1, max_length=64)] = Field(
        description="The `id` of the answer."
    )
    helpful: bool
    reason: Annotated[str, StringConstraints(max_length=LONGEST_REASON)] | None = Field(
        None, description="Why, in the reader's own words; no names or numbers, please."
    )


def from_article(article: Article) -> ArticleOut:
    """`article` as it goes over the wire."""
    source, other = article.source, article.translation
    return ArticleOut(
        id=article.id,
        title=source.title,
        publisher=source.publisher,
        url=source.url,
        published=source.published,
        language=article.language,
        topics=list(article.topics),
        verbatim=article.verbatim,
        text=article.text,
        translation=None
        if other is None
        else TranslationOut(language=other.language, title=other.title, text=other.text),
    )


def from_catalogue(catalogue: Catalogue) -> SourcesOut:
    """`catalogue` as it goes over the wire."""
    return SourcesOut(
        index=from_index(catalogue.index),
        sources=[
            PublisherOut(
                publisher=one.name,
                articles=one.articles,
                oldest=one.oldest,
                newest=one.newest,
                languages=list(one.languages),
                topics=_topics(one.topics[:20]),
            )
            for one in catalogue.publishers
        ],
        topics=_topics(catalogue.topics[:200]),
    )


def _topics(topics: tuple[Topic, ...]) -> list[TopicOut]:
    return [TopicOut(name=topic.name, articles=topic.articles) for topic in topics]
