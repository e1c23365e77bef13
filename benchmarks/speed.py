"""Time and memory of a question: cold on the command line, warm over HTTP, and where the time goes.

Times of one run on one machine: compare the shares, not the milliseconds, with other machines.
"""

from __future__ import annotations

import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
from threadpoolctl import threadpool_limits

from corpus.question import DEV, read_questions
from index.answer import Answerer
from index.confidence import read
from index.encoder import MODEL, OnnxEncoder
from index.lexicon import shipped
from index.maxsim import StaticVectors
from index.reader import Reader
from index.search import Index
from index.settings import Settings
from index.store import Store

ROUNDS = 5
PATIENCE = 60.0
"""Seconds that the server has to become ready; the index is there already."""


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of `values` lie (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def times(
    actions: Sequence[Callable[[str], object]],
    questions: Sequence[str],
    clock: Callable[[], float] = time.perf_counter,
) -> list[list[float]]:
    """Milliseconds of each action for each question, in the same order, after a round to warm up.

    The actions take turns question by question, so that what else the machine does meets all alike,
    and their differences mean something.
    """
    found: list[list[float]] = [[] for _ in actions]
    for number in range(1 + ROUNDS):
        for question in questions:
            for action, measured in zip(actions, found, strict=True):
                begun = clock()
                action(question)
                if number:
                    measured.append(1000 * (clock() - begun))
    return found


def row(name: str, values: Sequence[float], whole: float) -> None:
    """Print one line of the table."""
    p50, p99 = percentile(values, 0.5), percentile(values, 0.99)
    print(f"| {name} | {p50:.1f} | {p99:.1f} | {p50 / whole:.0%} |")


def resident(pid: int) -> float:
    """Megabytes of memory resident of process `pid` (Linux)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    raise ValueError(f"process {pid} tells no VmRSS")


def cold(environment: dict[str, str]) -> None:
    """Seconds of `tanya ask` and `tanya --help` from nothing."""
    for name, command in (
        ("tanya ask, index there", ["ask", "Is the ASEAN Secretariat open to the public?"]),
        ("tanya --help", ["--help"]),
    ):
        found = []
        for _ in range(ROUNDS):
            begun = time.perf_counter()
            subprocess.run(
                [sys.executable, "-m", "tanya", *command],
                env=environment,
                check=True,
                capture_output=True,
            )
            found.append(time.perf_counter() - begun)
        print(f"| {name} | {statistics.median(found):.2f} s | {max(found):.2f} s |")


@contextmanager
def serving(environment: dict[str, str], log: Path) -> Iterator[tuple[int, httpx.Client]]:
    """A ready `tanya serve`: its process id, and a client of it. What it says goes to `log`.

    RuntimeError with what the server said where it ends, or is not ready within PATIENCE.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with log.open("wb") as output:
        server = subprocess.Popen(
            [sys.executable, "-m", "tanya", "serve", "--port", str(port)],
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    # Neither a proxy nor credentials of the environment: the server is on this machine.
    client = httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=10)
    deadline = time.monotonic() + PATIENCE
    try:
        while not ready(client):
            if server.poll() is not None or time.monotonic() > deadline:
                state = "runs" if server.poll() is None else f"ended with {server.returncode}"
                said = log.read_text(encoding="utf-8", errors="replace").strip()
                raise RuntimeError(
                    f"tanya serve is not ready on port {port} and {state}. It said:\n{said}"
                )
            time.sleep(0.05)
        yield server.pid, client
    finally:
        client.close()
        server.kill()
        server.wait()


def ready(client: httpx.Client) -> bool:
    """Whether the server has loaded an index."""
    try:
        return client.get("/ready").status_code == 200
    except httpx.TransportError:
        return False


def main() -> None:
    """Print the tables."""
    threadpool_limits(1, user_api="blas")  # as `tanya` sets it for the service
    questions = [question.text for question in read_questions(DEV)]
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "TANYA_DATA": folder, "TANYA_RATE": "off"}
        begun = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "tanya", "rebuild"],
            env=environment,
            check=True,
            capture_output=True,
        )
        print("| cold | median | worst of 5 |\n|---|--:|--:|")
        print(f"| first index of the shipped corpus | {time.perf_counter() - begun:.2f} s | |")
        cold(environment)
        encoder, static = OnnxEncoder(), StaticVectors(MODEL / "static")
        store = Store(Path(folder))
        reader = Reader()
        answerer = Answerer(Settings(data=Path(folder)), store, encoder, static, reader)
        plain = Answerer(Settings(data=Path(folder)), store, encoder, static)
        index = Index(store.open(encoder.fingerprint), encoder, static, shipped())
        queries = {question: index.read(question) for question in questions}
        hits = {question: index.search(queries[question], 5) for question in questions}
        with serving(environment, Path(folder) / "server.log") as (server, client):
            before = resident(server)
            http, answer, plainly, understood, search, reading = times(
                (
                    lambda q: client.post("/ask", json={"question": q}).raise_for_status(),
                    answerer.ask,
                    plain.ask,
                    index.read,
                    lambda q: index.search(queries[q], 5),
                    lambda q: read(reader, index, queries[q], hits[q]),
                ),
                questions,
            )
            after = resident(server)
        whole = percentile(http, 0.5)
        print(f"\n| warm, {len(http)} questions, one at a time | p50 ms | p99 ms | share |")
        print("|---|--:|--:|--:|")
        row("POST /ask", http, whole)
        row("answer, of which", answer, whole)
        row("– language, encoder", understood, whole)
        row("– search and re-scoring", search, whole)
        row("– reader, three passages", reading, whole)
        parts = zip(answer, understood, search, reading, strict=True)
        rest = [ask - sum(others) for ask, *others in parts]
        row("– spelling, confidence, marking, related questions", rest, whole)
        row("HTTP", [a - b for a, b in zip(http, answer, strict=True)], whole)
        row("answer with TANYA_READER=false", plainly, whole)
        print(
            f"\nServer memory: {before:.0f} MB when ready, {after:.0f} MB after {len(http)} questions"
        )


if __name__ == "__main__":
    main()
