"""`tanya serve` and `tanya bot` as processes: both doors on one index, from nothing, to a clean stop."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.telegram_server import TOKEN, TelegramServer

ROOT = Path(__file__).parent.parent
WRONG_TOKEN = "123456789:AAtest-token-of-nobody"


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def running(log: Path, *arguments: str, **settings: str) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "tanya", *arguments],
            env={**os.environ, "PYTHONPATH": str(ROOT), "NO_PROXY": "127.0.0.1", **settings},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def until_ready(client: httpx.Client, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        assert process.poll() is None, log.read_text()
        try:
            if client.get("/ready").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise AssertionError(log.read_text())


@dataclass(frozen=True)
class Doors:
    """A running `tanya serve` that is ready, with both its doors."""

    process: subprocess.Popen[bytes]
    client: httpx.Client
    telegram: TelegramServer
    port: int
    log: Path
    settings: dict[str, str]


@contextmanager
def both_doors(folder: Path, token: str) -> Iterator[Doors]:
    """`tanya serve` with the bot of `token`; what it says is in `folder`/log."""
    port, log = free_port(), folder / "log"
    with TelegramServer() as telegram:
        settings = {"TANYA_TELEGRAM_TOKEN": token, "TANYA_TELEGRAM_API": telegram.url}
        with (
            running(log, "serve", "--port", str(port), **settings) as process,
            httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client,
        ):
            until_ready(client, process, log)
            yield Doors(process, client, telegram, port, log, settings)


def test_from_nothing_to_both_doors(tmp_path: Path) -> None:
    with both_doors(tmp_path, TOKEN) as doors:
        question = "Where is the ASEAN Secretariat?"
        answer = doors.client.post("/ask", json={"question": question}).json()
        assert answer["answered"]
        took = [doors.client.get("/health").elapsed.total_seconds() for _ in range(20)]
        assert min(took) < 0.03, "an answer waits for the client's acknowledgement of its head"
        doors.telegram.say(7, question, language="en")
        message = asyncio.run(doors.telegram.next_message(30))
        for passage in answer["passages"]:
            assert passage["title"] in message["text"]
        doors.process.send_signal(signal.SIGTERM)
        assert doors.process.wait(20) in (0, -signal.SIGTERM)
    text = doors.log.read_text()
    assert "0 encoded" in text
    assert f"http://localhost:{doors.port}" in text
    for door in ("http", "telegram"):
        assert len([line for line in text.splitlines() if f"door={door}" in line]) == 1
    assert question not in text
    assert "Traceback" not in text
    assert TOKEN not in text


def test_a_wrong_token_leaves_http_running(tmp_path: Path) -> None:
    with both_doors(tmp_path, WRONG_TOKEN) as doors:
        end = time.monotonic() + 20
        while "token" not in doors.log.read_text() and time.monotonic() < end:
            time.sleep(0.1)
        assert doors.client.get("/ask", params={"q": "Apa saja 11 negara anggota ASEAN?"}).json()[
            "answered"
        ]
        with running(tmp_path / "bot", "bot", **doors.settings) as process:
            assert process.wait(60) == 2
    for text in (doors.log.read_text(), (tmp_path / "bot").read_text()):
        assert "token" in text
        assert WRONG_TOKEN not in text
        assert "Traceback" not in text


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        with running(tmp_path / "log", "serve", "--port", str(port)) as process:
            assert process.wait(60) == 1
    text = (tmp_path / "log").read_text()
    assert f"cannot listen on 127.0.0.1 port {port}" in text
    assert "Traceback" not in text
