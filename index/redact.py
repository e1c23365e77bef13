"""Takes out of a text what could tell who wrote it: e-mail addresses, phone numbers, NIK (identity cards).

A filter by patterns: it knows how such things are written in Indonesia and abroad, and leaves years,
dates, times, prices and the numbers of summits and articles alone. What is spelt out in words passes.
"""

from __future__ import annotations

import re

EMAIL, PHONE, NIK = "[email]", "[phone]", "[NIK]"

_EMAIL = re.compile(
    r"(?<![\w.%+'-])[\w.%+'-]+\s?(?:@|[(\[{]\s?(?:at|et)\s?[)\]}])\s?[\w-]+"
    r"(?:(?:\.|\s?[(\[{]\s?(?:dot|titik)\s?[)\]}]\s?)[\w-]+)+",
    re.IGNORECASE,
)
# Spaces, dashes, dots and brackets as people put them between digits, and the invisible marks that
# come along when a number is copied from an address book.
_GAP = r"[\s.()\-\u2010-\u2015\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
_NUMBER = re.compile(rf"(?:\+\s?)?\(?\+?\d(?:{_GAP}{{0,3}}\d)*")

_YEAR = r"(?:19|20)\d\d"
_DAY, _MONTH, _HOUR = r"(?:0?[1-9]|[12]\d|3[01])", r"(?:0?[1-9]|1[0-2])", r"(?:[01]?\d|2[0-4])"
_PLAIN = re.compile(
    r"(?<![\d+])(?<!\d[.:/-])(?:"
    rf"{_DAY}([/.-]){_MONTH}\1{_YEAR}|"  # 05-09-2023
    rf"{_DAY} {_MONTH} {_YEAR}(?! \d{{3}})|"
    rf"{_YEAR}([/.-]){_MONTH}\2{_DAY}|"  # 2023-09-05
    rf"{_YEAR}(?:\s?[-–/]\s?{_YEAR})+|"  # 2019-2023
    rf"{_HOUR}[.:][0-5]\d(?:[.:][0-5]\d)?(?:\s?[-–]\s?{_HOUR}[.:][0-5]\d)?|"  # 08.00-17.00
    r"[1-9]\d{0,2}(?:\.\d{3})+(?:,\d+)?|"  # 1.500.000
    r"0[.,]\d+"  # 0.8125
    r")(?![.:/-]?\d)"
)
"""Never part of a phone number, unless one has begun before."""
_BEGUN = re.compile(r"(?<!\d)(?:\+?62|0)\d{0,4}\)?\s?$")
_CURRENCY = re.compile(r"(?:\b(?:Rp|IDR|USD|SGD|MYR|RM|EUR)\.?|[$€£¥])\s?$", re.IGNORECASE)
_MONEY = re.compile(
    r"\s?(?:rupiah|dolar|dollars?|ringgit|euros?|ribu|juta|mil[iy]ar|tril[iy]un|[mb]illion)\b", re.I
)
_THOUSANDS = re.compile(r"\+?\d{1,3}(?:\.\d{3})+")
_CALLED = re.compile(
    r"(?:\b|_)(?:no\.?)?(?:wa|whats?app?|hp|handphone|ponsel|tele?(?:pho?ne?|pon|fon)|tel[pf]?|tlpn?|telpon|phone"
    r"|mobile|cell|call(?!\s?cent))\b[^\d\n]{0,15}$",
    re.IGNORECASE,
)
_IDENTITY = re.compile(r"\b(?:nik|e?ktp|kk|identitas|identity)\b[^\d\n]{0,15}$", re.IGNORECASE)
_YEARS = re.compile(rf"(?:[1-9]\d{{0,2}}\s+)?{_YEAR}(?:\s+{_YEAR})*")
_AMERICAN = re.compile(r"\(?\d{3}\)?[ .-]{1,2}\d{3}[.-]\d{4}")
_WITHOUT_ZERO = re.compile(r"8\d{2}[ .-]\d{3,4}[ .-]\d{3,5}")
_LONGEST = 17
"""Digits of the longest number that is looked for: 00 and fifteen more."""


