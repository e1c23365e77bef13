"""What the desk's buttons set going: one thing at a time, in a thread, told by every worker process.

What it is and how it ended stands in a small file: the page of the operator may come from another
process than the one that works.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, get_args

from filelock import FileLock, Timeout

from corpus.aside import replace_file

Work = Literal["rebuild", "collect", "rollback"]
Told = Mapping[str, str | int]
"""What there is to tell of work that was done, by name."""
_log = logging.getLogger("tanya.api")


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of work. Times are UTC; `ended` is None while it runs. `fault`: why it failed, a sentence;
    "" where its process ended before it did."""

    work: Work
    begun: datetime
    ended: datetime | None = None
    fault: str | None = None
    told: Told | None = None

    @property
    def state(self) -> Literal["running", "done", "failed"]:
        """How it stands with it."""
        if self.ended is None:
            return "running"
        return "done" if self.fault is None else "failed"


class BusyError(Exception):
    """Something is being done already."""


class Jobs:
    """The last piece of work, in `folder`. Safe to use from threads and processes."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "desk.job.json"

    def last(self) -> Job | None:
        """What was set going last, and how it ended; None where nothing ever was, or nobody can read it."""
        job = self._read()
        if job is None or job.ended is not None:
            return job
        try:
            # Who works holds the lock. Where nobody does, the work is over, whatever the file says.
            with self._lock():
                job = self._read()
        except Timeout:
            return job
        if job is None or job.ended is not None:
            return job
        return replace(job, ended=job.begun, fault="")

    def start(
        self, work: Work, action: Callable[[], Told], known: tuple[type[Exception], ...]
    ) -> threading.Thread:
        """Have `action` done in a thread of its own; returns it. Raises BusyError while another works.

        An error of one of the `known` types is told in its own words; any other is ours, and logged.
        """
        self._file.parent.mkdir(parents=True, exist_ok=True)
        lock = self._lock()
        try:
            lock.acquire()
        except Timeout:
            raise BusyError from None
        job = Job(work, datetime.now(UTC))

        def run() -> None:
            fault, told = None, None
            try:
                told = action()
            except known as error:
                _log.warning("%s, asked for at the desk, failed: %s", work, error)
                fault = str(error)
            except Exception:
                _log.exception("%s, asked for at the desk, failed", work)
                fault = "Something broke on our side. It has been logged."
            finally:
                self._write(replace(job, ended=datetime.now(UTC), fault=fault, told=told))
                lock.release()

        self._write(job)
        thread = threading.Thread(target=run, name=f"desk-{work}", daemon=True)
        thread.start()
        return thread

    def _lock(self) -> FileLock:
        # Taken by one thread, given back by another.
        return FileLock(f"{self._file}.lock", timeout=0, thread_local=False)

    def _write(self, job: Job) -> None:
        values = {
            "work": job.work,
            "begun": job.begun.isoformat(),
            "ended": job.ended and job.ended.isoformat(),
            "fault": job.fault,
            "told": job.told,
        }
        try:
            replace_file(self._file, json.dumps(values))
        except OSError as error:
            # The work matters more than the note of it.
            _log.warning("%s cannot be written (%s).", self._file, error)

    def _read(self) -> Job | None:
        try:
            values = json.loads(self._file.read_text(encoding="utf-8"))
            if values["work"] not in get_args(Work):
                return None
            return Job(
                values["work"],
                datetime.fromisoformat(values["begun"]),
                values["ended"] and datetime.fromisoformat(values["ended"]),
                values["fault"],
                values["told"],
            )
        except (OSError, ValueError, KeyError, TypeError):
            return None
