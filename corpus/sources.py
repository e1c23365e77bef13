"""`sources.toml`: the feeds, sitemaps and pages that are collected, and how often."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args
from urllib.parse import urlsplit

from corpus.matter import LANGUAGES, CorpusError

EXAMPLE = Path(__file__).parent / "sources.example.toml"
"""A file to begin with, with feeds of the region."""
SourceKind = Literal["feed", "sitemap", "page"]
MOST = 100
"""How many of a source's first pages count, unless it says otherwise."""
EVERY = 3600.0
"""Seconds between two visits, likewise."""

_KEYS: dict[str, type] = {
    "url": str,
    "publisher": str,
    "topics": list,
    "words": list,
    "language": str,
    "every": str,
    "most": int,
}
_DURATION = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([smhd])\s*")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


@dataclass(frozen=True, slots=True)
class Listed:
    """One source. `publisher`: of its articles, whatever the pages say; `language`: where neither text nor
    page tells; `topics`: given to its articles; `words`: only articles that hold one of them count (all
    where empty); `every`: seconds between visits; `most`: how many of its first (newest) pages count."""

    kind: SourceKind
    url: str
    publisher: str | None = None
    topics: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    language: str | None = None
    every: float = EVERY
    most: int = MOST


def read_sources(path: Path) -> list[Listed]:
    """The sources in `path`, in its order. CorpusError, with file and key, for what is wrong in it."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CorpusError(
            f"{path}: no such file. Copy {EXAMPLE} there and keep what you need, or name a page: "
            "tanya collect https://…"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise CorpusError(f"{path}: not valid TOML ({error}). Correct it.") from None
    found: list[Listed] = []
    for kind, entries in tables.items():
        if kind not in get_args(SourceKind) or not isinstance(entries, list):
            raise CorpusError(
                f"{path}: {kind}: unknown. Begin each source with [[feed]], [[sitemap]] or [[page]]."
            )
        for number, entry in enumerate(entries, start=1):
            where = f"{path}: [[{kind}]] number {number}"
            found.append(_listed(kind, entry, where))
    addresses = [source.url for source in found]
    for address in addresses:
        if addresses.count(address) > 1:
            raise CorpusError(f"{path}: {address} is listed twice. Delete one of the two.")
    return found


def duration(text: str) -> float:
    """Seconds of "90s", "15m", "2h" or "1d"; ValueError for what is none, or less than a second."""
    match = _DURATION.fullmatch(text)
    seconds = float(match[1]) * _SECONDS[match[2]] if match else 0.0
    if seconds < 1:
        raise ValueError(f"{text!r} is no length of time. Write it like 30s, 15m, 2h or 1d")
    return seconds


def _listed(kind: Any, entry: dict[str, Any], where: str) -> Listed:
    for key, value in entry.items():
        if key not in _KEYS:
            raise CorpusError(f"{where}: {key}: unknown. Use one of: {', '.join(_KEYS)}.")
        if not isinstance(value, _KEYS[key]) or isinstance(value, bool):
            raise CorpusError(f"{where}: {key}: {value!r} is not what belongs there.")
    address = entry.get("url", "")
    try:
        parts = urlsplit(address)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise CorpusError(f"{where}: url: {address!r} is no web address. Write https://…")
    if entry.get("language") not in (None, *LANGUAGES):
        raise CorpusError(f"{where}: language: write {' or '.join(LANGUAGES)}.")
    try:
        every = duration(entry["every"]) if "every" in entry else EVERY
    except ValueError as error:
        raise CorpusError(f"{where}: every: {error}.") from None
    most = entry.get("most", MOST)
    if not 1 <= most <= 10_000:
        raise CorpusError(f"{where}: most: {most} is not between 1 and 10,000.")
    return Listed(
        kind=kind,
        url=address,
        publisher=entry.get("publisher"),
        topics=tuple(map(str, entry.get("topics", ()))),
        words=tuple(str(word).casefold() for word in entry.get("words", ())),
        language=entry.get("language"),
        every=every,
        most=most,
    )
