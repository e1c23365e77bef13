"""The journal under load: what writing costs beside an answer, and how long reading takes.

    python -m benchmarks.journal                     100,000 generated questions, in SQLite and PostgreSQL
    python -m benchmarks.journal --make FOLDER       only make them, to look at with `tanya questions`

Other programs on the machine disturb the wall clock: the processor's time is told too.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from corpus.article import SHIPPED, read_articles
from corpus.question import DEV, read_questions, read_suggestions
from index.answer import Answer, Answerer
from index.database import Database
from index.encoder import MODEL, OnnxEncoder
from index.journal import DOORS, Journal, local_day
from index.maxsim import StaticVectors
from index.person import hashed
from index.reader import Reader
from index.settings import Settings
from index.store import Store
from index.tables import question, rating

ROOT = Path(__file__).parent.parent
COUNT = 100_000
DAYS = 88
_CHUNK = 5000


def fill(database: Database, count: int = COUNT, seed: int = 0) -> None:
    """Write `count` generated questions of the last DAYS days, a tenth of them rated."""
    dice = random.Random(seed)
    rows = [
        line.split("\t")
        for line in (ROOT / "tests" / "unanswered.tsv").read_text("utf-8").splitlines()
    ]
    open_ = [(row[1], row[2]) for row in rows]
    known = [pair for suggestion in read_suggestions() for pair in suggestion.text.items()]
    known += [(asked.language, asked.text) for asked in read_questions(DEV)]
    names = [f"asean/2023-09-0{n % 9}-artikel-{n}" for n in range(230)]
    end = datetime.now(UTC)
    moments = sorted(end - timedelta(days=DAYS * dice.random() ** 1.3) for _ in range(count))
    for first in range(0, count, _CHUNK):
        written = []
        for moment in moments[first : first + _CHUNK]:
            outcome = dice.choices(("answered", "partly", "unknown", "social"), (62, 8, 22, 8))[0]
            few = known if outcome in ("answered", "social") else open_
            language, asked = few[min(int(dice.paretovariate(0.4)) - 1, len(few) - 1)]
            if dice.random() < 0.5:  # half of them in words of their own
                asked += f" {dice.choice(('ya', 'min', 'dong', 'please'))} {dice.randrange(10**5)}"
            shown = (
                dice.sample(names, dice.randint(1, 3)) if outcome in ("answered", "partly") else []
            )
            written.append(
                {
                    "id": secrets.token_hex(16),
                    "at": moment,
                    "day": local_day(moment),
                    "door": dice.choices(DOORS, (40, 15, 10, 30, 5))[0],
                    "language": language,
                    "question": asked,
                    "read_as": None,
                    "outcome": outcome,
                    "confidence": dice.random(),
                    "articles": tuple(shown),
                    "seconds": dice.lognormvariate(-3, 0.5),
                    "index_id": "20260101-000000",
                    "person": hashed(b"key", f"telegram:{dice.randrange(8000)}"),
                }
            )
        with database.begin() as connection:
            connection.execute(question.insert(), written)
    with database.begin() as connection:
        numbers = range(1, count, 10)
        rated = [
            {
                "question": n,
                "helpful": dice.random() < 0.7,
                "reason": dice.choice((None, "jawabannya lama", "not what I asked")),
                "at": end,
            }
            for n in numbers
        ]
        connection.execute(rating.insert(), rated)


def milliseconds(work: Callable[[], object], times: int) -> list[float]:
    """How long `work` takes, `times` times."""
    found = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        found.append(1000 * (time.perf_counter() - began))
    return found


def said(name: str, values: list[float]) -> None:
    """Print p50 and p99 of `values`, milliseconds."""
    cuts = statistics.quantiles(values, n=100, method="inclusive")
    print(f"{name:<46} p50 {cuts[49]:9.2f} ms   p99 {cuts[98]:9.2f} ms")


def command(environment: dict[str, str], *arguments: str) -> None:
    """Print how long `tanya questions` takes from start to end, the best and worst of five."""
    walls, works = [], []
    for _ in range(5):
        before, began = os.times(), time.perf_counter()
        subprocess.run(
            [sys.executable, str(ROOT / "tanya.py"), "questions", *arguments],
            env=os.environ | environment,
            cwd=ROOT,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        walls.append(time.perf_counter() - began)
        after = os.times()
        works.append(
            after.children_user
            + after.children_system
            - before.children_user
            - before.children_system
        )
    name = " ".join(("tanya questions", *arguments))
    print(f"{name:<46} {min(walls):.2f} to {max(walls):.2f} s, at work {min(works):.2f} s")


def measure(settings: Settings, answerer: Answerer, answer: Answer) -> None:
    """Print what writing and reading take in the database of `settings`."""
    url = settings.database_url
    database = Database.of(settings)
    print(f"\n{'PostgreSQL' if url else 'SQLite'}, {COUNT:,} questions")
    began = time.perf_counter()
    fill(database)
    print(f"made in {time.perf_counter() - began:.0f} s")
    journal = Journal(database, 90)
    journal.expire()
    # In turns, so that both meet the same machine.
    answers, notes = [], []
    for _ in range(200):
        answers += milliseconds(lambda: answerer.ask("jalan apa aja yang ditutup pas KTT?"), 1)
        notes += milliseconds(lambda: journal.note(answer, "page", None, 0.05), 1)
    said("an answer", answers)
    said("noting it", notes)
    print(f"noting, of an answer: {statistics.median(notes) / statistics.median(answers):.1%}")
    today = local_day(datetime.now(UTC))
    for days in (30, 90):
        span = (today - timedelta(days=days - 1), today)
        said(f"overview of {days} days", milliseconds(partial(journal.overview, *span), 10))
        said(f"most asked of {days} days", milliseconds(partial(journal.most_asked, *span), 10))
    said("1,000 unanswered", milliseconds(lambda: journal.entries(outcome="unknown"), 10))
    said("1,000 badly rated", milliseconds(lambda: journal.entries(helpful=False), 10))
    environment = {"TANYA_DATA": str(settings.data)}
    environment |= {"TANYA_DATABASE_URL": url.get_secret_value()} if url else {}
    long_ago = (today - timedelta(days=89)).isoformat()
    for arguments in ((), ("--since", long_ago), ("--json", "--since", long_ago), ("--csv", "-")):
        command(environment, *arguments)
    database.close()


def main() -> None:
    """Measure, or only make."""
    parser = argparse.ArgumentParser(description="The journal under load.")
    parser.add_argument("--make", type=Path, help="only make the questions, in this folder")
    parser.add_argument("--count", type=int, default=COUNT, help="how many, with --make")
    given = parser.parse_args()
    if given.make is not None:
        database = Database.of(Settings(_env_file=None, data=given.make, database_url=None))
        fill(database, given.count)
        database.close()
        print(json.dumps({"made": given.count, "in": str(given.make)}))
        return
    from tests.databases import postgresql

    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        settings = Settings(_env_file=None, data=folder, database_url=None)
        encoder, static = OnnxEncoder(), StaticVectors(MODEL / "static")
        store = Store(folder)
        store.rebuild(read_articles(SHIPPED), encoder, static)
        answerer = Answerer(settings, store, encoder, static, Reader())
        answer = answerer.ask("jalan apa aja yang ditutup pas KTT?")
        measure(settings, answerer, answer)
        address = stack.enter_context(postgresql()).create()
        # Checked like one of the environment.
        served = Settings.model_validate({**settings.model_dump(), "database_url": address})
        measure(served, answerer, answer)


if __name__ == "__main__":
    main()
