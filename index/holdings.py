"""Articles and passages of a generation, read one at a time: opening a hundred thousand takes no time.

What a search needs of all of them (dates, languages, publishers, topics, which rows) stands in columns.
"""

from __future__ import annotations

import hashlib
import json
import mmap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache, partial
from typing import Any, Literal, overload

import numpy as np
from numpy.typing import NDArray

from corpus.article import LANGUAGES, Article, Source, Translation
from corpus.passage import Passage
from index.columns import Columns, offsets
from index.filters import Filters

_REMEMBERED = 2048
"""Articles kept ready, the last used ones."""

FACTS = np.dtype([("published", "<i4"), ("language", "u1"), ("publisher", "<i4")])
"""Of an article: day (proleptic ordinal, 0: unknown) and places in the lists of `Names`."""
CUT = np.dtype(
    [("article", "<i4"), ("language", "u1"), ("number", "<i4"), ("start", "<i4"), ("end", "<i4")]
)
"""Of a passage: place of its article, of its language in `Names`, number in its id, and its offsets."""
PLACE = np.dtype([("hash", "<u8"), ("article", "<i4")])

COLUMNS = (
    "article_starts",  # where its line begins in articles.jsonl, and where the last ends
    "article_keys",  # of its line
    "article_rows",  # its first passage, and where the last one's end
    "article_facts",  # FACTS
    "article_places",  # PLACE, by hash of the id
    "topics",
    "topic_starts",
    "passages",  # CUT
)


_SIDES: tuple[Literal["left", "right"], ...] = ("left", "right")


@dataclass(frozen=True, slots=True)
class Names:
    """What the numbers in the columns stand for."""

    languages: tuple[str, ...]
    publishers: tuple[str, ...]
    topics: tuple[str, ...]


class Articles(Mapping[str, Article]):
    """The articles by id, in the order of the corpus. Never changes; safe to use from threads."""

    def __init__(self, lines: bytes | mmap.mmap, columns: Columns, names: Names) -> None:
        self.names = names
        self.rows: NDArray[np.int64] = columns["article_rows"]
        self.line_keys: NDArray[np.uint8] = columns["article_keys"]
        self.facts = columns["article_facts"]
        self.published: NDArray[np.int32] = self.facts["published"]
        self._starts = columns["article_starts"]
        self._hashes = columns["article_places"]["hash"]
        self._places = columns["article_places"]["article"]
        self._topics, self._topic_starts = columns["topics"], columns["topic_starts"]
        # Not of a method: a cache of `self` within `self` would keep the files mapped until a collection.
        self.at = lru_cache(_REMEMBERED)(partial(_read, lines, self._starts))
        """The article at a place."""

    def __len__(self) -> int:
        return len(self._starts) - 1

    def __iter__(self) -> Iterator[str]:
        return (self.at(place).id for place in range(len(self)))

    def __getitem__(self, name: str) -> Article:
        return self.at(self.place(name))

    def place(self, name: str) -> int:
        """The place of the article with that id. KeyError where there is none."""
        wanted = np.uint64(id_hash(name))
        first, last = (int(np.searchsorted(self._hashes, wanted, side)) for side in _SIDES)
        for place in self._places[first:last].tolist():
            if self.at(place).id == name:
                return int(place)
        raise KeyError(name)

    def fitting(self, filters: Filters) -> NDArray[np.bool_]:
        """Which articles fit `filters`, as `filters` itself would say of each."""
        fits: NDArray[np.bool_] = np.ones(len(self), bool)
        if filters.since is not None:
            fits &= self.published >= filters.since.toordinal()
        if filters.until is not None:
            fits &= (self.published > 0) & (self.published <= filters.until.toordinal())
        if filters.publishers:
            wanted = {name.casefold() for name in filters.publishers}
            fits &= _chosen(self.names.publishers, wanted, str.casefold)[self.facts["publisher"]]
        if filters.languages:
            wanted = set(filters.languages)
            fits &= _chosen(self.names.languages, wanted, str)[self.facts["language"]]
        if filters.topics:
            wanted = {name.casefold() for name in filters.topics}
            held = _chosen(self.names.topics, wanted, str.casefold)[self._topics]
            counts = np.concatenate(([0], np.cumsum(held)))
            fits &= np.diff(counts[self._topic_starts]) > 0
        return fits


