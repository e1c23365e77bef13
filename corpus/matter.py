"""Front matter: the keys at the head of a corpus file, read strictly, with errors that name the line."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from urllib.parse import urlsplit

import yaml

LANGUAGES = ("id", "en")
"""The languages we serve, ISO 639-1."""

_EXAMPLE = {
    "title": 'title: "Headline of the page"',
    "url": "url: https://example.org/news/1",
    "publisher": 'publisher: "Name of the publisher"',
    "published": "published: 2023-09-05 (or null where the page gives no date)",
    "language": "language: id (or en)",
    "topics": "topics: [asean summit, jakarta]",
    "verbatim": "verbatim: true (only where the text is the page's own, word for word)",
}


# The one written in C is eight times as fast, which counts with thousands of articles.
_Loader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class CorpusError(Exception):
    """A corpus file that cannot be used; the message says which, where, why and what to do."""


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """The keys of one file with the line each stands on, and the body."""

    path: Path
    values: dict[str, object]
    lines: dict[str, int]
    body: str

    @classmethod
    def read(cls, path: Path, required: tuple[str, ...], optional: tuple[str, ...]) -> FrontMatter:
        try:
            text = path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError as error:
            raise CorpusError(
                f"{path}: not UTF-8 (byte {error.start}). Save the file as UTF-8."
            ) from error
        # Line endings of other systems must not shift a passage's offsets.
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        match = re.match(r"---[ \t]*\n(.*?\n)---[ \t]*(?:\n|\Z)(.*)", text, re.DOTALL)
        if match is None:
            raise CorpusError(
                f"{path}:1: no front matter. Begin the file with a line ---, the keys "
                f"{', '.join(required)}, and a line ---."
            )
        values, lines = cls._keys(path, match[1])
        matter = cls(path, values, lines, match[2].strip())
        for key in required:
            if key not in values:
                raise CorpusError(f"{path}:1: {key}: missing. Add a line like: {_EXAMPLE[key]}")
        for key in values:
            if key not in required and key not in optional:
                allowed = ", ".join((*required, *optional))
                raise matter.error(key, "an unknown key", f"Delete it, or use one of: {allowed}")
        if not matter.body:
            raise CorpusError(f"{path}: no text after the front matter. Add the article's text.")
        return matter

    @staticmethod
    def _keys(path: Path, text: str) -> tuple[dict[str, object], dict[str, int]]:
        try:
            loader = _Loader(text)
            node = loader.get_single_node()
            if not isinstance(node, yaml.MappingNode):
                raise CorpusError(
                    f"{path}:2: front matter holds no keys. Write lines `key: value`."
                )
            values: dict[str, object] = {}
            lines: dict[str, int] = {}
            for key_node, value_node in node.value:
                key = str(key_node.value)
                line = key_node.start_mark.line + 2  # the first line is ---
                if key in values:
                    raise CorpusError(f"{path}:{line}: {key}: given twice. Delete one of the two.")
                values[key] = loader.construct_object(value_node, deep=True)
                lines[key] = line
        except (yaml.YAMLError, ValueError) as error:
            mark = getattr(error, "problem_mark", None)
            line = 2 if mark is None else mark.line + 2
            raise CorpusError(
                f"{path}:{line}: front matter is not valid YAML "
                f"({getattr(error, 'problem', None) or error}). "
                "Put values that hold a colon, a quote or a # in double quotes."
            ) from error
        return values, lines

    def error(self, key: str, problem: str, remedy: str) -> CorpusError:
        return CorpusError(f"{self.path}:{self.lines.get(key, 1)}: {key}: {problem}. {remedy}.")

    def string(self, key: str) -> str:
        value = self.values[key]
        if not isinstance(value, str) or not value.strip():
            raise self.error(key, f"{value!r} is not text", f"Write it like: {_EXAMPLE[key]}")
        return " ".join(value.split())

    def strings(self, key: str) -> tuple[str, ...]:
        value = self.values.get(key) or []
        if not isinstance(value, list):
            raise self.error(key, f"{value!r} is not a list", f"Write it like: {_EXAMPLE[key]}")
        return tuple(str(item) for item in value)

    def boolean(self, key: str) -> bool:
        value = self.values.get(key, False)
        if not isinstance(value, bool):
            raise self.error(key, f"{value!r} is neither true nor false", "Write true or false")
        return value

    def language(self) -> str:
        value = self.values["language"]
        if value not in LANGUAGES:
            raise self.error("language", f"{value!r} is not served", "Write id or en")
        return str(value)

    def url(self) -> str:
        value = self.string("url")
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise self.error(
                "url", f"{value!r} is no web address", f"Write it like: {_EXAMPLE['url']}"
            )
        return value

    def date(self, key: str) -> date | None:
        value = self.values[key]
        if isinstance(value, datetime):
            return value.date()
        if value is None or isinstance(value, date):
            return value
        raise self.error(key, f"{value!r} is not a date", f"Write it like: {_EXAMPLE[key]}")
