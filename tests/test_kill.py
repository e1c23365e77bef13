"""Kill -9 at random moments of twenty rebuilds, with readers at work.

Every generation is of one edition of the corpus: all its articles carry the edition's number. A reader
that ever saw a mixture, a part, or nothing, would tell.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from index.answer import Answerer
from index.maxsim import StaticVectors
from index.settings import Settings
from index.store import Store
from tests.hashing import HashingEncoder

ARTICLES = 40
CYCLES = 20
SEED = int(os.environ.get("KILL_SEED", "20261123"))

WRITER = """
import sys
from pathlib import Path
from corpus.article import Article, Source
from index.encoder import MODEL
from index.maxsim import StaticVectors
from index.store import Store
from tests.hashing import HashingEncoder

data, edition, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
static = StaticVectors(MODEL / "static")
articles = [
    Article(f"a/{n}", Source(f"Edisi {edition}", "Uji", f"https://example.org/{n}", None), "id",
            f"Berita nomor {n} dari edisi{edition}. " + "Isi berita itu panjang sekali. " * 60)
    for n in range(count)
]
print("ready", flush=True)
sys.stdin.readline()
Store(data).rebuild(articles, HashingEncoder(), static)
print("done", flush=True)
"""


def rebuild(data: Path, edition: int, kill_after: float | None) -> float | None:
    """Rebuild in a process of its own, killed `kill_after` seconds into it; the seconds it took."""
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(data), str(edition), str(ARTICLES)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parent.parent,
        text=True,
    )
    assert writer.stdin is not None
    assert writer.stdout is not None
    assert writer.stdout.readline() == "ready\n"
    begun = time.monotonic()
    writer.stdin.write("\n")
    writer.stdin.flush()
    if kill_after is None:
        assert writer.stdout.readline() == "done\n"
        taken = time.monotonic() - begun
        assert writer.wait(30) == 0
        return taken
    time.sleep(kill_after)
    writer.send_signal(signal.SIGKILL)
    return None if writer.wait(30) == -signal.SIGKILL else 0.0


class Reader(threading.Thread):
    """Asks all the time; notes each edition it saw, and everything that was not one whole edition."""

    def __init__(self, data: Path, static: StaticVectors, fresh: bool) -> None:
        super().__init__()
        self.stop = threading.Event()
        self.wrong: list[object] = []
        self.editions: set[str] = set()
        self.asked = 0
        self._data, self._static, self._fresh = data, static, fresh

    def run(self) -> None:
        settings = Settings(data=self._data, min_confidence=0.0)
        encoder = HashingEncoder()
        answerer = None
        while not self.stop.is_set():
            if answerer is None or self._fresh:  # as a new process would begin
                answerer = Answerer(settings, Store(self._data), encoder, self._static)
            try:
                answer = answerer.ask("berita edisi berapa?", k=ARTICLES)
            except Exception as error:
                self.wrong.append(error)
                return
            self.asked += 1
            editions = {passage.title for passage in answer.passages}
            if len(editions) != 1 or answer.index.articles != ARTICLES:
                self.wrong.append((editions, answer.index))
            self.editions |= editions


@pytest.mark.slow
def test_readers_always_see_one_whole_generation(tmp_path: Path, static: StaticVectors) -> None:
    chance = random.Random(SEED)
    usual = rebuild(tmp_path, 0, kill_after=None)
    assert usual is not None
    readers = [Reader(tmp_path, static, fresh) for fresh in (False, True)]
    for reader in readers:
        reader.start()
    killed = 0
    latest = 1.5 * usual
    try:
        for edition in range(1, CYCLES + 1):
            died = rebuild(tmp_path, edition, chance.uniform(0, latest)) is None
            killed += died
            # Readers and other work slow a rebuild down: keep to moments that matter, on any machine.
            latest *= 1.25 if died else 0.8
    finally:
        for reader in readers:
            reader.stop.set()
            reader.join()
    print(f"seed {SEED}: {killed} of {CYCLES} killed; a rebuild takes {usual:.2f} s")
    for reader in readers:
        print(f"asked {reader.asked}, saw {len(reader.editions)} editions")
        assert reader.wrong == []
        assert reader.asked > CYCLES
    assert 5 <= killed < CYCLES
    assert len(readers[0].editions) > 1
    # And what the killed ones left is in nobody's way.
    assert rebuild(tmp_path, 99, kill_after=None) is not None
    store = Store(tmp_path)
    assert {a.source.title for a in store.open(None).articles.values()} == {"Edisi 99"}
    assert len(store.ids()) == 2
    assert not list((tmp_path / "index/generations").glob(".*"))
