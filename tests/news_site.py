"""A news site on this machine: what a collector meets in the world, the bad parts included.

`NewsSite()` serves `routes`, by path; tests add, change and take down. Some paths misbehave by themselves:

    /slow    one byte a tenth of a second, for ever      /silent  accepts, and never answers
    /loop    redirects to itself                         /hop/3   redirects to /hop/2 … and then to a page
    /bomb    20 kB of gzip that unpack to 20 MB          /reset   cuts the connection
"""

from __future__ import annotations

import gzip
import socket
import struct
import threading
import time
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.news_pages import REPORTS, Report, atom, html, pdf, rss, sitemap, sitemap_index


@dataclass(frozen=True)
class Route:
    """What a path answers with. `tagged`: with ETag, and 304 to whoever has it."""

    body: bytes | str = b""
    type: str = "text/html; charset=utf-8"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    tagged: bool = False


@dataclass(frozen=True)
class Request:
    """What was asked, and when it began and ended (monotonic seconds)."""

    path: str
    headers: dict[str, str]
    begun: float
    ended: float
    status: int


class NewsSite:
    """The site in threads of its own; a context manager. `url` is its address, `requests` what came."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        self.routes: dict[str, Route] = {}
        self._requests: list[Request] = []
        self.changed = threading.Condition()
        self.answering = 0
        self.feed: list[Report] = []
        self._http = _Http((host, 0), _Handler)
        self._http.site = self
        self.url = f"http://{host}:{self._http.server_address[1]}"

    def __enter__(self) -> NewsSite:
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.stopping.set()
        self._http.shutdown()
        self._http.server_close()

    @property
    def requests(self) -> list[Request]:
        """What came, in the order in which it was answered. Who has an answer finds its request here."""
        with self.changed:
            self.changed.wait_for(lambda: not self.answering, timeout=1.0)
        return self._requests

    def note(self, request: Request) -> None:
        """Add what has been answered."""
        with self.changed:
            self._requests.append(request)

    def begin(self, more: int) -> None:
        """So many more (or fewer) are being answered."""
        with self.changed:
            self.answering += more
            self.changed.notify_all()

    def publish(self, report: Report, path: str | None = None, **options: Any) -> str:
        """Put the page of `report` up, tagged; returns its address."""
        path = path or f"/berita/{report.slug}"
        self.routes[path] = Route(html(report, self.url, **options), tagged=True)
        return self.url + path

    def announce(self, *reports: Report) -> None:
        """Put `reports` on top of the feed, as if published now."""
        self.feed[:0] = reports
        items = [(f"{self.url}/berita/{one.slug}", one.title, one.published) for one in self.feed]
        self.routes["/feed.xml"] = Route(rss(list(items)), "application/rss+xml", tagged=True)
        self.routes["/atom.xml"] = Route(atom(items), "application/atom+xml", tagged=True)

    def paths(self) -> list[str]:
        """What was asked for, in order."""
        return [request.path for request in self.requests]


def open_site(site: NewsSite) -> NewsSite:
    """Fill `site` with all that a collector meets: five reports, their feed and sitemaps, and the rest."""
    for report in REPORTS.values():
        site.publish(report, json_ld=report.slug != "pusat-media")
    site.announce(*sorted(REPORTS.values(), key=lambda one: one.published, reverse=True))
    first = REPORTS["jalan-ditutup"]
    address = f"{site.url}/berita/{first.slug}"
    bare = REPORTS["visitors-guide"]
    site.routes |= {
        "/robots.txt": Route("User-agent: *\nDisallow: /rahasia/\n", "text/plain"),
        "/rahasia/laporan": Route(html(first, site.url)),
        "/sitemap.xml": Route(
            sitemap_index([f"{site.url}/sitemap-1.xml", f"{site.url}/sitemap-2.xml.gz"]),
            "application/xml",
        ),
        "/sitemap-1.xml": Route(
            sitemap([(f"{site.url}/berita/{one}", None) for one in list(REPORTS)[:3]]), "text/xml"
        ),
        "/sitemap-2.xml.gz": Route(
            gzip.compress(
                sitemap([(f"{site.url}/berita/{one}", None) for one in list(REPORTS)[3:]]).encode()
            ),
            "application/octet-stream",
        ),
        "/bare": Route(html(bare, site.url, json_ld=False, meta=False)),
        # The same story under other addresses of the same site, and by another newsroom.
        "/amp/jalan-ditutup": Route(html(first, site.url, canonical=address)),
        "/print/jalan-ditutup": Route(
            html(first, site.url, dateline="BAYU KENCANA, 4 Mei - Versi cetak.")
        ),
        "/document.pdf": Route(
            pdf("Ocean Summit guide", [line for p in bare.paragraphs for line in _lines(p)]),
            "application/pdf",
        ),
        "/broken.pdf": Route(b"%PDF-1.7\nnothing that a reader knows\n%%EOF", "application/pdf"),
        "/locked.pdf": Route(pdf("Locked", ["secret"], password="tutup"), "application/pdf"),
        "/latin.html": Route(
            html(REPORTS["summit-opens"], site.url)
            .replace("host&#x27;s", "host’s")
            .encode("cp1252")
        ),
        "/utf8-as-latin.html": Route(
            html(REPORTS["summit-opens"], site.url).replace("host&#x27;s", "host’s").encode(),
            "text/html; charset=iso-8859-1",
        ),
        "/image": Route(b"\x89PNG\r\n\x1a\n" + bytes(2000)),
        "/empty": Route(""),
        "/short": Route("<html><body><p>Segera hadir.</p></body></html>"),
        "/missing": Route("no", status=404),
        "/gone": Route("no", status=410),
        "/error": Route("no", status=500),
        "/busy": Route("no", status=429, headers={"Retry-After": "3600"}),
        "/metadata": Route(status=302, headers={"Location": "http://169.254.169.254/latest/"}),
        "/local-file": Route(status=302, headers={"Location": "file:///etc/passwd"}),
        "/loop": Route(status=302, headers={"Location": "/loop"}),
        "/hop/1": Route(status=302, headers={"Location": f"/berita/{first.slug}"}),
        "/hop/2": Route(status=301, headers={"Location": "/hop/1"}),
        "/hop/3": Route(status=307, headers={"Location": "/hop/2"}),
        "/bomb": Route(gzip.compress(bytes(20_000_000)), headers={"Content-Encoding": "gzip"}),
    }
    return site


def _lines(text: str, width: int = 80) -> list[str]:
    lines = [""]
    for word in text.split():
        if len(lines[-1]) + len(word) >= width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    site: NewsSite

    def __init__(self, *arguments: Any) -> None:
        self.stopping = threading.Event()
        super().__init__(*arguments)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that has had enough is no error."""


