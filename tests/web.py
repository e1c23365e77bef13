"""The HTTP door over a stand-in that answers by rule, and what it takes to look at it in a browser."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, NoReturn

import pytest
import uvicorn
from fastapi import FastAPI

from api.brand import read_texts
from corpus.article import Article, Source, Translation
from index.answer import Answer, AnswerPassage, IndexInfo, Original
from index.catalogue import Catalogue
from index.filters import Filters
from index.generation import NoIndexError
from index.marking import Span
from index.question import check_question
from index.settings import Settings
from tests.outcomes import varied

if TYPE_CHECKING:
    from playwright.sync_api import Page

browser_test = pytest.mark.browser
CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",  # tests run as root in containers
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
TEXTS = read_texts(Settings(_env_file=None))
OpenPage = Callable[..., "Page"]

INFO = IndexInfo("20261123T090000Z-5f3a", datetime(2026, 11, 23, 9, 0, tzinfo=UTC), 230, 743)
HOSTILE = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
MARKED = "Kegiatan ini diikuti 120 peserta."
VISIT = f"Kantor Sekretariat ASEAN 🏛️ dibuka untuk kunjungan. {MARKED} Jadwal berikutnya menyusul."
VISIT_EN = (
    "The ASEAN Secretariat 🏛️ opened for a visit. 120 people took part. A next date will follow."
)


def passage(
    id: str,
    text: str,
    marked: str,
    *,
    title: str = "Kunjungan ke Sekretariat ASEAN",
    language: str = "id",
    original: Original | None = None,
    published: date | None = date(2023, 8, 29),
    link: str = "https://example.org/berita#:~:text=120",
) -> AnswerPassage:
    """A passage of an answer with `marked` as its highlight."""
    start = text.index(marked)
    return AnswerPassage(
        id=f"{id}#0",
        article=id,
        title=title,
        text=text,
        language=language,
        translated=original is not None,
        original=original,
        highlight=Span(start, start + len(marked)),
        score=0.7421000003814697,
        source=Source("120 Warga Kunjungi Sekretariat", "Beritajakarta", link, published),
        link=link,
    )


ARTICLE = Article(
    id="secretariat/a",
    source=Source(
        "120 Warga Kunjungi Sekretariat",
        "Beritajakarta",
        "https://example.org/a",
        date(2023, 8, 29),
    ),
    language="id",
    text=VISIT,
    topics=("kunjungan", "sekretariat"),
    translation=Translation("en", "Visit to the ASEAN Secretariat", VISIT_EN),
)
EXAMPLES = {
    "id": ("Di mana alamat Sekretariat ASEAN?", "Apa itu KTT ASEAN?"),
    "en": ("Where is the ASEAN Secretariat?", "What is the ASEAN Summit?"),
}


class Standin:
    """Answers by words of the question: unknown, crash, hostile, slow; anything else is answered."""

    def __init__(self, index: IndexInfo | None = INFO, limit: int = 500) -> None:
        self.index = index
        self.limit = limit
        self.go = threading.Event()
        self.asked: list[tuple[str, int | None, str | None]] = []
        self.narrowed: list[tuple[str | None, Filters | None]] = []  # previous and filters

    def examples(self, language: str, count: int = 4) -> tuple[str, ...]:
        if self.index is None:
            raise NoIndexError("no index")
        return EXAMPLES[language][:count]

    def publishers(self) -> tuple[str, ...]:
        if self.index is None:
            raise NoIndexError("no index")
        return ("Beritajakarta", 'Kabar & "Kota"')

    def suggest(self, typed: str, language: str, count: int) -> tuple[str, ...]:
        return tuple(one for one in self.examples(language, 100) if typed.lower() in one.lower())[
            :count
        ]

    def article(self, name: str) -> Article | None:
        self.catalogue()
        return ARTICLE if name == ARTICLE.id else None

    def catalogue(self) -> Catalogue:
        if self.index is None:
            raise NoIndexError("no index")
        return Catalogue.of(self.index, [ARTICLE])

    def ask(
        self,
        question: str,
        k: int | None = None,
        language: str | None = None,
        *,
        previous: str | None = None,
        filters: Filters | None = None,
    ) -> Answer:
        text = check_question(question, self.limit)
        if self.index is None:
            raise NoIndexError("/srv/secret-folder has no manifest.json. Run: tanya rebuild")
        self.asked.append((text, k, language))
        self.narrowed.append((previous, filters))
        if "slow" in text:
            assert self.go.wait(60)
        if "crash" in text:
            raise RuntimeError("secret-detail")
        own = "en" if re.search(r"\b(is|what|who|when|slow|then|hello)\b", text.lower()) else "id"
        reader = language or own
        known = "unknown" not in text
        found = Answer(
            question=text,
            language=reader,
            outcome="answered" if known else "unknown",
            confidence=0.86 if known else 0.123456,
            passages=tuple(self._passages(text, reader)[: k or 3]) if known else (),
            related=("Di mana Sekretariat ASEAN?", "What is ASEAN?"),
            message=None if known else "Maaf, kami tidak tahu. Silakan hubungi tanya@example.org.",
            index=self.index,
        )
        return varied(found, previous)

    def _passages(self, text: str, reader: str) -> list[AnswerPassage]:
        if "hostile" in text:
            return [
                passage("a", HOSTILE + " and more", HOSTILE, title=HOSTILE, link="https://e.org/x"),
                passage("b", "bad link", "bad", link="javascript:document.title='owned'"),
            ]
        if reader == "en":
            first = passage(
                "secretariat/a",
                VISIT_EN,
                "120 people took part.",
                title="Visit to the ASEAN Secretariat",
                language="en",
                original=Original(VISIT, "id"),
            )
        else:
            first = passage("secretariat/a", VISIT, MARKED)
        return [first, *(passage(f"b{n}", VISIT, MARKED, published=None) for n in (1, 2, 3))]


def settings(**values: Any) -> Settings:
    """Settings that no environment reaches."""
    return Settings(_env_file=None, **values)


@contextlib.contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """The address of a real server of `app`."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False))
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        deadline = time.monotonic() + 10
        while not server.started:
            assert thread.is_alive() and time.monotonic() < deadline, "the server did not start"
            time.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            server.should_exit = True
            thread.join(10)


def is_problem(response: Any, status: int, code: str) -> dict[str, Any]:
    """The problem that `response` is."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = response.json()
    assert set(problem) == {"type", "title", "status", "detail", "code", "request_id"}
    assert problem["request_id"] == response.headers["x-request-id"]
    assert (problem["status"], problem["code"]) == (status, code)
    assert problem["detail"].endswith((".", "tanya rebuild"))
    return problem


def missing(what: str, so: str = "the page is not tested in a browser") -> NoReturn:
    """Skip where a person runs the tests without `what`; fail where CI does."""
    reason = f"{what} is missing: {so}"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def ask(page: Page, question: str) -> None:
    """Type `question` and press Enter."""
    page.locator("#question").fill(question)
    page.locator("#question").press("Enter")


def text_of(page: Page, selector: str) -> str:
    """What a reader sees of `selector`, white space aside."""
    return " ".join(page.locator(selector).inner_text().split())


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.textContent"))
