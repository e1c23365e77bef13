"""Log lines: one way for all that speaks, ours and the libraries', with nothing secret in them."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TextIO

import structlog
from pydantic import SecretStr
from structlog.contextvars import bound_contextvars, get_contextvars
from structlog.stdlib import ExtraAdder, ProcessorFormatter

from index.settings import Settings

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from structlog.types import EventDict, Processor

    from index.answer import Answer

_REDACTED = "<secret>"
_SHORTEST = 6
"""Letters from which a secret is looked for: shorter ones would take words apart."""
_TOKEN = re.compile(r"\b\d{6,}:[A-Za-z0-9_-]{30,}")
"""What a Telegram token looks like, whoever's it is."""
_questions = logging.getLogger("tanya.question")


def configure(settings: Settings, stream: TextIO | None = None) -> None:
    """Write what this process logs to `stream`, by default standard error, as `settings` say."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(_Formatter(settings, handler.stream.isatty()))
    logging.basicConfig(level=settings.log_level.upper(), handlers=[handler], force=True)
    # URLs of the first two hold the Telegram token; faiss tells at length how it was loaded; alembic
    # tells of each look at the database.
    for name in ("httpx", "httpcore", "faiss", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)


def request(id: str) -> AbstractContextManager[object]:
    """All that is logged inside, also by threads that are started there, has this request id."""
    return bound_contextvars(request_id=id)


def request_id() -> str | None:
    """The id of the request that is being answered; None outside of one."""
    found: str | None = get_contextvars().get("request_id")
    return found


def asked(door: str, answer: Answer, seconds: float, *, text: bool) -> None:
    """The line of a question that `door` answered after `seconds`; with the question itself where `text`
    (settings.log_questions) says so."""
    told: dict[str, object] = {
        "door": door,
        "outcome": answer.outcome,
        "language": answer.language,
        "confidence": round(answer.confidence, 3),
        "ms": round(seconds * 1000, 1),
        "index": answer.index.id,
    }
    if text:
        told["question"] = answer.question
    _questions.info("question", extra=told)


class _Formatter(ProcessorFormatter):
    """Renders records of the standard library, and takes the secrets of the settings out of the result."""

    def __init__(self, settings: Settings, colours: bool) -> None:
        shared: list[Processor] = [
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            ExtraAdder(),
            _without_colour,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
        ]
        last: list[Processor] = [ProcessorFormatter.remove_processors_meta]
        if settings.log_format == "json":
            last += [
                structlog.processors.format_exc_info,
                structlog.processors.EventRenamer("message"),
                structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
            ]
        else:
            # The plain traceback: the library's own prints the values of variables, questions among them.
            last.append(
                structlog.dev.ConsoleRenderer(
                    colors=colours,
                    exception_formatter=structlog.dev.plain_traceback,
                    pad_event_to=0,
                )
            )
        super().__init__(processors=last, foreign_pre_chain=shared)
        self._secrets = _secrets(settings)

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        for secret in self._secrets:
            text = text.replace(secret, _REDACTED)
        return _TOKEN.sub(_REDACTED, text)


def _secrets(settings: Settings) -> list[str]:
    """What must not be seen, the longest first, also as JSON spells it."""
    found: set[str] = set()
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        if isinstance(value, SecretStr):
            secret = value.get_secret_value().strip()
            found |= {secret, *_password(secret)}
            found |= {json.dumps(one, ensure_ascii=False)[1:-1] for one in list(found)}
    return sorted((one for one in found if len(one) >= _SHORTEST), key=len, reverse=True)


def _password(address: str) -> list[str]:
    """The password in the address of a database: its driver may tell it alone."""
    return re.findall(r"://[^/@\s]*:([^/\s]+)@", address)


def _without_colour(logger: object, method: str, event: EventDict) -> Mapping[str, Any]:
    event.pop("color_message", None)  # uvicorn's own second wording
    return event
