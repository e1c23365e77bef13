"""Another forum makes the service its own, with README's block of settings and a folder of articles."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.axe import violations
from tests.test_readme import README
from tests.test_serve import free_port, running, until_ready
from tests.web import OpenPage, ask, browser_test

if TYPE_CHECKING:
    from playwright.sync_api import Page

FORUM = Path(__file__).parent / "forum"


def texts(client: httpx.Client) -> dict[str, str]:
    """All that a citizen may be shown, by address."""
    questions = [
        "Who hosts the fourth forum?",
        "berapa kuota tuna 2027?",
        "what is the price of chili",
    ]
    social = ["halo", "who are you?", "help", "write me a poem", "ok", "bonjour, ça va bien?"]
    paths = [
        "/",
        "/?lang=en",
        "/embed?lang=id",
        "/widget.js",
        "/icon.svg",
        "/docs",
        "/openapi.json",
    ]
    paths += [f"/ask?q={text}" for text in [*questions, *social]]
    paths += [f"/?lang=en&q={text}" for text in questions]
    paths += [f"/suggest?q={text}&language={one}" for text in "fkw" for one in ("id", "en")]
    return {path: client.get(path).raise_for_status().text for path in paths}


def look(page: Page, address: str, scheme: str) -> None:
    page.goto(f"{address}/?lang=en")
    assert page.get_by_role("heading", level=1).inner_text() == "Tanya Samudra"
    assert (
        page.get_by_role("heading", level=2).inner_text() == "Welcome to the Pacific Oceans Forum!"
    )
    assert page.evaluate("document.querySelector('.logo').naturalWidth") > 0
    fill = page.evaluate("getComputedStyle(document.querySelector('.ask')).backgroundColor")
    assert (fill == "rgb(0, 105, 92)") == (scheme == "light"), "lighter in the dark"
    assert page.locator("#examples button").all_inner_texts()[:2] == [
        "Apia will host the fourth forum in 2028",
        "Tuna quota for 2027 agreed in Honiara",
    ], "the newest headlines"
    ask(page, "Who hosts the fourth forum?")
    page.locator(".found").wait_for()
    assert "Samoa" in page.locator(".passage mark").first.inner_text()
    assert page.locator(".passage .publisher").first.inner_text() == "Pacific Press"
    ask(page, "hello")
    page.locator(".reply").wait_for()
    assert page.locator(".reply").inner_text() == "Welcome to the Pacific Oceans Forum!"
    assert violations(page) == []


@browser_test
def test_another_forum_from_settings_and_a_folder_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, open_page: OpenPage
) -> None:
    block = re.search(r"```dotenv\n(.*?)```", README, re.DOTALL)
    assert block is not None
    (tmp_path / ".env").write_text(block[1], encoding="utf-8")
    shutil.copytree(FORUM, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    port, log = free_port(), tmp_path / "log"
    address = f"http://127.0.0.1:{port}"
    with (
        running(log, "serve", "--port", str(port)) as process,
        httpx.Client(base_url=address, trust_env=False) as client,
    ):
        until_ready(client, process, log)
        shown = texts(client)
        assert [path for path, text in shown.items() if "asean" in text.lower()] == []
        assert [path for path, text in shown.items() if "ktt" in text.lower()] == []
        assert "Forum Samudra Pasifik" in shown["/"]
        assert "the Pacific Oceans Forum" in shown["/ask?q=who are you?"]
        assert "tanya@forum.example" in shown["/ask?q=what is the price of chili"]
        policy = client.get("/embed").headers["content-security-policy"]
        assert "frame-ancestors https://www.forum.example" in policy
        for scheme in ("light", "dark"):
            look(open_page("about:blank", color_scheme=scheme), address, scheme)
