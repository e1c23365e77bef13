"""Keeping the index at the corpus while it serves: watching, collecting by the clock, stopping in order."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from corpus.article import write_article
from index import upkeep as module
from index.behind import is_behind, reading
from index.settings import Settings
from index.upkeep import upkeep
from tests.conftest import MakeArticle, Tanya
from tests.news_pages import LATE, REPORTS
from tests.news_site import NewsSite
from tests.test_serve import ROOT, free_port, running, until_ready

FAST = {
    "TANYA_SHIPPED_CORPUS": "false",
    "TANYA_PROFILE": "fast",
    "TANYA_READER": "false",
    "TANYA_MIN_CONFIDENCE": "0",
    "TANYA_RATE": "100000/minute",
    "TANYA_COLLECT_LOOPBACK": "true",
    "TANYA_COLLECT_DELAY": "0",
}


def until(true: Callable[[], bool], seconds: float = 30.0) -> float:
    """Wait for `true`; how long it took."""
    begun = time.monotonic()
    while not true():
        assert time.monotonic() - begun < seconds, "it did not come to pass"
        time.sleep(0.05)
    return time.monotonic() - begun


class Answerer:
    index = None


def kept(folder: Path, watch: bool = True, every: float | None = None) -> Any:
    settings = Settings(corpus=folder, data=folder.parent / "var")
    return upkeep(settings, cast(Any, Answerer()), watch, every)


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Has a small program take the place of the command; returns where it may write lines to."""

    def command(program: str) -> Path:
        out = tmp_path / "ran"
        code = f"import sys, time\nout = open({str(out)!r}, 'a')\n{program}"
        monkeypatch.setattr(module, "_COMMAND", (sys.executable, "-c", code))
        return out

    return command


def lines(path: Path) -> list[str]:
    return path.read_text().split() if path.exists() else []


async def settled(true: Callable[[], bool], seconds: float = 15.0) -> None:
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 - it is another process that does it
            await asyncio.sleep(0.05)


pytestmark = pytest.mark.anyio


async def test_one_job_runs_at_a_time_and_what_is_asked_for_twice_is_done_once(
    tmp_path: Path, command: Callable[[str], Path]
) -> None:
    out = command("print('+', file=out, flush=True); time.sleep(.7); print('-', file=out)")
    (tmp_path / "news").mkdir()
    async with kept(tmp_path / "news", every=0.1):
        await settled(lambda: len(lines(out)) >= 6)
    # A last one may have been under way.
    assert "".join(lines(out)).startswith("+-+-+-")


async def test_a_failure_is_told_and_the_next_time_comes(
    tmp_path: Path, command: Callable[[str], Path], caplog: pytest.LogCaptureFixture
) -> None:
    out = command(
        "print('x', file=out); out.close(); print('tanya: news/a.md:3: title: missing.', file=sys.stderr)\n"
        "sys.exit(1)"
    )
    (tmp_path / "news").mkdir()
    with caplog.at_level(logging.INFO, "tanya.upkeep"):
        async with kept(tmp_path / "news", watch=False, every=0.1):
            await settled(lambda: len(lines(out)) >= 2)
    assert "news/a.md:3: title: missing. The index that served before still serves." in caplog.text


