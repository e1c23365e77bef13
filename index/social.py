"""Words that ask nothing: greetings, thanks, "who are you?", insults, orders; and what a person would reply.

`lexicon/social.tsv` holds rows kind, language, phrases. A text is social where its phrases and fillers leave
no word over: "Halo min!" is, "Halo, di mana Sekretariat ASEAN?" is a question. An order needs no more than
a verb and what is to be made ("write a poem …"), or one of the commands given to language models.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from corpus.article import LANGUAGES
from corpus.words import FUNCTION_WORDS, words
from index.language import detect, standardise
from index.lexicon import FOLDER, near
from index.settings import Settings

_PRECEDENCE = "order identity insult praise thanks help farewell greeting chat".split()
"""Of several kinds in one text the first is answered."""
_SUBJECTS = frozenset("asean ktt summit sekretariat secretariat sekjen".split())
_ASKING = frozenset(
    "apa siapa kapan mana berapa bagaimana mengapa kenapa who what when where why how which".split()
)
_FUNCTION = FUNCTION_WORDS["id"] | FUNCTION_WORDS["en"]
_STRETCHED = re.compile(r"([^\W\d_])\1{2,}")
_LONGEST = 7
_SHORTEST_TYPO = 6
"""Letters of the shortest word in which a slip is forgiven."""

Phrase = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Social:
    """What a text is that asks nothing, and its language ("id" or "en")."""

    kind: str
    language: str


def recognise(text: str, subject: str = "") -> Social | None:
    """What `text` is, where it is no question; what names a word of `subject` is no order."""
    subjects = _SUBJECTS | (frozenset(words(subject)) - _FUNCTION)
    for version in dict.fromkeys((_squeezed(text), standardise(_squeezed(text)))):
        found = _recognise(words(version), subjects)
        if found:
            kinds, votes = found
            kind = min(kinds, key=_PRECEDENCE.index)
            language = max(LANGUAGES, key=lambda name: votes[name])
            if votes["id"] == votes["en"]:
                language = detect(text) or LANGUAGES[0]
            return Social(kind, language)
    return None


def reply(kind: str, language: str, settings: Settings) -> str:
    """What is said to `kind` in `language`, with the name, subject and greeting of the service."""
    greeting = settings.greeting(language)
    if kind == "greeting" and greeting:
        return greeting
    text = _replies()[kind, language]
    return text.format(name=settings.name, subject=settings.subject(language))


def _recognise(
    tokens: Sequence[str], subjects: frozenset[str]
) -> tuple[set[str], dict[str, float]] | None:
    table = _table()
    kinds: set[str] = set()
    votes = dict.fromkeys(LANGUAGES, 0.0)
    left = 0
    position = 0
    while position < len(tokens):
        for length in range(min(_LONGEST, len(tokens) - position), 0, -1):
            entry = _look_up(tuple(tokens[position : position + length]))
            if entry:
                break
        else:
            length, entry = 1, {}
            left += 1
        for kind, languages in entry.items():
            if kind not in ("order", "creation"):
                for language in languages:
                    votes[language] += (0.5 if kind == "filler" else 1.0) / len(languages)
        kinds |= {kind for kind in entry if kind in _PRECEDENCE and kind != "order"}
        if "command" in entry:
            return {"order"}, votes
        position += length
    if _orders(tokens, subjects):
        for language in LANGUAGES:
            votes[language] += sum(
                language in table.get((token,), {}).get(kind, ())
                for token in tokens
                for kind in ("order", "creation")
            )
        return {"order"}, votes
    return (kinds, votes) if kinds and not left else None


def _orders(tokens: Sequence[str], subjects: frozenset[str]) -> bool:
    """Whether a verb of making among the first words has something to make soon after, and nothing is
    asked, nor about our subject."""
    table = _table()
    if not (subjects | _ASKING).isdisjoint(tokens):
        return False
    for place, token in enumerate(tokens[:4]):
        if "order" in table.get((token,), {}):
            return any(
                "creation" in table.get((word,), {}) for word in tokens[place + 1 : place + 6]
            )
    return False


def _look_up(phrase: Phrase) -> dict[str, set[str]]:
    table = _table()
    found = table.get(phrase)
    if found is None and len(phrase) == 1 and len(phrase[0]) >= _SHORTEST_TYPO:
        word = phrase[0]
        # One slip changes the length by one at most.
        lengths = range(len(word) - 1, len(word) + 2)
        close = [
            known
            for length in lengths
            for known in _by_length().get(length, ())
            if near(word, known[0])
        ]
        found = table[close[0]] if len(close) == 1 else None
    return found or {}


def _squeezed(text: str) -> str:
    """ "haloooo" → "halo": no word that we know has a letter three times in a row."""
    return _STRETCHED.sub(r"\1", text)


@cache
def _by_length() -> dict[int, list[Phrase]]:
    """The single words of the table, by their length."""
    found: dict[int, list[Phrase]] = {}
    for phrase in _table():
        if len(phrase) == 1:
            found.setdefault(len(phrase[0]), []).append(phrase)
    return found


@cache
def _table() -> dict[Phrase, dict[str, set[str]]]:
    table: dict[Phrase, dict[str, set[str]]] = {}
    for kind, language, text in _rows("social.tsv"):
        for phrase in text.split(";"):
            table.setdefault(tuple(words(phrase)), {}).setdefault(kind, set()).add(language)
    return table


@cache
def _replies() -> dict[tuple[str, str], str]:
    return {(kind, language): text for kind, language, text in _rows("social_replies.tsv")}


def _rows(name: str) -> Iterator[list[str]]:
    for line in (FOLDER / name).read_text(encoding="utf-8").splitlines():
        yield line.split("\t", 2)