def redacted(text: str) -> str:
    """`text` with EMAIL, PHONE and NIK in the place of such things."""
    text = _EMAIL.sub(EMAIL, text)
    pieces: list[str] = []
    rest = 0
    for plain in _PLAIN.finditer(text):
        before = text[rest : plain.start()]
        if not _BEGUN.search(before):
            pieces += [_NUMBER.sub(_replaced, before), plain.group()]
            rest = plain.end()
    return "".join([*pieces, _NUMBER.sub(_replaced, text[rest:])])


def _replaced(match: re.Match[str]) -> str:
    """A run of digits, with what is a number of somebody's replaced; it may hold others too."""
    written, context = match.group(), match.string
    before = context[max(0, match.start() - 40) : match.start()]
    if _CURRENCY.search(before) or _MONEY.match(context, match.end()):
        return written
    parts = re.split(r"(\s+)", written)  # numbers at even places, the spaces between at odd ones
    called, identity = bool(_CALLED.search(before)), bool(_IDENTITY.search(before))
    done = ""
    place = 0
    while place < len(parts):
        label, end = "", place
        # The longest number that begins here; one that is whole without a space ends there.
        ends = [place] if _label(parts[place], called, identity, whole=True) else []
        last = min(len(parts) - 1, place + 2 * (_LONGEST - 1))
        for end in ends or range(last, place - 1, -2):
            label = _label("".join(parts[place : end + 1]), called, identity)
            if label:
                break
        if label and end > place and re.fullmatch(_YEAR, parts[end]):
            # A year after a number, unless the number would be too short without it.
            without = "".join(parts[place : end - 1])
            shorter = _label(without, called, identity) if _whole(without) else ""
            label, end = (shorter, end - 2) if shorter else (label, end)
        done += label or parts[place]
        place = end + 1 if label else place + 1
        if place < len(parts) and place % 2:
            done += parts[place]
            place += 1
    return done


def _whole(written: str) -> bool:
    """Whether a number has as many digits as one of a person's has, its country and its zeros left out."""
    digits = "".join(letter for letter in written if letter.isdecimal())
    return len(digits.lstrip("0").removeprefix("62")) >= 8


def _label(written: str, called: bool, identity: bool, whole: bool = False) -> str:
    """What to write in the place of `written`, nothing where it is no number of somebody's.

    `whole`: only where it is long enough to be complete. `called`, `identity`: a word before says so.
    """
    digits = "".join(str(int(letter)) for letter in written if letter.isdecimal())
    size = len(digits)
    if size < (10 if whole else 7) or size > _LONGEST or _YEARS.fullmatch(written.strip()):
        return ""
    if _is_nik(written, digits, identity):
        return NIK
    thousands = bool(_THOUSANDS.fullmatch(written))
    second = digits[1]
    if written.lstrip("(").startswith("+"):
        phone = 8 <= size <= 15 and (not thousands or digits.startswith("628"))
    elif digits.startswith("00"):
        phone = digits[2] != "0" and size >= 10
    elif digits.startswith("0"):
        phone = second != "1" and 9 <= size <= 13
    elif digits.startswith("62"):
        phone = digits[2] not in "01" and 10 <= size <= 14 and not thousands
    elif digits.startswith("8") and second != "0" and 10 <= size <= 12:
        bare = written.isdecimal() and not digits.endswith("000")
        phone = bare or bool(_WITHOUT_ZERO.fullmatch(written))
    else:
        phone = bool(_AMERICAN.fullmatch(written))
    return PHONE if phone or (called and size <= 15 and not thousands) else ""


def _is_nik(written: str, digits: str, identity: bool) -> bool:
    """Sixteen digits: province, regency and district, day of birth (40 more for women), month, year, rest."""
    if identity and 14 <= len(digits) <= _LONGEST:
        return True
    if len(digits) != 16 or _THOUSANDS.fullmatch(written):
        return False
    if written.isdecimal() or re.fullmatch(r"\d{4}([\s.-])\d{4}\1\d{4}\1\d{4}", written):
        return True
    day, month = int(digits[6:8]), int(digits[8:10])
    return digits[0] != "0" and (1 <= day <= 31 or 41 <= day <= 71) and 1 <= month <= 12
