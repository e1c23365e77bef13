"""`tanya serve --workers 2`: watched, renewed and stopped without losing a request."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.telegram_server import TOKEN, TelegramServer
from tests.test_serve import free_port, running, until_ready

pytestmark = pytest.mark.slow

QUESTION = {"question": "Where is the ASEAN Secretariat?"}
LIGHT = {"TANYA_READER": "false", "TANYA_RATE": ""}


@dataclass(frozen=True)
class Served:
    process: subprocess.Popen[bytes]
    log: Path
    url: str

    def workers(self) -> list[int]:
        """The processes that say that they serve and still live."""
        said = re.findall(r"Worker (\d+) serves", self.log.read_text())
        return [int(pid) for pid in said if Path(f"/proc/{pid}").exists()]

    def ask(self) -> httpx.Response:
        """On a connection of its own: any worker may take it."""
        with httpx.Client(trust_env=False, timeout=30) as client:
            return client.post(f"{self.url}/ask", json=QUESTION)


def within(seconds: float, condition: Callable[[], bool]) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


@contextmanager
def serving(folder: Path, **settings: str) -> Iterator[Served]:
    port, log = free_port(), folder / "log"
    with running(log, "serve", "--port", str(port), "--workers", "2", **LIGHT, **settings) as it:
        served = Served(it, log, f"http://127.0.0.1:{port}")
        with httpx.Client(base_url=served.url, trust_env=False) as client:
            until_ready(client, it, log)
        within(120, lambda: len(served.workers()) == 2)
        yield served


class Asking(threading.Thread):
    """Asks without a pause; what went wrong is in `failures`."""

    def __init__(self, served: Served) -> None:
        super().__init__()
        self.stop = threading.Event()
        self.failures: list[object] = []
        self.answers = 0
        self._served = served

    def run(self) -> None:
        while not self.stop.is_set():
            try:
                self._served.ask().raise_for_status()
                self.answers += 1
            except Exception as error:
                self.failures.append(error)

    def __enter__(self) -> Asking:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self.join()


def test_a_worker_that_dies_is_replaced(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        victim, other = served.workers()
        os.kill(victim, signal.SIGKILL)
        within(120, lambda: victim not in served.workers() and len(served.workers()) == 2)
        assert other in served.workers()
        assert served.ask().json()["answered"]
        text = served.log.read_text()
        assert f"Worker {victim} has ended (SIGKILL). Another one starts." in text


def test_hangup_replaces_all_workers_and_no_request_fails(tmp_path: Path) -> None:
    with serving(tmp_path) as served, Asking(served) as asking:
        before = set(served.workers())
        served.process.send_signal(signal.SIGHUP)
        within(120, lambda: not before & set(served.workers()) and len(served.workers()) == 2)
        within(10, lambda: not any(Path(f"/proc/{pid}").exists() for pid in before))
        assert served.ask().json()["answered"]
        answers = asking.answers
    assert asking.failures == []
    assert answers > 0


def test_term_finishes_the_answers_under_way_and_exits_with_0(tmp_path: Path) -> None:
    with serving(tmp_path) as served, ThreadPoolExecutor(8) as pool:
        clients = [httpx.Client(base_url=served.url, trust_env=False, timeout=30) for _ in range(8)]
        for client in clients:
            client.get("/health").raise_for_status()
        pids = served.workers()
        asked = [pool.submit(client.post, "/ask", json=QUESTION) for client in clients]
        time.sleep(0.03)
        served.process.send_signal(signal.SIGTERM)
        for answer in asked:
            assert answer.result().json()["answered"]
        for client in clients:
            client.close()
        assert served.process.wait(20) == 0
        assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
        with pytest.raises(httpx.ConnectError):
            served.ask()
    assert "Traceback" not in served.log.read_text()


def test_workers_do_not_outlive_a_parent_that_was_killed(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        pids = served.workers()
        os.kill(pids[0], signal.SIGKILL)  # its successor is loading when the parent goes
        within(120, lambda: "Another one starts" in served.log.read_text())
        pids = children(served.process.pid)
        assert len(pids) >= 2
        served.process.kill()
        within(60, lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids))


def test_what_stops_the_first_worker_stops_all_with_one_sentence(tmp_path: Path) -> None:
    log = tmp_path / "log"
    settings = {**LIGHT, "TANYA_CORPUS": str(tmp_path / "nothing"), "TANYA_SHIPPED_CORPUS": "false"}
    with running(log, "serve", "--port", str(free_port()), "--workers", "2", **settings) as process:
        assert process.wait(60) == 1
    text = log.read_text()
    assert text.count("no such folder") == 1
    assert "Traceback" not in text


def test_one_worker_has_the_bot_and_another_takes_it_over(tmp_path: Path) -> None:
    with TelegramServer() as telegram:
        settings = {"TANYA_TELEGRAM_TOKEN": TOKEN, "TANYA_TELEGRAM_API": telegram.url}
        with serving(tmp_path, **settings) as served:
            within(20, lambda: "is listening" in served.log.read_text())
            holder = next(pid for pid in served.workers() if "serve.lock" in open_files(pid))
            os.kill(holder, signal.SIGKILL)
            within(120, lambda: served.log.read_text().count("is listening") == 2)
            time.sleep(2)
            text = served.log.read_text()
            assert text.count("is listening") == 2
            assert "Another bot is already running" not in text


def children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def open_files(pid: int) -> str:
    links = []
    for link in Path(f"/proc/{pid}/fd").iterdir():
        try:
            links.append(str(link.readlink()))
        except OSError:
            continue
    return " ".join(links)
