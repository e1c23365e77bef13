"""What a request passes first: its id, proxies, a path below another server's, other sites' scripts."""

from __future__ import annotations

import logging
import re

import pytest
from fastapi.testclient import TestClient

from api import create_app
from index import log
from tests.web import Standin, is_problem, settings


def test_a_request_has_an_id(client: TestClient) -> None:
    made = client.get("/health").headers["x-request-id"]
    assert re.fullmatch(r"[0-9a-f]{16}", made)
    assert client.get("/health").headers["x-request-id"] != made
    given = "4bf92f35-77b3.a_1:2"
    assert client.get("/health", headers={"X-Request-ID": given}).headers["x-request-id"] == given


@pytest.mark.parametrize("id", ["", "a" * 65, "a b", "x\ty", "<script>", 'a"b', "ä"])
def test_an_id_that_could_break_a_log_is_not_taken_over(client: TestClient, id: str) -> None:
    response = client.get("/health", headers=[(b"X-Request-ID", id.encode("latin-1"))])
    assert re.fullmatch(r"[0-9a-f]{16}", response.headers["x-request-id"])


def test_problems_and_log_lines_name_the_request(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[tuple[str, str | None]] = []

    class Seeing(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            seen.append((record.getMessage(), log.request_id()))

    handler = Seeing()
    logging.getLogger("tanya").addHandler(handler)
    try:
        with caplog.at_level(logging.INFO, "tanya"):
            crash = client.get("/ask?q=crash", headers={"X-Request-ID": "my-crash"})
            client.get("/ask?q=Apa", headers={"X-Request-ID": "my-question"})
            large = client.post("/ask", content=b"x" * 70_000, headers={"X-Request-ID": "large"})
    finally:
        logging.getLogger("tanya").removeHandler(handler)
    assert is_problem(crash, 500, "internal")["request_id"] == "my-crash"
    assert is_problem(large, 413, "body_too_large")["request_id"] == "large"
    assert ("GET /ask failed", "my-crash") in seen
    assert ("question", "my-question") in seen
    assert log.request_id() is None


@pytest.mark.parametrize("stripped", [True, False])
def test_a_proxy_may_serve_us_below_a_path(stripped: bool) -> None:
    below = "" if stripped else "/tanya"
    for root in ("/tanya", "tanya/"):
        client = TestClient(create_app(Standin(), settings(root_path=root)))
        for path in ("/", "/ask?q=Apa", "/docs", "/static/chat.js", "/articles/secretariat/a"):
            assert client.get(below + path).status_code == 200, path
        described = client.get(f"{below}/openapi.json").json()
        assert described["servers"] == [{"url": "/tanya"}]
        response = client.delete(f"{below}/ask")
        is_problem(response, 405, "method_not_allowed")
        assert response.headers["allow"] == "GET, POST"
        page = client.get(f"{below}/?q=Apa&lang=id").text
        links = re.findall(r'(?:href|src|action)="([^"]*)"', page)
        assert links
        assert not [link for link in links if link.startswith("/")], "links are relative"


def test_a_path_that_only_begins_alike_is_not_below() -> None:
    client = TestClient(create_app(Standin(), settings(root_path="/tanya")))
    is_problem(client.get("/tanyax/ask?q=Apa"), 404, "not_found")


ELSEWHERE = {"Origin": "https://portal.example.go.id"}
PREFLIGHT = {**ELSEWHERE, "Access-Control-Request-Method": "POST"}


def test_no_other_site_may_ask_unless_it_is_named(client: TestClient) -> None:
    assert "access-control-allow-origin" not in client.get("/ask?q=Apa", headers=ELSEWHERE).headers
    assert client.options("/ask", headers=PREFLIGHT).status_code == 405


def test_a_named_site_may_ask() -> None:
    chosen = settings(cors_origins="https://portal.example.go.id, https://other.example")
    client = TestClient(create_app(Standin(), chosen))
    headers = {**PREFLIGHT, "Access-Control-Request-Headers": "content-type,tanya-door"}
    allowed = client.options("/ask", headers=headers)
    assert allowed.status_code == 200
    assert allowed.headers["access-control-allow-origin"] == ELSEWHERE["Origin"]
    for response in (
        client.get("/ask?q=Apa", headers=ELSEWHERE),
        client.get("/ask?q=", headers=ELSEWHERE),
        client.post("/ask", content=b"x" * 70_000, headers=ELSEWHERE),
        client.get("/ask?q=crash", headers=ELSEWHERE),
    ):
        assert response.headers["access-control-allow-origin"] == ELSEWHERE["Origin"]
        assert "Retry-After" in response.headers["access-control-expose-headers"]
        assert "Origin" in response.headers["vary"]
        assert "access-control-allow-credentials" not in response.headers
    foreign = client.get("/ask?q=Apa", headers={"Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in foreign.headers
    wanted = {**PREFLIGHT, "Access-Control-Request-Headers": "authorization"}
    assert client.options("/ask", headers=wanted).status_code == 400, "no token from elsewhere"


def test_every_site_may_ask_where_the_operator_says_so() -> None:
    client = TestClient(create_app(Standin(), settings(cors_origins="*")))
    response = client.get("/ask?q=Apa", headers=ELSEWHERE)
    assert response.headers["access-control-allow-origin"] == "*"
