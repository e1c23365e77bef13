"""What a request passes first: proxies, the path below which they serve us, other sites' scripts."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from api.gate import DOOR_HEADER, Gate
from api.guard import REQUEST_ID, Guard
from index.settings import Settings


def add(app: FastAPI, gate: Gate, settings: Settings) -> None:
    """Put it in front of `app`; the last is the first to see a request."""
    app.add_middleware(Guard, refusal=gate.refusal)
    if settings.cors_origins:
        # Outside the guard, so that scripts can read its refusals too. No credentials: there are none.
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=["GET", "POST", "HEAD"],
            allow_headers=["Content-Type", "If-None-Match", DOOR_HEADER, REQUEST_ID],
            expose_headers=["ETag", "Retry-After", "Server-Timing", REQUEST_ID],
            max_age=3600,
        )
    if below := settings.root_path.strip("/"):
        app.add_middleware(_Below, path=f"/{below}")
    if settings.proxy_headers:
        app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=list(settings.proxies))


class _Below:
    """Serves below a path, whether or not the proxy has taken it off the address."""

    def __init__(self, app: ASGIApp, path: str) -> None:
        self.app = app
        self.path = path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with the whole path, as ASGI wants it."""
        if scope["type"] == "http":
            path, raw = scope["path"], scope.get("raw_path") or scope["path"].encode()
            if not f"{path}/".startswith(f"{self.path}/"):
                path, raw = self.path + path, self.path.encode() + raw
            scope = {**scope, "root_path": self.path, "path": path, "raw_path": raw}
        await self.app(scope, receive, send)
