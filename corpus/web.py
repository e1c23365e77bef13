"""Fetching public web pages, politely and without becoming a way into the operator's network.

A name is resolved once for a connection, every address it has is checked, and the connection goes to a
checked address: a name that resolves otherwise a moment later (DNS rebinding) gains nothing. Each redirect
is a new page with all its checks.

The requests are httpcore's, httpx's own engine: it lets us say how a connection is made, httpx does not.
"""

from __future__ import annotations

import re
import ssl
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import NoReturn
from urllib.parse import urljoin

import httpcore
from protego import Protego

from corpus.address import Resolve, resolve
from corpus.connect import Pinned
from corpus.connect import WebError as WebError
from corpus.unpack import unpack
from corpus.url import Url, UrlError, parse_url

_REDIRECTS = (301, 302, 303, 307, 308)
_LONGEST_WAIT = 30.0
"""Seconds that a host's Crawl-delay or Retry-After is waited for at most."""
_ROBOTS_BYTES = 500_000
"""What RFC 9309 says a crawler must read at least of a robots.txt."""


@dataclass(frozen=True, slots=True)
class Page:
    """What came back. `url`: after redirects; `asked`: as asked for. `content` is decompressed, and
    empty where the page is `not_modified` since the state that was named. `media_type`: in lower case
    and without parameters, "" where none was given; `charset`: of the Content-Type header."""

    url: str
    asked: str
    content: bytes
    media_type: str
    charset: str | None
    etag: str | None
    last_modified: str | None
    not_modified: bool = False


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much one page may cost: bytes after decompression, seconds for all of it, redirects."""

    size: int = 20_000_000
    seconds: float = 30.0
    redirects: int = 5


@dataclass(slots=True)
class _Host:
    """One host: whose turn it is, when it may be asked again, what its robots.txt says."""

    turn: threading.Lock = field(default_factory=threading.Lock)
    free_at: float = 0.0
    delay: float = 0.0
    robots: dict[str, Protego | WebError | None] = field(default_factory=dict)
    reading: threading.Lock = field(default_factory=threading.Lock)


class Web:
    """Fetches pages. Safe to use from threads: each host gets one request at a time, with a delay
    between two."""

    def __init__(
        self,
        agent: str,
        allowed_hosts: Sequence[str] = (),
        delay: float = 1.0,
        allow_loopback: bool = False,
        bounds: Bounds = Bounds(),
        resolve: Resolve = resolve,
    ) -> None:
        """`agent` names the service to the hosts. `allowed_hosts`: only these and their subdomains, or
        all public ones. `delay`: seconds. `allow_loopback`: this machine too, on every port; for tests."""
        self._agent = agent
        self._token = agent.partition("/")[0]
        self._allowed = tuple(host.lower().strip(".") for host in allowed_hosts)
        self._delay = delay
        self._loopback = allow_loopback
        self._bounds = bounds
        self._resolve = resolve
        self._tls = ssl.create_default_context()
        self._hosts: dict[str, _Host] = {}
        self._lock = threading.Lock()

    def get(self, url: str, etag: str | None = None, last_modified: str | None = None) -> Page:
        """The page at `url`; with `etag` or `last_modified` perhaps only that it is not modified.

        Raises WebError, and nothing else, where it cannot or must not be fetched.
        """
        asked = url
        for _ in range(self._bounds.redirects + 1):
            at = self._check(url)
            self._ask_robots(at)
            page, target = self._fetch(at, asked, etag, last_modified, self._bounds.size)
            if target is None:
                return page
            url = target
        raise WebError("redirects", f"{asked} redirects more than {self._bounds.redirects} times")

    def _check(self, url: str) -> Url:
        """`url` in the spelling in which it is asked for; WebError where it is not for us."""
        try:
            at = parse_url(url)
        except UrlError as error:
            raise WebError("scheme", str(error)) from None
        if self._allowed and not any(
            at.host == one or at.host.endswith(f".{one}") for one in self._allowed
        ):
            raise WebError("host", f"{at.host} is not among TANYA_ALLOWED_HOSTS")
        return at

    def _host(self, host: str) -> _Host:
        with self._lock:
            return self._hosts.setdefault(host, _Host(delay=self._delay))

    def _ask_robots(self, at: Url) -> None:
        """Raises WebError where the host's robots.txt forbids `at` (RFC 9309)."""
        known = self._host(at.host)
        with known.reading:  # by the first; the others wait for what it finds
            if at.origin not in known.robots:
                known.robots[at.origin] = self._read_robots(at.origin, known)
        rules = known.robots[at.origin]
        if isinstance(rules, WebError):
            raise WebError(rules.code, str(rules), rules.status)
        if rules is not None and not rules.can_fetch(at.text, self._token):
            raise WebError(
                "robots", f"{at.text} may not be fetched: {at.host}'s robots.txt forbids it"
            )

    def _read_robots(self, origin: str, known: _Host) -> Protego | WebError | None:
        url = asked = f"{origin}/robots.txt"
        try:
            for _ in range(self._bounds.redirects + 1):
                at = self._check(url)
                page, target = self._fetch(at, asked, None, None, _ROBOTS_BYTES, whole=False)
                if target is None:
                    break
                url = target
            else:
                return None
        except WebError as error:
            if error.status is not None and error.status < 500 and error.status != 429:
                return None  # there is none: everything may be fetched
            # Out of order: for now nothing may be fetched.
            return error
        rules = Protego.parse(page.content.decode("utf-8", "replace"))
        wished = rules.crawl_delay(self._token) or 0.0
        known.delay = max(self._delay, min(float(wished), _LONGEST_WAIT))
        return rules

    def _fetch(
        self,
        at: Url,
        asked: str,
        etag: str | None,
        last_modified: str | None,
        most: int,
        whole: bool = True,
    ) -> tuple[Page, str | None]:
        """The page `at` itself, or the address it redirects to. Waits for the host's turn.

        Of more than `most` bytes the first are read, or with `whole` WebError is raised."""
        known = self._host(at.host)
        with known.turn:
            for last in (False, True):
                time.sleep(max(0.0, known.free_at - time.monotonic()))
                try:
                    return self._request(at.text, asked, etag, last_modified, most, whole)
                except _ComeBackError as error:
                    if last or error.seconds > _LONGEST_WAIT:
                        _give_up(at.text, error)
                    time.sleep(error.seconds)
                finally:
                    known.free_at = time.monotonic() + known.delay
        raise AssertionError("unreachable")

    def _request(
        self,
        url: str,
        asked: str,
        etag: str | None,
        last_modified: str | None,
        most: int,
        whole: bool,
    ) -> tuple[Page, str | None]:
        headers: dict[bytes | str, bytes | str] = {
            "User-Agent": self._agent,
            "Accept": "text/html, application/xhtml+xml, application/xml, application/pdf, */*;q=0.5",
            "Accept-Language": "id, en;q=0.8",
            "Accept-Encoding": "gzip, deflate",
            "Connection": "close",
        }
        if etag:
            headers["If-None-Match"] = etag
        if last_modified:
            headers["If-Modified-Since"] = last_modified
        deadline = time.monotonic() + self._bounds.seconds
        backend = Pinned(self._resolve, self._loopback, deadline)
        timeout = {"connect": self._bounds.seconds, "read": self._bounds.seconds}
        extensions = {"timeout": timeout | {"write": self._bounds.seconds}}
        # A pool for one request: connections are not kept, and none is reused past its check.
        pool = httpcore.ConnectionPool(ssl_context=self._tls, network_backend=backend)
        try:
            with (
                pool,
                pool.stream("GET", url, headers=headers, extensions=extensions) as response,
            ):
                return self._read(response, url, asked, most, whole)
        except httpcore.TimeoutException:
            seconds = f"{self._bounds.seconds:.0f} s"
            raise WebError("too_slow", f"{url} took longer than {seconds}") from None
        except (httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
            raise WebError("network", f"{url} could not be fetched ({_reason(error)})") from None
        except (httpcore.UnsupportedProtocol, ValueError) as error:
            raise WebError("scheme", f"{url} is no web address ({error})") from None

    def _read(
        self, response: httpcore.Response, url: str, asked: str, most: int, whole: bool
    ) -> tuple[Page, str | None]:
        given = Message()
        for name, value in response.headers:
            given[name.decode("latin-1")] = value.decode("latin-1")
        page = Page(
            url=url,
            asked=asked,
            content=b"",
            media_type=given.get_content_type() if "content-type" in given else "",
            charset=given.get_content_charset(),
            etag=given["etag"],
            last_modified=given["last-modified"],
            not_modified=response.status == 304,
        )
        if response.status == 304:
            return page, None
        if response.status in _REDIRECTS and given["location"]:
            try:
                return page, urljoin(url, _location(given["location"]))
            except ValueError:
                raise WebError("scheme", f"{url} redirects to what is no address") from None
        if response.status in (429, 503):
            raise _ComeBackError(response.status, _retry_after(given["retry-after"]))
        if response.status != 200:
            raise WebError(
                "status", f"{url} answers with HTTP status {response.status}", response.status
            )
        encoding = (given["content-encoding"] or "identity").strip().lower()
        content = b"".join(unpack(response.iter_stream(), encoding, url, most, whole))
        return Page(
            **{name: getattr(page, name) for name in Page.__slots__} | {"content": content}
        ), None


class _ComeBackError(Exception):
    """429 or 503, and in how many seconds to come back."""

    def __init__(self, status: int, seconds: float | None) -> None:
        super().__init__()
        self.status = status
        self.told = seconds
        self.seconds = _LONGEST_WAIT + 1 if seconds is None else seconds


def agent(name: str, contact: str) -> str:
    """How the service `name` introduces itself to hosts, and whom they can ask about it."""
    product = re.sub(r"[^A-Za-z0-9]", "", name) or "Tanya"
    comment = f"news collector of {name}" + (f"; {contact}" if contact else "")
    plain = re.sub(r"[^ -~]|[()\\]", "", comment)
    return f"{product}/1.0 ({' '.join(plain.split())})"


def _give_up(url: str, error: _ComeBackError) -> NoReturn:
    when = "later" if error.told is None else f"in {error.told:.0f} s"
    raise WebError(
        "status",
        f"{url} answers with HTTP status {error.status}: it is busy. Try again {when}",
        error.status,
    )


def _retry_after(value: str | None) -> float | None:
    """Seconds, of a number or a date; None where nothing usable is said."""
    if not value:
        return None
    if value.strip().isdecimal():
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None


def _location(value: str) -> str:
    """The address of a redirect, which servers send in UTF-8 where it is not plain ASCII."""
    try:
        return value.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return value


def _reason(error: BaseException) -> str:
    text = str(error) or type(error).__name__
    return " ".join(text.split())[:200]
