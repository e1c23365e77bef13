"""The desk of `tanya serve` as an operator works with it: two workers, real collecting, real indexes."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import httpx
import pytest
from lxml import html as lxml_html

from tests.desk_office import TOKEN, form_token
from tests.news_site import NewsSite
from tests.test_serve import free_port, running, until_ready

QUESTION = {"q": "jalan apa yang ditutup?"}


def press(client: httpx.Client, deed: str, **fields: str) -> str:
    """Press a button of the desk, and wait until the work has ended; the page that says so."""
    page = client.get("/desk?lang=en").text
    client.post(f"/desk/{deed}", data={"form": form_token(page), "lang": "en", **fields})
    end = time.monotonic() + 90
    while client.get("/desk/work").json()["state"] == "running":
        assert time.monotonic() < end
        time.sleep(0.2)
    return client.get("/desk?lang=en").text


def serving(page: str) -> str:
    (name,) = lxml_html.fromstring(page).xpath("//tr[contains(@class, 'current')]/@data-generation")
    return str(name)


@pytest.mark.slow
def test_from_an_unanswered_question_to_its_answer_and_back(tmp_path: Path, site: NewsSite) -> None:
    news = tmp_path / "news"
    news.mkdir()
    (news / "museum.md").write_text(
        '---\ntitle: "Museum dibuka"\nurl: https://example.org/museum\npublisher: "Kantor"\n'
        "published: 2023-09-05\nlanguage: id\n---\nMuseum Kota dibuka setiap hari pukul sembilan pagi.\n"
    )
    port, log = free_port(), tmp_path / "log"
    environment = {
        "TANYA_ADMIN_TOKEN": TOKEN,
        "TANYA_CORPUS": str(news),
        "TANYA_DATA": str(tmp_path / "var"),
        "TANYA_SHIPPED_CORPUS": "false",
        "TANYA_PROFILE": "fast",
        "TANYA_COLLECT_LOOPBACK": "true",
        "TANYA_COLLECT_DELAY": "0",
    }
    with (
        running(log, "serve", "--workers", "2", "--port", str(port), **environment) as process,
        # A new connection each time, so that either worker answers.
        httpx.Client(
            base_url=f"http://127.0.0.1:{port}",
            trust_env=False,
            follow_redirects=True,
            timeout=60,
            limits=httpx.Limits(max_keepalive_connections=0),
        ) as client,
    ):
        until_ready(client, process, log)
        assert client.get("/ask", params=QUESTION).json()["outcome"] != "answered"
        entered = client.post("/desk/login", data={"token": TOKEN, "lang": "en"})
        assert "Log out" in entered.text
        assert "jalan apa yang ditutup?" in entered.text, "among what cannot be answered"
        first = serving(entered.text)
        link = f"{site.url}/berita/jalan-ditutup"
        page = press(client, "collect", link=link)
        assert "Pages looked at: 1. New articles: 1, changed: 0, not readable: 0." in page
        assert "New articles: 1, changed: 0." in page, "as the last collection, too"
        second = serving(page)
        assert second != first
        _until_answered_from(client, second)
        answer = client.get("/ask", params=QUESTION).json()
        assert answer["passages"][0]["source"]["url"] == link
        page = press(client, "rollback", now=second)
        assert serving(page) == first
        _until_answered_from(client, first)
        page = press(client, "collect", link="http://169.254.169.254/latest/meta-data")
        assert "not a public one" in page, "the page says what could not be read, and why"
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) in (0, -signal.SIGTERM)
    text = log.read_text()
    assert TOKEN not in text
    assert "Traceback" not in text


def _until_answered_from(client: httpx.Client, index: str) -> None:
    """Wait until both workers do: some answers in a row."""
    end = time.monotonic() + 20
    row = 0
    while row < 8:
        assert time.monotonic() < end
        answered = client.get("/ask", params=QUESTION).json()
        row = row + 1 if answered["index"]["id"] == index else 0
        time.sleep(0.05)
