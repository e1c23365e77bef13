"""The words of a text, and those that give its language away."""

from __future__ import annotations

import re

FUNCTION_WORDS = {
    "id": frozenset(
        "yang di ke dari dan atau untuk pada dengan oleh dalam ini itu apa apakah siapa siapakah "
        "kapan kapankah mana dimana bagaimana mengapa kenapa berapa berapakah adalah ada tidak "
        "bukan sudah belum akan bisa dapat boleh harus saya aku kamu anda kami kita mereka dia "
        "nya juga saja aja sih dong deh kok ya yg gak ga nggak enggak gimana gmn kapan sama kalau "
        "kalo pas lagi buat tentang antara sejak sampai hingga karena agar supaya jika bila para "
        "sebuah seorang secara jadi udah udh dah lebih paling kah pernah masih semua banyak "
        "berapa".split()
    ),
    "en": frozenset(
        "the of and or to in on at for from by with about is are was were be been being do does "
        "did has have had will would can could should may might must what which who whom whose "
        "when where why how this that these those it its they them their there here i you we he "
        "she my your our his her not no yes if than then also any some all many much more most "
        "other into during after before between a an as so".split()
    ),
}
"""Words that hold sentences together, by language: the commonest, and of few meanings."""

_TOKEN = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_ORDINAL = re.compile(r"^(\d+)(?:st|nd|rd|th)$")
_LEAST_SHARE = 0.1
_LEAST_WORDS = 5
"""Share of function words from which a text of sentences is in a language: Indonesian and English news
have .2 to .4 of them, lists of names and texts in other languages hardly any, and few different ones."""


def words(text: str) -> list[str]:
    """The words of `text`, lower-cased, in order: "KTT ke-43" gives ktt, ke, 43; "43rd" gives 43."""
    found = []
    for match in _TOKEN.finditer(text.lower()):
        word = match[0].replace("’", "'").removesuffix("'s").replace("'", "")
        ordinal = _ORDINAL.match(word)
        found.append(ordinal[1] if ordinal else word)
    return found


def text_language(text: str) -> str | None:
    """The language of an article's `text`, "id" or "en"; None where it is too short or in neither.

    Meant for sentences, not for questions of a few words (those: `index.language.detect`).
    """
    found = words(text)
    shares = {
        language: sum(word in own for word in found) / max(1, len(found))
        for language, own in FUNCTION_WORDS.items()
    }
    best = max(shares, key=lambda language: shares[language])
    other = min(shares, key=lambda language: shares[language])
    if len(FUNCTION_WORDS[best].intersection(found)) < _LEAST_WORDS:
        return None
    return best if shares[best] >= _LEAST_SHARE and shares[best] > 1.5 * shares[other] else None
