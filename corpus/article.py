"""Articles: what we know, read from Markdown files with front matter.

One file is one article. A file `name.en.md` or `name.id.md` beside `name.md` is its translation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import yaml

LANGUAGES = ("id", "en")
"""The languages we serve, ISO 639-1."""

SHIPPED = Path(__file__).parent / "articles"
"""The corpus that travels with the package."""

_REQUIRED = ("title", "url", "publisher", "published", "language")
_OPTIONAL = ("topics", "verbatim")
_TRANSLATION_REQUIRED = ("title", "language")
_EXAMPLE = {
    "title": 'title: "Headline of the page"',
    "url": "url: https://example.org/news/1",
    "publisher": 'publisher: "Name of the publisher"',
    "published": "published: 2023-09-05 (or null where the page gives no date)",
    "language": "language: id (or en)",
    "topics": "topics: [asean summit, jakarta]",
    "verbatim": "verbatim: true (only where the text is the page's own, word for word)",
}
_TRANSLATION_NAME = re.compile(r"^(?P<stem>.+)\.(?P<language>[a-z]{2})$")


class CorpusError(Exception):
    """A corpus file that cannot be used; the message says which, where, why and what to do."""


@dataclass(frozen=True, slots=True)
class Source:
    """The citation: what a reader needs to find the page."""

    title: str
    publisher: str
    url: str
    published: date | None


@dataclass(frozen=True, slots=True)
class Translation:
    """Title and text of an article in the other language, paragraph by paragraph."""

    language: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Article:
    """One page of the corpus.

    `id` is the file's path below its corpus folder, without `.md`; `language` is ISO 639-1.
    `verbatim` says that `text` is the page's own wording, so that a link may point at a sentence.
    """

    id: str
    source: Source
    language: str
    text: str
    topics: tuple[str, ...] = ()
    translation: Translation | None = None
    verbatim: bool = False

    def title_in(self, language: str) -> str:
        """The title in `language` where there is one, else the page's own."""
        if self.translation is not None and self.translation.language == language:
            return self.translation.title
        return self.source.title

    def text_in(self, language: str) -> str:
        """The text in `language`; KeyError where the article has none."""
        if language == self.language:
            return self.text
        if self.translation is not None and self.translation.language == language:
            return self.translation.text
        raise KeyError(f"{self.id} has no text in {language!r}")


def read_articles(*folders: Path) -> list[Article]:
    """Every article below `folders`, sorted by id.

    Raises CorpusError for the first file that cannot be used: wrong or missing front matter, a
    translation without its article, two articles with one id or one url.
    """
    articles: dict[str, Article] = {}
    where_id: dict[str, Path] = {}
    where_url: dict[str, Path] = {}
    for folder in folders:
        if not folder.is_dir():
            raise CorpusError(
                f"{folder}: no such folder. Name a folder of Markdown articles in TANYA_CORPUS."
            )
        for path, article in _read_folder(folder):
            if article.id in where_id:
                raise CorpusError(
                    f"{path}: the id {article.id!r} is taken by {where_id[article.id]}. "
                    "Rename one of the two files."
                )
            url = canonical_url(article.source.url)
            if url in where_url:
                raise CorpusError(
                    f"{path}: url: {article.source.url} is already the url of {where_url[url]}. "
                    "Delete one of the two files, or correct its url."
                )
            articles[article.id] = article
            where_id[article.id] = path
            where_url[url] = path
    return [articles[key] for key in sorted(articles)]


def read_article(path: Path) -> Article:
    """The article of one file, without its translation; its id is the file's name. CorpusError where it
    cannot be used."""
    return _read_article(path, path.stem, None)


def canonical_url(url: str) -> str:
    """`url` in the form in which two addresses of one page are equal.

    Scheme, `www.`, a trailing slash, the fragment and the order and presence of tracking
    parameters (utm_*, fbclid, gclid) do not count.
    """
    parts = urlsplit(url.strip())
    host = (parts.hostname or "").removeprefix("www.")
    if parts.port not in (None, 80, 443):
        host = f"{host}:{parts.port}"
    tracking = re.compile(r"^(utm_[a-z]+|fbclid|gclid|igshid)=")
    query = "&".join(sorted(q for q in parts.query.split("&") if q and not tracking.match(q)))
    return urlunsplit(("https", host, parts.path.rstrip("/"), query, ""))


