"""Articles: what we know, read from Markdown files with front matter.

One file is one article. A file `name.en.md` or `name.id.md` beside `name.md` is its translation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

import yaml

from corpus.aside import replace_file
from corpus.matter import LANGUAGES as LANGUAGES
from corpus.matter import CorpusError as CorpusError
from corpus.matter import FrontMatter

if TYPE_CHECKING:
    from corpus.recall import Recall

SHIPPED = Path(__file__).parent / "articles"
"""The corpus that travels with the package."""

_REQUIRED = ("title", "url", "publisher", "published", "language")
_OPTIONAL = ("topics", "verbatim")
_TRANSLATION_REQUIRED = ("title", "language")
_TRANSLATION_NAME = re.compile(r"^(?P<stem>.+)\.(?P<language>[a-z]{2})$")


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


@dataclass(frozen=True, slots=True)
class Corpus:
    """What stands in some folders: the articles by id, their files, and what is wrong with other files."""

    articles: dict[str, Article]
    paths: dict[str, Path]
    problems: tuple[CorpusError, ...]


def read_corpus(*folders: Path, recall: Recall | None = None) -> Corpus:
    """All of `folders`, sorted by id; files that cannot be used become problems, in order of their paths.

    A problem is wrong or missing front matter, a translation without its article, two articles with one
    id or one url (the second one is left out), a folder that is not there. `recall`: what was read before.
    """
    articles: dict[str, Article] = {}
    paths: dict[str, Path] = {}
    where_url: dict[str, Path] = {}
    problems: list[CorpusError] = []
    for folder in folders:
        if not folder.is_dir():
            problems.append(
                CorpusError(
                    f"{folder}: no such folder. Name a folder of Markdown articles in TANYA_CORPUS."
                )
            )
            continue
        for path, article in _read_folder(folder, problems, recall):
            url = canonical_url(article.source.url)
            if article.id in articles:
                problems.append(
                    CorpusError(
                        f"{path}: the id {article.id!r} is taken by {paths[article.id]}. "
                        "Rename one of the two files."
                    )
                )
            elif url in where_url:
                problems.append(
                    CorpusError(
                        f"{path}: url: {article.source.url} is already the url of {where_url[url]}. "
                        "Delete one of the two files, or correct its url."
                    )
                )
            else:
                articles[article.id] = article
                paths[article.id] = where_url[url] = path
    ordered = {name: articles[name] for name in sorted(articles)}
    return Corpus(ordered, paths, tuple(problems))


def read_articles(*folders: Path, recall: Recall | None = None) -> list[Article]:
    """Every article below `folders`, sorted by id; CorpusError where any file cannot be used, with the
    first of the reasons (all: `read_corpus`)."""
    corpus = read_corpus(*folders, recall=recall)
    if corpus.problems:
        first, others = corpus.problems[0], len(corpus.problems) - 1
        more = (
            f" There are {others} more such problems; `tanya check` lists them." if others else ""
        )
        raise CorpusError(f"{first}{more}")
    return list(corpus.articles.values())


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
    # Never half an article, whatever happens.
    replace_file(path, f"---\n{head}---\n{text.strip()}\n", "article")


def _read_folder(
    folder: Path, problems: list[CorpusError], recall: Recall | None
) -> Iterator[tuple[Path, Article]]:
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
            problems.append(
                CorpusError(
                    f"{found[0][1]}: a translation of {stem}.md, which does not exist. "
                    "Add the article, or drop the language from the file's name."
                )
            )
        if len(found) > 1:
            problems.append(
                CorpusError(
                    f"{found[1][1]}: {stem}.md has more than one translation. Keep one of "
                    + ", ".join(path.name for _, path in found)
                    + "."
                )
            )
    for stem, path in originals.items():
        others = translations.get(stem, [])[:1]
        files = [path, *(other for _, other in others)]
        known = None if recall is None else recall.get(stem, files)
        if known is not None:
            yield path, known
            continue
        try:
            translation = None
            for language, other in others:
                translation = _read_translation(other, language)
            article = _read_article(path, stem, translation)
        except CorpusError as error:
            problems.append(error)
            continue
        if recall is not None:
            recall.put(files, article)
        yield path, article


def _read_article(path: Path, stem: str, translation: Translation | None) -> Article:
    matter = FrontMatter.read(path, required=_REQUIRED, optional=_OPTIONAL)
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
    matter = FrontMatter.read(path, required=_TRANSLATION_REQUIRED, optional=())
    stated = matter.language()
    if stated != language:
        raise matter.error(
            "language", f"{stated!r}, but the file's name ends in .{language}.md", "Make them agree"
        )
    return Translation(language=stated, title=matter.string("title"), text=matter.body)
