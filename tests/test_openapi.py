"""The OpenAPI description, read by others' tools: one tries to break us, one makes a client."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from api import create_app
from index.answer import Answerer
from index.database import Database
from index.journal import Journal
from index.maxsim import StaticVectors
from index.store import Store
from tests.conftest import MakeArticle
from tests.hashing import HashingEncoder
from tests.test_api_admin import TOKEN, Doing
from tests.web import served, settings

GENERATOR = "openapi-python-client>=0.29,<0.30"


@pytest.fixture
def app(tmp_path: Path, static: StaticVectors, make_article: MakeArticle) -> Iterator[FastAPI]:
    """All routes over a real index of three articles, with journal and admin; without limits."""
    # Whatever is asked is answered, so that the links from an answer lead somewhere.
    chosen = settings(data=tmp_path / "var", admin_token=TOKEN, min_confidence=0.0)
    store = Store(chosen.data)
    doing = Doing(store, static, make_article)
    database = Database.of(chosen)
    answerer = Answerer(chosen, store, HashingEncoder(), static)
    yield create_app(answerer, chosen, journal=Journal(database, 90), admin=doing.admin())
    database.close()


def run(*command: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command],
        cwd=cwd,
        env={**os.environ, "NO_PROXY": "127.0.0.1", **environment},
        capture_output=True,
        text=True,
        timeout=300,
    )


_HOOKS = """
import schemathesis

# The one rule that a schema cannot state, and the description tells in words.
def in_order(values):
    since, until = (str((values or {}).get(name) or "") for name in ("since", "until"))
    return not (since and until and since > until)

@schemathesis.hook
def filter_query(context, query):
    return in_order(query)

@schemathesis.hook
def filter_body(context, body):
    return not isinstance(body, dict) or in_order(body)
"""


@pytest.mark.slow
def test_nothing_that_a_fuzzer_sends_breaks_a_promise(app: FastAPI, tmp_path: Path) -> None:
    (tmp_path / "hooks.py").write_text(_HOOKS)
    with served(app) as address:
        done = run(
            *("-m", "schemathesis.cli", "run", f"{address}/openapi.json"),
            *("--header", f"Authorization: Bearer {TOKEN}"),
            *("--checks", "all", "--max-examples", "20", "--seed", "20261201", "--no-color"),
            cwd=tmp_path,
            SCHEMATHESIS_HOOKS="hooks",
            PYTHONPATH=str(tmp_path),
        )
    said = done.stdout[-6000:] + done.stderr[-2000:]
    assert done.returncode == 0, said
    tested = re.search(r"Tested: (\d+)", done.stdout)
    assert tested is not None, said
    assert int(tested[1]) == sum(len(one) for one in app.openapi()["paths"].values())
    assert "No issues found" in done.stdout, said


_ASKING = """
import json, sys
from client import AuthenticatedClient, Client
from client.api.admin import generations
from client.api.corpus import article, sources, suggest
from client.api.questions import ask, ask_by_address, feedback
from client.models import AskIn, FeedbackIn

client = Client(base_url=sys.argv[1], raise_on_unexpected_status=True)
answer = ask.sync(client=client, body=AskIn(question="Gedung satu dibuka", k=1))
same = ask_by_address.sync(client=client, q="Gedung satu dibuka", k=1)
passage = answer.passages[0]
whole = article.sync(passage.article, client=client)
rated = feedback.sync_detailed(client=client, body=FeedbackIn(id=answer.id, helpful=True))
wrong = ask.sync_detailed(client=client, body=AskIn(question=""))
admin = AuthenticatedClient(base_url=sys.argv[1], token=sys.argv[2])
print(json.dumps({
    "outcome": answer.outcome, "same": same.passages[0].id == passage.id, "article": whole.id,
    "published": passage.source.published.isoformat(), "rated": rated.status_code,
    "wrong": [wrong.status_code, wrong.parsed.code], "old": passage.old,
    "sources": sources.sync(client=client).sources[0].articles,
    "suggestions": suggest.sync(client=client, q="tentang").suggestions,
    "generations": len(generations.sync(client=admin).generations),
}))
"""


@pytest.mark.slow
def test_a_client_made_from_the_description_asks_a_question(app: FastAPI, tmp_path: Path) -> None:
    # Into a folder of its own: it wants other versions of what we use ourselves.
    tools = tmp_path / "tools"
    installed = run("-m", "pip", "install", "-q", "--target", str(tools), GENERATOR, cwd=tmp_path)
    if installed.returncode:
        reason = f"{GENERATOR} cannot be installed: {installed.stderr[-500:]}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with served(app) as address:
        description = tmp_path / "openapi.json"
        description.write_bytes(httpx.get(f"{address}/openapi.json", trust_env=False).content)
        made = run(
            *("-m", "openapi_python_client", "generate", "--path", str(description)),
            *("--meta", "none", "--output-path", "client", "--fail-on-warning"),
            cwd=tmp_path,
            PYTHONPATH=str(tools),
            PATH=f"{tools / 'bin'}{os.pathsep}{os.environ['PATH']}",
        )
        assert made.returncode == 0, made.stdout + made.stderr
        asked = run("-c", _ASKING, address, TOKEN, cwd=tmp_path, PYTHONPATH=f"{tools}")
    assert asked.returncode == 0, asked.stderr
    assert json.loads(asked.stdout) == {
        "outcome": "answered",
        "same": True,
        "article": "test/satu",
        "published": "2023-09-05",
        "old": True,
        "rated": 204,
        "wrong": [422, "empty"],
        "sources": 2,
        "suggestions": ["Tentang satu", "Tentang dua"],
        "generations": 1,
    }