async def test_stopping_ends_what_is_under_way(
    tmp_path: Path, command: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_GRACE", 0.5)
    out = command(
        "import os, signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "print(os.getpid(), os.nice(0), file=out, flush=True); time.sleep(60)"
    )
    begun = time.monotonic()
    async with kept(tmp_path / "news", watch=False, every=60):
        await settled(lambda: len(lines(out)) == 2)
    assert time.monotonic() - begun < 20
    pid, nice = map(int, lines(out))
    assert nice == os.nice(0) + 10 or nice == 19
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_only_articles_that_changed_start_a_rebuild(
    tmp_path: Path, command: Callable[[str], Path], make_article: MakeArticle
) -> None:
    news, data = tmp_path / "news", tmp_path / "var"
    data.mkdir()
    out = command(
        f"sys.path.insert(0, {str(ROOT)!r})\n"
        "from pathlib import Path; from index.behind import reading\n"
        f"with reading(Path({str(data)!r})): print(sys.argv[-1], file=out)"
    )
    write_article(make_article("gedung"), news)
    await asyncio.sleep(0.1)
    with reading(data):
        pass
    async with kept(news):
        await asyncio.sleep(1)
        (news / ".swap.md").write_text("x")
        (news / "notes.txt").write_text("x")
        await asyncio.sleep(1)
        # Folders that changed count, as they do for articles that went: one look, no more.
        assert len(lines(out)) <= 1
        before = len(lines(out))
        write_article(make_article("jembatan"), news)
        await settled(lambda: len(lines(out)) > before)
        assert set(lines(out)) == {"rebuild"}


def test_what_counts_as_behind(tmp_path: Path, make_article: MakeArticle) -> None:
    news, data = tmp_path / "news", tmp_path / "var"
    data.mkdir()

    def read() -> bool:
        was = is_behind(data, news)
        time.sleep(0.05)
        with reading(data):
            pass
        assert not is_behind(data, news)
        time.sleep(0.05)
        return was

    path = write_article(make_article("gedung"), news)
    assert read()
    os.utime(write_article(make_article("jembatan"), news), (1, 1))  # copied with its old time
    assert read()
    path.write_text(path.read_text() + "\nLagi.")
    assert read()
    path.unlink()
    assert read()
    with pytest.raises(ZeroDivisionError), reading(data):
        write_article(make_article("taman"), news)
        raise ZeroDivisionError
    assert is_behind(data, news)


@contextmanager
def serving(folder: Path, *arguments: str, **settings: str) -> Iterator[Callable[[str], str]]:
    """`tanya serve` in `folder`; asks it, and gives the titles of what it answers with."""
    port, log = free_port(), folder / "log"
    settings = {**FAST, "TANYA_DATA": "var", "TANYA_CORPUS": "news", **settings}
    with (
        running(log, "serve", "--port", str(port), *arguments, **settings) as process,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client,
    ):
        until_ready(client, process, log)

        def ask(question: str) -> str:
            found = client.get("/ask", params={"q": question}).json()["passages"]
            return " | ".join(passage["title"] for passage in found)

        yield ask
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    assert "Traceback" not in log.read_text(), log.read_text()


@pytest.mark.slow
def test_an_edited_file_is_answered_from_and_a_broken_one_is_told(
    tmp_path: Path, make_article: MakeArticle
) -> None:
    news, log = tmp_path / "news", tmp_path / "log"
    path = write_article(make_article("gedung"), news)
    text = path.read_text()
    with serving(tmp_path, "--watch") as ask:
        write_article(make_article("jembatan"), news)
        until(lambda: "jembatan" in ask("jembatan dibuka?"))
        # Saved by half: told, and what served before goes on serving.
        path.write_text(text[:40])
        until(lambda: "has failed" in log.read_text())
        assert f"{path.name}:1" in log.read_text()
        assert "gedung" in ask("gedung dibuka?")
        path.write_text(text.replace("Tentang gedung", "Tentang menara"))
        until(lambda: "menara" in ask("menara dibuka?"))
        path.unlink()
        until(lambda: "menara" not in ask("menara dibuka?"))


@pytest.mark.slow
def test_a_published_report_is_answered_without_a_hand(tmp_path: Path, site: NewsSite) -> None:
    (tmp_path / "sources.toml").write_text(f'[[feed]]\nurl = "{site.url}/feed.xml"\nevery = "1s"\n')
    write_article_of(tmp_path / "news")
    with serving(tmp_path, "--collect-every", "1s", "--workers", "2") as ask:
        wanted = REPORTS["pusat-media"].title
        until(lambda: wanted in ask("berapa wartawan di pusat media?"), 60)
        site.publish(LATE)
        site.announce(LATE)
        until(lambda: LATE.title in ask("sidang terakhir ditunda?"), 60)
    # Two workers, and one of them collects: no page was fetched twice.
    pages = [path for path in site.paths() if path.startswith("/berita/")]
    assert len(pages) == len(set(pages)) == len(REPORTS) + 1


def write_article_of(folder: Path) -> None:
    from corpus.article import Article, Source

    source = Source("Pembuka", "Uji", "https://example.org/awal", None)
    write_article(Article("awal", source, "id", "Halo. Ini awal dari semua berita."), folder)


@pytest.mark.parametrize(
    ("arguments", "environment", "code", "said"),
    [
        (["--watch"], {"TANYA_CORPUS": ""}, 2, "Set TANYA_CORPUS"),
        (["--collect-every", "15m"], {"TANYA_CORPUS": ""}, 2, "Set TANYA_CORPUS"),
        (["--collect-every", "often"], {}, 2, "no length of time"),
        (["--collect-every", "15m"], {}, 1, "sources.toml: no such file"),
        (["--watch"], {"TANYA_CORPUS": "/proc/nowhere"}, 1, "cannot be made"),
    ],
)
def test_what_cannot_work_is_said_at_once(
    tanya: Tanya, arguments: list[str], environment: dict[str, str], code: int, said: str
) -> None:
    done = tanya("serve", *arguments, **environment)
    assert done.returncode == code, done.stderr
    assert said in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
