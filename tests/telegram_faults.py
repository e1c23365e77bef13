"""What can go wrong on Telegram, each with what must come of it. The bot runs in a process of its own."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from bot.message import Messages
from tests.desk import settings_for
from tests.telegram_server import TOKEN, Fault, TelegramServer
from tests.telegram_victim import STEPS

ROOT = Path(__file__).parent.parent
QUESTION = "Kapan gedung dibuka?"
CHAT, OTHER = 7, 8
MOST_STARTS = 6
_SECONDS = 40.0
_ID = Messages.of("id", settings_for(None, Path()))
FOUND, UNSURE, GIVEN_UP = _ID.say("found"), _ID.say("unsure"), _ID.say("unanswered")


@dataclass
class Seen:
    """What the person, the operator and Telegram see of one question."""

    answers: int = 0
    offers: int = 0
    given_up: int = 0
    starts: int = 1
    log: list[str] = field(default_factory=list)

    @property
    def outcome(self) -> str:
        """In words, for a table."""
        said = []
        if self.answers:
            said.append("answered once" if self.answers == 1 else f"answered {self.answers} times")
        if self.offers:
            said.append("offered by a button")
        if self.given_up:
            said.append("given up with a sentence")
        return ", ".join(said) or ("reported in the log" if self.log else "lost")


@dataclass(frozen=True)
class Case:
    """One fault: `faults` of methods, or `step` at which the process is killed, or what people do.

    `killed`: the faults above kill the process. `expected`: answers, offers, sentences of giving up.
    `reported`: words of the line in the log where nobody is answered.
    """

    name: str
    expected: tuple[int, int, int] = (1, 0, 0)
    faults: dict[str, tuple[Fault, ...]] = field(default_factory=dict)
    step: str = ""
    killed: bool = False
    ask: Callable[[TelegramServer], object] = lambda server: server.say(CHAT, QUESTION)
    reported: str = ""


def _twice(server: TelegramServer) -> None:
    server.say(CHAT, QUESTION)
    server.redeliver()
    server.redeliver()


def _out_of_order(server: TelegramServer) -> None:
    with server.hold():
        server.say(CHAT, QUESTION)
        server.say(OTHER, "halo")
        server.redeliver()


def _unreadable(server: TelegramServer) -> None:
    server.raw({"update_id": 900, "message": {"message_id": "?", "chat": 5}})
    server.say(CHAT, QUESTION)


def _one(**fault: object) -> tuple[Fault, ...]:
    return (Fault(**fault),)  # type: ignore[arg-type]


CASES = [
    Case("sendMessage: 429, retry_after 2 s", faults={
        "sendMessage": _one(status=429, description="Too Many Requests", retry_after=2)}),
    Case("sendMessage: 429, retry_after 1 h", (0, 0, 0), {
        "sendMessage": _one(status=429, description="Too Many Requests", retry_after=3600)},
        reported="flood limit did not lift"),
    Case("sendMessage: 502 three times", faults={
        "sendMessage": _one(status=502, description="Bad Gateway") * 3}),
    Case("sendMessage: 400 can't parse entities", faults={
        "sendMessage": _one(status=400, description="Bad Request: can't parse entities: x")}),
    Case("sendMessage: 403 blocked by the user", (0, 0, 0), {
        "sendMessage": _one(status=403, description="Forbidden: bot was blocked by the user")},
        reported="has blocked or removed the bot"),
    Case("sendMessage: connection reset, not performed", (0, 1, 0), {
        "sendMessage": _one(reset=True)}),
    Case("sendMessage: connection reset, performed", (1, 1, 0), {
        "sendMessage": _one(reset=True, performed=True)}),
    Case("sendMessage: no reply in time, performed", (1, 1, 0), {
        "sendMessage": _one(delay=16.0, performed=True)}),
    Case("sendChatAction: 429, retry_after 1 h", faults={
        "sendChatAction": _one(status=429, description="Too Many Requests", retry_after=3600)}),
    Case("getUpdates: 409 once (another instance stops)", faults={
        "getUpdates": _one(status=409, description="Conflict: terminated by other getUpdates")}),
    Case("getUpdates: 429, 502, reset, late", faults={
        "getUpdates": (
            Fault(429, "Too Many Requests", retry_after=1), Fault(502, "Bad Gateway"),
            Fault(reset=True), Fault(reset=True, performed=True), Fault(delay=3.0))}),
    Case("getMe: no network at the start", faults={
        "getMe": (Fault(reset=True), Fault(502, "Bad Gateway"), Fault(reset=True))}),
    Case("an update delivered three times", ask=_twice),
    Case("updates out of order", ask=_out_of_order),
    Case("an update that cannot be read before it", ask=_unreadable),
    *(
        Case(
            f"kill -9: {what}",
            {"marked": (0, 1, 0), "replied": (1, 1, 0)}.get(step, (1, 0, 0)),
            step=step,
            killed=True,
        )
        for step, what in STEPS.items()
    ),
    Case("kill -9: on its way, Telegram does not get it", (0, 1, 0), {
        "sendMessage": _one(reset=True)}, killed=True),
    Case("kill -9: Telegram has it, before its reply", (1, 1, 0), {
        "sendMessage": _one(reset=True, performed=True)}, killed=True),
    Case("kill -9: each time the question is tried", (0, 0, 1), killed=True,
        ask=lambda server: server.say(CHAT, "Apa maut itu?")),
]  # fmt: skip


@contextmanager
def process(server: TelegramServer, data: Path, step: str = "") -> Iterator[subprocess.Popen[str]]:
    """A bot of `server` in a process of its own, ended afterwards."""
    environment = {
        **os.environ,
        "TANYA_TELEGRAM_TOKEN": TOKEN,
        "TANYA_TELEGRAM_API": server.url,
        "TANYA_DATA": str(data),
        "NO_PROXY": "127.0.0.1",
        "PYTHONPATH": str(ROOT),
        "VICTIM_STEP": step,
    }
    with (data / "log").open("a") as log:
        started = subprocess.Popen(
            [sys.executable, "-m", "tests.telegram_victim"],
            env=environment, cwd=data, stderr=log, text=True,
        )  # fmt: skip
    try:
        yield started
    finally:
        if started.poll() is None:
            started.send_signal(signal.SIGTERM)
            try:
                started.wait(15)
            except subprocess.TimeoutExpired:
                started.kill()
                started.wait()


def play(case: Case, data: Path) -> Seen:
    """Let `case` happen, start the bot again where it was killed, and see what came of the question."""
    data.mkdir(parents=True, exist_ok=True)
    seen = Seen(starts=0)
    running: list[subprocess.Popen[str]] = []
    with TelegramServer() as server:

        def kill() -> None:
            running[-1].kill()
            running[-1].wait()

        for method, faults in case.faults.items():
            killing = [replace(fault, then=kill) for fault in faults]
            server.fail(method, *(killing if case.killed else faults))
        ended = True
        while ended and seen.starts < MOST_STARTS:
            first, before = seen.starts == 0, len(server.calls("getUpdates"))
            with process(server, data, case.step if first else "") as victim:
                running.append(victim)
                seen.starts += 1
                if "getMe" not in case.faults:
                    _wait(partial(_polled, server, before, victim))
                if first:
                    case.ask(server)
                ended = _settle(data, victim)
        for message in server.everything_sent():
            if message["chat"]["id"] == CHAT:
                seen.answers += message["text"].startswith(FOUND)
                seen.offers += message["text"] == UNSURE
                seen.given_up += message["text"] == GIVEN_UP
    seen.log = (data / "log").read_text().splitlines()
    return seen


def _polled(server: TelegramServer, before: int, victim: subprocess.Popen[str]) -> bool:
    return len(server.calls("getUpdates")) > before or victim.poll() is not None


def _settle(data: Path, victim: subprocess.Popen[str]) -> bool:
    """Wait until everything stored has come to an end; whether the process has ended before that."""
    quiet, end = time.monotonic(), time.monotonic() + _SECONDS
    while time.monotonic() - quiet < 0.7:
        if victim.poll() is not None:
            return True
        if time.monotonic() > end:
            raise TimeoutError("the bot has not come to an end with what it was asked")
        if unfinished(data):
            quiet = time.monotonic()
        time.sleep(0.05)
    return False


def unfinished(data: Path) -> bool:
    """Whether the inbox in `data` still holds anything to do."""
    try:
        with closing(sqlite3.connect(data / "tanya.db", timeout=5)) as database:
            rows = database.execute("SELECT state FROM telegram_update").fetchall()
    except sqlite3.OperationalError:
        return True  # it has only just begun
    return not rows or any(state not in ("done", "failed") for (state,) in rows)


def _wait(happened: Callable[[], object]) -> None:
    end = time.monotonic() + _SECONDS
    while not happened():
        if time.monotonic() > end:
            raise TimeoutError("what should have happened by now has not")
        time.sleep(0.02)
