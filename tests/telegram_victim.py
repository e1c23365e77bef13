"""A bot in a process of its own, which kills itself (-9) at the step that VICTIM_STEP names."""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from bot import run
from bot.inbox import Inbox
from index.answer import Answer
from index.settings import Settings
from tests.desk import SOON, Desk, open_journal

STEPS = {
    "fetched": "fetched, not stored yet",
    "stored": "stored, Telegram does not know it yet",
    "taken": "taken from the inbox",
    "begun": "noted as begun",
    "answering": "while the answer is looked for",
    "answered": "answer found, sending not noted yet",
    "marked": "noted as being sent, nothing sent yet",
    "replied": "Telegram has it and has replied",
    "done": "noted as done",
}
"""Where it dies, in the order in which an answer passes."""


def die() -> None:
    """As the kernel ends a process that has no memory left."""
    os.kill(os.getpid(), signal.SIGKILL)


class Victim(Desk):
    """Dies over a question."""

    def ask(self, question: str, *values: Any, **options: Any) -> Answer:
        """As `Desk.ask`; of a question with "maut", never."""
        if step == "answering" or "maut" in question:
            die()
        return super().ask(question, *values, **options)


def _die_around(name: str, before: Callable[..., bool], after: Callable[..., bool]) -> None:
    whole = getattr(Inbox, name)

    def wrapped(self: Inbox, *values: Any) -> Any:
        if before(*values):
            die()
        result = whole(self, *values)
        if after(result, *values):
            die()
        return result

    setattr(Inbox, name, wrapped)


def _never(*_: Any) -> bool:
    return False


step = os.environ.get("VICTIM_STEP", "")

if __name__ == "__main__":
    _die_around("store", lambda *_: step == "fetched", lambda *_: step == "stored")
    _die_around("take", _never, lambda taken, *_: step == "taken" and bool(taken))
    _die_around("begin", _never, lambda *_: step == "begun")
    states = {"sending": ("answered", "marked"), "done": ("replied", "done")}
    _die_around(
        "mark",
        lambda _, state: step == states.get(state, ("", ""))[0] != "",
        lambda _, __, state: step == states.get(state, ("", ""))[1] != "",
    )
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    settings = Settings()
    sys.exit(run(Victim(), settings, SOON, journal=open_journal(settings)))
