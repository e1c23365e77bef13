"""Which time a question is about: the latest, a named year or month, an edition of a summit.

The same reading of years, months and editions tells which times an article names. Nothing here looks
at the clock: what "last year" means depends on the `today` that is passed in.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import cache

from corpus.article import Article
from index.lexicon import near, shipped

HALF_LIFE = 365.0
"""Days in which the recency of an article halves, counted back from the newest one."""

_NAMED_IN_TEXT = 0.5
"""What an article gets that names the time in its text only; one published then, or whose title names
it, is about it and gets 1."""

_TOKEN = re.compile(r"[^\W_]+")
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "januari january",
            "februari february",
            "maret march",
            "april",
            "mei may",
            "juni june",
            "juli july",
            "agustus august",
            "september",
            "oktober october",
            "november",
            "desember december",
        ),
        start=1,
    )
    for name in names.split()
}
_SHORT_MONTHS = {
    name: number
    for number, names in enumerate(
        "jan,feb peb,mar,apr,,jun,jul,agu agt agust aug,sep sept,okt oct,nov nop,des dec".split(
            ","
        ),
        start=1,
    )
    for name in names.split()
}
_LATEST_WORDS = frozenset(
    "terbaru terkini termutakhir teranyar sekarang kini terakhir "
    "latest newest current currently now nowadays today recent recently presently".split()
)
_LATEST = re.compile(
    rf"\b(?<!hari )(?:{'|'.join(sorted(_LATEST_WORDS))})\b"
    r"|\b(?:saat|hari|masa|akhir|belakangan|baru|detik) ini\b"
    r"|\b(?:at present|at the moment|these days|so far|last summit|last meeting|last asean)\b"
)
_PAST = re.compile(
    r"\b(?:was|were|did|had|ago|first|dulu|dahulu|semula|pertama|pernah|pas|ketika|sewaktu|sebelum"
    r"|waktu itu|saat(?! ini)|(?:who|what|which(?: \w+)?) \w+ed)\b"
)
_CORRECTED = frozenset(word for word in (*_LATEST_WORDS, *_MONTHS) if len(word) > 5)
"""Words that are recognised with one wrong, missing, doubled or swapped letter too."""

_UNITS_ID = "satu dua tiga empat lima enam tujuh delapan sembilan".split()
_UNITS_EN = "one two three four five six seven eight nine".split()
_NTH_EN = "first second third fourth fifth sixth seventh eighth ninth".split()
_TENS_ID = {"dua": 20, "tiga": 30, "empat": 40, "lima": 50, "enam": 60}
_TENS_EN = {"twent": 20, "thirt": 30, "fort": 40, "fift": 50, "sixt": 60}
_SPELT_ID = re.compile(rf"\b(ke ?)?({'|'.join(_TENS_ID)}) ?puluh(?: ?({'|'.join(_UNITS_ID)}))?\b")
_SPELT_EN = re.compile(rf"\b({'|'.join(_TENS_EN)})(?:ieth|y ?({'|'.join(_NTH_EN)}))\b")

_YEAR = r"(?:19[5-9]\d|20\d\d)"
_YEARS = re.compile(rf"\b{_YEAR}\b")
_MONTH = re.compile(
    rf"\b(?P<name>{'|'.join(_MONTHS)})(?: (?P<year>{_YEAR}))?\b"
    rf"|\b(?P<short>{'|'.join(_SHORT_MONTHS)}) (?P<short_year>{_YEAR})\b"
)
_MODAL = re.compile(
    r"\b(?:in|on|of|since|until|by|before|after|during|early|late|last|this|\d\d?) $"
)
"""What stands before "may" and "march" where they are months."""

_SUMMIT_ID = r"(?:ktt|konferensi tingkat tinggi)"
_COUNTED = rf"(?! (?:\d|{'|'.join(_MONTHS)}|negara|hari|orang|tahun|kali|pemimpin)\b)"
_EDITIONS = (
    re.compile(
        rf"\b{_SUMMIT_ID} (?:\w+ ){{0,3}}?ke (?P<a>\d\d?)\b(?: (?:dan|serta) (?:ke )?(?P<b>\d\d?)\b)?"
    ),
    re.compile(
        rf"\b{_SUMMIT_ID} (?:asean )?(?P<a>\d\d?)\b(?: (?:dan|serta) (?P<b>\d\d?)\b)?{_COUNTED}"
    ),
    re.compile(rf"\bke (?P<a>\d\d?) {_SUMMIT_ID}\b"),
    re.compile(
        r"\b(?P<a>\d\d?)(?:st|nd|rd|th) (?:(?:and|&) (?:the )?(?P<b>\d\d?)(?:st|nd|rd|th) )?"
        r"(?!anniversary)(?:\w+ ){0,3}?summits?\b"
    ),
    re.compile(rf"\bsummit (?:no |number )?(?P<a>\d\d?)\b{_COUNTED}"),
)

_COUNT = rf"(?:(?P<count>\d\d?|{'|'.join(_UNITS_ID + _UNITS_EN)}) )?"
_RELATIVE = (
    re.compile(
        rf"\b{_COUNT}(?P<unit>tahun|bulan) (?:yang )?"
        r"(?P<which>lalu|silam|kemarin|sebelumnya|ini|depan|mendatang)\b"
    ),
    re.compile(r"\b(?P<which>last|previous|past|this|next|coming) (?P<unit>year|month)\b"),
    re.compile(rf"\b{_COUNT}(?P<unit>year|month)s? (?P<which>ago)\b"),
)
_AHEAD = {"ini": 0, "this": 0, "depan": 1, "mendatang": 1, "next": 1, "coming": 1}


@dataclass(frozen=True, slots=True)
class Moment:
    """Times named: `years`; `months` as (year, month), the year None where none is said; `editions` of
    a summit. `latest`: the wish for the newest there is. `past`: a word says that it is about what was."""

    latest: bool = False
    years: frozenset[int] = frozenset()
    months: frozenset[tuple[int | None, int]] = frozenset()
    editions: frozenset[int] = frozenset()
    past: bool = False

    @property
    def named(self) -> bool:
        """Whether a year, a month or an edition is named."""
        return bool(self.years or self.months or self.editions)

    def covers(self, day: date) -> bool:
        """Whether `day` lies in a named year or month."""
        return day.year in self.years or any(
            day.month == month and year in (None, day.year) for year, month in self.months
        )

    def meets(self, other: Moment) -> bool:
        """Whether `other` names a time that this one names; of a month the year must agree too where
        both say one."""
        return (
            not self.editions.isdisjoint(other.editions)
            or not self.years.isdisjoint(
                other.years | {year for year, _ in other.months if year is not None}
            )
            or any(
                month == named and (None in (year, said) or year == said)
                for year, month in self.months
                for said, named in other.months
            )
        )

    def fit(self, article: Article, named: tuple[Moment, Moment] | None = None) -> float:
        """How much `article` is about the named times, 0 to 1: by the day it was published, and the
        times that its title and its text name (`named`, where they are known already). An unknown day costs
        nothing but its own chance."""
        published = article.source.published
        if published is not None and self.covers(published):
            return 1.0
        title, text = named or times_of(article)
        if self.meets(title):
            return 1.0
        return _NAMED_IN_TEXT if self.meets(text) else 0.0


def recency(published: date | None, newest: date) -> float:
    """0.5 to the power of the age in half-lives before `newest`, 0 to 1; 0 where the day is unknown."""
    if published is None:
        return 0.0
    return float(0.5 ** (max(0, (newest - published).days) / HALF_LIFE))


def read_moment(question: str, today: date) -> Moment:
    """The times that `question` asks for, in either language, with moderate typing errors.

    Named times are those of `times_in` and those relative to `today` ("tahun lalu", "this month").
    Present tense alone is no wish for the latest: it takes a word such as "sekarang" or "latest".
    """
    text = _normal(" ".join(_corrected(word) for word in _TOKEN.findall(question.lower())))
    named = times_in(text)
    years, months = set(named.years), set(named.months)
    for pattern in _RELATIVE:
        for match in pattern.finditer(text):
            found = match.groupdict()
            steps = _AHEAD.get(match["which"], -_number(found.get("count") or "1"))
            if match["unit"] in ("tahun", "year"):
                years.add(today.year + steps)
            else:
                year, month = divmod(today.year * 12 + today.month - 1 + steps, 12)
                months.add((year, month + 1))
    return Moment(
        latest=bool(_LATEST.search(text)),
        years=frozenset(years),
        months=frozenset(months),
        editions=named.editions,
        past=bool(_PAST.search(text)),
    )


def times_of(article: Article) -> tuple[Moment, Moment]:
    """The times that the title of `article` names, and those that its text does; some 0.3 ms."""
    return times_in(article.source.title), times_in(article.text)


def times_in(text: str) -> Moment:
    """The years, months and summit editions that `text` names; a year said with a month is no year."""
    text = _normal(text)
    months: set[tuple[int | None, int]] = set()
    rest = []
    last = 0
    for match in _MONTH.finditer(text):
        name = match["name"]
        year = match["year"] or match["short_year"]
        if name in ("may", "march") and year is None and not _MODAL.search(text[: match.start()]):
            continue
        number = _MONTHS[name] if name else _SHORT_MONTHS[match["short"]]
        months.add((int(year) if year else None, number))
        rest.append(text[last : match.start()])
        last = match.end()
    rest.append(text[last:])
    return Moment(
        years=frozenset(int(year) for year in _YEARS.findall(" ".join(rest))),
        months=frozenset(months),
        editions=frozenset(
            int(number)
            for pattern in _EDITIONS
            for match in pattern.finditer(text)
            for number in match.groups()
            if number
        ),
    )


def _normal(text: str) -> str:
    """Lower-case words one space apart, tens spelt out as digits: "forty-sixth" gives "46th"."""
    text = " ".join(_TOKEN.findall(text.lower()))
    text = _SPELT_ID.sub(
        lambda m: ("ke " if m[1] else "") + str(_TENS_ID[m[2]] + (_number(m[3]) if m[3] else 0)),
        text,
    )
    return _SPELT_EN.sub(
        lambda m: f"{_TENS_EN[m[1]] + (_NTH_EN.index(m[2]) + 1 if m[2] else 0)}th", text
    )


def _number(word: str) -> int:
    for units in (_UNITS_ID, _UNITS_EN):
        if word in units:
            return units.index(word) + 1
    return int(word)


def _corrected(word: str) -> str:
    """The word of time that `word` misspells by one letter; `word` itself where it is any word we know."""
    if len(word) < 5 or word in _known():
        return word
    # The first letter is seldom wrong, and "decent" is not "recent".
    found = (right for right in sorted(_CORRECTED) if right[0] == word[0] and near(word, right))
    return next(found, word)


@cache
def _known() -> frozenset[str]:
    vocabulary = shipped().vocabulary
    return vocabulary["id"] | vocabulary["en"]
