"""Rebuilds under a steady load: does anybody notice? And what more workers cost in memory.

`tanya serve --workers 2` answers questions at a fixed rate while the corpus changes and is rebuilt, again and
again. Every edition changes every article, so that an answer that mixes two generations is seen. Times of one
run on one machine: compare those around a switch with those of the same run away from one.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import httpx

from benchmarks.recombined import recombined
from benchmarks.speed import percentile, serving
from corpus.article import write_article
from corpus.question import DEV, read_questions

NEAR = 2.0
"""Seconds after a switch in which an answer counts as one that the switch may have slowed down."""
PATIENCE = 15.0


@dataclass(frozen=True, slots=True)
class Asked:
    """One question: when it was asked, how long it took, from which index, what was wrong (or None)."""

    at: float
    seconds: float
    index: str
    fault: str | None


@dataclass(slots=True)
class Editions:
    """What each generation holds, and when it became the current one."""

    titles: dict[str, dict[str, str]] = field(default_factory=dict)
    switched: dict[str, float] = field(default_factory=dict)

    def note(self, data: Path) -> str:
        """Read what the current generation holds."""
        pointer = data / "index/CURRENT"
        name = pointer.read_text().strip()
        lines = (data / "index/generations" / name / "articles.jsonl").read_text().splitlines()
        records = map(json.loads, lines)
        self.titles[name] = {record["id"]: record["title"] for record in records}
        self.switched[name] = pointer.stat().st_mtime
        return name

    def fault(self, answer: dict[str, object]) -> str | None:
        """What is wrong with an answer that says which index it is from; None where nothing is."""
        index, passages = answer["index"], answer["passages"]
        assert isinstance(index, dict)
        assert isinstance(passages, list)
        held = self.titles.get(index["id"])
        if held is None:
            return f"unknown index {index['id']}"
        for passage in passages:
            if held.get(passage["article"]) != passage["source"]["title"]:
                return f"{passage['article']} is not of index {index['id']}"
        return None


def write_edition(folder: Path, articles: int, edition: int) -> None:
    """Every article anew, with the edition's number in its title."""
    for article in recombined(articles, edition):
        write_article(article, folder)


async def ask(
    client: httpx.AsyncClient, question: str, found: list[tuple[Asked, dict[str, object]]]
) -> None:
    """Ask; what came of it goes to `found`."""
    at, begun = time.time(), time.perf_counter()
    index, fault, answer = "", None, {}
    try:
        response = await client.post("/ask", json={"question": question, "k": 5})
        answer = response.json()
        if response.status_code != 200:
            fault = f"status {response.status_code}"
        else:
            index = answer["index"]["id"]
    except httpx.HTTPError as error:
        fault = type(error).__name__
    found.append((Asked(at, time.perf_counter() - begun, index, fault), answer))


async def load(
    url: str, rate: float, questions: Sequence[str], stop: asyncio.Event
) -> list[tuple[Asked, dict[str, object]]]:
    """Ask `rate` questions a second, whatever the answers take, until `stop`."""
    found: list[tuple[Asked, dict[str, object]]] = []
    # Many connections: each worker takes its share of them.
    limits = httpx.Limits(max_connections=32, max_keepalive_connections=0)
    async with (
        httpx.AsyncClient(base_url=url, trust_env=False, timeout=PATIENCE, limits=limits) as client,
        asyncio.TaskGroup() as tasks,
    ):
        begun = time.perf_counter()
        number = 0
        while not stop.is_set():
            tasks.create_task(ask(client, questions[number % len(questions)], found))
            number += 1
            await asyncio.sleep(max(0.0, begun + number / rate - time.perf_counter()))
    return found


def tree(pid: int) -> list[int]:
    """The processes that `pid` started and that serve."""
    path = Path(f"/proc/{pid}/task/{pid}/children")
    children = [int(child) for child in path.read_text().split()]
    workers = [c for c in children if "spawn_main" in Path(f"/proc/{c}/cmdline").read_text()]
    return workers or [pid]


