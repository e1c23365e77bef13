"""Files that were read before are not read again, and never taken for what they no longer are."""

from __future__ import annotations

import os
import time
from contextlib import closing
from pathlib import Path

import pytest

from corpus.article import Article, CorpusError, Translation, read_articles, write_article
from corpus.matter import FrontMatter
from corpus.recall import Recall
from tests.conftest import MakeArticle


@pytest.fixture
def folder(tmp_path: Path, make_article: MakeArticle) -> Path:
    folder = tmp_path / "news"
    translation = Translation("en", "About roads", "The roads were opened.")
    for article in (make_article("gedung"), make_article("jalan", translation=translation)):
        write_article(article, folder)
    return settled(folder)


def settled(folder: Path) -> Path:
    """As if nothing had been written there for a minute."""
    for path in folder.rglob("*.md"):
        os.utime(path, (time.time() - 60, time.time() - 60))
    return folder


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that were really read."""
    names: list[str] = []
    read = FrontMatter.read

    def noting(path: Path, required: tuple[str, ...], optional: tuple[str, ...]) -> FrontMatter:
        names.append(path.name)
        return read(path, required, optional)

    monkeypatch.setattr(FrontMatter, "read", noting)
    return names


def read(tmp_path: Path, *folders: Path) -> list[Article]:
    with closing(Recall(tmp_path / "articles.db")) as recall:
        return read_articles(*folders, recall=recall)


def test_only_what_changed_is_read_again(
    tmp_path: Path, folder: Path, opened: list[str], make_article: MakeArticle
) -> None:
    first = read(tmp_path, folder)
    assert sorted(opened) == ["gedung.md", "jalan.en.md", "jalan.md"]
    opened.clear()
    assert read(tmp_path, folder) == first == read_articles(folder)
    opened.clear()
    read(tmp_path, folder)
    assert opened == []
    path = folder / "test/jalan.en.md"
    path.write_text(path.read_text().replace("opened", "closed"))
    again = read(tmp_path, folder)
    assert sorted(opened) == ["jalan.en.md", "jalan.md"]
    assert again == read_articles(folder)
    assert again[1].translation is not None
    assert "closed" in again[1].translation.text
    path.unlink()
    assert read(tmp_path, folder)[1].translation is None


def test_a_file_of_the_same_size_and_age_that_is_another_one_is_read(
    tmp_path: Path, folder: Path, opened: list[str]
) -> None:
    read(tmp_path, folder)
    path = folder / "test/gedung.md"
    times = path.stat()
    path.write_text(path.read_text().replace("dibuka", "dijual"))
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert "dijual" in read(tmp_path, folder)[0].text


def test_what_has_just_been_written_is_not_trusted(
    tmp_path: Path, folder: Path, opened: list[str], make_article: MakeArticle
) -> None:
    write_article(make_article("kilat"), folder)
    read(tmp_path, folder)
    opened.clear()
    read(tmp_path, folder)
    assert opened == ["kilat.md"]


def test_what_is_removed_leaves_no_trace(tmp_path: Path, folder: Path) -> None:
    read(tmp_path, folder)
    assert b"jalan" in (tmp_path / "articles.db").read_bytes()
    for path in folder.rglob("jalan*"):
        path.unlink()
    assert len(read(tmp_path, folder)) == 1
    assert b"jalan" not in (tmp_path / "articles.db").read_bytes()


def test_an_id_is_that_of_the_folder_it_is_read_from(tmp_path: Path, folder: Path) -> None:
    assert [one.id for one in read(tmp_path, folder)] == ["test/gedung", "test/jalan"]
    assert [one.id for one in read(tmp_path, folder / "test")] == ["gedung", "jalan"]


@pytest.mark.parametrize("damage", ["garbage", "folder", "version"])
def test_a_damaged_memory_is_none(
    tmp_path: Path, folder: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    wanted = read(tmp_path, folder)
    path = tmp_path / "articles.db"
    if damage == "garbage":
        path.write_bytes(b"no database" * 1000)
    elif damage == "folder":
        path.unlink()
        path.mkdir()
    else:
        import sqlite3

        with closing(sqlite3.connect(path)) as known, known:
            known.execute("UPDATE reading SET version = 'old'")
    assert read(tmp_path, folder) == wanted
    assert read(tmp_path, folder) == wanted
    assert ("cannot be used" in caplog.text) == (damage != "version")


def test_a_mistake_is_told_each_time(tmp_path: Path, folder: Path) -> None:
    path = folder / "test/gedung.md"
    path.write_text(path.read_text().replace("language: id", "language: xx"))
    settled(folder)
    for _ in range(2):
        with pytest.raises(CorpusError, match="'xx' is not served"):
            read(tmp_path, folder)
