"""An answerer whose answers are known beforehand, and a bot that talks to the fake Bot API with it."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from bot import polling
from bot.poll import Patience, Watch
from corpus.article import Source
from index.answer import Answer, AnswerPassage, IndexInfo, Original
from index.catalogue import Catalogue, Headline, Publisher
from index.database import Database
from index.filters import Filters
from index.generation import NoIndexError
from index.journal import Journal
from index.language import detect
from index.limiter import Limiter
from index.marking import Span
from index.question import check_question
from index.settings import Settings
from tests.outcomes import varied
from tests.telegram_server import TOKEN, TelegramServer

SOON = Patience(poll=2.0, first=0.05, longest=0.2, farewell=5.0, look=0.2)
INFO = IndexInfo("20260101-000000", datetime(2026, 1, 1, tzinfo=UTC), 2, 5)
CATALOGUE = Catalogue(
    INFO,
    (
        Publisher("Kabar <Kota>", 4, date(2022, 1, 1), date(2023, 9, 1), ("id",), ()),
        Publisher("Jakarta Post & co", 1, None, None, ("en",), ()),
    ),
    (),
    (),
    (
        Headline(
            {"en": "A <b>bold</b> summit", "id": "KTT yang <b>berani</b>"},
            "Jakarta Post & co",
            "https://post.example.org/1?a=1&b=2",
            date(2023, 9, 5),
        ),
        Headline({"id": "Gedung dibuka"}, "Kabar <Kota>", "javascript:x", date(2023, 9, 1)),
    ),
)
RELATED = {
    "id": ("Apa tugas Sekretariat ASEAN?", "Di mana Gedung ASEAN berada?"),
    "en": ("What does the ASEAN Secretariat do?", "Where is the ASEAN building?"),
}


def passage(number: int = 1, **changes: Any) -> AnswerPassage:
    """A passage of three sentences, the second one marked."""
    text = changes.pop(
        "text", f"Awal {number}. Kantor <b>&</b> gedung {number} dibuka. Akhir {number}."
    )
    marked = changes.pop("marked", f"Kantor <b>&</b> gedung {number} dibuka.")
    start = text.find(marked)
    source = Source(
        title=f"Kunjungan {number}",
        publisher=changes.pop("publisher", f"Berita {number}"),
        url=changes.pop("url", f"https://berita{number}.example.org/a?b=1&c=2"),
        published=changes.pop("published", date(2023, 8, 29)),
    )
    values: dict[str, Any] = {
        "id": f"a{number}#0",
        "article": f"a{number}",
        "title": f"Kunjungan ke <Sekretariat> {number}",
        "text": text,
        "language": "id",
        "translated": False,
        "original": None,
        "highlight": Span(start, start + len(marked)),
        "score": 1.0,
        "source": source,
        "link": source.url,
    }
    return AnswerPassage(**{**values, **changes})


def answer(question: str = "Apa?", language: str = "id", *passages: AnswerPassage) -> Answer:
    """An answer with `passages`; without any, one that says that we do not know."""
    unknown = {"id": "Maaf, belum ada jawabannya.", "en": "Sorry, there is no answer."}[language]
    return Answer(
        question=question,
        language=language,
        outcome="answered" if passages else "unknown",
        confidence=0.9 if passages else 0.1,
        passages=passages,
        related=RELATED[language] if not passages else (),
        message=None if passages else unknown,
        index=INFO,
    )


class Desk:
    """Answers by a word of the question, with what an answerer may do besides answering.

    gedung, building: two passages, the second our translation; banyak, several: as many passages as are
    asked for, five at most, the second one old; lambat: waits for `free`; kosong: no index; rusak: an
    error of ours; anything else: "I don't know".
    """

    def __init__(self) -> None:
        self.asked: list[tuple[str, str | None]] = []
        self.previous: list[str | None] = []
        self.filters: list[Filters | None] = []
        self.wanted: list[int | None] = []
        self.empty = False
        self.free = threading.Event()

    def ask(
        self,
        question: str,
        k: int | None = None,
        language: str | None = None,
        *,
        previous: str | None = None,
        filters: Filters | None = None,
    ) -> Answer:
        """As `index.answer.Answerer.ask`, with the words of `tests.outcomes.varied`."""
        self.asked.append((question, language))
        self.previous.append(previous)
        self.filters.append(filters)
        self.wanted.append(k)
        text = check_question(question, 500)
        reader = language or detect(text) or "id"
        if "lambat" in text:
            assert self.free.wait(10)
        if "kosong" in text:
            raise NoIndexError("There is no index yet. Run: tanya rebuild")
        if "rusak" in text:
            raise RuntimeError(f"cannot cope with {text}")
        if "banyak" in text or "several" in text:
            numbers = range(1, min(k or 3, 5) + 1)
            passages = [passage(n, language=reader, old=n == 2) for n in numbers]
            if filters is not None and filters.since is not None:
                passages = [one for one in passages if not one.old]
            found = answer(text, reader, *passages)
        elif "gedung" in text or "building" in text:
            other = "en" if reader == "id" else "id"
            original = Original("Original.", other)
            found = answer(
                text,
                reader,
                passage(1, language=reader),
                passage(2, language=reader, translated=True, original=original, published=None),
            )
        else:
            found = answer(text, reader)
        return varied(found, previous)

    def examples(self, language: str, count: int = 4) -> tuple[str, ...]:
        """As `index.answer.Answerer.examples`."""
        if self.empty:
            raise NoIndexError("There is no index yet. Run: tanya rebuild")
        return RELATED[language][:count]

    def catalogue(self) -> Catalogue:
        """As `index.answer.Answerer.catalogue`."""
        if self.empty:
            raise NoIndexError("There is no index yet. Run: tanya rebuild")
        return CATALOGUE


def settings_for(server: TelegramServer | None, data: Path, **changes: Any) -> Settings:
    """Settings of a bot at `server`, with its state in `data`."""
    values: dict[str, Any] = {
        "data": data,
        "telegram_token": TOKEN,
        "telegram_api": server.url if server else "http://127.0.0.1:9",
        "contact": "humas@example.org",
    }
    return Settings(_env_file=None, **{**values, **changes})


@asynccontextmanager
async def open_bot(
    server: TelegramServer,
    data: Path,
    desk: Desk | None = None,
    limiter: Limiter | None = None,
    **changes: Any,
) -> AsyncIterator[Watch]:
    """A running bot, with its journal."""
    settings = settings_for(server, data, **changes)
    journal = open_journal(settings)
    async with polling(desk or Desk(), settings, journal, limiter, SOON) as watch:
        yield watch


def open_journal(settings: Settings) -> Journal | None:
    """The journal of `settings`."""
    return Journal.of(settings, Database.of(settings, patient=True))
