"""What an index holds: who published it, when, and about what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from heapq import nlargest

from corpus.article import Article
from index.result import IndexInfo

NEWEST = 20
"""Headlines of a catalogue."""


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic, and how many articles have it."""

    name: str
    articles: int


@dataclass(frozen=True, slots=True)
class Publisher:
    """Whose articles they are. `oldest` and `newest`: days of publication, None where none is known;
    `languages` and `topics`: those of most articles first."""

    name: str
    articles: int
    oldest: date | None
    newest: date | None
    languages: tuple[str, ...]
    topics: tuple[Topic, ...]


@dataclass(frozen=True, slots=True)
class Headline:
    """An article in a list of news: `titles` by language, the page's own under its own language."""

    titles: Mapping[str, str]
    publisher: str
    url: str
    published: date

    def title(self, language: str) -> str:
        """The title in `language` where there is one, else the page's own."""
        return self.titles.get(language) or next(iter(self.titles.values()))


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Who published what `index` holds, and about what: those of most articles first. `ids`: of all
    articles, those published last first, those without a date at the end. `newest`: the articles published
    last, newest first, `NEWEST` at most.

    Holds nothing of the index itself, which must be free to go when another takes its place.
    """

    index: IndexInfo
    publishers: tuple[Publisher, ...]
    topics: tuple[Topic, ...]
    ids: tuple[str, ...]
    newest: tuple[Headline, ...]

    @classmethod
    def of(cls, index: IndexInfo, articles: Collection[Article]) -> Catalogue:
        """The catalogue of `index` and its `articles`; takes a second for 100,000 of them."""
        by_publisher: dict[str, list[Article]] = {}
        days: dict[str, date] = {}
        for article in articles:
            days[article.id] = article.source.published or date.min
            by_publisher.setdefault(article.source.publisher, []).append(article)
        publishers = [_publisher(name, theirs) for name, theirs in by_publisher.items()]
        return cls(
            index=index,
            publishers=tuple(
                sorted(publishers, key=lambda one: (-one.articles, one.name.casefold()))
            ),
            topics=_topics(articles),
            ids=tuple(sorted(days, key=days.__getitem__, reverse=True)),
            newest=_newest(articles),
        )


def _newest(articles: Iterable[Article]) -> tuple[Headline, ...]:
    dated = [
        (article.source.published, article.id, article)
        for article in articles
        if article.source.published is not None
    ]
    return tuple(
        Headline(
            {language: article.title_in(language) for language in _languages(article)},
            article.source.publisher,
            article.source.url,
            day,
        )
        for day, _, article in nlargest(NEWEST, dated, key=lambda item: item[:2])
    )


def _languages(article: Article) -> list[str]:
    own = [article.language]
    return own if article.translation is None else [*own, article.translation.language]


def _publisher(name: str, articles: list[Article]) -> Publisher:
    days = [one.source.published for one in articles if one.source.published is not None]
    return Publisher(
        name=name,
        articles=len(articles),
        oldest=min(days, default=None),
        newest=max(days, default=None),
        languages=tuple(
            name for name, _ in Counter(one.language for one in articles).most_common()
        ),
        topics=_topics(articles),
    )


def _topics(articles: Iterable[Article]) -> tuple[Topic, ...]:
    counted = Counter(topic for article in articles for topic in article.topics)
    ordered = sorted(counted.items(), key=lambda one: (-one[1], one[0].casefold()))
    return tuple(Topic(name, count) for name, count in ordered)
