"""Text for Telegram: cleaned, measured as Telegram measures it, shortened at natural borders."""

from __future__ import annotations

import re
import unicodedata
from html import escape
from html.parser import HTMLParser
from itertools import pairwise
from urllib.parse import urlsplit

ELLIPSIS = "…"

# Joiners belong to emoji and to some scripts; every other invisible format character (direction
# overrides, zero-width spaces, tags) can only make a text read other than it is.
_KEPT_FORMAT = {"\u200c", "\u200d"}
_SENTENCE = re.compile(r"(?<=[.!?…])[\"”’)\]]*\s+(?=[\"“‘(\[]*[A-Z0-9])")
_MAX_LINK = 2000


def units(text: str) -> int:
    """Length as Telegram counts it: UTF-16 code units."""
    return len(text) + sum(1 for character in text if character > "\uffff")


def clean(text: str) -> str:
    """`text` without control, direction and other invisible characters; at most one empty line."""
    text = text.replace("\r\n", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    kept: list[str] = []
    for character in text:
        category = unicodedata.category(character)
        if character in "\r\x0b\x0c\x85":
            kept.append("\n")
        elif character == "\t" or category == "Zs":
            kept.append(" ")
        elif character == "\n" or character in _KEPT_FORMAT or category not in ("Cc", "Cf", "Cs"):
            kept.append(character)
    return re.sub(r"\n\s*\n\s*", "\n\n", re.sub(r" {2,}", " ", "".join(kept)))


def one_line(text: str, limit: int) -> str:
    """`text` cleaned, on one line, at most `limit` UTF-16 units."""
    return shorten(" ".join(clean(text).split()), limit)


def shorten(text: str, limit: int) -> str:
    """At most `limit` UTF-16 units of `text`, cut between words and then ended with an ellipsis."""
    if units(text) <= limit:
        return text
    room = limit - 1
    if room < 0:
        return ""
    taken = 0
    end = 0
    for end, character in enumerate(text):  # noqa: B007 - the position is used after the loop
        taken += 2 if character > "\uffff" else 1
        if taken > room:
            break
    head = text[:end]
    border = max(head.rfind(" "), head.rfind("\n"))
    # A text without spaces would vanish: then cut inside the word.
    if border > len(head) // 2:
        head = head[:border]
    return head.rstrip() + ELLIPSIS


def excerpt(before: str, marked: str, after: str, limit: int) -> tuple[str, str, str]:
    """The marked sentence with as many whole sentences around it as `limit` UTF-16 units hold.

    Takes and returns the text before, of and after the mark. The sentences kept are the nearest.
    """
    before, after = before.lstrip(), after.rstrip()
    if not marked.strip():
        before, marked, after = "", "", (before + marked + after).strip()
    if units(before + marked + after) <= limit:
        return before, marked, after
    if marked and units(marked) > limit - 4:
        return "", shorten(marked.strip(), limit), ""
    room = limit - units(marked) - 4  # an ellipsis and a space on either side
    earlier, later = _sentences(before)[::-1], _sentences(after)
    kept_before: list[str] = []
    kept_after: list[str] = []
    sides = [(later, kept_after), (earlier, kept_before)]
    while sides:
        for side in list(sides):
            left, kept = side
            if left and units(left[0]) <= room:
                room -= units(left[0])
                kept.append(left.pop(0))
            else:
                sides.remove(side)
    if not marked and not kept_after:
        return "", "", shorten(after, limit)
    start = "".join(reversed(kept_before)).lstrip()
    end = "".join(kept_after).rstrip()
    if earlier:
        start = f"{ELLIPSIS} {start}"
    if later:
        end = f"{end} {ELLIPSIS}"
    return start, marked, end


def _sentences(text: str) -> list[str]:
    """`text` in sentences, each with the white space after it; joined they are `text`."""
    borders = [0, *(match.end() for match in _SENTENCE.finditer(text)), len(text)]
    return [text[a:b] for a, b in pairwise(borders) if a < b]


def web_address(url: str) -> str | None:
    """`url` where a citizen may be sent there: http or https with a host, and no white space."""
    if re.search(r"[\s\x00-\x1f\x7f]", url) or len(url) > _MAX_LINK or clean(url) != url:
        return None
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return None
    return url if parts.scheme in ("http", "https") and host else None


def escaped(text: str) -> str:
    """`text` as Telegram HTML."""
    return escape(text, quote=False)


def link(url: str, text: str) -> str:
    """`text` as Telegram HTML that opens `url`; only the text where nobody may be sent there."""
    address = web_address(url)
    return f'<a href="{escape(address)}">{escaped(text)}</a>' if address else escaped(text)


def visible(html: str) -> str:
    """What a reader sees of Telegram HTML: the text that counts towards the limit."""
    return _read(html, links=False)


def plain(html: str, limit: int) -> str:
    """Telegram HTML as plain text with link addresses, at most `limit` units."""
    text = _read(html, links=True)
    return text if units(text) <= limit else shorten(text, limit)


def _read(html: str, links: bool) -> str:
    reader = _Reader(links)
    reader.feed(html)
    reader.close()
    return "".join(reader.pieces)


class _Reader(HTMLParser):
    def __init__(self, links: bool) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._links = links
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self._open.append(dict(attrs).get("href") or "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._open:
            address = self._open.pop()
            if self._links and address:
                self.pieces.append(f" ({address})")

    def handle_data(self, data: str) -> None:
        self.pieces.append(data)
