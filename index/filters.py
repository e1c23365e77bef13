"""Which articles count: by date of publication, publisher, language, topic."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from corpus.article import Article


@dataclass(frozen=True, slots=True)
class Filters:
    """What an article must be; empty means any. A name that no article has fits none.

    `since` and `until` are days, both included: an article without a date fits neither. `publishers`
    are compared without regard to case; `languages` are those the page was published in ("id", "en");
    an article needs one of `topics`, compared without regard to case. ValueError where `since` is after
    `until`.
    """

    since: date | None = None
    until: date | None = None
    publishers: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.since is not None and self.until is not None and self.since > self.until:
            raise ValueError(
                f"since={self.since} is after until={self.until}: no article can fit. Swap them"
            )

    def __call__(self, article: Article) -> bool:
        """Whether `article` counts."""
        published = article.source.published
        if self.since is not None and (published is None or published < self.since):
            return False
        if self.until is not None and (published is None or published > self.until):
            return False
        if self.publishers and article.source.publisher.casefold() not in {
            name.casefold() for name in self.publishers
        }:
            return False
        if self.languages and article.language not in self.languages:
            return False
        topics = {topic.casefold() for topic in article.topics}
        return not self.topics or any(topic.casefold() in topics for topic in self.topics)
