"""Processes that serve on one socket: started, watched, renewed, and stopped in order.

uvicorn's own supervisor is no public interface, ends with 0 where its workers failed, and waits for ever for
one that does not stop.
"""

from __future__ import annotations

import ctypes
import logging
import multiprocessing
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

import uvicorn

GRACE = 10
"""Seconds that answers under way have to finish when a process stops."""

_FAREWELL = 25
"""Seconds after that for what runs beside the answers (the bot sends its last ones), then it is killed."""
_GIVE_WAY = 0.0005
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 30.0
_M_ARENA_MAX = -8
"""Of glibc's malloc.h."""
_TRIES = 5
"""Starts that may fail in a row: then there is no sense in going on where nobody serves."""
_log = logging.getLogger("tanya.serve")


def serve(
    app: Any, listener: socket.socket, ready: Callable[[], None], parent: Connection | None
) -> None:
    """Serve `app` on `listener` until SIGTERM, SIGINT, or until the process behind `parent` has gone.

    Calls `ready` once requests are taken. SIGTERM finishes the answers under way and exits with 0.
    """
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,  # GET /ask?q= would log the question
        server_header=False,
        proxy_headers=False,  # create_app does, where the settings say so
        timeout_graceful_shutdown=GRACE,
    )
    server = uvicorn.Server(config)
    # Threads that answer give way to the loop, which needs the interpreter for a moment only, ten times
    # sooner than by default: /health and refusals wait for it several times each.
    sys.setswitchinterval(_GIVE_WAY)

    def watch() -> None:
        while not server.started:
            if server.should_exit:
                return
            time.sleep(0.01)
        try:
            ready()
        except OSError:  # the parent has gone while this process was loading
            server.should_exit = True
        if parent is not None:
            # Nothing is ever sent: it becomes readable when the other end is closed.
            wait([parent])
            server.should_exit = True

    threading.Thread(target=watch, name="ready", daemon=True).start()
    server.run(sockets=[listener])


def keep_memory_together() -> bool:
    """Let all threads of this process share two of glibc's memory pools; False where there is no glibc.

    By default each thread gets one of its own, up to eight a core, and what is opened and let go in turn
    by several of them (an index, on every rebuild) leaves holes in all: 25 MB a worker after 40 rebuilds
    instead of 5 (`python -m benchmarks.reload`).
    """
    try:
        return bool(ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 2))
    except (AttributeError, OSError, TypeError):  # musl, macOS, Windows
        return False


def exit_in_order() -> None:
    """From now on SIGTERM ends this process with exit code 0, as it should for who stops a service."""

    def stop(*_: object) -> None:
        raise SystemExit(0)

    # While uvicorn serves, it has its own handlers; afterwards it hands the signal on to this one.
    signal.signal(signal.SIGTERM, stop)


@dataclass(slots=True, eq=False)
class _Worker:
    process: BaseProcess
    pipe: Connection
    ready: bool = False
    stopped_at: float | None = None


