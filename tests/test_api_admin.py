"""Admin routes: there only with a token, for its holder only, and what they do."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api import create_app
from api.admin import Admin
from corpus.report import Item, Report
from corpus.shelf import ShelfError
from index.database import Database
from index.journal import Journal
from index.limiter import Limiter
from index.maxsim import StaticVectors
from index.settings import Settings
from index.states import states
from index.store import Rebuilt, Store
from tests.conftest import MakeArticle
from tests.hashing import HashingEncoder
from tests.web import Standin, is_problem, settings

TOKEN = "a long random admin token"
ME = {"Authorization": f"Bearer {TOKEN}"}
PATHS = [
    ("POST", "/admin/rebuild"),
    ("POST", "/admin/collect"),
    ("GET", "/admin/generations"),
    ("POST", "/admin/rollback"),
    ("GET", "/admin/questions"),
]


class Doing:
    """An `Admin` over a real store of a few articles, whose collection brings the last of them."""

    def __init__(self, store: Store, static: StaticVectors, make: MakeArticle) -> None:
        self.store, self._static = store, static
        self._coming = [make(name) for name in ("satu", "dua", "tiga")]
        self.articles = self._coming[:2]
        self.collected: list[Sequence[str]] = []
        self.go: threading.Event | None = None
        self.begun = threading.Event()
        self.rebuild(False)

    def rebuild(self, force: bool) -> Rebuilt:
        if self.go is not None:
            self.begun.set()
            assert self.go.wait(20)
        return self.store.rebuild(self.articles, HashingEncoder(), self._static, force=force)

    def collect(self, targets: Sequence[str]) -> Report:
        self.collected.append(targets)
        if "https://example.org/full" in targets:
            raise ShelfError("/srv/news cannot be written (disk full). Free some space")
        self.articles = self._coming
        self.rebuild(False)
        return Report((Item("https://example.org/tiga", "new", "", "test/tiga", "Tiga"),), 0.5)

    def admin(self) -> Admin:
        return Admin(
            self.rebuild, self.collect, lambda: states(self.store), lambda: self.store.rollback(1)
        )


@pytest.fixture
def doing(store: Store, static: StaticVectors, make_article: MakeArticle) -> Doing:
    return Doing(store, static, make_article)


@pytest.fixture
def http(doing: Doing, tmp_path: Path) -> TestClient:
    chosen = settings(data=tmp_path / "var", admin_token=TOKEN)
    app = create_app(Standin(), chosen, limiter=Limiter.of(chosen), admin=doing.admin())
    return TestClient(app)


def call(http: TestClient, method: str, path: str, headers: dict[str, str] = ME) -> Any:
    return http.request(method, path, headers=headers, json={} if "collect" in path else None)


@pytest.mark.parametrize(("method", "path"), PATHS)
def test_without_a_token_there_is_no_such_route(
    client: TestClient, doing: Doing, method: str, path: str
) -> None:
    is_problem(call(client, method, path), 404, "not_found")
    plain = TestClient(create_app(Standin(), settings(), admin=doing.admin()))
    is_problem(call(plain, method, path), 404, "not_found")
    assert "/admin" not in plain.get("/openapi.json").text


@pytest.mark.parametrize(("method", "path"), PATHS)
def test_only_the_token_opens_them(http: TestClient, method: str, path: str) -> None:
    for shown in ("Bearer wrong", f"Bearer {TOKEN}x", f"Basic {TOKEN}", "Bearer", "Bearer é"):
        response = call(http, method, path, {"Authorization": shown.encode("latin-1")})  # type: ignore[dict-item]
        is_problem(response, 401, "unauthorized")
        assert response.headers["www-authenticate"] == "Bearer"
    is_problem(call(http, method, path, {}), 401, "unauthorized")


def test_guessing_is_slow_and_does_not_pay(http: TestClient) -> None:
    def shown(token: str) -> int:
        headers = {"Authorization": f"Bearer {token}"}
        status: int = http.get("/admin/generations", headers=headers).status_code
        return status

    assert [shown(TOKEN) for _ in range(15)] == [200] * 15, "who is right may come often"
    assert [shown(f"guess {n}") for n in range(12)] == [401] * 10 + [429] * 2
    response = http.get("/admin/generations", headers=ME)
    is_problem(response, 429, "rate_limited")
    assert int(response.headers["retry-after"]) > 30


def test_rebuild_collect_generations_and_rollback(http: TestClient, doing: Doing) -> None:
    first = doing.store.current_id()
    same = http.post("/admin/rebuild", headers=ME).json()
    assert (same["id"], same["changed"], same["articles"]) == (first, False, 2)
    forced = http.post("/admin/rebuild?force=true", headers=ME).json()
    assert forced["changed"]
    assert forced["id"] == doing.store.current_id() != first
    collected = http.post("/admin/collect", headers=ME, json={}).json()
    assert collected["counts"]["new"] == 1
    assert collected["pages"][0]["article"] == "test/tiga"
    newest, before = http.get("/admin/generations", headers=ME).json()["generations"]
    assert (newest["id"], newest["current"], newest["articles"]) == (
        doing.store.current_id(),
        True,
        3,
    )
    assert (before["id"], before["current"], before["articles"]) == (forced["id"], False, 2)
    assert newest["built_at"].endswith("Z")
    back = http.post("/admin/rollback", headers=ME).json()
    assert back == {"id": forced["id"]}
    assert doing.store.current_id() == forced["id"]
    response = http.post("/admin/rollback", headers=ME)
    problem = is_problem(response, 409, "failed")
    assert "no older index" in problem["detail"]
    assert doing.store.current_id() == forced["id"], "it goes on serving"


def test_a_damaged_index_is_told_with_its_fault(http: TestClient, doing: Doing) -> None:
    current = doing.store.current_id()
    assert current is not None
    (doing.store.folder(current) / "manifest.json").write_text("{")
    (found,) = http.get("/admin/generations", headers=ME).json()["generations"]
    assert found["fault"]
    assert found["articles"] is None


@pytest.mark.parametrize(
    "targets",
    ["https://example.org", ["/etc/passwd"], ["file:///etc/passwd"], ["https://a\n"], [""], [7]],
)
def test_only_web_addresses_are_collected(http: TestClient, doing: Doing, targets: Any) -> None:
    response = http.post("/admin/collect", headers=ME, json={"targets": targets})
    is_problem(response, 422, "invalid")
    assert doing.collected == []


def test_what_fails_is_told_in_a_sentence(http: TestClient) -> None:
    body = {"targets": ["https://example.org/full"]}
    problem = is_problem(http.post("/admin/collect", headers=ME, json=body), 409, "failed")
    assert problem["detail"] == "/srv/news cannot be written (disk full). Free some space."


def test_one_thing_at_a_time(http: TestClient, doing: Doing) -> None:
    doing.go = threading.Event()
    with http:
        done: list[int] = []
        working = threading.Thread(
            target=lambda: done.append(http.post("/admin/rebuild", headers=ME).status_code)
        )
        working.start()
        assert doing.begun.wait(20)
        is_problem(http.post("/admin/rollback", headers=ME), 409, "under_way")
        assert http.get("/admin/generations", headers=ME).status_code == 200
        doing.go.set()
        working.join(30)
    assert done == [200]


def test_questions_can_be_read(tmp_path: Path, doing: Doing) -> None:
    database = Database.of(Settings(data=tmp_path / "var"))
    journal = Journal(database, 90)
    answer = Standin().ask
    day = datetime(2026, 11, 30, 23, 30, tzinfo=UTC)
    journal.note(answer("Apa itu? +62 812-3456-7890"), "page", None, 0.01234567, day)
    name = journal.note(answer("unknown"), "http", None, 0.5)
    assert name is not None
    journal.rate(name, False, "Salah.")
    chosen = settings(data=tmp_path / "var", admin_token=TOKEN)
    http = TestClient(create_app(Standin(), chosen, journal=journal, admin=doing.admin()))

    def asked(query: str = "") -> list[str]:
        response = http.get(f"/admin/questions{query}", headers=ME)
        assert response.status_code == 200, response.text
        return [one["question"].split("?")[0] for one in response.json()["questions"]]

    assert asked() == ["unknown", "Apa itu"]
    assert asked("?limit=1") == asked("?outcome=unknown") == asked("?helpful=false") == ["unknown"]
    assert asked("?door=page") == asked("?until=2026-11-30") == ["Apa itu"]
    assert asked("?since=2026-12-01") == ["unknown"]
    first, second = http.get("/admin/questions", headers=ME).json()["questions"]
    assert (first["helpful"], first["reason"], second["helpful"]) == (False, "Salah.", None)
    assert (second["at"], second["seconds"]) == ("2026-11-30T23:30:00Z", 0.0123)
    assert "812" not in second["question"]
    assert "person" not in second
    for query in ("?since=yesterday", "?door=window", "?limit=0", "?helpful=perhaps"):
        response = http.get(f"/admin/questions{query}", headers=ME)
        assert response.status_code == 422, query
    assert asked(f"?until={date.max}") == ["unknown", "Apa itu"]
    database.close()


def test_without_a_journal_there_are_no_questions(http: TestClient) -> None:
    is_problem(http.get("/admin/questions", headers=ME), 404, "journal_off")
