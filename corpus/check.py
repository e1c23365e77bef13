"""Reading a corpus as an editor would: what is missing, wrong, or of the page rather than of its report.

A finding that somebody has looked at and found in order is silenced by a comment in the file's front matter:
`# checked: no-date, too-short`.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from corpus.article import LANGUAGES, Article, CorpusError, canonical_url, read_corpus
from corpus.blemish import blemishes, is_navigation, menu_lines
from corpus.clean import clean_line
from corpus.day import FIRST
from corpus.extract import FEWEST_WORDS, site_of
from corpus.finding import Checked, Finding
from corpus.story import find_stories
from corpus.words import text_language

_NOBODY = frozenset(
    (
        "",
        "-",
        "none",
        "n/a",
        "unknown",
        "unknown publisher",
        "tidak diketahui",
        "penerbit",
        "publisher",
    )
)
_TEMPLATE = ("Headline of the page", "Name of the publisher", "https://example.org/news/1")
_KEY_LINE = re.compile(r"(?:title|url|publisher|published|language|topics|verbatim):\s")
_CHECKED = re.compile(r"(?:^|\s)#\s*checked:\s*([a-z, -]+)")
_ENOUGH_WORDS = 25
"""Words from which a paragraph's language is told."""
_MANY = 3
"""Articles of one publisher in which a line must stand to be no part of their reports."""
_OLDER_SECONDS = 60.0
"""How much later an original must have been saved than its translation: copies and checkouts write both
within seconds."""
_MOSTLY = 0.8
"""Share of translated articles from which one without a translation is a finding."""
_SUFFIX = re.compile(r"\s[|\-–—]\s(?P<site>[^|\-–—]{2,40})$")


