"""What holds for every response: an id, security headers, a limit on bodies, and no traceback, ever."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Sequence

import anyio
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problem import BodyTooLarge, ProblemError, from_error, internal, log
from index.log import request as logged_request

REQUEST_ID = "X-Request-ID"
_SANE_ID = re.compile(r"[\w.:+/=-]{1,64}", re.ASCII)
"""A request id that we take over: nothing that could break a log line, and not a book."""
ASK = "/ask"
MAX_BODY = 64 * 1024
"""Bytes of a request body."""
_LARGER = {"/telegram": 256 * 1024}
"""Where more may come: a message with the one it replies to and all their links, in escaped JSON."""

_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "connect-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}
# Our own pages never turn text into markup; the browser is told to hold them to it.
_TRUSTED = {"require-trusted-types-for": "'script'", "trusted-types": "'none'"}


def _header(policy: dict[str, str]) -> str:
    return "; ".join(f"{name} {value}" for name, value in policy.items())


STRICT = _header(_POLICY | _TRUSTED)
DOCS = _header(_POLICY)
"""For /docs alone: Swagger UI builds markup from text (purified by itself)."""


def framed_by(origins: Sequence[str]) -> str:
    """The strict policy for a page that the sites `origins` may show in a frame; "*": all may."""
    return _header(_POLICY | _TRUSTED | {"frame-ancestors": " ".join(origins) or "'none'"})


_HEADERS = {
    "content-security-policy": STRICT,
    "x-content-type-options": "nosniff",
    # Addresses of our page hold the question; nobody else needs to know it.
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}


_DRAIN_BYTES = 1024 * 1024
_DRAIN_SECONDS = 3.0


async def _drain(receive: Receive) -> None:
    """Read on for a while and throw away what comes.

    Closing a connection with unread data resets it, and the client would never see our answer.
    """
    left = _DRAIN_BYTES
    with anyio.move_on_after(_DRAIN_SECONDS):
        while left > 0:
            message = await receive()
            left -= len(message.get("body", b""))
            if message["type"] != "http.request" or not message.get("more_body"):
                return


class Guard:
    """ASGI middleware around the whole application."""

    def __init__(
        self,
        app: ASGIApp,
        refusal: Callable[[HTTPConnection], ProblemError | None] = lambda client: None,
        max_body: int = MAX_BODY,
    ) -> None:
        """`refusal`: why no question can be taken now. Asked before anything else is done, so that a
        storm of questions costs next to nothing and leaves the time to answers."""
        self.app = app
        self.refusal = refusal
        self.max_body = max_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, unless its body is too large."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = Headers(scope=scope).get(REQUEST_ID, "")
        id = given if _SANE_ID.fullmatch(given) else secrets.token_hex(8)
        with logged_request(id):
            await self._pass(id, scope, receive, send)

    async def _pass(self, id: str, scope: Scope, receive: Receive, send: Send) -> None:
        most = max(self.max_body, _LARGER.get(scope["path"], 0))
        started = False
        received = 0

        async def guarded_send(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                headers[REQUEST_ID] = id
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                if message["status"] == 413:
                    # Else the rest of the body would still be read, however long.
                    headers["connection"] = "close"
            await send(message)

        async def guarded_receive() -> Message:
            # Counted while reading: a chunked body has no Content-Length to trust.
            nonlocal received
            message = await receive()
            if message["type"] == "http.request":
                received += len(message.get("body", b""))
                if received > most:
                    if message.get("more_body"):
                        await _drain(receive)
                    raise BodyTooLarge(most)
            return message

        if scope["path"] == scope.get("root_path", "") + ASK and (
            full := self.refusal(HTTPConnection(scope))
        ):
            await full.response()(scope, receive, guarded_send)
            return
        length = Headers(scope=scope).get("content-length", "")
        if length.isdecimal() and int(length) > most:
            too_large = from_error(BodyTooLarge(most))
            assert too_large is not None
            await _drain(receive)
            await too_large.response()(scope, receive, guarded_send)
            return
        try:
            await self.app(scope, guarded_receive, guarded_send)
        except Exception:
            # The path only: a query string holds what a citizen asked.
            log.exception("%s %s failed", scope["method"], scope["path"])
            if started:
                raise
            await internal().response()(scope, receive, guarded_send)
