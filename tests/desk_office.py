"""A desk with everything behind it that is real: index, journal, login; its collecting is a stand-in."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient

from api import create_app
from api.admin import Admin
from corpus.article import Article, Source
from corpus.report import Item, Report
from index.answer import Answerer, Outcome
from index.clusters import cluster
from index.database import Database
from index.journal import Door, Journal
from index.limiter import Limiter
from index.maxsim import StaticVectors
from index.settings import Settings
from index.states import states
from index.store import Store
from tests.desk import answer, passage
from tests.hashing import HashingEncoder

TOKEN = "a-long-token-of-the-operator"
HOSTILE = "<script>document.title='owned'</script>\"><img src=x onerror=document.title='owned'>"


def article(number: int, **changes: Any) -> Article:
    """The article `a<number>`, of one of three publishers."""
    values: dict[str, Any] = {
        "id": f"a{number}",
        "source": Source(
            f"Berita nomor {number}",
            f"Kantor {number % 3}",
            f"https://berita.example.org/{number}",
            date(2023, 1, 1) + timedelta(days=number),
        ),
        "language": "id",
        "text": f"Gedung nomor {number} dibuka untuk umum. Warga melihat gedung {number} hari itu.",
    }
    return Article(**{**values, **changes})


@dataclass
class Office:
    """`articles` are what a rebuild reads; `collected` what collecting was asked for, which waits while
    `busy` is cleared."""

    settings: Settings
    store: Store
    journal: Journal
    app: FastAPI
    articles: list[Article]
    collected: list[Sequence[str]] = field(default_factory=list)
    busy: threading.Event = field(default_factory=threading.Event)

    def note(
        self, text: str, outcome: Outcome, *shown: int, ago: float = 0.0, **changes: Any
    ) -> str:
        """Note a question asked `ago` days ago, whose answer showed the articles `shown`."""
        given: dict[str, Any] = {"door": "page", "language": "id", "seconds": 0.05, **changes}
        passages = [replace(passage(1), article=f"a{number}") for number in shown]
        found = replace(answer(text, given["language"], *passages), outcome=outcome)
        moment = datetime.now(UTC) - timedelta(days=ago)
        door: Door = given["door"]
        name = self.journal.note(found, door, None, given["seconds"], moment)
        assert name is not None
        return name

    @contextmanager
    def client(self, **options: Any) -> Iterator[TestClient]:
        """A browser that is not logged in."""
        with TestClient(self.app, follow_redirects=False, **options) as client:
            yield client

    @contextmanager
    def inside(self, **options: Any) -> Iterator[TestClient]:
        """A browser that is logged in."""
        with self.client(**options) as client:
            assert log_in(client).status_code == 303
            yield client


def office(data: Path, static: StaticVectors, **settings: Any) -> Office:
    """A desk over an index that was built twice (unless there is one), with an empty journal."""
    options = {"admin_token": TOKEN, "corpus": data / "news", **settings}
    chosen = Settings(_env_file=None, data=data, **options)
    store = Store(data)
    encoder = HashingEncoder()
    articles = [article(number) for number in range(1, 7)]
    if store.current_id() is None:
        store.rebuild(articles[:-1], encoder, static)
        store.rebuild(articles, encoder, static)
    book = Journal(Database.of(chosen), 90)
    made = Office(chosen, store, book, FastAPI(), articles)
    made.busy.set()

    def collect(links: Sequence[str]) -> Report:
        made.collected.append(links)
        assert made.busy.wait(30)
        return Report((Item("https://x.example.org", "failed", "It answered 500"),), 1.5)

    admin = Admin(
        rebuild=lambda force: store.rebuild(made.articles, encoder, static, force=force),
        collect=collect,
        generations=lambda: states(store),
        rollback=store.rollback,
        cluster=lambda entries: cluster(entries, encoder),
    )
    made.app = create_app(
        Answerer(chosen, store, encoder, static),
        chosen,
        journal=book if chosen.journal else None,
        limiter=Limiter.of(chosen),
        admin=admin,
    )
    return made


def log_in(client: TestClient, token: str = TOKEN, **headers: str) -> Any:
    return client.post("/desk/login", data={"token": token, "lang": "en"}, headers=headers)


def form_token(html: str) -> str:
    """The token that the page's forms carry."""
    found = set(re.findall(r'name="form" value="([^"]+)"', html))
    assert len(found) == 1
    return str(found.pop())


def press(client: TestClient, deed: str, **fields: str) -> Any:
    """Press a button of the desk, and look at the page that it leads to."""
    page = client.get("/desk?lang=en").text
    done = client.post(f"/desk/{deed}", data={"form": form_token(page), "lang": "en", **fields})
    assert done.status_code == 303, done.text
    assert done.headers["location"].startswith("../desk?")
    return client.get(done.headers["location"].removeprefix(".."))
