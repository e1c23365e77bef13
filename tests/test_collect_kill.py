"""Kill -9 at every write step of a collection, a full disk, a folder that may not be written.

Whatever happens, collecting once more gives exactly the corpus of an undisturbed collection.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.disk import mounted
from tests.news_pages import LATE, REPORTS
from tests.news_site import NewsSite

# Collects a feed twice, something having changed in between; dies at the step and pass it is told.
COLLECTOR = """
import os, signal, sys
from pathlib import Path
from corpus import step
from corpus.collect import Collector
from corpus.ledger import Ledger
from corpus.report import tasks_of
from corpus.shelf import Shelf
from corpus.sources import Listed
from corpus.web import Web

feed, base, fatal, times = sys.argv[1], Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
seen = []
def hook(name):
    seen.append(name)
    if name == fatal and seen.count(name) == times:
        os.kill(os.getpid(), signal.SIGKILL)
step.hook = hook
web = Web("Test/1", delay=0.0, allow_loopback=True)
ledger = Ledger(base / "var" / "collect.db")
report = Collector(Shelf(base / "news"), ledger, web).collect(tasks_of([Listed("feed", feed, every=1.0)]))
print("\\n".join(seen))
"""


def collect(site: NewsSite, base: Path, fatal: str = "", times: int = 1) -> tuple[int, list[str]]:
    done = subprocess.run(
        [sys.executable, "-c", COLLECTOR, f"{site.url}/feed.xml", str(base), fatal, str(times)],
        cwd=Path(__file__).parent.parent,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.returncode, done.stdout.split("\n")


def corpus_of(base: Path) -> dict[str, str]:
    return {
        path.relative_to(base).as_posix(): path.read_text()
        for path in (base / "news").rglob("*")
        if path.is_file()
    }


def change(site: NewsSite) -> None:
    """A report changes, and another one appears."""
    from dataclasses import replace

    report = REPORTS["jalan-ditutup"]
    site.publish(replace(report, paragraphs=(*report.paragraphs, "Kini enam ruas.")))
    site.feed = [
        one if one.slug != report.slug else replace(one, published=one.published)
        for one in site.feed
    ]
    site.publish(LATE)
    site.announce(LATE)


@pytest.mark.slow
def test_killed_at_every_step_nothing_is_lost_and_nothing_comes_twice(
    tmp_path: Path, site: NewsSite
) -> None:
    code, steps = collect(site, tmp_path / "whole")
    assert code == 0
    names = [name for name in dict.fromkeys(steps) if name]
    assert set(names) >= {
        "article: written aside",
        "article: in place",
        "collect: article written",
        "collect: visit noted",
        "collect: source noted",
    }
    wanted = corpus_of(tmp_path / "whole")
    assert len(wanted) == len(REPORTS)
    for name in names:
        for times in range(1, steps.count(name) + 1):
            base = tmp_path / f"{names.index(name)}-{times}"
            code, _ = collect(site, base, name, times)
            assert code == -9, (name, times)
            assert (
                not set(corpus_of(base))
                - set(wanted)
                - {path for path in corpus_of(base) if path.endswith(".tmp")}
            )
            code, _ = collect(site, base)
            assert code == 0, (name, times)
            found = {
                path: text for path, text in corpus_of(base).items() if not path.endswith(".tmp")
            }
            assert found == wanted, (name, times)


@pytest.mark.slow
def test_killed_while_an_article_changes(tmp_path: Path, site: NewsSite) -> None:
    names = ("whole", *map(str, range(6)))
    for name in names:
        assert collect(site, tmp_path / name)[0] == 0
        translate(tmp_path / name)
    change(site)
    # The feed says nothing of the change: the page is looked at because its visit was forgotten.
    for name in names:
        forget(tmp_path / name)
    code, steps = collect(site, tmp_path / "whole")
    assert code == 0
    assert "collect: former version kept" in steps
    wanted = corpus_of(tmp_path / "whole")
    assert sum("/.versions/" in path for path in wanted) == 2
    assert not any(path.endswith(".en.md") for path in wanted)
    fatal = [
        ("collect: former version kept", 1),
        ("collect: former version kept", 2),  # of the translation
        ("collect: former translation taken away", 1),
        ("article: written aside", 1),
        ("article: in place", 1),
        ("collect: article written", 1),
    ]
    for number, (name, times) in enumerate(fatal):
        base = tmp_path / str(number)
        assert collect(site, base, name, times)[0] == -9
        assert collect(site, base)[0] == 0
        found = {path: text for path, text in corpus_of(base).items() if not path.endswith(".tmp")}
        assert {stable(path): text for path, text in found.items()} == {
            stable(path): text for path, text in wanted.items()
        }, name


def translate(base: Path) -> None:
    """A person adds a translation of the report that will change."""
    (path,) = (base / "news").rglob("*lima-ruas-jalan*.md")
    matter = "---\ntitle: Five roads closed\nlanguage: en\n---\nFive roads are closed.\n"
    path.with_name(f"{path.stem}.en.md").write_text(matter)


def forget(base: Path) -> None:
    """Have every page look as if it had been visited long ago, in another state."""
    import sqlite3

    with sqlite3.connect(base / "var" / "collect.db") as db:
        db.execute("UPDATE page SET changed = 'before', etag = NULL")


def stable(path: str) -> str:
    """A former version is named by the time at which its file was written."""
    return path.rsplit("/", 1)[0] if "/.versions/" in path else path


TANYA = str(Path(__file__).parent.parent / "tanya.py")


def tanya(
    base: Path, site: NewsSite, news: Path, data: Path | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, TANYA, "collect", "--no-rebuild", f"{site.url}/feed.xml"],
        capture_output=True,
        text=True,
        cwd=base,
        env={
            **os.environ,
            "TANYA_DATA": str(data or base / "var"),
            "TANYA_CORPUS": str(news),
            "TANYA_COLLECT_LOOPBACK": "true",
            "TANYA_COLLECT_DELAY": "0",
        },
        timeout=60,
    )


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 kB."""
    with mounted(tmp_path / "small", "64k") as folder:
        yield folder


