"""Web addresses in the one spelling that is checked, asked for and written down."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

import idna

LONGEST = 2000
_KEPT = "/%:@!$&'()*+,;=~-._?"
"""What may stand in a path or a query as it is; "%" because most of them are encoded already."""
_NAME = re.compile(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_-])?")


class UrlError(ValueError):
    """What is no web address that we would ask for; the message says why."""


@dataclass(frozen=True, slots=True)
class Url:
    """A web address in ASCII, without fragment. `host`: lower case, in IDNA, an IPv6 address without
    brackets; `origin`: scheme, host and port."""

    text: str
    origin: str
    host: str


def parse_url(text: str) -> Url:
    """The address in `text`; UrlError where it is none of http or https, or names a user."""
    shown = text if len(text) <= 200 else f"{text[:200]}…"
    try:
        parts = urlsplit(text.strip())
        port = parts.port
        host = _host(parts.hostname or "", shown)
        if parts.scheme not in ("http", "https") or len(text) > LONGEST:
            raise UrlError(f"{shown} is no web address that begins with http or https")
        if parts.username is not None or parts.password is not None:
            raise UrlError(f"{host}: an address with a user's name in it is not fetched")
        path = quote(parts.path, safe=_KEPT) or "/"
        query = f"?{quote(parts.query, safe=_KEPT)}" if parts.query else ""
    except UrlError:
        raise
    except ValueError as error:
        raise UrlError(f"{shown} is no web address ({error})") from None
    bracketed = f"[{host}]" if ":" in host else host
    origin = f"{parts.scheme}://{bracketed}" + (f":{port}" if port is not None else "")
    return Url(origin + path + query, origin, host)


def _host(host: str, url: str) -> str:
    host = host.rstrip(".")
    if not host:
        raise UrlError(f"{url} is no web address that begins with http or https")
    if ":" in host:
        # With a zone ("fe80::1%eth0") it would be of a network card.
        return str(ipaddress.IPv6Address(host.partition("%")[0]))
    try:
        name = host.lower() if host.isascii() else idna.encode(host, uts46=True).decode("ascii")
    except idna.IDNAError:
        name = ""
    if not _NAME.fullmatch(name) or len(name) > 253:
        raise UrlError(f"{url}: {host!r} is no name of a host")
    return name
