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


def test_from_nothing_to_both_doors(tmp_path: Path) -> None:
    port, log = free_port(), tmp_path / "log"
    with TelegramServer() as telegram:
        settings = {"TANYA_TELEGRAM_TOKEN": TOKEN, "TANYA_TELEGRAM_API": telegram.url}
        with (
            running(log, "serve", "--port", str(port), **settings) as process,
            httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client,
        ):
            until_ready(client, process, log)
            answer = client.post(
                "/ask", json={"question": "Where is the ASEAN Secretariat?"}
            ).json()
            assert answer["answered"]
            telegram.say(7, "Where is the ASEAN Secretariat?", language="en")
            message = asyncio.run(telegram.next_message(30))
            for passage in answer["passages"]:
                assert passage["title"] in message["text"]
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) in (0, -signal.SIGTERM)
    text = log.read_text()
    assert "0 encoded" in text
    assert f"http://localhost:{port}" in text
    assert "Traceback" not in text
    assert TOKEN not in text


def test_a_wrong_token_leaves_http_running(tmp_path: Path) -> None:
    port, log = free_port(), tmp_path / "log"
    with TelegramServer() as telegram:
        settings = {"TANYA_TELEGRAM_TOKEN": WRONG_TOKEN, "TANYA_TELEGRAM_API": telegram.url}
        with (
            running(log, "serve", "--port", str(port), **settings) as process,
            httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client,
        ):
            until_ready(client, process, log)
            end = time.monotonic() + 20
            while "token" not in log.read_text() and time.monotonic() < end:
                time.sleep(0.1)
            assert client.get("/ask", params={"q": "Apa itu ASEAN?"}).json()["answered"]
        with running(tmp_path / "bot", "bot", **settings) as process:
            assert process.wait(60) == 2
    for text in (log.read_text(), (tmp_path / "bot").read_text()):
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
