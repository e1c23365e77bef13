"""Limits over HTTP: who asks too often, from where, and what each answer leaves behind."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient

from api import create_app
from index.answer import Answer
from index.database import Database, DatabaseError
from index.journal import Door, Journal
from index.limiter import Limiter
from index.settings import Settings
from tests.test_metrics import read
from tests.web import Standin, is_problem, settings


@contextmanager
def door(
    tmp_path: Path, *, journal: Journal | None = None, client: str = "192.0.2.1", **values: Any
) -> Iterator[TestClient]:
    chosen = settings(data=tmp_path, **{"rate": "3/minute", **values})
    app = create_app(Standin(), chosen, journal=journal, limiter=Limiter.of(chosen))
    with TestClient(app, client=(client, 50000)) as http:
        yield http


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    database = Database.of(Settings(data=tmp_path / "journal"))
    kept = Journal(database, 90)
    yield kept
    database.close()


def asked(http: TestClient, times: int, **headers: str) -> list[int]:
    return [http.get("/ask?q=Apa+itu", headers=headers).status_code for _ in range(times)]


def test_who_asks_too_often_is_told_when_to_come_back(tmp_path: Path) -> None:
    with door(tmp_path) as http:
        assert asked(http, 3) == [200] * 3
        response = http.post("/ask", json={"question": "Apa itu?"})
        problem = is_problem(response, 429, "rate_limited")
        wait = int(response.headers["retry-after"])
        assert 50 <= wait <= 60
        assert f"{wait} seconds" in problem["detail"]
        page = http.get("/?q=Apa+itu&lang=id")
        assert page.status_code == 429
        assert int(page.headers["retry-after"]) > 0
        for path in ("/health", "/ready", "/sources", "/suggest?q=a", "/", "/metrics"):
            assert http.get(path).status_code == 200, "only questions are counted"


def test_a_question_that_is_none_does_not_count_before_it_is_read(tmp_path: Path) -> None:
    with door(tmp_path) as http:
        for _ in range(5):
            is_problem(http.post("/ask", json={"question": 7}), 422, "not_text")
        assert asked(http, 4) == [200, 200, 200, 429]


def test_workers_share_the_count(tmp_path: Path) -> None:
    with door(tmp_path) as one, door(tmp_path) as other:
        assert asked(one, 2) + asked(other, 2) == [200, 200, 200, 429]


def test_another_client_is_another_person(tmp_path: Path) -> None:
    with door(tmp_path) as http:
        assert asked(http, 4)[-1] == 429
    with door(tmp_path, client="192.0.2.2") as http:
        assert asked(http, 1) == [200]


def test_an_ipv6_client_counts_by_its_network(tmp_path: Path) -> None:
    with door(tmp_path, client="2001:db8:1:2::1") as http:
        assert asked(http, 3) == [200] * 3
    with door(tmp_path, client="2001:db8:1:2:ffff::9") as http:
        assert asked(http, 1) == [429]
    with door(tmp_path, client="2001:db8:1:3::1") as http:
        assert asked(http, 1) == [200]


def test_only_a_trusted_proxy_may_say_who_a_client_is(tmp_path: Path) -> None:
    def from_many(http: TestClient) -> list[int]:
        return [asked(http, 1, **{"X-Forwarded-For": f"198.51.100.{n}"})[0] for n in range(5)]

    trusted: dict[str, Any] = {"client": "127.0.0.1", "proxy_headers": True}
    with door(tmp_path / "none", client="127.0.0.1") as http:
        assert from_many(http) == [200, 200, 200, 429, 429], "not without --proxy-headers"
    with door(tmp_path / "foreign", client="192.0.2.7", proxy_headers=True) as http:
        assert from_many(http) == [200, 200, 200, 429, 429], "anybody can write a header"
    with door(tmp_path / "trusted", **trusted) as http:
        assert from_many(http) == [200] * 5
        mine = {"X-Forwarded-For": "203.0.113.9, 198.51.100.200"}
        assert asked(http, 4, **mine) == [200, 200, 200, 429]
        mine["X-Forwarded-For"] = "203.0.113.10, 198.51.100.200"
        assert asked(http, 1, **mine) == [429], "what a client adds itself does not count"
    network: dict[str, Any] = {**trusted, "client": "10.1.2.3", "proxies": ("10.0.0.0/8",)}
    with door(tmp_path / "network", **network) as http:
        assert from_many(http) == [200] * 5


def test_addresses_are_kept_nowhere(tmp_path: Path, journal: Journal) -> None:
    with door(tmp_path, journal=journal, client="192.0.2.77") as http:
        asked(http, 4)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) >= 3
    assert all(b"192.0.2.77" not in path.read_bytes() for path in files)


def test_an_answer_is_kept_with_its_door_and_can_be_rated(tmp_path: Path, journal: Journal) -> None:
    with door(tmp_path, journal=journal, rate="off") as http:
        first = http.post("/ask", json={"question": "Apa itu?"}).json()["id"]
        http.get("/ask?q=unknown", headers={"Tanya-Door": "page"})
        http.get("/ask?q=halo", headers={"Tanya-Door": "WIDGET"})
        http.get("/ask?q=Siapa", headers={"Tanya-Door": "telegram"})
        http.get("/?q=Mengapa&lang=id")
        entries = journal.entries()
        assert [(one.question, one.door) for one in reversed(entries)] == [
            ("Apa itu?", "http"),
            ("unknown", "page"),
            ("halo", "widget"),
            ("Siapa", "http"),
            ("Mengapa", "page"),
        ]
        rated = {"id": first, "helpful": False, "reason": "Jadwalnya sudah berubah."}
        response = http.post("/feedback", json=rated)
        assert (response.status_code, response.content) == (204, b"")
        (entry,) = journal.entries(helpful=False)
        assert (entry.id, entry.reason) == (first, "Jadwalnya sudah berubah.")
        assert http.post("/feedback", json={"id": first, "helpful": True}).status_code == 204
        assert [one.id for one in journal.entries(helpful=True)] == [first]
        for body in ({"id": "0" * 32, "helpful": True}, {"id": "x", "helpful": True}):
            is_problem(http.post("/feedback", json=body), 404, "unknown_answer")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "invalid"),
        ({"id": "a" * 32}, "invalid"),
        ({"id": "a" * 32, "helpful": "yes"}, "invalid"),
        ({"id": "", "helpful": True}, "invalid"),
        ({"id": "a" * 32, "helpful": True, "reason": "a" * 501}, "invalid"),
        ({"id": "a" * 32, "helpful": True, "more": 1}, "unknown_key"),
        ([], "invalid_json"),
    ],
)
def test_a_bad_rating_is_a_problem(client: TestClient, body: Any, code: str) -> None:
    problem = is_problem(client.post("/feedback", json=body), 422, code)
    assert "aaaa" not in problem["detail"], "what was sent is not sent back"


def test_ratings_are_limited_too(tmp_path: Path) -> None:
    with door(tmp_path) as http:
        body = {"id": "0" * 32, "helpful": True}
        found = [http.post("/feedback", json=body).status_code for _ in range(31)]
        assert found == [404] * 30 + [429]


class Broken(Journal):
    """A journal whose database cannot be written."""

    def __init__(self, how: str) -> None:
        self.how, self.go = how, threading.Event()

    def note(
        self,
        answer: Answer,
        door: Door,
        person: str | None,
        seconds: float,
        at: datetime | None = None,
    ) -> str | None:
        if self.how == "hangs":
            assert self.go.wait(30)
        if self.how == "raises":
            raise RuntimeError("secret-detail")
        return None

    def rate(self, id: str, helpful: bool, reason: str | None = None) -> bool:
        raise DatabaseError("secret-detail")


@pytest.mark.parametrize("how", ["none", "raises", "hangs"])
def test_trouble_with_the_journal_fails_no_answer(tmp_path: Path, how: str) -> None:
    journal = Broken(how)
    with door(tmp_path, journal=journal) as http:
        before = read(http.get("/metrics").content).get(("tanya_journal_failures_total",), 0.0)
        begun = time.monotonic()
        answer = http.get("/ask?q=Apa+itu")
        assert (answer.status_code, answer.json()["id"]) == (200, None)
        assert time.monotonic() - begun < 10
        after = read(http.get("/metrics").content)["tanya_journal_failures_total",]
        assert after == before + 1
        response = http.post("/feedback", json={"id": "0" * 32, "helpful": True})
        is_problem(response, 503, "journal")
        assert "secret-detail" not in response.text
        journal.go.set()


def test_metrics_count_what_happened(tmp_path: Path) -> None:
    with door(tmp_path) as http:
        before = read(http.get("/metrics").content)
        http.get("/ask?q=What+is+it", headers={"Tanya-Door": "widget"})
        http.get("/ask?q=crash")
        http.get("/ask?q=%3F%3F")
        http.get("/ask?q=Apa")
        text = http.get("/metrics")
        after = read(text.content)
    assert text.headers["content-type"].startswith("text/plain; version=")
    assert text.headers["cache-control"] == "no-store"

    def grown(name: str, *labels: str) -> float:
        key = (name, *sorted(labels))
        return after.get(key, 0.0) - before.get(key, 0.0)

    assert grown("tanya_questions_total", "widget", "answered", "en") == 1
    assert grown("tanya_refused_total", "http", "internal") == 1
    assert grown("tanya_refused_total", "http", "rate") == 1
    assert after["tanya_index_ready",] == 1
    assert "What is it" not in text.text


def test_a_stopped_server_finishes_the_answers_under_way() -> None:
    from tests.web import served

    standin = Standin()
    with served(create_app(standin, settings())) as address:
        got: list[httpx.Response] = []
        client = httpx.Client(base_url=address, timeout=30, trust_env=False)
        asking = threading.Thread(target=lambda: got.append(client.get("/ask?q=slow")))
        asking.start()
        deadline = time.monotonic() + 20
        while not standin.asked and time.monotonic() < deadline:
            time.sleep(0.01)
        threading.Timer(0.5, standin.go.set).start()
    asking.join(20)
    assert [response.status_code for response in got] == [200]
