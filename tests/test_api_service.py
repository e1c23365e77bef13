"""The HTTP door as a service: no index, crashes, headers, its description, load."""

from __future__ import annotations

import contextlib
import itertools
import json
import logging
import re
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient

from api import create_app
from tests.web import INFO, Standin, is_problem, served, settings

PATHS = {
    *("/ask", "/feedback", "/articles/{id}", "/sources", "/suggest"),
    *("/health", "/ready", "/metrics"),
}


def until(true: Callable[[], bool]) -> None:
    """Wait for it, not for ever."""
    deadline = time.monotonic() + 20
    while not true() and time.monotonic() < deadline:
        time.sleep(0.01)


def test_without_an_index_everything_but_readiness_works() -> None:
    standin = Standin(index=None)
    with TestClient(create_app(standin, settings())) as client:
        for response in (client.post("/ask", json={"question": "Apa?"}), client.get("/ready")):
            problem = is_problem(response, 503, "no_index")
            assert "tanya rebuild" in problem["detail"]
            assert "secret-folder" not in response.text
            assert int(response.headers["retry-after"]) > 0
        assert client.get("/health").json() == {"status": "alive"}
        page = client.get("/?q=Apa+itu+ASEAN&lang=id")
        assert page.status_code == 503
        assert page.headers["retry-after"]
        assert "sedang disiapkan" in page.text
        standin.index = INFO
        assert client.get("/ready").json()["index"]["id"] == INFO.id
        assert client.head("/ready").status_code == 200


def test_a_crash_is_logged_and_told_to_nobody(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, "tanya.api"):
        response = client.get("/ask?q=crash+please")
        page = client.get("/?q=crash+please&lang=en")
    is_problem(response, 500, "internal")
    assert page.status_code == 500
    for text in (response.text, page.text):
        assert "secret-detail" not in text
        assert "Traceback" not in text
    assert "secret-detail" in caplog.text, "the operator does see it"
    assert "crash+please" not in caplog.text, "but not what a citizen asked"


def test_security_headers_are_everywhere(client: TestClient) -> None:
    for path in ("/", "/ask?q=Apa", "/ask?q=crash", "/nothing", "/static/chat.js", "/docs"):
        headers = client.get(path).headers
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"


def test_the_description_is_whole_and_true(client: TestClient) -> None:
    schema = client.get("/openapi.json").json()
    assert set(schema["paths"]) == PATHS
    asked = schema["components"]["schemas"]["AskIn"]["properties"]
    assert asked["question"]["maxLength"] == asked["previous"]["anyOf"][0]["maxLength"] == 500
    by_address = {one["name"]: one for one in schema["paths"]["/ask"]["get"]["parameters"]}
    # One question, whichever way it comes; what narrows it is explained with an example.
    assert set(by_address) == set(asked) - {"question"} | {"q"}
    for name in set(asked) - {"question", "k", "language"}:
        assert asked[name]["description"] in by_address[name]["description"]
        assert by_address[name]["schema"]["examples"]
    for method in ("get", "post"):
        responses = schema["paths"]["/ask"][method]["responses"]
        assert set(responses) == {"200", "413", "422", "429", "500", "503"}
        for status in ("413", "422", "429", "500", "503"):
            content = responses[status]["content"]
            assert set(content) == {"application/problem+json"}
            assert content["application/problem+json"]["example"]["status"] == int(status)
    named = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(schema)))
    assert named <= set(schema["components"]["schemas"]), "every reference leads somewhere"
    assert "HTTPValidationError" not in schema["components"]["schemas"]


def test_the_description_needs_nobody_elses_server(client: TestClient) -> None:
    html = client.get("/docs").text
    addresses = re.findall(r'(?:src|href)="([^"]+)"', html)
    assert addresses
    for address in addresses:
        assert not address.startswith(("http", "//"))
        assert client.get(f"/{address}").status_code == 200


def test_what_runs_beside_is_entered_and_left_in_order() -> None:
    seen: list[str] = []

    def beside(name: str) -> Any:
        @contextlib.asynccontextmanager
        async def running() -> AsyncIterator[None]:
            seen.append(f"{name} in")
            yield
            seen.append(f"{name} out")

        return running

    with TestClient(create_app(Standin(), settings(), [beside("bot"), beside("other")])):
        assert seen == ["bot in", "other in"]
    assert seen == ["bot in", "other in", "other out", "bot out"]


def test_health_answers_while_questions_saturate_the_server(standin: Standin) -> None:
    app = create_app(standin, settings(in_flight=6, parallel=2))
    with (
        served(app) as address,
        httpx.Client(base_url=address, timeout=30, trust_env=False) as client,
    ):
        with ThreadPoolExecutor(14) as people:
            all_asked = [
                people.submit(client.post, "/ask", json={"question": f"slow {n}"})
                for n in range(14)
            ]
            refused = list(itertools.islice(as_completed(all_asked, timeout=50), 8))
            for future in refused:
                response = future.result()
                is_problem(response, 503, "busy")
                assert int(response.headers["retry-after"]) >= 1
            until(lambda: len(standin.asked) >= 2)
            assert len(standin.asked) == 2, "more or fewer run at once than allowed"
            began = time.perf_counter()
            for _ in range(50):
                assert client.get("/health").json() == {"status": "alive"}
                assert client.get("/ready").status_code == 200
                assert client.get("/static/chat.js").status_code == 200
            assert time.perf_counter() - began < 20  # questions are held for a minute
            busy = client.get("/?q=slow+page&lang=en")
            assert busy.status_code == 503
            assert "Many people are asking" in busy.text
            standin.go.set()
            waiting = [future for future in all_asked if future not in refused]
            assert [future.result().status_code for future in waiting] == [200] * 6
        assert client.post("/ask", json={"question": "slow again"}).status_code == 200


def test_who_has_given_up_takes_no_time_from_others(standin: Standin) -> None:
    app = create_app(standin, settings(in_flight=4, parallel=1))
    with (
        served(app) as address,
        httpx.Client(base_url=address, timeout=30, trust_env=False) as client,
        ThreadPoolExecutor(3) as people,
    ):
        first = people.submit(client.post, "/ask", json={"question": "slow one"})
        until(lambda: len(standin.asked) == 1)
        for request in (
            b"GET /ask?q=impatient HTTP/1.1\r\nHost: x\r\n\r\n",
            b"POST /ask HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b'Content-Length: 24\r\n\r\n{"question":"impatient"}',
        ):
            with socket.create_connection(("127.0.0.1", int(address.rsplit(":", 1)[1]))) as gone:
                gone.sendall(request)
                time.sleep(0.3)
        last = people.submit(client.post, "/ask", json={"question": "patient"})
        standin.go.set()
        assert [one.result(20).status_code for one in (first, last)] == [200, 200]
    assert [question for question, *_ in standin.asked] == ["slow one", "patient"]


def test_a_real_server_refuses_what_is_too_large(standin: Standin) -> None:
    app = create_app(standin, settings())
    with (
        served(app) as address,
        httpx.Client(base_url=address, timeout=30, trust_env=False) as client,
    ):
        is_problem(client.post("/ask", json={"question": "a" * 10_000}), 422, "too_long")

        def endless() -> Iterator[bytes]:
            for _ in range(100):
                yield b" " * 4096

        headers = {"content-type": "application/json"}
        response = client.post("/ask", content=endless(), headers=headers)
        is_problem(response, 413, "body_too_large")
        assert response.headers["connection"] == "close"
        assert client.get("/health").status_code == 200
