"""Kill -9 at every write step of a rebuild, a full disk, a read-only one, readers that hold on.

Whatever happens, the index that served goes on serving, and the next rebuild is as if nothing had been.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from corpus.article import Article
from index.answer import Answerer
from index.generation import Generation, GenerationError
from index.maxsim import StaticVectors
from index.settings import Settings
from index.store import Store
from tests.conftest import MakeArticle
from tests.disk import mounted
from tests.hashing import HashingEncoder

ROOT = Path(__file__).parent.parent
EDITIONS = 4
ARTICLES = 3

# Builds editions 0 to 2, then 3 with a hook that dies at the step it is told; says the steps of that one.
WRITER = """
import os, signal, sys
from pathlib import Path
from corpus import step
from corpus.article import Article, Source
from index.encoder import MODEL
from index.maxsim import StaticVectors
from index.store import Store
from tests.hashing import HashingEncoder

static = StaticVectors(MODEL / "static")
data = Path(sys.argv[1])
for fatal in sys.argv[2:]:
    base = data / fatal.replace(" ", "-")
    store = Store(base)
    for edition in range(4):
        articles = [
            Article(f"a/{n}", Source(f"Edisi {edition}", "Uji", f"https://example.org/{n}", None), "id",
                    f"Berita nomor {n} dari edisi{edition}. " + "Isi berita itu panjang sekali. " * 20)
            for n in range(3 + edition)
        ]
        seen = []
        if edition == 3:
            child = os.fork() if fatal != "none" else 0
            if child:
                _, status = os.waitpid(child, 0)
                assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL, (fatal, status)
                continue
            def hook(name):
                seen.append(name)
                if name == fatal:
                    os.kill(os.getpid(), signal.SIGKILL)
            step.hook = hook
        store.rebuild(articles, HashingEncoder(), static)
print("\\n".join(seen))
"""


def write(data: Path, *fatal: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", WRITER, str(data), *fatal],
        cwd=ROOT,
        env=os.environ | {"TOKENIZERS_PARALLELISM": "false"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split("\n")


@pytest.mark.slow
def test_killed_at_every_step_the_old_or_the_new_index_serves(
    tmp_path: Path, static: StaticVectors, make_article: MakeArticle
) -> None:
    names = list(dict.fromkeys(name for name in write(tmp_path, "none") if name))
    assert set(names) >= {
        "generation: articles written",
        "generation: lexical index written",
        "generation: vectors written",
        "generation: manifest written",
        "store: generation verified",
        "store: generation in place",
        "store: pointer written aside",
        "store: pointer in place",
        "store: old generation set aside",
        "store: cleaned up",
    }
    write(tmp_path, *names)
    switched = names.index("store: pointer in place")
    for number, name in enumerate(names):
        data = tmp_path / name.replace(" ", "-")
        encoder = HashingEncoder()
        store = Store(data)
        answerer = Answerer(Settings(data=data, min_confidence=0.0), store, encoder, static)
        answer = answerer.ask("berita edisi berapa?", k=9)
        edition = EDITIONS - 1 if number >= switched else EDITIONS - 2
        assert {passage.title for passage in answer.passages} == {f"Edisi {edition}"}, name
        assert answer.index.articles == ARTICLES + edition, name
        del answerer
        store.rebuild([make_article("sesudahnya")], encoder, static, wait=0)
        assert len(store.ids()) == 2, name
        assert not list((data / "index").glob(".*")), name
        assert not list((data / "index/generations").glob(".*")), name


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 4 MB."""
    with mounted(tmp_path / "small", "4m") as folder:
        yield folder


@pytest.fixture
def articles(make_article: MakeArticle) -> list[Article]:
    return [make_article(subject) for subject in ("gedung", "jalan", "lambang")]


