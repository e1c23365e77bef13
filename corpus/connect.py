"""Connections to checked addresses only, and for a limited time."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Iterable
from concurrent.futures import Future
from typing import Any

import httpcore

from corpus.address import Resolve, is_loopback, is_public

_PORTS = (80, 443, 8080, 8443)
"""Where pages are served. Others belong to mail, databases, consoles."""


class WebError(Exception):
    """A page that was not fetched; the message says which, and why.

    `code`: "scheme", "host" (not among the allowed), "address" (not public), "port", "dns", "robots",
    "status" (then `status` is the HTTP status), "redirects", "too_large", "too_slow", "encoding" or
    "network".
    """

    def __init__(self, code: str, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


class Pinned(httpcore.NetworkBackend):
    """Connects to checked addresses only, and lets nothing last beyond `deadline` (monotonic)."""

    def __init__(self, resolve: Resolve, allow_loopback: bool, deadline: float) -> None:
        self._resolve = resolve
        self._loopback = allow_loopback
        self._deadline = deadline
        self._backend = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        addresses = self._addresses(host, port)
        for address in addresses:
            if self._loopback and is_loopback(address):
                continue
            # One address that is not public makes the whole name suspect.
            if not is_public(address):
                raise WebError(
                    "address", f"{host} has the address {address}, which is not a public one"
                )
            if port not in _PORTS:
                raise WebError("port", f"{host}: port {port} is not one that pages are served on")
        problem: Exception = WebError("dns", f"{host} has no address: is the name right?")
        for address in addresses:
            try:
                stream = self._backend.connect_tcp(
                    address, port, _left(self._deadline), local_address
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                problem = error
                continue
            return _Bounded(stream, self._deadline)
        raise problem

    def _addresses(self, host: str, port: int) -> list[str]:
        found: Future[list[str]] = Future()

        def ask() -> None:
            try:
                found.set_result(self._resolve(host, port))
            except Exception as error:
                found.set_exception(error)

        # This machine's resolver knows no deadline: a name whose servers are silent takes it a minute.
        threading.Thread(target=ask, name="resolve", daemon=True).start()
        try:
            return found.result(_left(self._deadline))
        except TimeoutError:
            raise httpcore.ConnectTimeout("name") from None
        except (OSError, ValueError):
            raise WebError("dns", f"{host} has no address: is the name right?") from None

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class _Bounded(httpcore.NetworkStream):
    """A connection of which each read and write ends by `deadline`: bytes that drip end as well."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(self._deadline))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(self._deadline))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        stream = self._stream.start_tls(ssl_context, server_hostname, _left(self._deadline))
        return _Bounded(stream, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("deadline")
    return left