class _Handler(BaseHTTPRequestHandler):
    server: _Http

    def do_GET(self) -> None:
        begun = time.monotonic()
        site = self.server.site
        ends = self.path not in ("/silent", "/slow")
        site.begin(ends)
        try:
            status = self._answer()
            site.note(Request(self.path, dict(self.headers), begun, time.monotonic(), status))
        finally:
            site.begin(-ends)

    def _answer(self) -> int:
        if self.path == "/silent":
            self.server.stopping.wait(60)
            return 0
        if self.path == "/reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            return 0
        if self.path == "/slow":
            return self._drip()
        route = self.server.site.routes.get(self.path, Route("not found", status=404))
        body = route.body.encode() if isinstance(route.body, str) else route.body
        tag = f'"{sha256(body).hexdigest()[:16]}"'
        status = route.status
        if route.tagged and self.headers.get("If-None-Match") == tag:
            status, body = 304, b""
        self.send_response(status)
        self.send_header("Content-Type", route.type)
        self.send_header("Content-Length", str(len(body)))
        if route.tagged:
            self.send_header("ETag", tag)
        for name, value in route.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        return status

    def _drip(self) -> int:
        try:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            while not self.server.stopping.wait(0.1):
                self.wfile.write(b"x")
        except OSError:
            pass
        return 200

    def log_message(self, format: str, *args: object) -> None:
        pass
