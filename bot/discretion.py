"""Logs without secrets: neither the token nor what people ask; sentences, not tracebacks."""

from __future__ import annotations

import logging
import re
import traceback
from pathlib import Path

LOG = logging.getLogger("tanya.bot")

_REDACTED = "<token>"


def keep_secret(token: str) -> None:
    """See to it that `token` reaches no log of this process: not ours, httpx's or Telegram's.

    httpx logs every address it opens, and the Bot API has the token in the address; so does
    python-telegram-bot in its errors. Its debug lines hold people's messages as well.
    """
    httpx = logging.getLogger("httpx")
    for logger in (LOG, httpx):
        if not any(isinstance(f, _Secret) and f.token == token for f in logger.filters):
            logger.addFilter(_Secret(token, drop=logger is httpx))
    logging.getLogger("telegram").setLevel(logging.WARNING)
    # A filter sees only what is logged to its own logger, not to that logger's children.
    for name in list(logging.root.manager.loggerDict):
        logger = logging.getLogger(name)
        if name.startswith("telegram.") and _bare not in logger.filters:
            logger.addFilter(_bare)


def described(error: BaseException) -> str:
    """Kind and place of an error, without its message, which may hold a secret or a question."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" in {Path(frames[-1].filename).name} line {frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{where}"


def reason(error: BaseException) -> str:
    """The innermost kind of error: "ConnectError" says more than "NetworkError"."""
    cause = error.__cause__
    return type(cause if cause is not None else error).__name__


class _Secret(logging.Filter):
    """Takes the token out of a record, or drops a record that holds it."""

    def __init__(self, token: str, drop: bool) -> None:
        super().__init__()
        self.token = token
        self._drop = drop

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        if self.token in text:
            if self._drop:
                return False
            record.msg, record.args = text.replace(self.token, _REDACTED), None
        return True


def _bare(record: logging.LogRecord) -> bool:
    """A warning of python-telegram-bot without values and traceback.

    Its values are what people wrote, or addresses with the token: the template says enough.
    """
    if record.args or record.exc_info:
        record.msg = re.sub(r"[\"`']?%\.?\d*[a-z][\"`']?", "…", str(record.msg))
        record.args = record.exc_info = record.exc_text = None
    return True
