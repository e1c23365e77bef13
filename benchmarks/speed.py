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
from collections.abc import Callable, Sequence
from pathlib import Path

import httpx

from corpus.question import DEV, read_questions
from index.answer import Answerer
from index.encoder import MODEL, OnnxEncoder
from index.lexicon import shipped
from index.maxsim import StaticVectors
from index.search import Index
from index.settings import Settings
from index.store import Store

ROUNDS = 5


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of `values` lie (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def times(action: Callable[[str], object], questions: Sequence[str]) -> list[float]:
    """Milliseconds of `action` for each question, after one round to warm up."""
    for question in questions:
        action(question)
    found = []
    for _ in range(ROUNDS):
        for question in questions:
            begun = time.perf_counter()
            action(question)
            found.append(1000 * (time.perf_counter() - begun))
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


def main() -> None:
    """Print the tables."""
    questions = [question.text for question in read_questions(DEV)]
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "TANYA_DATA": folder}
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
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        server = subprocess.Popen(
            [sys.executable, "-m", "tanya", "serve", "--port", str(port)],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
                while True:
                    try:
                        if client.get("/ready").status_code == 200:
                            break
                    except httpx.TransportError:
                        time.sleep(0.05)
                before = resident(server.pid)
                http = times(lambda q: client.post("/ask", json={"question": q}), questions)
                after = resident(server.pid)
        finally:
            server.terminate()
            server.wait()
        encoder, static = OnnxEncoder(), StaticVectors(MODEL / "static")
        store = Store(Path(folder))
        answerer = Answerer(Settings(data=Path(folder)), store, encoder, static)
        index = Index(store.open(encoder.fingerprint), encoder, static, shipped())
        whole = percentile(http, 0.5)
        answer = times(answerer.ask, questions)
        read = times(index.read, questions)
        queries = {question: index.read(question) for question in questions}
        search = times(lambda q: index.search(queries[q], 5), questions)
        print(f"\n| warm, {len(http)} questions, one at a time | p50 ms | p99 ms | share |")
        print("|---|--:|--:|--:|")
        row("POST /ask", http, whole)
        row("answer, of which", answer, whole)
        row("– language, spelling, encoder", read, whole)
        row("– search and re-scoring", search, whole)
        rest = [a - b - c for a, b, c in zip(answer, read, search, strict=True)]
        row("– confidence, marking, related questions", rest, whole)
        row("HTTP", [a - b for a, b in zip(http, answer, strict=True)], whole)
        print(
            f"\nServer memory: {before:.0f} MB when ready, {after:.0f} MB after {len(http)} questions"
        )


if __name__ == "__main__":
    main()
