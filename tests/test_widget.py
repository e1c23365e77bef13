"""`widget.js` in the page of another origin, under the strictest policy that still lets it in."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from api import create_app
from index.journal import Journal
from tests.axe import violations
from tests.web import MARKED, OpenPage, Standin, browser_test, served, settings

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

Host = Callable[..., str]


@contextmanager
def site(tag: str, policy: str, language: str = "id") -> Iterator[str]:
    """The address of a ministry's page with `tag` in it, under `policy`."""

    class Site(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/" else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Security-Policy", policy)
            self.end_headers()
            self.wfile.write(
                f'<!doctype html><html lang="{language}"><title>Kementerian</title>'
                f"<main><h1>Kementerian</h1><p><a href='/'>Berita</a></p></main>{tag}".encode()
            )

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        server.server_close()


def policy(address: str, frames: str | None = None) -> str:
    """A host's policy that allows our script and frame, and nothing else at all."""
    return (
        f"default-src 'none'; script-src {address}; frame-src {frames or address}; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )


def listened(page: Page) -> list[str]:
    """What the browser complains about, from now on."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    return said


@browser_test
def test_the_chat_in_another_sites_page(
    open_page: OpenPage, address: str, page_journal: Journal
) -> None:
    tag = f'<script src="{address}/widget.js" async></script>'
    with site(tag, policy(address)) as host:
        page = open_page("about:blank", width=1280)
        said = listened(page)
        requests: list[str] = []
        page.on("request", lambda request: requests.append(request.url))
        page.goto(host)
        launcher = page.get_by_role("button", name="Ada pertanyaan?")
        launcher.wait_for()
        assert [url for url in requests if url.startswith(address)] == [f"{address}/widget.js"]
        assert violations(page) == []
        launcher.focus()
        page.keyboard.press("Enter")
        frame = page.frame_locator("iframe")
        frame.locator("#question:focus").wait_for()
        page.keyboard.type("Apakah dibuka?")
        page.keyboard.press("Enter")
        frame.locator(".found").wait_for()
        assert frame.locator("mark").first.inner_text() == MARKED
        assert page_journal.entries(limit=1)[0].door == "widget"
        inside = page.frames[1]
        assert inside.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        assert violations(inside) == []
        dialog = page.get_by_role("dialog", name="Tanya ASEAN")
        narrow = dialog.bounding_box()
        page.get_by_role("button", name="Perbesar").click()
        wide = dialog.bounding_box()
        assert narrow is not None and wide is not None and wide["width"] > narrow["width"] + 200
        page.get_by_role("button", name="Perkecil").wait_for()
        assert page.get_by_role("link", name="Buka di tab baru").get_attribute("href") == (
            f"{address}/?lang=id"
        )
        frame.locator("#question").focus()
        page.keyboard.press("Escape")
        launcher.wait_for()
        assert (
            page.evaluate("document.activeElement.shadowRoot.activeElement.className") == "launcher"
        )
        launcher.click()
        frame.locator("#question:focus").wait_for()
        assert frame.locator(".turn").count() == 1, "closed is not forgotten"
        page.set_viewport_size({"width": 320, "height": 560})
        small = dialog.bounding_box()
        assert small is not None
        assert (small["x"], small["y"], small["width"], small["height"]) == (0, 0, 320, 560)
        page.get_by_role("button", name="Tutup").click()
        assert page.context.cookies() == []
        assert page.evaluate("localStorage.length + sessionStorage.length") == 0
        assert said == []
        assert [url for url in requests if not url.startswith((address, host))] == []


@browser_test
def test_the_tag_says_language_place_and_greeting(open_page: OpenPage, address: str) -> None:
    tag = (
        f'<script src="{address}/widget.js" data-language="en" data-position="left" '
        'data-label="Ask &lt;us&gt;" data-greeting="Welcome, &lt;b&gt;guests&lt;/b&gt;!"></script>'
    )
    with site(tag * 2, policy(address)) as host:
        page = open_page("about:blank", width=800, color_scheme="dark")
        page.goto(host)
        launcher = page.get_by_role("button", name="Ask <us>")
        launcher.wait_for()
        assert page.locator("#tanya-widget").count() == 1, "two tags are one widget"
        box = launcher.bounding_box()
        assert box is not None and box["x"] < 40
        launcher.click()
        frame = page.frame_locator("iframe")
        frame.get_by_role("heading", name="Welcome, <b>guests</b>!").wait_for()
        assert frame.locator("html").get_attribute("lang") == "en"
        frame.get_by_role("button", name="Bahasa Indonesia").click()
        assert frame.locator("#welcome").inner_text() == "Welcome, <b>guests</b>!"
        # The first Escape belongs to what is open inside.
        frame.locator("#filters summary").click()
        frame.locator("#publisher").press("Escape")
        assert not frame.locator("#publisher").is_visible()
        assert page.get_by_role("dialog").is_visible()
        assert violations(page.frames[1]) == []


@browser_test
@pytest.mark.parametrize("forbids", ["the site", "the service"])
def test_where_it_may_not_be_framed_the_page_is_offered(open_page: OpenPage, forbids: str) -> None:
    own = settings(embed_origins="https://other.example" if forbids == "the service" else "*")
    with served(create_app(Standin(), own)) as address:
        tag = f'<script src="{address}/widget.js"></script>'
        frames = "'none'" if forbids == "the site" else None
        with site(tag, policy(address, frames), "en") as host:
            page = open_page("about:blank", locale="fr-FR")
            page.goto(host)
            page.get_by_role("button", name="Any questions?").click()
            alert = page.get_by_role("alert")
            alert.filter(has_text="cannot be shown inside this page").wait_for()
            link = alert.get_by_role("link", name="Open in a new tab")
            assert link.get_attribute("href") == f"{address}/?lang=en"
            link.focus()
            page.keyboard.press("Escape")
            page.get_by_role("button", name="Any questions?").wait_for()


@browser_test
def test_a_frame_that_is_slow_is_waited_for_and_the_page_offered_meanwhile(
    open_page: OpenPage, address: str
) -> None:
    tag = f'<script src="{address}/widget.js"></script>'
    with site(tag, policy(address)) as host:
        page = open_page("about:blank")
        page.clock.install()
        held: list[Route] = []
        page.route("**/embed?lang=*", lambda route: held.append(route))
        page.goto(host)
        page.get_by_role("button", name="Ada pertanyaan?").click()
        assert focused_inside(page) == "Tutup", "while there is nothing to type into"
        page.clock.fast_forward(10_000)
        page.get_by_role("alert").filter(has_text="tidak dapat ditampilkan").wait_for()
        held[0].continue_()
        page.frame_locator("iframe").locator("#question:focus").wait_for()
        assert not page.locator(".blocked").is_visible()


def focused_inside(page: Page) -> str | None:
    """The name of what has the focus in the widget."""
    name: str | None = page.evaluate(
        "document.activeElement.shadowRoot.activeElement.getAttribute('aria-label')"
    )
    return name


@browser_test
def test_only_its_own_frame_can_close_it(open_page: OpenPage, address: str) -> None:
    tag = f'<script src="{address}/widget.js"></script>'
    with site(tag, policy(address)) as host:
        page = open_page("about:blank")
        page.goto(host)
        page.get_by_role("button", name="Ada pertanyaan?").click()
        page.frame_locator("iframe").locator("#question:focus").wait_for()
        page.evaluate("window.postMessage({ tanya: 'close' }, '*')")
        page.evaluate("window.postMessage('text', '*')")
        page.evaluate("new Promise((done) => setTimeout(done, 100))")
        assert page.get_by_role("dialog").is_visible()
