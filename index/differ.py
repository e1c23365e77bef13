"""Sources of different times that may say different things: when to tell the reader so.

Nothing here understands what a passage claims. The rule looks at dates and stories only, and the line it
brings promises no more than that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import combinations

from corpus.article import Article
from index.moment import Moment
from index.search import Hit

NOTICE = {
    "id": (
        "Sumber-sumber ini berasal dari waktu yang berbeda dan bisa saling berbeda; "
        "yang terbaru di atas."
    ),
    "en": "These sources are from different times and may differ; the newest comes first.",
}

APART = 180
"""Days between two sources from which things may have changed."""

_NEAR_BEST = 0.9
"""Share of the best score that both need."""

_LEXICAL = 0.2
"""Share of the ideal BM25 that both need: they hold the question's own words, and are not just about its
subject. On dev the notice then comes on 13 of 182 questions about the subject; on 6 of them both sources
are gold. Without this condition it is 37 and 8."""


def sources_differ(hits: Sequence[Hit], moment: Moment, articles: Mapping[str, Article]) -> bool:
    """Whether two of `hits` (best first, a story each) are good, dated, and far apart in time.

    Never where the question names a time or asks about the past: then each source speaks of its own
    event, and no later one supersedes it.
    """
    if moment.named or moment.past:
        return False
    days = [
        published
        for hit in hits
        if hit.score >= _NEAR_BEST * hits[0].score and hit.lexical >= _LEXICAL
        if (published := articles[hit.passage.article_id].source.published) is not None
    ]
    return any(abs((left - right).days) >= APART for left, right in combinations(days, 2))


def newest_first(hits: Sequence[Hit], articles: Mapping[str, Article]) -> list[Hit]:
    """`hits` by date, the newest first, those without a date last; equals as they were."""

    def day(hit: Hit) -> date:
        return articles[hit.passage.article_id].source.published or date.min

    return sorted(hits, key=day, reverse=True)
