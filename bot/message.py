"""Messages: every text a citizen sees, read from `messages/<language>.toml`."""

from __future__ import annotations

import tomllib
from datetime import date
from functools import cache
from html import escape
from pathlib import Path
from typing import TypedDict

from bot.markup import one_line
from corpus.article import LANGUAGES

_OPERATORS = 200
"""Longest name and contact, in UTF-16 units: the answer needs the room."""

FOLDER = Path(__file__).parent / "messages"


class Wording(TypedDict):
    """One language's file."""

    months: list[str]
    languages: dict[str, str]
    menu: dict[str, str]
    text: dict[str, str]


@cache
def wording(language: str) -> Wording:
    """The file of `language`; KeyError for a language that we do not speak."""
    if language not in LANGUAGES:
        raise KeyError(f"no messages in {language!r}, only in {', '.join(LANGUAGES)}")
    read: Wording = tomllib.loads((FOLDER / f"{language}.toml").read_text(encoding="utf-8"))  # type: ignore[assignment]
    return read


class Messages:
    """The texts of one language; `name` and `contact` are the operator's."""

    def __init__(self, language: str, name: str, contact: str) -> None:
        self.language = language
        self.name = one_line(name, _OPERATORS)
        self.contact = one_line(contact, _OPERATORS)
        self._wording = wording(language)

    def say(self, key: str, **values: object) -> str:
        """The text `key` as Telegram HTML; values are escaped."""
        values = {"name": self.name, "contact": self.contact, **values}
        escaped = {name: escape(str(value), quote=False) for name, value in values.items()}
        return self._wording["text"][key].strip().format_map(escaped)

    def menu(self, key: str) -> str:
        """A text of the command menu or the profile: plain, no HTML."""
        return self._wording["menu"][key]

    def called(self, language: str) -> str:
        """The name of a language ("bahasa Inggris"); its code where we have no name for it."""
        return self._wording["languages"].get(language, language)

    def day(self, published: date | None) -> str:
        """A date as people write it: "29 Agustus 2023"; None is said to be unknown."""
        if published is None:
            return self.say("date_unknown")
        return f"{published.day} {self._wording['months'][published.month - 1]} {published.year}"
