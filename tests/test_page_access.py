"""The chat page for everyone: keyboard, small screens, contrast, paper."""

from __future__ import annotations

import re

import pytest

from corpus.article import LANGUAGES
from tests.web import OpenPage, ask, browser_test, focused


@browser_test
def test_the_keyboard_is_enough(open_page: OpenPage, address: str) -> None:
    page = open_page(width=1280)
    press = page.keyboard.press
    press("Tab")
    assert focused(page) == "Langsung ke kolom pertanyaan"
    press("Enter")
    page.keyboard.type("Apakah dibuka?")
    press("Shift+Enter")
    page.keyboard.type("Sejak kapan?")
    assert page.get_by_role("textbox").input_value() == "Apakah dibuka?\nSejak kapan?"
    press("Enter")
    page.locator(".found").wait_for()
    assert "Apakah dibuka?" in focused(page), "focus is on the question that is answered"
    press("Tab")
    assert "Kunjungan ke Sekretariat ASEAN" in focused(page), "then on its first source"
    while page.evaluate("document.activeElement.className") != "chip":
        press("Tab")
    press("Enter")
    page.locator(".turn:nth-child(2) .found").wait_for()
    page.keyboard.type("unknown")
    assert page.get_by_role("textbox").input_value() == "unknown", "typing on asks on"
    press("Enter")
    page.locator(".unknown").wait_for()


@browser_test
def test_no_focus_is_hidden_or_invisible(open_page: OpenPage) -> None:
    page = open_page("/?q=Apakah+ramai%3F", width=320)
    page.locator("#filters summary").click()
    page.locator("h2.question").focus()
    seen = 0
    for _ in range(30):
        page.keyboard.press("Tab")
        state = page.evaluate(
            """() => {
              const at = document.activeElement;
              if (at === document.body) return null;
              const box = at.getBoundingClientRect();
              const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
              const style = getComputedStyle(at);
              const around = getComputedStyle(at.parentElement);
              return {
                name: at.outerHTML.slice(0, 60),
                covered: !(at.contains(top) || top.contains(at)),
                ring: style.outlineStyle !== "none" || around.outlineStyle !== "none",
              };
            }"""
        )
        if state is None:
            break
        seen += 1
        assert not state["covered"], state
        assert state["ring"], state
    assert seen > 8


@browser_test
@pytest.mark.parametrize("width", [320, 390, 1280])
@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_wider_than_the_screen(open_page: OpenPage, width: int, language: str) -> None:
    page = open_page(f"/?lang={language}", width=width)
    wide = "document.documentElement.scrollWidth > window.innerWidth"
    assert not page.evaluate(wide)
    long_word = "panjang" * 40
    page.locator("#filters summary").click()
    assert not page.evaluate(wide), "filters"
    page.locator("#publisher").fill(long_word[:200])
    questions = ["Apa sebagian beda ramai?", f"lalu ramai? {long_word}", "halo"]
    for number, question in enumerate([*questions, "unknown", "hostile", long_word], 1):
        ask(page, question)
        page.locator(f".turn:nth-child({number}) .chips").wait_for()
        assert not page.evaluate(wide), question


@browser_test
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_has_contrast(open_page: OpenPage, scheme: str) -> None:
    page = open_page("/?q=unknown", color_scheme=scheme)
    for question in ("What is partly differ many?", "Then is it open?", "hello"):
        ask(page, question)
        page.locator(".turn").last.locator(".chips").wait_for()
    page.locator("#filters summary").click()
    page.get_by_role("button", name=re.compile("Topik baru|New topic")).click()
    page.locator(".original summary").first.click()
    page.route("**/ask", lambda route: route.abort())
    ask(page, "a" * 450)
    page.locator(".fault").wait_for()
    ask(page, "a" * 501)
    ratios = page.evaluate(
        """() => {
          const numbers = (color) => color.match(/[\\d.]+/g).map(Number);
          const light = ([r, g, b]) => [r, g, b]
            .map((v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
            .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
          const behind = (at) => {
            for (; at; at = at.parentElement) {
              const color = numbers(getComputedStyle(at).backgroundColor);
              if (color.length === 3 || color[3] === 1) return color;
            }
          };
          const found = [];
          const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
          while (walk.nextNode()) {
            const at = walk.currentNode.parentElement;
            if (!walk.currentNode.data.trim() || !at.checkVisibility()) continue;
            const [a, b] = [numbers(getComputedStyle(at).color), behind(at)].map(light);
            const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
            found.push([ratio, at.className || at.tagName, walk.currentNode.data.slice(0, 30)]);
          }
          return found.sort((x, y) => x[0] - y[0]);
        }"""
    )
    assert len(ratios) > 30
    assert ratios[0][0] >= 4.5, ratios[:5]
    paper = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert paper == {"light": "rgb(246, 245, 241)", "dark": "rgb(15, 21, 28)"}[scheme]


@browser_test
def test_on_paper_there_are_addresses_and_no_controls(open_page: OpenPage) -> None:
    page = open_page("/?q=Apakah+dibuka%3F")
    page.emulate_media(media="print")
    assert not page.get_by_role("textbox").is_visible()
    assert not page.locator(".related").is_visible()
    after = "getComputedStyle(document.querySelector('.source-title a'), '::after').content"
    assert "https://example.org/berita" in page.evaluate(after)