class Supervisor:
    """Keeps `count` processes of `target` at work, each called with `arguments` and a `Connection`.

    A worker says that it serves by sending anything through its connection, and stops when the other end
    is closed. The first one starts alone: what it meets (a wrong setting, no articles) would meet all.
    SIGTERM and SIGINT stop all in order; SIGHUP replaces one after the other, the new one first.
    """

    def __init__(
        self,
        count: int,
        target: Callable[..., None],
        arguments: tuple[Any, ...],
        ready: Callable[[], None] = lambda: None,
    ) -> None:
        """`ready` is called when the first worker serves."""
        self._count, self._target, self._arguments, self._ready = count, target, arguments, ready
        self._spawn = multiprocessing.get_context("spawn")  # models do not survive a fork
        self._workers: list[_Worker] = []
        self._old: list[_Worker] = []
        self._served = False
        self._failures = 0
        self._next_start = 0.0
        self._code: int | None = None
        self._signals: list[int] = []

    def run(self) -> int:
        """Work until told to stop; the exit code: 0 after SIGTERM, 130 after SIGINT, else a failure's."""
        with self._catching() as wakeup:
            while self._code is None or self._workers:
                self._start_missing()
                pipes = [one.pipe for one in self._workers if not one.ready]
                ends = [one.process.sentinel for one in self._workers]
                wait([wakeup, *pipes, *ends], timeout=self._patience())
                with suppress(BlockingIOError):
                    wakeup.recv(1024)
                self._obey()
                for worker in list(self._workers):
                    self._look_after(worker)
        return self._code

    def _start_missing(self) -> None:
        if self._code is not None or time.monotonic() < self._next_start:
            return
        at_work = [one for one in self._workers if one.stopped_at is None]
        wanted = self._count if self._served else 1
        # One more while old ones are replaced: nobody goes before another one has come.
        for _ in range(wanted + bool(self._old) - len(at_work)):
            ours, theirs = self._spawn.Pipe()
            process = self._spawn.Process(target=self._target, args=(*self._arguments, theirs))
            process.start()
            theirs.close()
            self._workers.append(_Worker(process, ours))

    def _look_after(self, worker: _Worker) -> None:
        if worker.process.exitcode is None:
            if not worker.ready and worker.pipe.poll():
                self._greet(worker)
            elif worker.stopped_at is not None and time.monotonic() > worker.stopped_at:
                _log.error("Worker %d does not stop: killed.", worker.process.pid)
                worker.process.kill()
                worker.process.join()
                self._code = 1 if self._code == 0 else self._code
            return
        worker.process.join()
        worker.pipe.close()
        self._workers.remove(worker)
        if worker in self._old:
            self._old.remove(worker)
        if worker.stopped_at is None and self._code is None:
            self._mourn(worker)

    def _greet(self, worker: _Worker) -> None:
        try:
            worker.pipe.recv()
        except EOFError:
            return  # it has died, which its sentinel tells
        worker.ready = True
        self._failures = 0
        _log.info("Worker %d serves.", worker.process.pid)
        if not self._served:
            self._served = True
            self._ready()
        if self._old:
            self._stop(self._old.pop(0))

    def _mourn(self, worker: _Worker) -> None:
        code = worker.process.exitcode
        assert code is not None
        if not self._served:
            self._stop_all(code if code > 0 else 1)
            return
        self._failures += 1
        pause = (
            min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0 ** (self._failures - 1))
            if not worker.ready
            else 0.0
        )
        self._next_start = time.monotonic() + pause
        _log.error(
            "Worker %d has ended (%s). Another one starts%s.",
            worker.process.pid,
            signal.Signals(-code).name if code < 0 else f"exit code {code}",
            f" in {pause:.0f} s" if pause else "",
        )
        if self._failures >= _TRIES and self._old:
            _log.error("The new workers do not start. The old ones go on serving.")
            self._old.clear()
        if self._failures >= _TRIES and not any(one.ready for one in self._workers):
            _log.error("No worker starts. Giving up.")
            self._stop_all(1)

    def _obey(self) -> None:
        while self._signals:
            number = self._signals.pop(0)
            if number not in (signal.SIGTERM, signal.SIGINT):
                if not self._served:
                    continue
                _log.info("Replacing the workers, one after the other.")
                self._old = [one for one in self._workers if one.stopped_at is None]
            elif self._code is None:
                self._stop_all(0 if number == signal.SIGTERM else 130)

    def _stop_all(self, code: int) -> None:
        self._code = code
        self._old.clear()
        for worker in self._workers:
            self._stop(worker)

    def _stop(self, worker: _Worker) -> None:
        if worker.stopped_at is None:
            worker.stopped_at = time.monotonic() + GRACE + _FAREWELL
            worker.process.terminate()

    def _patience(self) -> float | None:
        """Seconds until something is due; None where nothing is."""
        due = [one.stopped_at for one in self._workers if one.stopped_at is not None]
        if self._next_start > time.monotonic() and self._code is None:
            due.append(self._next_start)
        return max(0.0, min(due) - time.monotonic()) + 0.01 if due else None

    @contextmanager
    def _catching(self) -> Iterator[socket.socket]:
        """Notes signals in `_signals`; the socket becomes readable with each."""
        with ExitStack() as stack:
            reading, writing = (stack.enter_context(one) for one in socket.socketpair())
            for one in (reading, writing):
                one.setblocking(False)
            stack.callback(signal.set_wakeup_fd, signal.set_wakeup_fd(writing.fileno()))
            for number in (signal.SIGTERM, signal.SIGINT, getattr(signal, "SIGHUP", None)):
                if number is None:  # Windows
                    continue
                former = signal.signal(number, lambda number, _: self._signals.append(number))
                stack.callback(signal.signal, number, former)
            yield reading
