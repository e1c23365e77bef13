"""Any number of articles for measuring: the sentences of the shipped ones dealt anew, with new names."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta

from corpus.article import LANGUAGES, SHIPPED, Article, Source, read_articles
from corpus.sentence import sentences

_SENTENCES = 10
_SYLLABLES = "ba da fi gu ha ji ka lo ma ni pu ra se ti wo ya".split()


def recombined(count: int, edition: int = 0, seed: int = 1) -> Iterator[Article]:
    """`count` articles of some 220 words, half of them Indonesian, half English.

    Each names two persons whom no other names, as news do: words grow with articles. Its title ends in
    `edition`, and nothing else depends on it.
    """
    chance = random.Random(seed)
    pools: dict[str, list[str]] = {language: [] for language in LANGUAGES}
    for article in read_articles(SHIPPED):
        texts = [(article.language, article.text)]
        if article.translation is not None:
            texts.append((article.translation.language, article.translation.text))
        for language, text in texts:
            pools[language] += [text[start:end] for start, end in sentences(text)]
    for number in range(count):
        language = LANGUAGES[number % 2]
        dealt = chance.sample(pools[language], _SENTENCES)
        names = [_name(chance), _name(chance)]
        dealt[1] = f"{names[0]}, {names[1]}: {dealt[1]}"
        paragraphs = [" ".join(dealt[at : at + 3]) for at in range(0, _SENTENCES, 3)]
        yield Article(
            id=f"news/{number // 1000:03d}/{number:06d}",
            source=Source(
                title=f"{names[0]}: {' '.join(dealt[0].split()[:6])} ({edition})",
                publisher=f"Publisher {number % 40}",
                url=f"https://example.org/{number}",
                published=date(2019, 1, 1) + timedelta(days=number % 2000),
            ),
            language=language,
            text="\n\n".join(paragraphs),
            topics=("asean",),
        )


def _name(chance: random.Random) -> str:
    return "".join(chance.choice(_SYLLABLES) for _ in range(chance.randint(3, 5))).capitalize()