def write_article(article: Article, folder: Path) -> Path:
    """Write `article` (and its translation) below `folder`, as `read_articles` reads it.

    Returns the path of the article's file. The file is replaced atomically.
    """
    path = folder / f"{article.id}.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    matter: dict[str, object] = {
        "title": article.source.title,
        "url": article.source.url,
        "publisher": article.source.publisher,
        "published": article.source.published,
        "language": article.language,
        "topics": list(article.topics),
    }
    if article.verbatim:
        matter["verbatim"] = True
    _write(path, matter, article.text)
    if article.translation is not None:
        translation = article.translation
        _write(
            path.with_name(f"{path.stem}.{translation.language}.md"),
            {"title": translation.title, "language": translation.language},
            translation.text,
        )
    return path


def _write(path: Path, matter: dict[str, object], text: str) -> None:
    head = yaml.safe_dump(matter, allow_unicode=True, sort_keys=False, width=10_000)
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_text(f"---\n{head}---\n{text.strip()}\n", encoding="utf-8")
    temporary.replace(path)


def _read_folder(folder: Path) -> Iterator[tuple[Path, Article]]:
    originals: dict[str, Path] = {}
    translations: dict[str, list[tuple[str, Path]]] = {}
    for path in sorted(folder.rglob("*.md")):
        relative = path.relative_to(folder)
        if path.name == "README.md" or any(part.startswith(".") for part in relative.parts):
            continue
        stem = relative.with_suffix("").as_posix()
        match = _TRANSLATION_NAME.match(stem)
        if match and match["language"] in LANGUAGES:
            translations.setdefault(match["stem"], []).append((match["language"], path))
        else:
            originals[stem] = path
    for stem, found in translations.items():
        if stem not in originals:
            raise CorpusError(
                f"{found[0][1]}: a translation of {stem}.md, which does not exist. "
                "Add the article, or drop the language from the file's name."
            )
        if len(found) > 1:
            raise CorpusError(
                f"{found[1][1]}: {stem}.md has more than one translation. Keep one of "
                + ", ".join(path.name for _, path in found)
                + "."
            )
    for stem, path in originals.items():
        translation = None
        if stem in translations:
            language, other = translations[stem][0]
            translation = _read_translation(other, language)
        yield path, _read_article(path, stem, translation)


def _read_article(path: Path, stem: str, translation: Translation | None) -> Article:
    matter = _FrontMatter.read(path, required=_REQUIRED, optional=_OPTIONAL)
    language = matter.language()
    if translation is not None and translation.language == language:
        raise CorpusError(
            f"{path}: language: {language} is also the language of its translation "
            f"{path.stem}.{language}.md. Correct one of the two."
        )
    source = Source(
        title=matter.string("title"),
        publisher=matter.string("publisher"),
        url=matter.url(),
        published=matter.date("published"),
    )
    return Article(
        id=stem,
        source=source,
        language=language,
        text=matter.body,
        topics=matter.strings("topics"),
        translation=translation,
        verbatim=matter.boolean("verbatim"),
    )


def _read_translation(path: Path, language: str) -> Translation:
    matter = _FrontMatter.read(path, required=_TRANSLATION_REQUIRED, optional=())
    stated = matter.language()
    if stated != language:
        raise matter.error(
            "language", f"{stated!r}, but the file's name ends in .{language}.md", "Make them agree"
        )
    return Translation(language=stated, title=matter.string("title"), text=matter.body)


@dataclass(frozen=True, slots=True)
class _FrontMatter:
    """The keys of one file with the line each stands on, and the body."""

    path: Path
    values: dict[str, object]
    lines: dict[str, int]
    body: str

    @classmethod
    def read(cls, path: Path, required: tuple[str, ...], optional: tuple[str, ...]) -> _FrontMatter:
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
            loader = yaml.SafeLoader(text)
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
