"""`tanya serve --webhook`, `tanya link` and their refusals, as an operator runs them."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

import tanya as program
from bot.link import payload
from bot.webhook import HEADER, PATH
from corpus.question import read_suggestions
from tests.telegram_faults import unfinished
from tests.telegram_server import TOKEN, USERNAME, TelegramServer
from tests.test_cli import tanya
from tests.test_serve import free_port, running, until_ready


def children(pid: int) -> list[int]:
    """The worker processes of `pid` (those that share its memory of locks and the like aside)."""
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [
        int(child)
        for child in found
        if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()
    ]


@pytest.mark.slow
def test_workers_receive_and_another_answers_when_one_is_killed(tmp_path: Path) -> None:
    port, log = free_port(), tmp_path / "log"
    with TelegramServer() as telegram:
        telegram.posts_to = f"http://127.0.0.1:{port}{PATH}"
        settings = {
            "TANYA_TELEGRAM_TOKEN": TOKEN,
            "TANYA_TELEGRAM_API": telegram.url,
            "TANYA_WEBHOOK_URL": "https://tanya.example.org",
        }
        arguments = ("serve", "--port", str(port), "--workers", "2", "--webhook")
        with (
            running(log, *arguments, **settings) as process,
            httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client,
        ):
            until_ready(client, process, log)
            asyncio.run(telegram.called("setWebhook", within=60))
            refused = client.post(PATH, json={"update_id": 1}, headers={HEADER: "guess"})
            assert refused.status_code == 403
            first = children(process.pid)
            end = time.monotonic() + 60
            while len(first) < 2 and time.monotonic() < end:
                time.sleep(0.2)
                first = children(process.pid)
            assert len(first) == 2, log.read_text()
            for number, victim in enumerate([0, *first]):
                if victim:
                    os.kill(victim, signal.SIGKILL)  # one of them answers, whichever it is
                telegram.say(7, f"Where is the ASEAN Secretariat ({number})?", language="en")
                while telegram.deliver_again():
                    time.sleep(0.3)
                message = asyncio.run(telegram.next_message(60))
                assert f"({number})" in message["reply_to_message"]["text"], log.read_text()
                end = time.monotonic() + 60
                while time.monotonic() < end and (
                    len(children(process.pid)) < 2 or unfinished(tmp_path / "var")
                ):
                    time.sleep(0.2)
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0
    assert len(telegram.calls("sendMessage")) == 3
    assert "Traceback" not in log.read_text() and TOKEN not in log.read_text()


def test_a_webhook_without_an_address_is_refused_before_anything_is_built(tmp_path: Path) -> None:
    said = tanya("serve", "--webhook", code=2, settings={"TANYA_TELEGRAM_TOKEN": TOKEN}).stderr
    assert said.startswith("tanya: TANYA_WEBHOOK_URL is ''. Set it to the public https address")
    assert not (tmp_path / "var" / "generations").exists()


def link(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(program.app, ["link", *arguments])
    return done.exit_code, done.output


def test_a_link_for_a_poster_with_its_code(tmp_path: Path) -> None:
    suggested = read_suggestions()[0].text["id"]
    code, said = link(
        *suggested.split(), "--bot", "@TanyaAseanBot", "--svg", str(tmp_path / "p.svg")
    )
    assert code == 0
    assert said.splitlines()[0] == f"https://t.me/TanyaAseanBot?start={payload(suggested)}"
    assert "database" not in said
    assert (tmp_path / "p.svg").read_text().startswith("<?xml")
    code, said = link("Di mana posko kesehatan?", "--bot", "TanyaAseanBot")
    assert code == 0 and "the bot must use the same" in said
    assert (tmp_path / "var" / "tanya.db").exists()


def test_the_bots_name_is_asked_for(
    server: TelegramServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TANYA_TELEGRAM_API", server.url)
    assert link("Apa itu ASEAN?") == (
        2,
        "tanya: TANYA_TELEGRAM_TOKEN is not set. Ask @BotFather on Telegram for a bot, "
        "and put the token it gives you there.\n",
    )
    monkeypatch.setenv("TANYA_TELEGRAM_TOKEN", TOKEN)
    code, said = link("Apa itu ASEAN?")
    assert code == 0 and said.startswith(f"https://t.me/{USERNAME}?start=q-")
    monkeypatch.setenv("TANYA_TELEGRAM_TOKEN", "1:wrong")
    code, said = link("Apa itu ASEAN?")
    assert code == 1 and "refuses the token" in said
    monkeypatch.setenv("TANYA_TELEGRAM_TOKEN", TOKEN)
    monkeypatch.setenv("TANYA_TELEGRAM_API", "http://127.0.0.1:9")
    code, said = link("Apa itu ASEAN?")
    assert code == 1 and "Give it with --bot" in said


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(("?!", "--bot", "abcd"), "tanya:"), (("Apa?", "--bot", "a b"), "no name of a Telegram bot")],
)
def test_what_cannot_be_linked_is_refused(arguments: tuple[str, ...], words: str) -> None:
    code, said = link(*arguments)
    assert code == 2 and words in " ".join(said.split())