class Passages(Sequence[Passage]):
    """The passages in row order. Never changes; safe to use from threads."""

    def __init__(self, articles: Articles, columns: Columns) -> None:
        self._articles = articles
        self.cuts = columns["passages"]
        self.article: NDArray[np.int32] = self.cuts["article"]
        """The place of each one's article."""
        self._language = self.cuts["language"]
        self._number = self.cuts["number"]
        self._start, self._end = self.cuts["start"], self.cuts["end"]

    def __len__(self) -> int:
        return len(self.cuts)

    @overload
    def __getitem__(self, row: int) -> Passage: ...
    @overload
    def __getitem__(self, row: slice) -> list[Passage]: ...
    def __getitem__(self, row: int | slice) -> Passage | list[Passage]:
        if isinstance(row, slice):
            return [self[one] for one in range(*row.indices(len(self)))]
        article = self._articles.at(int(self.article[row]))
        language = self._articles.names.languages[int(self._language[row])]
        start, end = int(self._start[row]), int(self._end[row])
        return Passage(
            id=f"{article.id}#{language}{int(self._number[row])}",
            article_id=article.id,
            language=language,
            translated=language != article.language,
            start=start,
            end=end,
            title=article.title_in(language),
            text=article.text_in(language)[start:end],
        )

    def in_language(self, language: str) -> NDArray[np.bool_]:
        """Which passages are in `language`."""
        found: NDArray[np.bool_] = _chosen(self._articles.names.languages, {language}, str)[
            self._language
        ]
        return found


def article_columns(
    articles: Sequence[Article], lines: Sequence[bytes], rows: NDArray[np.int64]
) -> tuple[dict[str, NDArray[Any]], Names]:
    """The columns of `articles`, whose JSON is `lines` and whose passages begin at `rows`, and the names in
    them. All of COLUMNS but "passages"."""
    languages = {language: number for number, language in enumerate(LANGUAGES)}
    publishers: dict[str, int] = {}
    topics: dict[str, int] = {}
    facts = np.empty(len(articles), FACTS)
    places = np.empty(len(articles), PLACE)
    held: list[int] = []
    counts: list[int] = []
    for place, article in enumerate(articles):
        source = article.source
        if article.translation is not None:
            languages.setdefault(article.translation.language, len(languages))
        facts[place] = (
            source.published.toordinal() if source.published else 0,
            languages.setdefault(article.language, len(languages)),
            publishers.setdefault(source.publisher, len(publishers)),
        )
        held += [topics.setdefault(topic, len(topics)) for topic in article.topics]
        counts.append(len(article.topics))
        places[place] = (id_hash(article.id), place)
    columns: dict[str, NDArray[Any]] = {
        "article_starts": offsets([len(line) for line in lines]),
        "article_keys": line_keys(lines),
        "article_rows": rows,
        "article_facts": facts,
        "article_places": places[np.argsort(places["hash"], kind="stable")],
        "topics": np.array(held, np.int32),
        "topic_starts": offsets(counts),
    }
    return columns, Names(tuple(languages), tuple(publishers), tuple(topics))


def cuts_of(passages: Sequence[Passage], article: int, languages: Sequence[str]) -> NDArray[Any]:
    """What the columns hold of `passages` of the article at the place `article`."""
    return np.array(
        [
            (
                article,
                languages.index(one.language),
                number_of(one.id, one.language),
                one.start,
                one.end,
            )
            for one in passages
        ],
        CUT,
    )


def line_of(article: Article) -> bytes:
    """`article` as one line of JSON."""
    source, translation = article.source, article.translation
    record = {
        "id": article.id,
        "title": source.title,
        "publisher": source.publisher,
        "url": source.url,
        "published": source.published.isoformat() if source.published else None,
        "language": article.language,
        "text": article.text,
        "topics": list(article.topics),
        "verbatim": article.verbatim,
        "translation": translation
        and {
            "language": translation.language,
            "title": translation.title,
            "text": translation.text,
        },
    }
    return (json.dumps(record, ensure_ascii=False) + "\n").encode()


def line_keys(lines: Sequence[bytes]) -> NDArray[np.uint8]:
    """Content hashes of `lines`, (n, 16) uint8: equal for equal lines."""
    joined = b"".join(hashlib.blake2b(line, digest_size=16).digest() for line in lines)
    return np.frombuffer(joined, np.uint8).reshape(-1, 16)


def id_hash(name: str) -> int:
    """64 bits of an article's id. Two articles may share one: who looks up compares the ids."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little")


def number_of(name: str, language: str) -> int:
    """The number in the id of a passage."""
    return int(name.rpartition("#")[2].removeprefix(language))


def article_of(line: bytes) -> Article:
    """The article that `line_of` wrote."""
    record = json.loads(line)
    return Article(
        id=record["id"],
        source=Source(
            title=record["title"],
            publisher=record["publisher"],
            url=record["url"],
            published=date.fromisoformat(record["published"]) if record["published"] else None,
        ),
        language=record["language"],
        text=record["text"],
        topics=tuple(record["topics"]),
        translation=Translation(**record["translation"]) if record["translation"] else None,
        verbatim=record["verbatim"],
    )


def _read(lines: bytes | mmap.mmap, starts: NDArray[np.int64], place: int) -> Article:
    return article_of(lines[int(starts[place]) : int(starts[place + 1])])


def _chosen(names: Sequence[str], wanted: set[str], read: Any) -> NDArray[np.bool_]:
    return np.array([read(name) in wanted for name in names], bool)
