"""Where sentences end in Indonesian and English news text, by rules that keep exact offsets.

The sentence splitters at hand have no Indonesian rules or lose the offsets, so this is our own.
"""

from __future__ import annotations

import re

_ABBREVIATIONS = frozenset(
    # titles and names, Indonesian and English
    "dr drs dra ir h hj kh prof mr mrs ms sdr sdri tn ny st sr jr rev gen lt col sgt capt maj hon "
    "amb sen gov pres ma "
    # degrees, as they follow names: S.H., M.Si., Ph.D.
    "s.h s.e s.ip s.sos s.kom m.h m.si m.a m.m m.sc m.b.a ph.d b.a b.sc "
    # places, papers, numbers
    "jl jln gg no nos kav kec kab kel rt rw tel telp fax hp art vol vols ed eds pp hlm fig ch sec "
    "ltd inc corp co tbk pt cv bros dept univ "
    # text
    "a.l a.n d.a dkk dll dsb dst dlsb tsb yth u.p s.d vs cf e.g i.e viz et al etc approx est "
    # months
    "jan feb mar apr jun jul agt ags aug agu sep sept okt oct nov des dec".split()
)
_MAY_END = frozenset("dll dsb dst dkk etc tbk inc ltd co corp".split())
"""Abbreviations after which a sentence does end when a capital follows."""

_END = re.compile(r"(?P<stop>[.!?…]+)(?P<close>[\"'”’»)\]]*)(?=\s|$)")
_WORD_BEFORE = re.compile(r"[\w.]+$")
_NEXT = re.compile(r"\S+")
_LONGEST_WORD = 40
_INITIALS = re.compile(r"^(?:[A-Z]\.)*[A-Z]$")
_OPENERS = "\"'“‘«(["
_PARAGRAPH = re.compile(r"\n[ \t]*\n\s*")


def paragraphs(text: str) -> list[tuple[int, int]]:
    """Offsets `(start, end)` of the paragraphs of `text`, in order, without surrounding space."""
    return [
        (start, end)
        for start, end in _between(text, [match.span() for match in _PARAGRAPH.finditer(text)])
        if end > start
    ]


def sentences(text: str) -> list[tuple[int, int]]:
    """Offsets `(start, end)` of the sentences of `text`, in order.

    Every character that is not white space lies in exactly one sentence, and no sentence begins or
    ends with white space. A paragraph's end always ends a sentence. A full stop ends none inside a
    number or date (5.000, 29.8.2023), after an initial (J. Widodo), an abbreviation (Jl., No., Dr.)
    or before a lower-case letter.
    """
    found: list[tuple[int, int]] = []
    for start, end in paragraphs(text):
        found.extend(
            (start + first, start + last)
            for first, last in _sentences(text[start:end])
            if last > first
        )
    return found


def _sentences(paragraph: str) -> list[tuple[int, int]]:
    cuts = []
    for match in _END.finditer(paragraph):
        following = _NEXT.search(paragraph, match.end())
        if following and _ends(paragraph, match.start(), match["stop"], following[0]):
            cuts.append((match.end(), following.start()))
    return _between(paragraph, cuts)


def _ends(paragraph: str, at: int, stop: str, following: str) -> bool:
    """Whether the `stop` at `at` ends a sentence, `following` being the first word behind it."""
    first = following.lstrip(_OPENERS)[:1]
    if first.islower():
        return False
    if stop != ".":
        return True
    # Of long texts only what is near: looking at all that came before takes quadratic time.
    before = paragraph[max(0, at - _LONGEST_WORD) : at]
    match = _WORD_BEFORE.search(before)
    if match is None:
        return True
    word = match[0]
    if _INITIALS.match(word):
        # "J. Widodo" and "S.H. Prasetyo" go on; "Plan B. The" cannot be told apart and goes on too.
        return False
    if word.isdigit() and not before[: match.start()].strip(" \t"):
        return False  # "1. First" at the head of a text
    lowered = word.lower().rstrip(".")
    if lowered in _ABBREVIATIONS:
        # "No. 70" never ends; "dll. Pemerintah" does.
        return lowered in _MAY_END and first.isupper()
    return True


def _between(text: str, cuts: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The stretches of `text` between `cuts`, stripped of white space."""
    bounds = [0, *(edge for cut in cuts for edge in cut), len(text)]
    stretches = []
    for start, end in zip(bounds[::2], bounds[1::2], strict=True):
        piece = text[start:end]
        lead = len(piece) - len(piece.lstrip())
        trail = len(piece) - len(piece.rstrip())
        if lead < len(piece):
            stretches.append((start + lead, end - trail))
    return stretches
