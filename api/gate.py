"""The gate between the event loop and what blocks: the answerer, the journal, the limiter."""

from __future__ import annotations

import functools
import logging
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import anyio
import anyio.to_thread
from starlette.requests import HTTPConnection

from api import problem
from api.schema import AskIn
from corpus.article import Article
from index import log, metrics
from index.answer import Answer, Asks, IndexInfo
from index.catalogue import Catalogue
from index.database import DatabaseError
from index.generation import NoIndexError
from index.journal import Door, Journal
from index.limiter import Limiter
from index.person import client_name, hashed, secret_key
from index.question import QuestionError
from index.settings import Settings

T = TypeVar("T")
DOOR_HEADER = "Tanya-Door"
"""How the page and the widget say who they are; without it, a question came over HTTP."""
RATINGS = "30/minute"
_SHORT_WORK = 16
"""Threads for all that takes a moment: none of them ever waits for an answer."""
_JOURNAL_PATIENCE = 1.0
"""Seconds that an answer waits for the journal, where the database does not answer."""
_log = logging.getLogger("tanya.api")


class Answers(Asks, Protocol):
    """What this door needs of `index.answer.Answerer`: safe to call from threads, may block."""

    def examples(self, language: str, count: int = 4) -> tuple[str, ...]:
        """Questions in `language` that can be answered; raises NoIndexError."""

    def publishers(self) -> tuple[str, ...]:
        """Whose articles there are; raises NoIndexError."""

    def suggest(self, typed: str, language: str, count: int) -> tuple[str, ...]:
        """Questions in `language` that hold what was typed; raises NoIndexError."""

    def article(self, name: str) -> Article | None:
        """The article of that id; raises NoIndexError."""

    def catalogue(self) -> Catalogue:
        """Who published what there is; raises NoIndexError."""

    @property
    def index(self) -> IndexInfo | None:
        """The index that answers; None until one is loaded. May block, too."""


@dataclass(frozen=True, slots=True)
class Asked:
    """An answer; the id to rate it by, None where it is not kept; the value of a Server-Timing header."""

    answer: Answer
    id: str | None
    timing: str


