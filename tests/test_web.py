"""Fetching: what is let in, what is refused and why, how polite we are."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.address import is_public
from corpus.web import Bounds, Web, WebError, agent
from tests.news_site import NewsSite, Route, open_site

QUICK = Bounds(size=2_000_000, seconds=1.0)


@pytest.fixture(scope="module")
def site() -> Iterator[NewsSite]:
    with NewsSite() as site:
        yield open_site(site)


def web(**changes: object) -> Web:
    options: dict[str, object] = {"delay": 0.0, "allow_loopback": True, "bounds": QUICK}
    return Web("TanyaTest/1 (+https://example.org)", **{**options, **changes})  # type: ignore[arg-type]


def refusal(url: str, **changes: object) -> WebError:
    with pytest.raises(WebError) as caught:
        web(**changes).get(url)
    return caught.value


def test_a_page_comes_with_what_its_headers_say(site: NewsSite) -> None:
    page = web().get(f"{site.url}/hop/3")
    assert page.url == f"{site.url}/berita/jalan-ditutup"
    assert page.asked == f"{site.url}/hop/3"
    assert (page.media_type, page.charset) == ("text/html", "utf-8")
    assert b"Lima ruas jalan" in page.content
    assert site.requests[-1].headers["User-Agent"] == "TanyaTest/1 (+https://example.org)"


@pytest.mark.parametrize(
    ("name", "contact", "said"),
    [
        ("Tanya ASEAN", "", "TanyaASEAN/1.0 (news collector of Tanya ASEAN)"),
        ("Tanya (Uji)", "a@b.example", "TanyaUji/1.0 (news collector of Tanya Uji; a@b.example)"),
        ("อาเซียน", "x\r\nHost: evil", "Tanya/1.0 (news collector of ; xHost: evil)"),
    ],
)
def test_the_service_introduces_itself(name: str, contact: str, said: str) -> None:
    assert agent(name, contact) == said


def test_robots_txt_may_speak_to_us_by_name() -> None:
    with NewsSite() as site:
        rules = "User-agent: collector\nDisallow: /\n\nUser-agent: tanyatest\nDisallow: /b\n"
        site.routes = {
            "/robots.txt": Route(rules, "text/plain"),
            "/a": Route("a"),
            "/b": Route("b"),
        }
        fetch = Web("TanyaTest/1 (news collector of Tanya)", delay=0.0, allow_loopback=True)
        assert fetch.get(f"{site.url}/a").content == b"a"
        with pytest.raises(WebError) as caught:
            fetch.get(f"{site.url}/b")
        assert caught.value.code == "robots"


def test_what_has_not_changed_is_not_sent_again(site: NewsSite) -> None:
    first = web().get(f"{site.url}/berita/jalan-ditutup")
    again = web().get(f"{site.url}/berita/jalan-ditutup", etag=first.etag)
    assert again.not_modified
    assert again.content == b""


def test_a_server_without_tags_is_asked_by_date(site: NewsSite) -> None:
    stamp = "Mon, 04 May 2026 00:30:00 GMT"
    site.routes["/dated"] = Route("halo", headers={"Last-Modified": stamp})
    first = web().get(f"{site.url}/dated")
    web().get(f"{site.url}/dated", first.etag, first.last_modified)
    assert site.requests[-1].headers["If-Modified-Since"] == stamp


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/bomb", "too_large"),
        ("/slow", "too_slow"),
        ("/silent", "too_slow"),
        ("/reset", "network"),
        ("/loop", "redirects"),
        ("/metadata", "address"),
        ("/local-file", "scheme"),
        ("/missing", "status"),
        ("/gone", "status"),
        ("/error", "status"),
        ("/busy", "status"),
        ("/rahasia/laporan", "robots"),
    ],
)
def test_what_is_refused_and_nothing_hangs(site: NewsSite, path: str, code: str) -> None:
    begun = time.monotonic()
    error = refusal(site.url + path)
    assert error.code == code
    assert time.monotonic() - begun < 4
    assert len(str(error)) > 20


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("ftp://example.org/", "scheme"),
        ("file:///etc/passwd", "scheme"),
        ("javascript:alert(1)", "scheme"),
        ("data:text/html,x", "scheme"),
        ("", "scheme"),
        ("http://", "scheme"),
        ("http://[::1", "scheme"),
        ("http://example.org:99999/", "scheme"),
        ("http://user:secret@example.org/", "scheme"),
        ("http://example.org@127.0.0.1/", "scheme"),
        ("http://" + "a" * 3000, "scheme"),
        ("http://127.0.0.1/", "address"),
        ("http://127.1/", "address"),
        ("http://2130706433/", "address"),
        ("http://0x7f.0x1/", "address"),
        ("http://localhost./", "address"),
        ("http://LOCALHOST/", "address"),
        ("http://0.0.0.0/", "address"),
        ("http://[::1]/", "address"),
        ("http://[::ffff:169.254.169.254]/", "address"),
        ("http://169.254.169.254/latest/meta-data/", "address"),
        ("http://10.0.0.1/", "address"),
        ("http://192.168.1.1/admin", "address"),
        ("http://100.64.0.1/", "address"),
        ("http://224.0.0.1/", "address"),
        ("http://[fe80::1]/", "address"),
        ("http://[fd00::1]/", "address"),
        ("http://[64:ff9b::7f00:1]/", "address"),
        ("http://[2002:7f00:1::]/", "address"),
        ("http://8.8.8.8:6379/", "port"),
        ("http://8.8.8.8:22/", "port"),
    ],
)
def test_addresses_that_are_never_asked(url: str, code: str) -> None:
    error = refusal(url, allow_loopback=False)
    assert error.code == code, error
    assert "secret" not in str(error)


def test_a_name_that_resolves_to_this_machine_is_refused(site: NewsSite) -> None:
    port = site.url.rpartition(":")[2]
    before = len(site.requests)
    error = refusal(
        f"http://berita.example.org:{port}/berita/jalan-ditutup",
        allow_loopback=False,
        resolve=lambda host, port: ["127.0.0.1"],
    )
    assert error.code == "address"
    assert "127.0.0.1" in str(error)
    assert len(site.requests) == before


def test_one_bad_address_makes_the_name_suspect() -> None:
    error = refusal(
        "http://berita.example.org/",
        allow_loopback=False,
        resolve=lambda host, port: ["93.184.216.34", "10.0.0.1"],
    )
    assert error.code == "address"


def test_the_checked_address_is_the_one_connected_to(site: NewsSite) -> None:
    """A name that changes between check and use (DNS rebinding) is asked for once a connection."""
    port = site.url.rpartition(":")[2]
    asked: list[str] = []

    def rebinding(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) <= 2 else ["10.0.0.1"]

    page = web(resolve=rebinding).get(f"http://berita.example.org:{port}/berita/pusat-media")
    assert b"Gedung Kartika" in page.content
    assert asked == ["berita.example.org"] * 2  # once for robots.txt, once for the page
    assert site.requests[-1].headers["Host"] == f"berita.example.org:{port}"


def test_loopback_for_tests_opens_nothing_else() -> None:
    assert refusal("http://10.0.0.1/", allow_loopback=True).code == "address"


def test_a_name_without_address() -> None:
    def nowhere(host: str, port: int) -> list[str]:
        raise OSError("no such name")

    assert refusal("http://nowhere.example.org/", resolve=nowhere).code == "dns"


@pytest.mark.parametrize(
    ("host", "allowed"),
    [("kompas.com", True), ("www.kompas.com", True), ("notkompas.com", False), ("com", False)],
)
def test_allowed_hosts_and_their_subdomains(host: str, allowed: bool) -> None:
    error = refusal(
        f"http://{host}/", allowed_hosts=["kompas.com"], resolve=lambda host, port: ["10.0.0.1"]
    )
    assert error.code == ("address" if allowed else "host")


def test_redirects_are_checked_for_allowed_hosts_too(site: NewsSite) -> None:
    site.routes["/away"] = Route(status=302, headers={"Location": "http://evil.example.org/"})
    assert refusal(f"{site.url}/away", allowed_hosts=["127.0.0.1"]).code == "host"


@pytest.mark.parametrize(
    ("status", "code"), [(404, None), (403, None), (503, "status"), (500, "status")]
)
def test_what_a_robots_txt_out_of_order_means(status: int, code: str | None) -> None:
    with NewsSite() as site:
        site.routes = {"/robots.txt": Route(status=status), "/page": Route("<p>halo</p>")}
        if code is None:
            assert web().get(f"{site.url}/page").content == b"<p>halo</p>"
        else:
            assert refusal(f"{site.url}/page").code == code


def test_robots_txt_is_read_once_and_one_request_runs_at_a_time() -> None:
    with NewsSite() as site:
        site.routes = {f"/{n}": Route("<p>halo</p>") for n in range(4)}
        fetch = web(delay=0.1)
        threads = [threading.Thread(target=fetch.get, args=(f"{site.url}/{n}",)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        requests = sorted(site.requests, key=lambda one: one.begun)
        assert [one.path for one in requests].count("/robots.txt") == 1
        assert len(requests) == 5
        for one, following in pairwise(requests):
            assert following.begun - one.ended > 0.08


def test_the_crawl_delay_of_a_host_is_kept() -> None:
    with NewsSite() as site:
        site.routes = {
            "/robots.txt": Route("User-agent: *\nCrawl-delay: 0.3\n", "text/plain"),
            "/1": Route("1"),
            "/2": Route("2"),
        }
        fetch = web()
        fetch.get(f"{site.url}/1")
        fetch.get(f"{site.url}/2")
        assert site.requests[2].begun - site.requests[1].ended > 0.28


def test_a_busy_host_is_asked_again_when_it_says() -> None:
    with NewsSite() as site:
        busy = Route("no", status=503, headers={"Retry-After": "1"})
        site.routes = {"/page": busy}

        def calm_down() -> None:
            end = time.monotonic() + 10
            while "/page" not in site.paths() and time.monotonic() < end:
                time.sleep(0.01)
            site.routes["/page"] = Route("ada")

        threading.Thread(target=calm_down).start()
        assert web().get(f"{site.url}/page").content == b"ada"
        assert site.paths() == ["/robots.txt", "/page", "/page"]


@given(st.ip_addresses())
def test_no_private_address_passes(address: object) -> None:
    import ipaddress

    assert isinstance(address, (ipaddress.IPv4Address, ipaddress.IPv6Address))
    if is_public(str(address)):
        assert address.is_global
        assert not (address.is_private or address.is_multicast or address.is_loopback)


@given(st.ip_addresses(v=4))
def test_wrapping_an_address_makes_it_no_more_public(address: object) -> None:
    assert not is_public(f"::ffff:{address}")
    assert is_public(f"64:ff9b::{address}") == is_public(str(address))