def memory(pid: int) -> dict[str, float]:
    """Megabytes of a process: Rss (all that it has in memory), Pss (what it shares, by share), Anonymous."""
    found = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        name, size, *_ = line.split()
        found[name.rstrip(":")] = int(size) / 1024
    return found


def mapped(pid: int, data: Path) -> set[str]:
    """The generations of which a process has files mapped."""
    maps = Path(f"/proc/{pid}/maps").read_text()
    return set(re.findall(re.escape(f"{data}/index/generations/") + r"\.?([\w.-]+)/", maps))


def rebuild(environment: dict[str, str]) -> None:
    """`tanya rebuild`, at a low priority as the service itself starts it."""
    command = ["nice", "-n", "10", sys.executable, "-m", "tanya", "rebuild"]
    subprocess.run(command, env=environment, check=True, capture_output=True)


@dataclass(frozen=True, slots=True)
class Run:
    """What one run showed."""

    asked: list[Asked]
    editions: Editions
    followed: list[float]
    before: list[float]
    after: list[float]
    held: list[int]


def run(
    folder: Path, articles: int, seconds: float, pause: float, rate: float, workers: int = 2
) -> Run:
    """Serve and ask for `seconds`, with a rebuild every `pause` seconds."""
    data, corpus, log = folder / "var", folder / "corpus", folder / "log"
    environment = {
        **os.environ,
        "TANYA_DATA": str(data),
        "TANYA_CORPUS": str(corpus),
        "TANYA_SHIPPED_CORPUS": "false",
        "TANYA_PROFILE": "fast",
        "TANYA_RATE": "",
        "TANYA_WORKERS": str(workers),
        "TANYA_JOURNAL": "false",
    }
    write_edition(corpus, articles, 0)
    rebuild(environment)
    editions = Editions()
    editions.note(data)
    questions = [question.text for question in read_questions(DEV)]
    with serving(environment, log) as (server, client):
        url = str(client.base_url)
        while log.read_text().count(" serves.") < workers and workers > 1:
            time.sleep(0.1)

        async def work() -> list[tuple[Asked, dict[str, object]]]:
            stop = asyncio.Event()
            asking = asyncio.create_task(load(url, rate, questions, stop))
            end = time.monotonic() + seconds
            edition = 0
            while time.monotonic() < end:
                edition += 1
                due = time.monotonic() + pause
                await asyncio.to_thread(write_edition, corpus, articles, edition)
                await asyncio.to_thread(rebuild, environment)
                editions.note(data)
                if edition == 3:  # by then every worker has opened a few
                    sizes.append([memory(pid)["Anonymous"] for pid in tree(server)])
                await asyncio.sleep(max(0.0, due - time.monotonic()))
            stop.set()
            return await asking

        sizes: list[list[float]] = []
        found = asyncio.run(work())
        time.sleep(2 * NEAR)
        sizes.append([memory(pid)["Anonymous"] for pid in tree(server)])
        held = [len(mapped(pid, data)) for pid in tree(server)]
    # Judged now: an answer may come from an index sooner than we have read what that holds.
    asked = [
        Asked(one.at, one.seconds, one.index, one.fault or editions.fault(answer))
        for one, answer in found
    ]
    return Run(asked, editions, _followed(log, editions), sizes[0], sizes[-1], held)


def _followed(log: Path, editions: Editions) -> list[float]:
    """Seconds from each switch until each worker served the new index, as its log says."""
    found = []
    for day, name in re.findall(
        r"^(\S+ \S+) INFO \S+: Serving index (\S+):", log.read_text(), re.M
    ):
        at = datetime.strptime(day, "%Y-%m-%d %H:%M:%S,%f").timestamp()  # noqa: DTZ007
        if name in list(editions.switched)[1:]:
            found.append(at - editions.switched[name])
    return found


