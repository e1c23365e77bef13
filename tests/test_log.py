"""Log lines: one form for all, an id to find them by, and nothing secret."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from index import log
from tests.telegram_server import TOKEN
from tests.web import Standin, settings

SECRETS = {
    "telegram_token": TOKEN,
    "admin_token": "an admin's long token",
    "webhook_secret": "hook-secret-1234",
    "secret": "key-of-hashes",
    "database_url": "postgresql://tanya:p4ssw0rd!@db.example.org/tanya",
}
Said = Callable[[], list[str]]


@pytest.fixture
def logging_to() -> Iterator[Callable[..., Said]]:
    """Makes the log go where it can be read; undone after the test."""
    root = logging.getLogger()
    before = root.level, list(root.handlers)

    def configure(**values: Any) -> Said:
        stream = io.StringIO()
        log.configure(settings(**values), stream)
        return lambda: stream.getvalue().splitlines()

    yield configure
    root.setLevel(before[0])
    root.handlers[:] = before[1]


def test_a_question_is_one_line(logging_to: Callable[..., Said]) -> None:
    said = logging_to(log_format="json")
    answer = Standin().ask("What is the secret\nmeeting?")
    with log.request("abc"):
        log.asked("page", answer, 0.0123, text=False)
    log.asked("telegram", answer, 0.5, text=True)
    first, second = (json.loads(line) for line in said())
    assert first.pop("timestamp").endswith("Z")
    assert first == {
        "message": "question",
        "level": "info",
        "logger": "tanya.question",
        "request_id": "abc",
        "door": "page",
        "outcome": "answered",
        "language": "en",
        "confidence": 0.86,
        "ms": 12.3,
        "index": answer.index.id,
    }
    assert second["question"] == "What is the secret meeting?"
    assert "request_id" not in second


def test_text_is_for_people(logging_to: Callable[..., Said]) -> None:
    said = logging_to()
    with log.request("abc"):
        log.asked("page", Standin().ask("Apa itu?"), 0.0123, text=True)
    (line,) = said()
    assert "question" in line
    assert "door=page" in line
    assert "ms=12.3" in line
    assert "request_id=abc" in line
    assert "question='Apa itu?'" in line


@pytest.mark.parametrize("format", ["text", "json"])
def test_libraries_speak_the_same_way(logging_to: Callable[..., Said], format: str) -> None:
    said = logging_to(log_format=format, log_level="warning")
    logging.getLogger("uvicorn.error").info("not this")
    logging.getLogger("uvicorn.error").warning(
        "Invalid %s received.", "request", extra={"color_message": "Invalid %s"}
    )
    logging.getLogger("httpx").info("GET https://api.telegram.org/bot%s/getMe", TOKEN)
    (line,) = said()
    assert "Invalid request received." in line
    assert "color_message" not in line


@pytest.mark.parametrize("format", ["text", "json"])
def test_secrets_are_taken_out_wherever_they_stand(
    logging_to: Callable[..., Said], format: str
) -> None:
    said = logging_to(log_format=format, **SECRETS)
    for secret in SECRETS.values():
        logging.getLogger("bot").warning("opened https://api.example/bot%s/x", secret)
        logging.getLogger("other").warning("said", extra={"told": {"deep": secret}})
        try:
            local = f"a value that only stands here, not {secret}"
            raise ValueError(f"refused: {secret}")
        except ValueError:
            logging.getLogger("api").exception("failed")
            del local
    logging.getLogger("driver").error("password p4ssw0rd! was refused")
    logging.getLogger("another").error("bot 987654321:AAG-another_token_of_thirty_letters_x")
    text = "\n".join(said())
    for secret in (*SECRETS.values(), "p4ssw0rd!", "another_token"):
        assert secret not in text
    assert text.count("<secret>") >= 3 * len(SECRETS)
    assert "a value that only stands here" not in text, "no values of variables"
    assert "ValueError: refused" in text, "but what went wrong"


def test_a_short_secret_does_not_take_words_apart(logging_to: Callable[..., Said]) -> None:
    said = logging_to(secret="an")
    logging.getLogger("x").warning("an answer")
    assert "an answer" in said()[0]