@pytest.mark.slow
def test_a_full_disk(tmp_path: Path, site: NewsSite, small_disk: Path) -> None:
    (small_disk / "filler").write_bytes(bytes(48 * 1024))
    done = tanya(tmp_path, site, small_disk / "news")
    assert done.returncode == 1
    assert "cannot be written (No space left on device). Free some space" in done.stderr
    assert "Traceback" not in done.stderr
    some = {path: path.read_text() for path in (small_disk / "news").rglob("*.md")}
    assert all(text.startswith("---\n") and text.endswith(".\n") for text in some.values())
    (small_disk / "filler").unlink()
    done = tanya(tmp_path, site, small_disk / "news")
    assert done.returncode == 0, done.stderr
    assert len(list((small_disk / "news").rglob("*.md"))) == len(REPORTS)


@pytest.mark.slow
def test_a_folder_that_may_not_be_written(tmp_path: Path, site: NewsSite, small_disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    done = tanya(tmp_path, site, small_disk / "news")
    assert done.returncode == 1
    assert "cannot be written (Read-only file system)" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_no_room_for_what_is_remembered(tmp_path: Path, site: NewsSite, small_disk: Path) -> None:
    """The data folder is full, then may not be written: nothing is lost, and it goes on afterwards."""
    (small_disk / "filler").write_bytes(bytes(56 * 1024))
    data = small_disk / "var"
    done = tanya(tmp_path, site, tmp_path / "news", data)
    assert done.returncode == 1
    assert f"{data} cannot be written" in " ".join(done.stderr.split())
    assert "Free some space" in done.stderr
    assert "Traceback" not in done.stderr
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    done = tanya(tmp_path, site, tmp_path / "news", data)
    assert done.returncode == 1
    assert f"{data} cannot be written" in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    subprocess.run(["mount", "-o", "remount,rw,size=4m", str(small_disk)], check=True)
    done = tanya(tmp_path, site, tmp_path / "news", data)
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "news").rglob("*.md"))) == len(REPORTS)