def report(run: Run) -> None:
    """Print the table of a run."""
    switches = list(run.editions.switched.values())[1:]
    near = [
        one.seconds
        for one in run.asked
        if any(0 <= one.at + one.seconds - at <= NEAR for at in switches)
    ]
    away = [one.seconds for one in run.asked if one.seconds not in set(near)]
    faults = [one.fault for one in run.asked if one.fault is not None]
    print(
        f"| {len(switches)} rebuilds | questions | failed or mixed | p50 ms | p99 ms | longest ms |"
    )
    print("|---|--:|--:|--:|--:|--:|")
    for name, times in ((f"within {NEAR:.0f} s of a switch", near), ("at other times", away)):
        cells = [1000 * percentile(times, share) for share in (0.5, 0.99, 1.0)] if times else []
        print(
            f"| {name} | {len(times)} | {len(faults) if times is near else ''} | "
            + " | ".join(f"{cell:.0f}" for cell in cells)
            + " |"
        )
    for fault in sorted(set(faults)):
        print(f"fault: {fault}, {faults.count(fault)} times")
    if not run.followed:
        return
    print(
        f"\nFrom the switch until a worker served the new index: "
        f"{percentile(run.followed, 0.5):.2f} s, at most {max(run.followed):.2f} s. "
        f"Memory of its own of each worker after three rebuilds "
        f"{', '.join(f'{size:.0f}' for size in run.before)} MB, at the end "
        f"{', '.join(f'{size:.0f}' for size in run.after)} MB; "
        f"generations mapped at the end: {run.held}."
    )


@contextmanager
def _indexed(folder: Path, articles: int) -> Iterator[dict[str, str]]:
    environment = {
        **os.environ,
        "TANYA_DATA": str(folder / "var"),
        "TANYA_CORPUS": str(folder / "corpus"),
        "TANYA_PROFILE": "fast",
        "TANYA_RATE": "",
        "TANYA_JOURNAL": "false",
    }
    write_edition(folder / "corpus", articles, 0)
    rebuild(environment)
    yield environment


def shares(folder: Path, articles: int) -> None:
    """Print what 1, 2 and 4 workers have in memory once all have answered questions."""
    questions = [question.text for question in read_questions(DEV)]
    print(
        f"| {articles:,} articles | RSS of each MB | of its own MB | PSS of all MB |\n|---|--:|--:|--:|"
    )
    with _indexed(folder, articles) as environment:
        for workers in (1, 2, 4):
            log = folder / f"log{workers}"
            with serving({**environment, "TANYA_WORKERS": str(workers)}, log) as (server, client):
                while workers > 1 and log.read_text().count(" serves.") < workers:
                    time.sleep(0.1)
                for number in range(50 * workers):
                    with httpx.Client(base_url=client.base_url, trust_env=False) as fresh:
                        fresh.post("/ask", json={"question": questions[number % len(questions)]})
                sizes = [memory(pid) for pid in tree(server)]
                whole = sum(size["Pss"] for size in sizes)
                if workers > 1:
                    whole += memory(server)["Pss"]
                rss = ", ".join(f"{size['Rss']:.0f}" for size in sizes)
                own = ", ".join(f"{size['Anonymous']:.0f}" for size in sizes)
                print(
                    f"| {workers} worker{'s' if workers > 1 else ''} | {rss} | {own} | {whole:.0f} |"
                )


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=180)
    parser.add_argument("--pause", type=float, default=5)
    parser.add_argument("--rate", type=float, default=8, help="questions a second")
    parser.add_argument(
        "--memory", type=int, default=0, help="articles of the memory table; 0: none"
    )
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        report(run(Path(folder), given.articles, given.seconds, given.pause, given.rate))
    if given.memory:
        with tempfile.TemporaryDirectory() as folder:
            print()
            shares(Path(folder), given.memory)


if __name__ == "__main__":
    main()
