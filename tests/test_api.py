"""The HTTP door, over a stand-in that answers by rule: what is tested here is the door."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.guard import MAX_BODY
from index.filters import Filters
from tests.outcomes import ALSO, NOTICE, PARTLY, SOCIAL
from tests.web import INFO, MARKED, VISIT, VISIT_EN, Standin, is_problem


def test_an_answer_has_exactly_the_promised_shape(client: TestClient) -> None:
    response = client.post("/ask", json={"question": "Is it open?", "k": 1, "language": "en"})
    assert response.status_code == 200
    assert response.json() == {
        "id": None,
        "question": "Is it open?",
        "language": "en",
        "outcome": "answered",
        "answered": True,
        "confidence": 0.86,
        "passages": [
            {
                "id": "secretariat/a#0",
                "article": "secretariat/a",
                "title": "Visit to the ASEAN Secretariat",
                "text": VISIT_EN,
                "language": "en",
                "translated": True,
                "original": {"text": VISIT, "language": "id"},
                "highlight": {"start": 45, "end": 66},
                "score": 0.7421,
                "source": {
                    "title": "120 Warga Kunjungi Sekretariat",
                    "publisher": "Beritajakarta",
                    "url": "https://example.org/berita#:~:text=120",
                    "link": "https://example.org/berita#:~:text=120",
                    "published": "2023-08-29",
                },
                "also": [],
                "old": False,
            }
        ],
        "related": ["Di mana Sekretariat ASEAN?", "What is ASEAN?"],
        "message": None,
        "notice": None,
        "read_as": None,
        "index": {
            "id": INFO.id,
            "built_at": "2026-11-23T09:00:00Z",
            "articles": 230,
            "passages": 743,
        },
    }
    assert "🏛️" in response.text, "text is UTF-8, not \\u escapes"
    assert re.fullmatch(r"total;dur=\d+\.\d", response.headers["server-timing"])
    assert response.headers["cache-control"] == "no-store"


def test_the_highlight_cuts_the_marked_sentence(client: TestClient) -> None:
    found = client.post("/ask", json={"question": "Apakah dibuka?"}).json()["passages"][0]
    mark = found["highlight"]
    assert found["text"][mark["start"] : mark["end"]] == MARKED
    assert found["original"] is None


def test_get_and_post_agree(client: TestClient, standin: Standin) -> None:
    posted = client.post("/ask", json={"question": "Apa itu ASEAN?", "k": 2, "language": "en"})
    got = client.get("/ask", params={"q": "Apa itu ASEAN?", "k": 2, "language": "en"})
    assert posted.json() == got.json()
    client.post("/ask", json={"question": "Apa itu ASEAN?", "k": 2.0, "language": "en"})
    assert standin.asked == [("Apa itu ASEAN?", 2, "en")] * 3


def test_k_and_language_are_the_services_and_the_questions_own_by_default(
    client: TestClient, standin: Standin
) -> None:
    client.post("/ask", json={"question": "Apa itu ASEAN?", "k": None, "language": None})
    client.get("/ask?q=Apa+itu+ASEAN")
    assert standin.asked == [("Apa itu ASEAN?", None, None), ("Apa itu ASEAN", None, None)]


def test_no_answer_is_an_answer(client: TestClient) -> None:
    response = client.post("/ask", json={"question": "unknown things"})
    assert response.status_code == 200
    answer = response.json()
    assert (answer["outcome"], answer["answered"]) == ("unknown", False)
    assert answer["passages"] == []
    assert answer["message"].startswith("Maaf")
    assert answer["confidence"] == 0.1235


def test_what_is_no_full_answer_says_so(client: TestClient) -> None:
    partly = client.get("/ask?q=Apa+sebagian+beda+ramai").json()
    assert (partly["outcome"], partly["answered"]) == ("partly", False)
    assert (partly["message"], partly["notice"]) == (PARTLY["id"], NOTICE["id"])
    assert partly["read_as"] is None
    first, second, _ = partly["passages"]
    assert (first["old"], second["old"], second["also"]) == (True, False, [])
    assert first["also"][0] == {
        "title": ALSO[0].title,
        "publisher": "Kabar & Kota",
        "url": ALSO[0].url,
        "published": "2023-08-30",
    }
    assert [also["published"] for also in first["also"]] == ["2023-08-30", None, "2023-09-01"]
    social = client.get("/ask?q=halo").json()
    assert (social["outcome"], social["answered"]) == ("social", False)
    assert (social["passages"], social["message"]) == ([], SOCIAL["id"])


def test_a_follow_up_brings_the_question_before_it_along(
    client: TestClient, standin: Standin
) -> None:
    both = {"previous": " Kapan\nKTT? "}
    posted = client.post("/ask", json={"question": "lalu di mana?", **both}).json()
    assert posted == client.get("/ask", params={"q": "lalu di mana?", **both}).json()
    assert posted["read_as"] == "Kapan KTT? lalu di mana?"
    assert posted["question"] == "lalu di mana?"
    assert standin.narrowed == [("Kapan KTT?", None)] * 2


def test_filters_say_which_articles_count(client: TestClient, standin: Standin) -> None:
    narrow: dict[str, Any] = {
        "since": "2023-01-31",
        "until": "2023-01-31",
        "publisher": ["Antara", " Kompas.com "],
        "topic": ["KTT"],
        "article_language": ["id", "en"],
    }
    day = date(2023, 1, 31)
    wanted = Filters(day, day, ("Antara", "Kompas.com"), ("id", "en"), ("KTT",))
    client.post("/ask", json={"question": "Apa?", **narrow})
    client.get("/ask", params={"q": "Apa?", **narrow})
    assert standin.narrowed == [(None, wanted)] * 2
    client.post("/ask", json={"question": "Apa?", **dict.fromkeys(narrow)})
    client.post("/ask", json={"question": "Apa?", "publisher": [], "topic": []})
    assert standin.narrowed[2:] == [(None, None)] * 2


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"question": ""}, "empty"),
        ({"question": " \n\t "}, "empty"),
        ({}, "empty"),
        ({"question": "a" * 501}, "too_long"),
        ({"question": "a" * 10_000}, "too_long"),
        ({"question": "?!."}, "not_text"),
        ({"question": 7}, "not_text"),
        ({"question": None}, "not_text"),
        ({"question": ["Apa?"]}, "not_text"),
        ({"question": "Apa?", "k": 0}, "bad_k"),
        ({"question": "Apa?", "k": 11}, "bad_k"),
        ({"question": "Apa?", "k": "3"}, "bad_k"),
        ({"question": "Apa?", "k": 2.5}, "bad_k"),
        ({"question": "Apa?", "k": True}, "bad_k"),
        ({"question": "Apa?", "language": "ms"}, "bad_language"),
        ({"question": "Apa?", "language": ""}, "bad_language"),
        ({"question": "Apa?", "lang": "id"}, "unknown_key"),
        ({"question": "Apa?", "previous": ""}, "bad_previous"),
        ({"question": "Apa?", "previous": "?!"}, "bad_previous"),
        ({"question": "Apa?", "previous": "a" * 501}, "bad_previous"),
        ({"question": "Apa?", "previous": 7}, "bad_previous"),
        ({"question": "Apa?", "since": "5 September"}, "bad_date"),
        ({"question": "Apa?", "since": "20230905"}, "bad_date"),
        ({"question": "Apa?", "since": "2023-09-05T00:00:00Z"}, "bad_date"),
        ({"question": "Apa?", "until": "2023-02-30"}, "bad_date"),
        ({"question": "Apa?", "until": ""}, "bad_date"),
        ({"question": "Apa?", "until": 1693872000}, "bad_date"),
        ({"question": "Apa?", "since": "2023-09-06", "until": "2023-09-05"}, "bad_range"),
        ({"question": "Apa?", "publisher": "Antara"}, "bad_publisher"),
        ({"question": "Apa?", "publisher": [" "]}, "bad_publisher"),
        ({"question": "Apa?", "publisher": ["aaaa"] * 21}, "bad_publisher"),
        ({"question": "Apa?", "topic": ["a" * 201]}, "bad_topic"),
        ({"question": "Apa?", "topic": [None]}, "bad_topic"),
        ({"question": "Apa?", "article_language": ["ms"]}, "bad_article_language"),
        (["Apa?"], "invalid_json"),
        ("Apa?", "invalid_json"),
        (None, "invalid_json"),
    ],
)
def test_a_bad_body_is_a_problem_that_names_it(client: TestClient, body: Any, code: str) -> None:
    problem = is_problem(client.post("/ask", json=body), 422, code)
    assert "aaaa" not in problem["detail"], "what was sent is not sent back"


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b'{"question": "Apa?"', b"\xff\xfe", b"[" * 20_000, b'{"question": NaN, }'],
)
def test_what_is_not_json_is_a_problem(client: TestClient, body: bytes) -> None:
    response = client.post("/ask", content=body, headers={"content-type": "application/json"})
    is_problem(response, 422, "invalid_json")


def test_half_a_surrogate_breaks_nothing(client: TestClient) -> None:
    response = client.post(
        "/ask",
        content=b'{"question": "Apa \\ud800?"}',
        headers={"content-type": "application/json"},
    )
    assert response.status_code == 200
    assert response.json()["question"] == "Apa ?"


def test_a_form_from_another_site_is_not_a_question(client: TestClient) -> None:
    response = client.post(
        "/ask", content=b'{"question": "Apa?"}', headers={"content-type": "text/plain"}
    )
    is_problem(response, 422, "invalid_json")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", "empty"),
        ("q=", "empty"),
        ("q=" + "a" * 10_000, "too_long"),
        ("q=%00%01", "empty"),
        ("q=Apa&k=many", "bad_k"),
        ("q=Apa&k=99", "bad_k"),
        ("q=Apa&language=xx", "bad_language"),
        ("q=Apa&previous=", "bad_previous"),
        ("q=Apa&since=", "bad_date"),
        ("q=Apa&since=1693872000", "bad_date"),
        ("q=Apa&until=2023-13-01", "bad_date"),
        ("q=Apa&since=2023-09-06&until=2023-09-05", "bad_range"),
        ("q=Apa&publisher=", "bad_publisher"),
        ("q=Apa&topic=KTT&topic=", "bad_topic"),
        ("q=Apa&article_language=xx", "bad_article_language"),
    ],
)
def test_a_bad_address_is_a_problem_that_names_it(
    client: TestClient, query: str, code: str
) -> None:
    is_problem(client.get(f"/ask?{query}"), 422, code)


def test_an_unknown_address_and_a_wrong_method_are_problems(client: TestClient) -> None:
    is_problem(client.get("/nothing"), 404, "not_found")
    is_problem(client.get("/static/nothing.js"), 404, "not_found")
    response = client.delete("/ask")
    is_problem(response, 405, "method_not_allowed")
    assert response.headers["allow"] == "GET, POST"


def test_a_body_over_the_limit_is_refused(client: TestClient, standin: Standin) -> None:
    body = json.dumps({"question": "Apa?", "pad": "x" * MAX_BODY}).encode()
    headers = {"content-type": "application/json"}
    is_problem(client.post("/ask", content=body, headers=headers), 413, "body_too_large")

    def chunks() -> Iterator[bytes]:
        for at in range(0, len(body), 4096):
            yield body[at : at + 4096]

    chunked = client.post("/ask", content=chunks(), headers=headers)
    assert "content-length" not in chunked.request.headers
    is_problem(chunked, 413, "body_too_large")
    assert standin.asked == []
