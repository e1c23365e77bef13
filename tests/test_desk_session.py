"""Sessions of the desk, and the work that its buttons set going, across processes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from api.desk_jobs import BusyError, Job, Jobs, Told
from api.desk_session import SECONDS, Sessions

KEY = b"k" * 32


def test_a_session_is_known_to_every_process_until_it_is_ended(tmp_path: Path) -> None:
    here, there = (Sessions("token", KEY, tmp_path / "var") for _ in range(2))
    cookie, other = here.open(), here.open()
    session = there.read(cookie)
    assert session is not None
    here.close(session)
    assert there.read(cookie) is None, "a copied cookie is of no use"
    kept = there.read(other)
    assert kept is not None
    assert kept != session


def test_a_session_ends_by_itself_and_with_its_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sessions = Sessions("token", KEY, tmp_path)
    cookie = sessions.open()
    assert Sessions("another", KEY, tmp_path).read(cookie) is None
    assert Sessions("token", b"x" * 32, tmp_path).read(cookie) is None
    now = time.time()
    monkeypatch.setattr("time.time", lambda: now + SECONDS - 5)
    assert sessions.read(cookie) is not None
    monkeypatch.setattr("time.time", lambda: now + SECONDS + 5)
    assert sessions.read(cookie) is None


def test_what_is_forged_proves_nothing(tmp_path: Path) -> None:
    sessions = Sessions("token", KEY, tmp_path)
    cookie = sessions.open()
    session, stamp, signature = cookie.split(".")
    forged = [
        None,
        "",
        session,
        "." * 199,
        "x" * 5000,
        f"{session}.{stamp}",
        f"{session}.AAAA.{signature}",
        f"{'B' if session[0] == 'A' else 'A'}{session[1:]}.{stamp}.{signature}",
        cookie[:-1],
        f"{session}.{stamp}.{sessions.form_token(session)}",
        "é.é.é",
    ]
    for value in forged:
        assert sessions.read(value) is None, value
    assert sessions.read(cookie) == session


def test_a_form_belongs_to_one_session(tmp_path: Path) -> None:
    sessions = Sessions("token", KEY, tmp_path)
    one, other = (sessions.read(sessions.open()) for _ in range(2))
    assert one
    assert other
    token = sessions.form_token(one)
    assert sessions.sent_by(one, token)
    for session, sent in ((other, token), (one, ""), (one, "é" * 9), (one, "a" * 9999)):
        assert not sessions.sent_by(session, sent)


def test_ended_sessions_are_forgotten_when_they_would_have_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sessions = Sessions("token", KEY, tmp_path)
    sessions.close("old")
    now = time.time()
    monkeypatch.setattr("time.time", lambda: now + SECONDS + 1)
    sessions.close("new")
    assert [line.split()[0] for line in (tmp_path / "desk.ended").read_text().splitlines()] == [
        "new"
    ]


def work(result: Told | Exception) -> Callable[[], Told]:
    def run() -> Told:
        if isinstance(result, Exception):
            raise result
        return result

    return run


def test_work_and_its_end_are_told_by_every_process(tmp_path: Path) -> None:
    here, there = Jobs(tmp_path / "var"), Jobs(tmp_path / "var")
    assert there.last() is None
    go = threading.Event()

    def slow() -> Told:
        assert go.wait(10)
        return {"id": "x"}

    thread = here.start("rebuild", slow, (OSError,))
    running = there.last()
    assert running is not None
    assert (running.work, running.state) == ("rebuild", "running")
    with pytest.raises(BusyError):
        there.start("collect", work({}), (OSError,))
    go.set()
    thread.join(10)
    done = there.last()
    assert done is not None
    assert (done.state, done.told, done.begun) == ("done", {"id": "x"}, running.begun)


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (OSError("The disk is full."), "The disk is full."),
        (RuntimeError("secret detail"), "Something broke on our side. It has been logged."),
    ],
)
def test_what_fails_is_told_and_the_next_can_begin(
    tmp_path: Path, error: Exception, fault: str
) -> None:
    jobs = Jobs(tmp_path)
    jobs.start("collect", work(error), (OSError,)).join(10)
    last = jobs.last()
    assert last is not None
    assert (last.state, last.fault) == ("failed", fault)
    jobs.start("rebuild", work({}), (OSError,)).join(10)
    last = jobs.last()
    assert last is not None
    assert (last.work, last.state) == ("rebuild", "done")


def test_work_whose_process_has_ended_is_not_said_to_run(tmp_path: Path) -> None:
    jobs = Jobs(tmp_path)
    jobs.start("rebuild", work({}), (OSError,)).join(10)
    written = (tmp_path / "desk.job.json").read_text()
    begun = jobs.last()
    assert isinstance(begun, Job)
    assert begun.ended is not None
    unfinished = written.replace(f'"{begun.ended.isoformat()}"', "null")
    assert unfinished != written
    (tmp_path / "desk.job.json").write_text(unfinished)
    last = jobs.last()
    assert last is not None
    assert (last.state, last.fault) == ("failed", "")
    (tmp_path / "desk.job.json").write_text('{"work": "rebuild"')
    assert jobs.last() is None, "a torn file is none"
