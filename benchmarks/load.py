"""How the service bears load: from a second process, people who wait (closed) and people who come (open).

Prints a table for one and two workers. Needs the program wrk for the rows named after it. Times of one run
on one machine: client and server share its cores.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.speed import percentile, resident, serving
from corpus.question import DEV, read_questions

_WRK = """
local bodies, at = {}, 0
for line in io.lines(os.getenv("TANYA_BODIES")) do bodies[#bodies + 1] = line end
statuses = ""
local counts = {}
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
request = function() at = at % #bodies + 1; return wrk.format(nil, nil, nil, bodies[at]) end
response = function(status)
  counts[status] = (counts[status] or 0) + 1
  statuses = ""
  for code, n in pairs(counts) do statuses = statuses .. code .. "=" .. n .. " " end
end
local threads = {}
setup = function(thread) threads[#threads + 1] = thread end
done = function(summary, latency)
  io.write("statuses ", threads[1]:get("statuses"), "\\n")
  local p50, p99 = latency:percentile(50) / 1000, latency:percentile(99) / 1000
  io.write(string.format("p50 %.1f p99 %.1f\\n", p50, p99))
end
"""


@dataclass
class Row:
    """What one run showed; milliseconds of each answered question, and of each look at /health."""

    name: str
    seconds: float
    answered: int
    refused: int
    limited: int = 0
    failed: int = 0
    p50: float = 0.0
    p99: float = 0.0
    health: list[float] = field(default_factory=list)

    def show(self, memory: str) -> str:
        offered = self.answered + self.refused + self.limited + self.failed
        rates = [f"{count / self.seconds:.1f}" for count in (offered, self.answered, self.refused)]
        slow = f"{percentile(self.health, 0.5):.1f} | {percentile(self.health, 0.99):.1f}"
        return (
            f"| {self.name} | {' | '.join(rates)} | {self.limited} | {self.failed} "
            f"| {self.p50:.0f} | {self.p99:.0f} | {slow} | {memory} |"
        )


class Load:
    """Traffic to one server."""

    def __init__(self, address: str, folder: Path, seconds: float) -> None:
        parts = urlsplit(address)
        assert parts.hostname is not None
        self._where = [parts.hostname, str(parts.port), str(seconds)]
        self._address, self._folder, self._seconds = address, folder, seconds
        self._questions = "\n".join(one.text for one in read_questions(DEV))

    def traffic(self, name: str, model: str, number: float) -> Row:
        """`model` "open" with `number` questions a second, or "closed" with `number` people."""
        health = self._watch()
        took = self._json(self._start(model, f"{number:g}"))
        answered = took.get("200", [])
        others = {"200", "503", "429"}
        return Row(
            name,
            self._seconds,
            answered=len(answered),
            refused=len(took.get("503", [])),
            limited=len(took.get("429", [])),
            failed=sum(len(values) for status, values in took.items() if status not in others),
            p50=percentile(answered, 0.5) if answered else 0.0,
            p99=percentile(answered, 0.99) if answered else 0.0,
            health=self._json(health)["200"],
        )

    def wrk(self, name: str, people: int) -> Row:
        """The closed model by wrk; its times are of answers and refusals together."""
        script, bodies = self._folder / "ask.lua", self._folder / "bodies"
        script.write_text(_WRK)
        lines = self._questions.splitlines()
        bodies.write_text("".join(json.dumps({"question": line}) + "\n" for line in lines))
        health = self._watch()
        said = subprocess.run(
            [
                *("wrk", "-t1", f"-c{people}", f"-d{self._seconds:.0f}s", "--timeout", "30s"),
                *("-s", str(script), f"{self._address}/ask"),
            ],
            env={**os.environ, "TANYA_BODIES": str(bodies)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        counts = {code: int(n) for code, n in re.findall(r"(\d+)=(\d+)", said)}
        times = re.search(r"p50 ([\d.]+) p99 ([\d.]+)", said)
        assert times is not None, said
        return Row(
            name,
            self._seconds,
            answered=counts.pop("200", 0),
            refused=counts.pop("503", 0),
            limited=counts.pop("429", 0),
            failed=sum(counts.values()),
            p50=float(times[1]),
            p99=float(times[2]),
            health=self._json(health)["200"],
        )

    def _watch(self) -> subprocess.Popen[str]:
        return self._start("health")

    def _start(self, model: str, *number: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.traffic", model, *self._where, *number],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdin is not None
        process.stdin.write(self._questions)
        process.stdin.close()
        process.stdin = None  # so that communicate() does not close it again
        return process

    def _json(self, process: subprocess.Popen[str]) -> dict[str, list[float]]:
        said, _ = process.communicate(timeout=self._seconds + 90)
        found: dict[str, list[float]] = json.loads(said)
        return found


def family(pid: int) -> list[int]:
    """`pid` and its children, and theirs (Linux)."""
    found = [pid]
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in path.read_text().split():
            found += family(int(child))
    return found


def megabytes(pid: int) -> float:
    """Resident memory of a server with all its workers."""
    return sum(resident(one) for one in family(pid))


def measure(workers: int, environment: dict[str, str], folder: Path, seconds: float) -> None:
    """Print the rows of a server with so many workers."""
    settings = {**environment, "TANYA_WORKERS": str(workers)}
    with serving(settings, folder / "server.log") as (server, client):
        load = Load(str(client.base_url), folder, seconds)
        load.traffic("warm-up", "closed", 4)
        before = megabytes(server)

        def show(row: Row) -> Row:
            nonlocal before
            after = megabytes(server)
            print(row.show(f"{before:.0f} | {after:.0f}"), flush=True)
            before = after
            return row

        name = f"{workers} worker{'s' if workers > 1 else ''}"
        full = show(load.traffic(f"{name}, closed, 8 people", "closed", 8))
        if shutil.which("wrk"):
            show(load.wrk(f"{name}, closed, 8 people (wrk)", 8))
            show(load.wrk(f"{name}, closed, 300 people (wrk)", 300))
        capacity = full.answered / seconds
        for share in (0.5, 0.8, 2.0, 5.0):
            label = f"{name}, open, {share:g} × that"
            show(load.traffic(label, "open", share * capacity))
        shown = client.get("/metrics").text
        print(f"\n/metrics of {name}: {counted(shown)}\n")


def counted(exposition: str) -> str:
    """What the server itself counted, in short."""
    names = ("tanya_questions_total", "tanya_refused_total", "tanya_answered_share")
    lines = [line for line in exposition.splitlines() if line.startswith(names)]
    return "; ".join(lines)


def limited(environment: dict[str, str], folder: Path) -> None:
    """Print what one client gets that does not stop asking."""
    settings = {**environment, "TANYA_RATE": "10/minute", "TANYA_WORKERS": "2"}
    with serving(settings, folder / "limited.log") as (server, client):
        before = megabytes(server)
        load = Load(str(client.base_url), folder, 10)
        row = load.traffic("2 workers, TANYA_RATE=10/minute, closed, 4 people", "closed", 4)
        print(row.show(f"{before:.0f} | {megabytes(server):.0f}"))
        refusal = client.post("/ask", json={"question": "Apa itu ASEAN?"})
        print(f"\nThen: {refusal.status_code}, Retry-After {refusal.headers['retry-after']} s")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0, help="of each row")
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2])
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        environment = {**os.environ, "TANYA_DATA": name, "TANYA_RATE": "off"}
        print("| load | offered/s | answered/s | refused/s (503) | limited (429) | failed ", end="")
        print("| p50 ms | p99 ms | /health p50 ms | p99 ms | MB before | MB after |")
        print("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
        for workers in chosen.workers:
            measure(workers, environment, folder, chosen.seconds)
        limited(environment, folder)


if __name__ == "__main__":
    main()
