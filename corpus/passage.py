"""Passages: what is searched and shown. An article is cut at sentence ends, nothing is lost."""

from __future__ import annotations

import re
from dataclasses import dataclass

from corpus.article import Article
from corpus.sentence import paragraphs, sentences

SHORTEST, LONGEST = 60, 120
"""Words a passage should have."""

_WORD = re.compile(r"\S+")


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of one text of an article: `text == article.text_in(language)[start:end]`.

    `id` is the article's id, `#`, the language and the passage's number from 1. `title` is the
    article's title in `language`. `translated`: the text is our translation, not the page's language.
    """

    id: str
    article_id: str
    language: str
    translated: bool
    start: int
    end: int
    title: str
    text: str

    @property
    def embedded_text(self) -> str:
        """What is embedded and indexed: the title, then the passage.

        A passage from the middle of an article often names its subject only in the title; measured
        gain in model.md of the recipe: 2 to 5 points of cross-lingual nDCG@10.
        """
        return f"{self.title}. {self.text}" if self.title else self.text


def split(article: Article) -> list[Passage]:
    """The passages of `article`, then those of its translation, each in the order of the text.

    Cuts lie at sentence ends, at paragraph ends where that costs little; a passage has about
    60 to 120 words, fewer where the text is shorter. The passages of a text do not overlap, and all
    but the white space between them is in one. A sentence of more than 120 words is cut between words.
    """
    passages = _split(article, article.language, translated=False)
    if article.translation is not None:
        passages += _split(article, article.translation.language, translated=True)
    return passages


def counterpart(passage: Passage, article: Article, others: list[Passage]) -> Passage | None:
    """The passage among `others` (one article's, one language) that says what `passage` says.

    A translation follows its article paragraph by paragraph, so the counterpart is the passage that
    overlaps most when positions are counted in paragraphs. None where `others` is empty.
    """
    if not others:
        return None
    own = article.text_in(passage.language)
    other = article.text_in(others[0].language)
    by_paragraph = len(paragraphs(own)) == len(paragraphs(other))
    start, end = (_position(own, offset, by_paragraph) for offset in (passage.start, passage.end))

    def overlap(candidate: Passage) -> float:
        first = _position(other, candidate.start, by_paragraph)
        last = _position(other, candidate.end, by_paragraph)
        return min(end, last) - max(start, first)

    return max(others, key=overlap)


def _position(text: str, offset: int, by_paragraph: bool) -> float:
    """`offset` as paragraphs passed (and the share of the next), or as a share of the text."""
    if not by_paragraph:
        return offset / max(1, len(text))
    bounds = paragraphs(text)
    for number, (start, end) in enumerate(bounds):
        if offset <= end:
            return number + max(0, offset - start) / (end - start)
    return float(len(bounds))


def _split(article: Article, language: str, translated: bool) -> list[Passage]:
    text = article.text_in(language)
    title = article.title_in(language)
    return [
        Passage(
            id=f"{article.id}#{language}{number}",
            article_id=article.id,
            language=language,
            translated=translated,
            start=start,
            end=end,
            title=title,
            text=text[start:end],
        )
        for number, (start, end) in enumerate(_cut(text), start=1)
    ]


def _cut(text: str) -> list[tuple[int, int]]:
    """The cheapest way to group the sentences of `text`, by dynamic programming.

    Cost of a group of w words: ((60 - w)/60)² below 60, ((w - 120)/60)² above 120, and 0.1 where it
    ends inside a paragraph. The last group may be short for free when it is the only one.
    """
    units = _units(text)
    if not units:
        return []
    ends = {end for _, end in paragraphs(text)}
    words = [len(_WORD.findall(text[start:end])) for start, end in units]
    best = [0.0] + [float("inf")] * len(units)
    back = [0] * (len(units) + 1)
    for last in range(1, len(units) + 1):
        count = 0
        for first in range(last - 1, -1, -1):
            count += words[first]
            if count > 2 * LONGEST and first < last - 1:
                break
            inside = units[last - 1][1] not in ends
            cost = best[first] + _cost(count) + (0.1 if inside else 0.0)
            # On equal cost the longer group wins: fewer, fuller passages.
            if cost <= best[last]:
                best[last], back[last] = cost, first
    groups = []
    last = len(units)
    while last:
        first = back[last]
        groups.append((units[first][0], units[last - 1][1]))
        last = first
    return groups[::-1]


def _cost(words: int) -> float:
    if words < SHORTEST:
        return ((SHORTEST - words) / SHORTEST) ** 2
    if words > LONGEST:
        return ((words - LONGEST) / SHORTEST) ** 2
    return 0.0


def _units(text: str) -> list[tuple[int, int]]:
    """Sentences, those of more than 120 words cut between words into pieces of equal length."""
    units = []
    for start, end in sentences(text):
        found = [match.span() for match in _WORD.finditer(text, start, end)]
        pieces = -(-len(found) // LONGEST)
        step = -(-len(found) // pieces)
        for first in range(0, len(found), step):
            group = found[first : first + step]
            units.append((group[0][0], group[-1][1]))
    return units
