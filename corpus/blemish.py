"""Lines of an article's text that are of the page around it, or were damaged on their way here."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

from corpus.clean import is_furniture

_COOKIE = re.compile(r"\b(?:cookies?|kuki)\b", re.IGNORECASE)
_CONSENT = re.compile(
    r"\b(?:accept|agree|consent|setuju|izinkan|menyetujui|policy|kebijakan|preferences|pengaturan|"
    r"experience|pengalaman|by (?:using|continuing)|dengan (?:menggunakan|melanjutkan))",
    re.IGNORECASE,
)
_LONGEST_BANNER = 60
"""Words from which a paragraph about cookies is a report about cookies."""
_SEPARATOR = re.compile(r"\s*[|›»•·>]\s*|\s+/\s+")
_MENU = frozenset(
    "home beranda news berita politik politics ekonomi economy business bisnis olahraga sport sports "
    "nasional national internasional international world dunia teknologi technology tech lifestyle "
    "hiburan entertainment opini opinion video foto photos indeks index terpopuler populer trending "
    "login masuk register daftar search cari menu contact kontak about tentang langganan subscribe "
    "newsletter travel otomotif kesehatan health live more lainnya".split()
)
_LEAST_MENU = 4
"""Lines or parts that make a menu."""
_MARKER = re.compile(r"(?:[-*•]|\d+[.)])\s")
_MOJIBAKE = re.compile(
    r"Ã[\u0080-\u00bf]|â€[\u0080-\u009f™œ“”˜¦\u00a0]|Â[\u00a0-\u00bf]|ï¿½|\ufffd"
)
_ENTITY = re.compile(
    r"&(?:amp|nbsp|quot|lt|gt|apos|[rl][sd]quo|[mn]dash|hellip|#x?[0-9a-f]{2,6});", re.I
)
_TAG = re.compile(
    r"</?(?:p|div|br|span|a|img|b|i|em|strong|script|style|iframe|table|tr|td|ul|ol|li|h[1-6])"
    r"(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)


def is_navigation(line: str) -> bool:
    """Whether `line` is a menu on one line, a cookie banner, a call to read on or to share."""
    if is_furniture(line):
        return True
    if _COOKIE.search(line) and _CONSENT.search(line) and len(line.split()) < _LONGEST_BANNER:
        return True
    parts = [part for part in _SEPARATOR.split(line) if part]
    short = len(parts) >= _LEAST_MENU and all(len(part.split()) <= 3 for part in parts)
    return short and _menu_like(parts)


def menu_lines(lines: Sequence[tuple[int, str]]) -> frozenset[int]:
    """The numbers of those of `lines` (number and text) that together are a menu, one entry a line."""
    found: set[int] = set()
    run: list[tuple[int, str]] = []
    for number, line in (*lines, (0, "")):
        entry = line and len(line.split()) <= 3 and line[-1] not in '.!?:;,"”)'
        if entry and not _MARKER.match(line):
            run.append((number, line))
            continue
        if len(run) >= _LEAST_MENU and _menu_like([entry for _, entry in run]):
            found.update(number for number, _ in run)
        run = []
    return frozenset(found)


def blemishes(line: str, markup: bool) -> Iterator[str]:
    """What is damaged in `line`, each as the beginning of a sentence; with `markup` that of HTML too."""
    if match := _MOJIBAKE.search(line):
        yield f"{match[0]!r} was read in another encoding than it was written in"
    hidden = [c for c in line if unicodedata.category(c) in ("Cc", "Cf", "Co") and c != "\t"]
    if hidden:
        names = ", ".join(f"U+{ord(c):04X}" for c in dict.fromkeys(hidden))
        yield f"Invisible characters ({names})"
    for pattern in (_ENTITY, _TAG) if markup else ():
        if match := pattern.search(line):
            yield f"{match[0]} is left over from a page's markup"


def _menu_like(entries: Sequence[str]) -> bool:
    """Whether enough of `entries` are what menus of news sites hold: else it may be a list of countries."""
    known = sum(bool(_MENU.intersection(entry.lower().split())) for entry in entries)
    return known >= max(2, len(entries) / 3)
