"""The operator's corpus folder as a collector sees it: what is there, and where a new article goes."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import time
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from corpus import step
from corpus.article import (
    LANGUAGES,
    Article,
    canonical_url,
    read_corpus,
    write_article,
)
from corpus.aside import sync_folder
from corpus.extract import site_of
from corpus.story import Alike, jaccard

VERSIONS = ".versions"
"""Folder of former versions; the dot keeps it out of the corpus."""
_STALE_SECONDS = 3600.0
_LONGEST_SLUG = 60
_SAME_LATER = 0.9
"""Jaccard index from which a text of another day is the same one once more. Reports made from a pattern,
such as a daily timetable, differ from day to day in fewer words than a reprint."""


class ShelfError(Exception):
    """The corpus folder cannot be written; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Placed:
    """An article that is there: its id and file; `ours`: whether it lies in the folder that we write."""

    article: Article
    path: Path
    ours: bool


class Shelf:
    """The articles of `folder`, into which is written, and of `others`, which count as seen."""

    def __init__(self, folder: Path, *others: Path) -> None:
        """Reads them when they are first asked about. Files with mistakes are left alone: a person will
        correct them (`tanya check`)."""
        self._folder = folder
        self._others = others

    @cached_property
    def _by_url(self) -> dict[str, Placed]:
        folder = self._folder
        corpus = read_corpus(*self._others, *([folder] if folder.is_dir() else []))
        return {
            canonical_url(article.source.url): Placed(
                article, corpus.paths[name], corpus.paths[name].is_relative_to(folder)
            )
            for name, article in corpus.articles.items()
        }

    @cached_property
    def _by_id(self) -> dict[str, Article]:
        return {placed.article.id: placed.article for placed in self._by_url.values()}

    @cached_property
    def _by_site(self) -> dict[tuple[str, str], Alike]:
        groups: dict[tuple[str, str], Alike] = {}
        for article in self._by_id.values():
            _remember(article, groups)
        return groups

    def at(self, url: str) -> Placed | None:
        """The article of the page `url`."""
        return self._by_url.get(canonical_url(url))

    def alike(self, article: Article) -> str | None:
        """The id of an article of the same site and language that says nearly the same; None where there
        is none. What another site has reprinted is a source of its own, and so is what the same site
        says of another day in other numbers."""
        group = self._by_site.get(_group(article))
        name = group.find(article.text) if group is not None else None
        if name is None:
            return None
        days = {article.source.published, self._by_id[name].source.published} - {None}
        if len(days) == 2 and jaccard(article.text, self._by_id[name].text) < _SAME_LATER:
            return None
        return name

    def free_id(self, article: Article) -> str:
        """A new id for `article`: publisher, day and title, made unique by its address where taken."""
        source = article.source
        day = source.published.isoformat() if source.published else "undated"
        folder = slug(source.publisher) or slug(urlsplit(source.url).hostname or "") or "web"
        name = f"{folder}/{day}-{slug(source.title) or 'untitled'}"
        if name in self._by_id or (self._folder / f"{name}.md").exists():
            name += "-" + hashlib.sha256(canonical_url(source.url).encode()).hexdigest()[:8]
        return name

    def put(self, article: Article) -> str:
        """Write `article`; the file's digest. The former version of a file that it replaces is kept, and
        so are translations that it no longer has: they tell what the page said before."""
        path = self._folder / f"{article.id}.md"
        by_url, by_id = self._by_url, self._by_id
        with self._writing():
            if path.exists():
                self._keep(path)
            for translation in [path.with_name(f"{path.stem}.{code}.md") for code in LANGUAGES]:
                if article.translation is None and translation.exists():
                    self._keep(translation)
                    translation.unlink()
                    step.reached("collect: former translation taken away")
            # A translation that still holds is a person's file, and stays as it is.
            write_article(replace(article, translation=None), self._folder)
        by_url[canonical_url(article.source.url)] = Placed(article, path, ours=True)
        by_id[article.id] = article
        _remember(article, self._by_site)
        return digest(path)

    def tidy(self) -> None:
        """Delete what a killed process left half written."""
        if not self._folder.is_dir():
            return
        for path in self._folder.rglob(".*.tmp"):
            if time.time() - path.stat().st_mtime > _STALE_SECONDS:
                path.unlink(missing_ok=True)

    def _keep(self, path: Path) -> None:
        # Named by when it was written, not by now: killed and run again, the copy is the same one.
        stamp = datetime.fromtimestamp(path.stat().st_mtime, UTC).strftime("%Y%m%dT%H%M%S.%fZ")
        kept = (
            self._folder / VERSIONS / path.relative_to(self._folder).with_suffix("") / f"{stamp}.md"
        )
        kept.parent.mkdir(parents=True, exist_ok=True)
        temporary = kept.with_name(f".{kept.name}.tmp")
        shutil.copy2(path, temporary)
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(kept)
        sync_folder(kept.parent)
        step.reached("collect: former version kept")

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise ShelfError(
                f"{self._folder} cannot be written ({error.strerror}). Free some space, or check the "
                "folder's permissions, then run tanya collect again. What was written before is kept"
            ) from error


def digest(path: Path) -> str:
    """A checksum of the file at `path`; "" where there is none."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()[:32]
    except FileNotFoundError:
        return ""


def slug(text: str) -> str:
    """`text` as a part of a file's name: "Jalan Ditutup!" → "jalan-ditutup"; at most 60 characters."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    return name[:_LONGEST_SLUG].rsplit("-", 1)[0] if len(name) > _LONGEST_SLUG else name


def _remember(article: Article, groups: dict[tuple[str, str], Alike]) -> None:
    group = groups.setdefault(_group(article), Alike())
    if group.find(article.text) is None:
        group.add(article.id, article.text)


def _group(article: Article) -> tuple[str, str]:
    return site_of(article.source.url), article.language