@dataclass(frozen=True, slots=True)
class _File:
    """One file as it stands on the disk: its lines, which of them the text begins after, and the codes
    that somebody has found in order."""

    path: Path
    lines: tuple[str, ...]
    body: int
    checked: frozenset[str]

    @classmethod
    def read(cls, path: Path) -> _File:
        text = path.read_text(encoding="utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
        lines = text.split("\n")
        ends = [number for number, line in enumerate(lines) if line.rstrip() == "---"]
        body = ends[1] + 1 if len(ends) > 1 else 0
        codes = [match[1] for line in lines[:body] if (match := _CHECKED.search(line))]
        return cls(path, tuple(lines), body, frozenset(re.findall(r"[a-z-]+", ",".join(codes))))

    def key(self, name: str) -> int | None:
        """The line on which the key `name` stands."""
        for number, line in enumerate(self.lines[: self.body], start=1):
            if line.startswith(f"{name}:"):
                return number
        return None

    def text(self) -> Iterator[tuple[int, str]]:
        """The lines of the text that hold something, with their numbers."""
        for number, line in enumerate(self.lines[self.body :], start=self.body + 1):
            if line.strip():
                yield number, line.strip()


def check(
    folders: Sequence[Path],
    others: Sequence[Path] = (),
    dated: bool = True,
    today: date | None = None,
) -> Checked:
    """Read every article below `folders`; those of `others` count only for duplicates.

    `dated`: whether the times of the files mean anything, which they do not in a checkout. CorpusError
    where a folder is not there.
    """
    for folder in folders:
        if not folder.is_dir():
            raise CorpusError(f"{folder}: no such folder. Name a folder of Markdown articles.")
    corpus = read_corpus(*others, *folders)
    mine = {
        name: article
        for name, article in corpus.articles.items()
        if any(corpus.paths[name].is_relative_to(folder) for folder in folders)
    }
    files = {name: _File.read(corpus.paths[name]) for name in mine}
    translations = {
        name: _File.read(path)
        for name, article in mine.items()
        if article.translation is not None
        for path in [_translation_path(corpus.paths[name], article)]
    }
    latest = (today or datetime.now(UTC).date()) + timedelta(days=1)
    found = [_of_problem(problem) for problem in corpus.problems]
    for name, article in mine.items():
        found += _of_source(article, files[name], latest)
        found += _of_text(article.text, article.language, files[name])
        if article.translation is not None:
            translated = translations[name]
            found += _of_text(article.translation.text, article.translation.language, translated)
            found += _of_translation(article, files[name], translated, dated)
    found += _of_publishers(mine, files)
    found += _of_duplicates(mine, files, list(corpus.articles.values()))
    found += _of_repeated(mine, files)
    lacking = [name for name, article in mine.items() if article.translation is None]
    if mine and len(mine) - len(lacking) >= _MOSTLY * len(mine):
        found += [_untranslated(mine[name], files[name]) for name in lacking]
    known = {file.path: file.checked for file in (*files.values(), *translations.values())}
    left = [one for one in found if one.code not in known.get(one.path, ())]
    left.sort(key=lambda one: (str(one.path), one.line or 0, one.code))
    return Checked(len(mine), len(lacking), tuple(dict.fromkeys(left)))


def _translation_path(path: Path, article: Article) -> Path:
    assert article.translation is not None
    return path.with_name(f"{path.stem}.{article.translation.language}.md")


def _of_problem(problem: CorpusError) -> Finding:
    match = re.match(r"(?P<path>.+?\.md)(?::(?P<line>\d+))?: (?P<said>.*)", str(problem), re.DOTALL)
    if match is None:
        return Finding(Path(), None, "unreadable", str(problem))
    line = int(match["line"]) if match["line"] else None
    return Finding(Path(match["path"]), line, "unreadable", match["said"])


def _of_source(article: Article, file: _File, latest: date) -> Iterator[Finding]:
    source = article.source
    path, day = file.path, source.published
    if day is None:
        yield Finding(
            path, file.key("published"), "no-date",
            "No day of publication. Look it up on the page; where the page gives none, say so with a "
            "comment on that line: # checked: no-date",
        )  # fmt: skip
    elif day > latest:
        message = f"Published on {day}, which is yet to come. Correct the date."
        yield Finding(path, file.key("published"), "wrong-date", message)
    elif day < FIRST:
        message = f"Published on {day}, before there was an ASEAN. Correct the date."
        yield Finding(path, file.key("published"), "wrong-date", message)
    host = (urlsplit(source.url).hostname or "").removeprefix("www.")
    if source.publisher.casefold() in _NOBODY or source.publisher == host:
        message = (
            f"{source.publisher!r} is not the name of a publisher. Write it as readers know it."
        )
        yield Finding(path, file.key("publisher"), "publisher", message)
    parts = urlsplit(canonical_url(source.url))
    if parts.path in ("", "/") and not parts.query:
        message = "The address is a site's front page. Give that of the very page."
        yield Finding(path, file.key("url"), "url", message)
    yield from _of_title(article, file)
    for key, value in zip(("title", "publisher", "url"), _TEMPLATE, strict=True):
        if value in (source.title, source.publisher, source.url):
            message = f"{value} comes from the example. Write the article's own."
            yield Finding(path, file.key(key), "leftover", message)
    topics = [topic.strip().casefold() for topic in article.topics]
    if len(set(topics) - {"", "none"}) < len(topics):
        message = "A topic is empty or stands twice. Delete it."
        yield Finding(path, file.key("topics"), "leftover", message)


def _of_title(article: Article, file: _File) -> Iterator[Finding]:
    title, publisher = article.source.title, article.source.publisher
    site = _SUFFIX.search(title)
    if site and _bare(site["site"]) in {_bare(publisher), _bare(site_of(article.source.url))}:
        message = f"The title ends with the site's name. Write it without {site['site']!r}."
        yield Finding(file.path, file.key("title"), "title", message)
    if title.isupper() and len(title.split()) > 3:
        message = "The title is in capitals. Write it as a sentence."
        yield Finding(file.path, file.key("title"), "title", message)


def _of_text(text: str, language: str, file: _File) -> Iterator[Finding]:
    path = file.path
    count = len(text.split())
    if count < FEWEST_WORDS:
        message = f"Only {count} words; a report has {FEWEST_WORDS} or more. Is some of it missing?"
        yield Finding(path, file.body + 1, "too-short", message)
    told = text_language(text)
    whole = told is not None and told != language
    if whole or (told is None and count >= FEWEST_WORDS):
        message = (
            f"The text is in {told!r}, not in {language!r}. Correct the language."
            if whole
            else f"The text does not read like {' or '.join(LANGUAGES)}. Correct or delete it."
        )
        yield Finding(path, file.key("language"), "language", message)
    lines = list(file.text())
    menu = menu_lines(lines)
    for number, line in lines:
        if not whole and len(line.split()) >= _ENOUGH_WORDS:
            told = text_language(line)
            if told not in (None, language):
                message = f"This paragraph is in {told!r}, the text in {language!r}. Translate it."
                yield Finding(path, number, "language", message)
        if number in menu or is_navigation(line):
            message = f"“{_cut(line)}” is of the page, not of its report. Delete the line."
            yield Finding(path, number, "navigation", message)
        if _KEY_LINE.match(line):
            message = (
                f"“{_cut(line)}” stands in the text, where it has no effect. Move or delete it."
            )
            yield Finding(path, number, "leftover", message)
    for number, line in enumerate(file.lines, start=1):
        for blemish in blemishes(line, markup=number > file.body):
            yield Finding(path, number, "garbled", f"{blemish}. Correct it.")


def _of_translation(
    article: Article, file: _File, translated: _File, dated: bool
) -> Iterator[Finding]:
    assert article.translation is not None
    own = len(re.split(r"\n\s*\n", article.text))
    theirs = len(re.split(r"\n\s*\n", article.translation.text))
    if own != theirs:
        message = f"{theirs} paragraphs, its original has {own}. Translate paragraph by paragraph."
        yield Finding(translated.path, translated.body + 1, "translation", message)
    later = file.path.stat().st_mtime - translated.path.stat().st_mtime
    if dated and later > _OLDER_SECONDS:
        message = (
            f"Older than its original, which was saved {_ago(later)} later. Compare the two, "
            "then save it."
        )
        yield Finding(translated.path, None, "translation", message)


def _untranslated(article: Article, file: _File) -> Finding:
    other = next(language for language in LANGUAGES if language != article.language)
    message = f"Has no translation, as most others have. Add {file.path.stem}.{other}.md beside it."
    return Finding(file.path, None, "translation", message)


def _of_publishers(articles: dict[str, Article], files: dict[str, _File]) -> Iterator[Finding]:
    """Names of one publisher that are spelled differently: the rarer ones."""
    spellings: dict[str, Counter[str]] = defaultdict(Counter)
    for article in articles.values():
        spellings[_bare(article.source.publisher)][article.source.publisher] += 1
    for name, article in articles.items():
        usual = min(
            spellings[_bare(article.source.publisher)].items(), key=lambda one: (-one[1], one[0])
        )[0]
        if article.source.publisher != usual:
            file = files[name]
            message = f"{article.source.publisher!r} is elsewhere {usual!r}. Write it one way."
            yield Finding(file.path, file.key("publisher"), "publisher", message)


def _of_duplicates(
    articles: dict[str, Article], files: dict[str, _File], everything: Sequence[Article]
) -> Iterator[Finding]:
    """Stories that one site tells twice. What another site has reprinted is a source of its own."""
    by_id = {article.id: article for article in everything}
    for story in find_stories(everything):
        first: dict[str, str] = {}
        for name in story:
            known = first.setdefault(site_of(by_id[name].source.url), name)
            if known != name:
                yield from _duplicate(name, known, articles, files)
    titles: dict[tuple[object, ...], str] = {}
    for article in everything:
        source = article.source
        key = (source.title.casefold(), _bare(source.publisher), source.published, article.language)
        known = titles.setdefault(key, article.id)
        if known != article.id:
            yield from _duplicate(article.id, known, articles, files)


def _duplicate(
    name: str, known: str, articles: dict[str, Article], files: dict[str, _File]
) -> Iterator[Finding]:
    # Told at the one that can be deleted here.
    mine, other = (name, known) if name in articles else (known, name)
    if mine in articles:
        message = f"The same story as {other}, of the same site. Keep one of the two."
        yield Finding(files[mine].path, None, "duplicate", message)


def _of_repeated(articles: dict[str, Article], files: dict[str, _File]) -> Iterator[Finding]:
    where: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for name, article in articles.items():
        for number, line in files[name].text():
            key = (_bare(article.source.publisher), line.casefold())
            where[key].setdefault(name, number)
    for (_, _), places in where.items():
        if len(places) >= _MANY:
            for name, number in places.items():
                message = (
                    f"Stands in {len(places)} articles of this publisher. Delete it from each."
                )
                yield Finding(files[name].path, number, "repeated", message)


def _bare(name: str) -> str:
    return re.sub(r"\.(?:com|co\.id|id|org|net)$|\W", "", name.casefold())


def _cut(line: str) -> str:
    return clean_line(line, 60)


def _ago(seconds: float) -> str:
    days = round(seconds / 86_400)
    return f"{days} days" if days > 1 else f"{max(1, round(seconds / 60))} minutes"