def test_a_disk_that_is_full_sooner_or_later(
    small_disk: Path, articles: list[Article], encoder: HashingEncoder, static: StaticVectors
) -> None:
    store = Store(small_disk)
    done = store.rebuild(articles, encoder, static)
    filler = small_disk / "filler"
    refused = 0
    for free in range(0, 400_000, 20_000):
        filler.unlink(missing_ok=True)
        with filler.open("wb") as file:
            room = os.statvfs(small_disk)
            file.write(bytes(max(0, room.f_bavail * room.f_frsize - free)))
        more = [replace(articles[0], text=f"Isi kini {free}. " * 400), *articles[1:]]
        try:
            store.rebuild(more, encoder, static)
        except GenerationError as error:
            refused += 1
            assert "still serves. Free some space" in str(error)
            assert store.open(encoder.fingerprint).id == done.id
            assert [path.name for path in store.folder(done.id).parent.iterdir()] == [done.id]
        else:
            break
    assert refused > 2
    assert store.current_id() != done.id
    assert store.open(encoder.fingerprint).id == store.current_id()


def test_a_file_system_that_may_not_be_written(
    small_disk: Path, articles: list[Article], encoder: HashingEncoder, static: StaticVectors
) -> None:
    store = Store(small_disk)
    done = store.rebuild(articles, encoder, static)
    (store.folder(done.id) / "verified.json").unlink()
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(GenerationError, match=r"Read-only file system.*TANYA_DATA"):
        store.rebuild(articles[:1], encoder, static)
    assert store.open(encoder.fingerprint).id == done.id


HOLDER = """
import sys, time
from pathlib import Path
from index.generation import read_generation
held = read_generation(Path(sys.argv[1]))
print("open", flush=True)
time.sleep(60)
"""


def test_what_somebody_reads_is_not_removed(
    store: Store, articles: list[Article], encoder: HashingEncoder, static: StaticVectors
) -> None:
    first = store.rebuild(articles[:1], encoder, static)
    mine: Generation | None = store.open(encoder.fingerprint)
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(store.folder(first.id))],
        cwd=ROOT,
        stdout=subprocess.PIPE,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"open\n"
        for count in (2, 3, 2):
            store.rebuild(articles[:count], encoder, static)
        assert len(store.ids()) == 3
        assert first.id in store.ids()
        assert mine is not None
        assert mine.articles["test/gedung"] == articles[0]
        mine = None
        store.rebuild(articles[:1], encoder, static)
        assert first.id in store.ids(), "the other process has it still"
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    store.rebuild(articles, encoder, static)
    assert first.id not in store.ids()
    assert len(store.ids()) == 2


def mapped(store: Store) -> int:
    """How many of the generations on disk this process has mapped."""
    maps = Path("/proc/self/maps").read_text()
    return sum(name in maps for name in store.ids())


def test_an_idle_answerer_follows_and_lets_the_old_files_go(
    tmp_path: Path, articles: list[Article], encoder: HashingEncoder, static: StaticVectors
) -> None:
    store = Store(tmp_path)
    first = store.rebuild(articles[:1], encoder, static)
    answerer = Answerer(Settings(data=tmp_path), store, encoder, static)
    assert answerer.index is not None
    assert first.id in Path("/proc/self/maps").read_text()
    with answerer.following():
        for count in (2, 3, 1, 2, 3):
            done = store.rebuild(articles[:count], encoder, static)
            switched = time.monotonic()
            while done.id not in Path("/proc/self/maps").read_text():
                assert time.monotonic() < switched + 2, "nobody has asked, but two seconds are over"
                time.sleep(0.02)
        until = time.monotonic() + 2
        while mapped(store) > 1 and time.monotonic() < until:
            time.sleep(0.02)
        maps = Path("/proc/self/maps").read_text()
        assert mapped(store) == 1
        assert first.id not in maps
        assert "(deleted)" not in "".join(
            line for line in maps.splitlines() if str(tmp_path) in line
        )
    assert answerer.index.id == done.id