class Gate:
    """Lets `settings.parallel` questions be answered at once, `settings.in_flight` wait or be answered.

    The answerer runs in threads of its own limit, so that neither the event loop nor the threads
    that serve files ever wait for it. One gate belongs to one event loop.
    """

    def __init__(
        self,
        answerer: Answers,
        settings: Settings,
        journal: Journal | None = None,
        limiter: Limiter | None = None,
    ) -> None:
        self._answerer = answerer
        self._journal = journal
        self._limiter = limiter
        self._longest = settings.max_question
        self._limit = settings.in_flight
        self._tells = settings.log_questions
        self._in_flight = 0
        self._threads = anyio.CapacityLimiter(settings.parallel)
        self._moments = anyio.CapacityLimiter(_SHORT_WORK)
        self._writing = anyio.CapacityLimiter(_SHORT_WORK)
        self._key = _key(settings) if journal is not None or limiter is not None else b""

    def refusal(self, client: HTTPConnection) -> problem.ProblemError | None:
        """Why the question of `client` cannot be taken at this moment, counted; None where it can."""
        if self._in_flight < self._limit:
            return None
        metrics.refused.labels(door_of(client), "busy").inc()
        return problem.busy(self._limit)

    async def index(self) -> IndexInfo | None:
        """The index that answers; None until one is loaded."""
        # In a thread: the first look may open the index.
        return await self._run(lambda: self._answerer.index)

    async def examples(self, languages: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """Questions to begin with, by language; none while there is no index."""

        def read() -> dict[str, tuple[str, ...]]:
            try:
                return {language: self._answerer.examples(language) for language in languages}
            except NoIndexError:
                return dict.fromkeys(languages, ())

        return await self._run(read)

    async def publishers(self) -> tuple[str, ...]:
        """Whose articles there are; none while there is no index."""

        def read() -> tuple[str, ...]:
            try:
                return self._answerer.publishers()
            except NoIndexError:
                return ()

        return await self._run(read)

    async def suggest(self, typed: str, language: str, count: int) -> tuple[str, ...]:
        """Questions in `language` that hold what was typed. NoIndexError."""
        return await self._run(lambda: self._answerer.suggest(typed, language, count))

    async def article(self, name: str) -> Article | None:
        """The article of that id. NoIndexError."""
        return await self._run(lambda: self._answerer.article(name))

    async def catalogue(self) -> Catalogue:
        """Who published what there is. NoIndexError."""
        return await self._run(self._answerer.catalogue)

    async def ask(self, asked: AskIn, client: HTTPConnection, door: Door | None = None) -> Asked:
        """The answer to what `client` asks, counted, logged and written into the journal.

        `door`: by default what the request says of itself. Raises ProblemError "busy" beyond the
        questions in flight, "rate_limited" and "bad_previous", else what the answerer raises.
        """
        door = door or door_of(client)
        began = time.perf_counter()
        try:
            answer = await self._answer(asked, client)
        except Exception as error:
            metrics.refused.labels(door, _reason(error)).inc()
            raise
        seconds = time.perf_counter() - began
        metrics.asked(door, answer, seconds)
        log.asked(door, answer, seconds, text=self._tells)
        kept = await self._note(answer, door, client, seconds)
        return Asked(answer, kept, f"total;dur={seconds * 1000:.1f}")

    async def rate(
        self, name: str, helpful: bool, reason: str | None, client: HTTPConnection
    ) -> None:
        """Keep what `client` thinks of the answer `name`. ProblemError "rate_limited", "unknown_answer",
        and "journal" where it cannot be written."""
        await self.limit(client, RATINGS, "feedback")
        journal = self._journal
        known = journal is not None and await self._rated(journal, name, helpful, reason)
        if not known:
            raise problem.unknown_answer()
        metrics.ratings.labels(str(helpful).lower()).inc()

    async def limit(
        self, client: HTTPConnection, rate: str | None = None, what: str = "", count: bool = True
    ) -> None:
        """Count that `client` does `what` (questions by default); ProblemError "rate_limited" where it is
        too much. Without `count` only the latter."""
        limiter = self._limiter
        if limiter is None or not (limiter.rate if rate is None else rate):
            return
        person = self.person(client) + what
        look = limiter.hit if count else limiter.wait
        wait = await self._run(lambda: look(person, rate))
        if wait > 0:
            raise problem.rate_limited(wait)

    def person(self, client: HTTPConnection) -> str:
        """What stands for `client`; nobody without our key can tell who it is."""
        return hashed(self._key, client_name(client.client.host if client.client else ""))

    async def _answer(self, asked: AskIn, client: HTTPConnection) -> Answer:
        previous = problem.check_previous(asked.previous, self._longest)
        # First, since it costs nothing: who is told to come back has not used up any of his questions.
        if self._in_flight >= self._limit:
            raise problem.busy(self._limit)
        # A thread cannot be cancelled: anyio waits for it even when the caller has gone, so a
        # question keeps its place until it has really ended.
        self._in_flight += 1
        try:
            await self.limit(client)
            return await anyio.to_thread.run_sync(
                functools.partial(
                    self._answerer.ask,
                    asked.question,
                    k=asked.k,
                    language=asked.language,
                    previous=previous,
                    filters=asked.filters(),
                ),
                limiter=self._threads,
            )
        finally:
            self._in_flight -= 1

    async def _note(
        self, answer: Answer, door: Door, client: HTTPConnection, seconds: float
    ) -> str | None:
        """Write into the journal; an answer neither fails nor waits for long because of it."""
        journal = self._journal
        if journal is None:
            return None
        write = functools.partial(journal.note, answer, door, self.person(client), seconds)
        kept: str | None = None
        with anyio.move_on_after(_JOURNAL_PATIENCE):
            try:
                kept = await anyio.to_thread.run_sync(
                    write, limiter=self._writing, abandon_on_cancel=True
                )
            except Exception:
                _log.exception("An answer could not be written into the journal")
        if kept is None:
            metrics.journal_failures.inc()
        return kept

    async def _rated(self, journal: Journal, name: str, helpful: bool, reason: str | None) -> bool:
        try:
            return await self._run(lambda: journal.rate(name, helpful, reason))
        except DatabaseError as error:
            _log.error("A rating could not be kept. %s", error)
            raise problem.no_journal() from None

    async def _run(self, work: Callable[[], T]) -> T:
        return await anyio.to_thread.run_sync(work, limiter=self._moments)


def door_of(client: HTTPConnection) -> Door:
    """Which of our doors a request came through, as it says itself."""
    match client.headers.get(DOOR_HEADER, "").lower():
        case "page":
            return "page"
        case "widget":
            return "widget"
    return "http"


def _reason(error: Exception) -> str:
    match error:
        case problem.ProblemError():
            code = error.problem.code
            return {"busy": "busy", "rate_limited": "rate"}.get(code, "invalid")
        case QuestionError():
            return "invalid"
        case NoIndexError():
            return "no_index"
    return "internal"


def _key(settings: Settings) -> bytes:
    try:
        return secret_key(settings)
    except OSError as error:
        _log.warning(
            "The key of the hashes cannot be kept in %s (%s): until the next start another one is used. "
            "Set TANYA_SECRET, or check the folder's permissions.",
            settings.data,
            error,
        )
        return secrets.token_bytes(32)
