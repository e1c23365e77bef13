"""What is in the index, over HTTP: articles, sources, suggestions; and what may be kept of it."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api import create_app
from index.answer import Answerer
from index.maxsim import StaticVectors
from index.store import Store
from tests.conftest import MakeArticle
from tests.hashing import HashingEncoder
from tests.web import ARTICLE, INFO, VISIT, VISIT_EN, Standin, is_problem, settings


def test_an_article_is_shown_as_the_corpus_holds_it(client: TestClient) -> None:
    found = client.get(f"/articles/{ARTICLE.id}")
    assert found.json() == {
        "id": "secretariat/a",
        "title": "120 Warga Kunjungi Sekretariat",
        "publisher": "Beritajakarta",
        "url": "https://example.org/a",
        "published": "2023-08-29",
        "language": "id",
        "topics": ["kunjungan", "sekretariat"],
        "verbatim": False,
        "text": VISIT,
        "translation": {
            "language": "en",
            "title": "Visit to the ASEAN Secretariat",
            "text": VISIT_EN,
        },
    }
    assert client.get("/articles/secretariat%2Fa").json() == found.json()
    answer = client.get("/ask?q=Apa+itu").json()
    assert client.get(f"/articles/{answer['passages'][0]['article']}").status_code == 200


@pytest.mark.parametrize("id", ["nothing", "", "secretariat/a/", "../a", "%00"])
def test_an_article_that_is_not_there_is_a_problem(client: TestClient, id: str) -> None:
    is_problem(client.get(f"/articles/{id}"), 404, "not_found")


@pytest.mark.parametrize("path", ["/articles/secretariat/a", "/sources", "/suggest?q=asean"])
def test_what_has_not_changed_is_not_sent_again(
    client: TestClient, standin: Standin, path: str
) -> None:
    first = client.get(path)
    tag = first.headers["etag"]
    assert first.headers["cache-control"].startswith("public, max-age=")
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = client.get(path, headers={"If-None-Match": known})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == tag
        assert again.headers["cache-control"] == first.headers["cache-control"]
    assert client.get(path, headers={"If-None-Match": '"other"'}).content == first.content
    standin.index = None
    is_problem(client.get(path, headers={"If-None-Match": tag}), 503, "no_index")


def test_another_index_is_another_list_of_sources(client: TestClient, standin: Standin) -> None:
    tag = client.get("/sources").headers["etag"]
    standin.index = type(INFO)("20270101T000000Z-aaaa", INFO.built_at, 1, 1)
    assert client.get("/sources", headers={"If-None-Match": tag}).status_code == 200


def test_sources_are_counted(
    tmp_path: Path, encoder: HashingEncoder, static: StaticVectors, make_article: MakeArticle
) -> None:
    store = Store(tmp_path / "var")
    articles = [
        make_article("satu", topics=("ktt", "laut")),
        make_article("dua", topics=("ktt",)),
        replace(make_article("three", "The hall was opened. All saw it."), language="en"),
    ]
    store.rebuild(articles, encoder, static)
    answerer = Answerer(settings(data=tmp_path / "var"), store, encoder, static)
    with TestClient(create_app(answerer, settings())) as client:
        found = client.get("/sources").json()
        assert found["sources"] == [
            {
                "publisher": "Kantor Uji",
                "articles": 3,
                "oldest": "2023-09-05",
                "newest": "2023-09-05",
                "languages": ["id", "en"],
                "topics": [{"name": "ktt", "articles": 2}, {"name": "laut", "articles": 1}],
            }
        ]
        assert found["topics"] == found["sources"][0]["topics"]
        assert (found["index"]["articles"], found["index"]["id"]) == (3, store.current_id())
        store.rebuild(articles[:2], encoder, static)
        deadline = time.monotonic() + 20
        while client.get("/ready").json()["index"]["articles"] != 2:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert client.get("/sources").json()["sources"][0]["languages"] == ["id"]


def test_suggestions_come_while_somebody_types(client: TestClient) -> None:
    def suggested(query: str) -> list[str]:
        found: list[str] = client.get(f"/suggest?{query}").json()["suggestions"]
        return found

    assert suggested("q=asean&language=en") == [
        "Where is the ASEAN Secretariat?",
        "What is the ASEAN Summit?",
    ]
    assert suggested("q=asean&language=en&count=1") == ["Where is the ASEAN Secretariat?"]
    assert suggested("q=di+mana") == ["Di mana alamat Sekretariat ASEAN?"]
    assert suggested("q=where") == ["Where is the ASEAN Secretariat?"], "no Indonesian has it"
    assert suggested("q=zzz") == []


@pytest.mark.parametrize(
    "query", ["", "q=a&count=0", "q=a&count=many", "q=a&language=ms", f"q={'a' * 501}"]
)
def test_a_bad_request_for_suggestions_is_a_problem(client: TestClient, query: str) -> None:
    assert client.get(f"/suggest?{query}").status_code == 422


def test_the_product_suggests_its_own_questions(answerer: Answerer) -> None:
    assert answerer.suggest("sekretariat asean", "id", 3)
    assert all("ecretariat" in one for one in answerer.suggest("secretariat", "en", 3))
    assert answerer.suggest("", "id", 3) == ()
    assert answerer.suggest("sekretariat", "id", 1)[0].endswith("?"), "questions before headlines"
