"""Which language a question is in, whether we serve it, and informal Indonesian spelling made standard."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from corpus.words import FUNCTION_WORDS, words
from index.lexicon import FOLDER, shipped, spellings

_FUNCTION_WEIGHT = 2.0
_JOINERS = "\u200d\ufe0f"  # between and behind emoji
_DOUBLED = re.compile(r"\b([^\W\d_]{3,})2(nya)?\b")
_FOREIGN_SHARE = 0.4
_FOREIGN_WORDS = 2
_ENDINGS = {"id": ("nya", "kan", "kah", "lah"), "en": ("ing", "tion", "ed", "ly", "ment", "ies")}


def detect(text: str) -> str | None:
    """The language of a question, "id" or "en"; None where its words do not tell.

    Every word that only one of the two languages knows is a vote, function words count twice. Names,
    numbers and words of both (ASEAN, Jakarta, media) do not vote.
    """
    votes = {"id": 0.0, "en": 0.0}
    vocabulary = _vocabulary()
    for word in words(text):
        for language, other in (("id", "en"), ("en", "id")):
            if word in FUNCTION_WORDS[language] and word not in FUNCTION_WORDS[other]:
                votes[language] += _FUNCTION_WEIGHT
            elif word in FUNCTION_WORDS[other]:
                continue
            elif word in vocabulary[language]:
                if word not in vocabulary[other]:
                    votes[language] += 1.0
            elif word not in vocabulary[other] and word.endswith(_ENDINGS[language]):
                votes[language] += 0.5
    if votes["id"] == votes["en"]:
        return None
    return max(votes, key=lambda language: votes[language])


def is_foreign(text: str) -> bool:
    """Whether `text` is in a language that we do not serve.

    In another script; or its words include two or more of the commonest of one such language (its only
    word is one), at least `_FOREIGN_SHARE` of all and more than words of Indonesian or English alone.
    Names and keywords are of no language; Malay passes as Indonesian.
    """
    letters = [unicodedata.name(character, "") for character in text if character.isalpha()]
    if 2 * sum(not name.startswith("LATIN") for name in letters) > len(letters):
        return True
    tokens = words(text)
    ours, theirs = _profiles()
    served = sum(token in ours for token in tokens)
    best = max(len({token for token in tokens if token in profile}) for profile in theirs)
    least = min(_FOREIGN_WORDS, len(tokens))
    return best >= max(least, _FOREIGN_SHARE * len(set(tokens)), served + 1)


def without_symbols(text: str) -> str:
    """`text` without emoji and other symbols, which say nothing to search and unsettle the encoder."""
    kept = "".join(
        " "
        if unicodedata.category(character) in ("So", "Sk") or character in _JOINERS
        else character
        for character in text
    )
    return " ".join(kept.split())


def standardise(text: str) -> str:
    """`text` with informal Indonesian spellings made standard: "gmn cara ke gedungnya" → "bagaimana …".

    Only for questions in Indonesian: some spellings ("no", "min", "org") are English words.
    """
    known = spellings()
    # "menlu2" is how a plural is typed: menlu-menlu, of which the one word is enough to search.
    tokens = _DOUBLED.sub(r"\1\2", text).split()
    result = []
    position = 0
    while position < len(tokens):
        for length in (3, 2, 1):
            raw = " ".join(tokens[position : position + length])
            bare = raw.strip(".,;:!?\"'()").lower()
            if len(tokens) - position >= length and bare in known:
                start = raw.lower().index(bare)
                result.append(raw[:start] + known[bare] + raw[start + len(bare) :])
                position += length
                break
        else:
            result.append(tokens[position])
            position += 1
    return " ".join(result)


@cache
def _vocabulary() -> dict[str, frozenset[str]]:
    lexicon = shipped()
    informal = frozenset(word for spelling in spellings() for word in spelling.split())
    return {"id": lexicon.vocabulary["id"] | informal, "en": lexicon.vocabulary["en"]}


@cache
def _profiles() -> tuple[frozenset[str], list[frozenset[str]]]:
    """Words that only Indonesian or English has, and the commonest words of each other language."""
    lines = (FOLDER / "foreign.tsv").read_text("utf-8").splitlines()
    profiles = [frozenset(words(line.partition("\t")[2])) for line in lines]
    vocabulary = _vocabulary()
    served = (vocabulary["id"] | vocabulary["en"]).difference(*profiles)
    return served | FUNCTION_WORDS["id"] | FUNCTION_WORDS["en"], profiles
