"""Limits: how often one person may ask, whoever counts."""

from __future__ import annotations

import multiprocessing
import sqlite3
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import pytest

from index.limiter import Limiter
from tests.web import settings


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def limiter(tmp_path: Path, clock: Clock) -> Limiter:
    return Limiter(tmp_path / "limits", "3/minute;5/hour", clock)


def allowed(limiter: Limiter, person: str, times: int) -> int:
    return sum(limiter.hit(person) == 0.0 for _ in range(times))


def test_the_window_moves(limiter: Limiter, clock: Clock) -> None:
    for second in (0, 20, 20):
        clock.now += second
        assert limiter.hit("a") == 0.0
    assert limiter.hit("a") == pytest.approx(20), "the first of the three leaves the window then"
    clock.now += 19.9
    assert limiter.hit("a") == pytest.approx(0.1)
    clock.now += 0.2
    assert limiter.hit("a") == 0.0
    assert limiter.hit("a") == pytest.approx(19.9, abs=0.01), "and it is not emptied at once"


def test_the_longest_wait_is_told_and_a_refusal_uses_nothing_up(
    limiter: Limiter, clock: Clock
) -> None:
    assert allowed(limiter, "a", 10) == 3
    clock.now += 60
    assert allowed(limiter, "a", 10) == 2, "seven refusals of the minute did not count for the hour"
    assert limiter.hit("a") == pytest.approx(3540)
    clock.now += 3540.1
    assert limiter.hit("a") == 0.0


def test_one_person_is_not_another(limiter: Limiter) -> None:
    assert allowed(limiter, "a", 4) == 3
    assert allowed(limiter, "b", 4) == 3


def test_a_rate_of_its_own_counts_apart(limiter: Limiter) -> None:
    assert [limiter.hit("a", "1/minute") == 0.0 for _ in range(2)] == [True, False]
    assert allowed(limiter, "a", 4) == 3
    assert all(limiter.hit("a", "") == 0.0 for _ in range(50))


def test_a_clock_put_back_locks_nobody_out(limiter: Limiter, clock: Clock) -> None:
    assert allowed(limiter, "a", 4) == 3
    clock.now -= 86_400
    assert allowed(limiter, "a", 4) == 3


def test_counts_are_forgotten(tmp_path: Path, clock: Clock) -> None:
    limiter = Limiter(tmp_path / "limits", "1000/second", clock)
    for _ in range(1000):
        limiter.hit("a")
        clock.now += 1.0
    with sqlite3.connect(tmp_path / "limits") as db:
        assert db.execute("SELECT count(*) FROM hit").fetchone()[0] <= 101
        assert b"a" not in [row[0] for row in db.execute("SELECT key FROM hit")]


def ask(path: Path, times: int) -> int:
    return allowed(Limiter(path, "50/minute"), "a", times)


def test_all_threads_and_processes_share_the_count(tmp_path: Path) -> None:
    path = tmp_path / "limits"
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as processes:
        done = [processes.submit(ask, path, 40) for _ in range(2)]
        assert sum(one.result(60) for one in done) == 50
    limiter = Limiter(path, "50/minute")
    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(lambda _: allowed(limiter, "b", 10), range(8))) == 50


def test_a_hit_costs_little(tmp_path: Path) -> None:
    limiter = Limiter(tmp_path / "limits", "30/minute;1000/day")
    limiter.hit("warm")
    took = []
    for person in range(200):
        begun = time.perf_counter()
        limiter.hit(str(person))
        took.append(time.perf_counter() - begun)
    assert sorted(took)[100] < 0.001


def test_what_cannot_be_counted_is_allowed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "limits").mkdir()  # a folder where the file should be
    limiter = Limiter(tmp_path / "limits", "1/day")
    assert allowed(limiter, "a", 20) == 20
    (line,) = [record.getMessage() for record in caplog.records]
    assert "Limits are off" in line, "said once, not twenty times"


def test_a_held_lock_delays_but_does_not_refuse(tmp_path: Path) -> None:
    limiter = Limiter(tmp_path / "limits", "5/day")
    limiter.hit("a")
    with sqlite3.connect(tmp_path / "limits", isolation_level=None) as db:
        db.execute("BEGIN IMMEDIATE")
        begun = time.perf_counter()
        assert limiter.hit("a") == 0.0
        assert time.perf_counter() - begun < 1
        db.execute("ROLLBACK")
    assert allowed(limiter, "a", 10) == 4


def test_a_damaged_file_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / "limits").write_bytes(b"no database at all " * 1000)
    limiter = Limiter(tmp_path / "limits", "2/day")
    assert allowed(limiter, "a", 5) == 2


def test_the_settings_say_the_rate(tmp_path: Path) -> None:
    assert allowed(Limiter.of(settings(data=tmp_path / "new", rate="2/hour")), "a", 5) == 2
    assert allowed(Limiter.of(settings(data=tmp_path / "none", rate="")), "a", 50) == 50
    with pytest.raises(ValueError, match="30/minute"):
        Limiter(tmp_path / "limits", "often")
