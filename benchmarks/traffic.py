"""Traffic from another process, over plain sockets, so that making it costs little.

python -m benchmarks.traffic open HOST PORT SECONDS RATE     questions at a constant rate, come what may
python -m benchmarks.traffic closed HOST PORT SECONDS COUNT  so many people, each asks when answered
python -m benchmarks.traffic health HOST PORT SECONDS        GET /health fifty times a second

Reads the questions from standard input, one a line; prints JSON: per HTTP status the milliseconds of each
response, in the open model from the moment when the question was due (waiting in the client counts).
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress

PATIENCE = 30.0
"""Seconds that answers have after the last question."""
MOST = 1000
"""Connections at most; a question that finds none free is counted as not sent."""
_BETWEEN_PROBES = 0.02


class Client:
    """Sends requests over connections that are used again."""

    def __init__(self, host: str, port: int) -> None:
        self._where = host, port
        self._free: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        self.open = 0
        self.took: dict[str, list[float]] = defaultdict(list)

    async def send(self, request: bytes, due: float) -> None:
        """Send it, and note how long after `due` the response was there; errors as "error"."""
        try:
            reader, writer = self._free.pop() if self._free else await self._connect()
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = head.lower().split(b"content-length:", 1)[1].split(b"\r\n", 1)[0]
            await reader.readexactly(int(length))
            status = head.split(b" ", 2)[1].decode()
            self._free.append((reader, writer))
        except (OSError, EOFError, IndexError, asyncio.LimitOverrunError):
            status = "error"
            self.open -= 1
        self.took[status].append(1000 * (time.perf_counter() - due))

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        self.open += 1
        return await asyncio.open_connection(*self._where)


def questions() -> Iterator[bytes]:
    """Requests for the questions of standard input, round and round."""
    bodies = [json.dumps({"question": line.strip()}).encode() for line in sys.stdin if line.strip()]
    for body in itertools.cycle(bodies):
        yield (
            b"POST /ask HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
        )


async def at_a_rate(client: Client, rate: float, seconds: float) -> None:
    """One question every 1/`rate` seconds, whether or not those before have been answered."""
    asked = questions()
    begun = time.perf_counter()
    under_way: set[asyncio.Task[None]] = set()
    for number in range(int(rate * seconds)):
        due = begun + number / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        if len(under_way) >= MOST:
            client.took["not sent"].append(0.0)
            continue
        task = asyncio.create_task(client.send(next(asked), due))
        under_way.add(task)
        task.add_done_callback(under_way.discard)
    if under_way:
        await asyncio.wait(under_way, timeout=PATIENCE)
    client.took["error"] += [1000 * PATIENCE] * len(under_way)


async def by_people(client: Client, people: int, seconds: float) -> None:
    """`people` who ask one question after the other."""
    asked, end = questions(), time.perf_counter() + seconds

    async def one() -> None:
        while time.perf_counter() < end:
            await client.send(next(asked), time.perf_counter())

    await asyncio.gather(*(one() for _ in range(people)))


async def look(client: Client, seconds: float) -> None:
    """Ask for /health at regular times."""
    request = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
    begun = time.perf_counter()
    for number in range(int(seconds / _BETWEEN_PROBES)):
        due = begun + number * _BETWEEN_PROBES
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        # Not from `due`: who is late here is the probe.
        await client.send(request, time.perf_counter())


def main() -> None:
    """See above."""
    what, host, port, seconds, *number = sys.argv[1:]
    client = Client(host, int(port))
    if what == "health":
        with suppress(PermissionError):
            os.nice(-10)  # on a full machine it would else measure how long it waits itself
        work = look(client, float(seconds))
    elif what == "open":
        work = at_a_rate(client, float(number[0]), float(seconds))
    else:
        work = by_people(client, int(number[0]), float(seconds))
    asyncio.run(work)
    json.dump(client.took, sys.stdout)


if __name__ == "__main__":
    main()
