"""The operator's desk over a journal of 100,000 questions: seconds of a page, first and again.

    python -m benchmarks.desk                 in SQLite, over the shipped corpus
    python -m benchmarks.desk --postgresql    in a PostgreSQL server of its own

`first`: nothing is kept from before, so that the groups of unanswered questions are made, too; where they
take longer than the page waits, it says so and is told as "without groups". `again`: within a minute.
`at work`: the processor's time of all of it, browser included, which other programs do not disturb.
`beside`: what /health takes meanwhile, at worst.
"""

from __future__ import annotations

import argparse
import re
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path

import httpx

from api import create_app
from api.admin import Admin
from benchmarks.journal import COUNT, fill
from corpus.article import SHIPPED, read_articles
from corpus.report import Report
from index.answer import Answerer
from index.clusters import cluster
from index.database import Database
from index.encoder import MODEL, OnnxEncoder
from index.journal import Journal
from index.limiter import Limiter
from index.maxsim import StaticVectors
from index.settings import Settings
from index.states import states
from index.store import Store
from tests.databases import postgresql
from tests.web import served

TOKEN = "token-of-the-benchmark"
ROUNDS = 5


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="The desk over 100,000 questions.")
    parser.add_argument("--postgresql", action="store_true", help="not in SQLite")
    given = parser.parse_args()
    with ExitStack() as stack:
        data = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = stack.enter_context(postgresql()).create() if given.postgresql else None
        settings = Settings(_env_file=None, data=data, admin_token=TOKEN, database_url=url)
        encoder, static, store = OnnxEncoder(), StaticVectors(MODEL / "static"), Store(data)
        articles = read_articles(SHIPPED)
        store.rebuild(articles[:-1], encoder, static)
        store.rebuild(articles, encoder, static)
        database = Database.of(settings)
        fill(database)
        admin = Admin(
            rebuild=lambda force: store.rebuild(articles, encoder, static, force=force),
            collect=lambda links: Report((), 0.0),
            generations=lambda: states(store),
            rollback=store.rollback,
            cluster=lambda entries: cluster(entries, encoder),
        )
        app = create_app(
            Answerer(settings, store, encoder, static),
            settings,
            journal=Journal(database, settings.retention_days),
            limiter=Limiter.of(settings),
            admin=admin,
        )
        address = stack.enter_context(served(app))
        client = stack.enter_context(httpx.Client(base_url=address, timeout=60, trust_env=False))
        client.get("/desk")  # what is opened once
        client.post("/desk/login", data={"token": TOKEN})
        print(f"{COUNT:,} questions in {'PostgreSQL' if given.postgresql else 'SQLite'}\n")
        print(
            "| days | first | at work | again | at work | KiB | groups | beside: /health at worst |"
        )
        print("|--:|--:|--:|--:|--:|--:|--:|--:|")
        for days in (7, 30, 90):
            print(f"| {days} | {measured(client, address, days)} |", flush=True)
        database.close()


def measured(client: httpx.Client, address: str, days: int) -> str:
    """A row of the table."""
    worst = [0.0]
    done = threading.Event()

    def watch() -> None:
        with httpx.Client(base_url=address, timeout=60, trust_env=False) as other:
            while not done.is_set():
                began = time.perf_counter()
                other.get("/health").raise_for_status()
                worst[0] = max(worst[0], time.perf_counter() - began)
                time.sleep(0.02)

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        first, page = seconds(client, days)
        again = [seconds(client, days)[0] for _ in range(ROUNDS)]
    finally:
        done.set()
        watching.join()
    groups = len(re.findall(r'<li class="card cluster">', page))
    return (
        f"{first[0]:.2f} s | {first[1]:.2f} s | {min(again)[0]:.2f} to {max(again)[0]:.2f} s | "
        f"{min(took for _, took in again):.2f} s | {len(page) / 1024:.0f} | "
        f"{groups or 'without groups'} | {1000 * worst[0]:.0f} ms"
    )


def seconds(client: httpx.Client, days: int) -> tuple[tuple[float, float], str]:
    """How long the desk of the last `days` takes, by the clock and at work, and the page."""
    began, worked = time.perf_counter(), time.process_time()
    response = client.get(f"/desk?lang=en&days={days}")
    took = time.perf_counter() - began, time.process_time() - worked
    assert response.status_code == 200, response.text
    assert "Numbers by day" in response.text
    return took, response.text


if __name__ == "__main__":
    main()
