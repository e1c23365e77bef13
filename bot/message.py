"""Messages: every text a citizen sees, read from `messages/<language>.toml`."""

from __future__ import annotations

import tomllib
from datetime import date
from functools import cache
from html import escape
from math import ceil
from pathlib import Path
from typing import TypedDict

from bot.markup import clean, one_line, shorten
from corpus.article import LANGUAGES
from index.settings import Settings

_OPERATORS = 200
"""Longest name, contact and subject, in UTF-16 units: the answer needs the room."""
_GREETING = 1000

FOLDER = Path(__file__).parent / "messages"


class Wording(TypedDict):
    """One language's file."""

    months: list[str]
    languages: dict[str, str]
    menu: dict[str, str]
    button: dict[str, str]
    notice: dict[str, str]
    text: dict[str, str]


@cache
def wording(language: str) -> Wording:
    """The file of `language`; KeyError for a language that we do not speak."""
    if language not in LANGUAGES:
        raise KeyError(f"no messages in {language!r}, only in {', '.join(LANGUAGES)}")
    read: Wording = tomllib.loads((FOLDER / f"{language}.toml").read_text(encoding="utf-8"))  # type: ignore[assignment]
    return read


class Messages:
    """The texts of one language; name, contact, subject and greeting are the operator's."""

    def __init__(
        self, language: str, name: str, contact: str, subject: str = "", greeting: str = ""
    ) -> None:
        self.language = language
        self.name = one_line(name, _OPERATORS)
        self.contact = one_line(contact, _OPERATORS)
        self.subject = one_line(subject, _OPERATORS)
        self._greeting = shorten(clean(greeting).strip(), _GREETING)
        self._wording = wording(language)

    @classmethod
    def of(cls, language: str, settings: Settings) -> Messages:
        """The texts as `settings` want them."""
        return cls(
            language,
            settings.name,
            settings.contact,
            settings.subject(language),
            settings.greeting(language),
        )

    def say(self, key: str, **values: object) -> str:
        """The text `key` as Telegram HTML; values are escaped."""
        values = {
            "name": self.name,
            "contact": self.contact,
            "subject": self.subject,
            **values,
        }
        escaped = {name: escape(str(value), quote=False) for name, value in values.items()}
        return self._wording["text"][key].strip().format_map(escaped)

    def greeting(self) -> str:
        """The operator's greeting, else ours, as Telegram HTML."""
        return escape(self._greeting, quote=False) or self.say("greeting")

    def menu(self, key: str) -> str:
        """A text of the command menu or the profile: plain, no HTML."""
        return self._wording["menu"][key].format(subject=self.subject)

    def button(self, key: str, **values: object) -> str:
        """The label of a button: plain, no HTML."""
        return self._wording["button"][key].format(name=self.name, **values)

    def notice(self, key: str) -> str:
        """What a tap shows for a moment: plain, no HTML."""
        return self._wording["notice"][key]

    def duration(self, seconds: float) -> str:
        """A time to wait, as people say it, rounded up."""
        for key, unit in (("seconds", 1), ("minutes", 60)):
            if seconds <= 90 * unit:
                return self.say(key, n=max(1, ceil(seconds / unit)))
        return self.say("hours", n=ceil(seconds / 3600))

    def called(self, language: str) -> str:
        """The name of a language ("bahasa Inggris"); its code where we have no name for it."""
        return self._wording["languages"].get(language, language)

    def day(self, published: date | None) -> str:
        """A date as people write it: "29 Agustus 2023"; None is said to be unknown."""
        if published is None:
            return self.say("date_unknown")
        return f"{published.day} {self._wording['months'][published.month - 1]} {published.year}"
