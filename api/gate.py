"""The gate between the event loop and the answerer, which blocks."""

from __future__ import annotations

import functools
import time
from collections.abc import Sequence
from typing import Literal, Protocol

import anyio
import anyio.to_thread

from api.problem import busy, check_previous
from api.schema import AskIn
from index.answer import Answer, Asks, IndexInfo
from index.catalogue import Catalogue
from index.generation import NoIndexError

Door = Literal["page", "widget", "http", "telegram", "inline"]


class Answers(Asks, Protocol):
    """What this door needs of `index.answer.Answerer`: safe to call from threads, may block."""

    def examples(self, language: str, count: int = 4) -> tuple[str, ...]:
        """Questions in `language` that can be answered; raises NoIndexError."""

    def publishers(self) -> tuple[str, ...]:
        """Whose articles there are; raises NoIndexError."""

    def catalogue(self) -> Catalogue:
        """What the index holds; raises NoIndexError."""

    @property
    def index(self) -> IndexInfo | None:
        """The index that answers; None until one is loaded. May block, too."""


class Journal(Protocol):
    """What this door needs of `index.journal.Journal`: safe to call from threads, may block."""

    def note(self, answer: Answer, door: Door, person: str | None, seconds: float) -> str | None:
        """Keep `answer`; its id, or None where it could not be kept. Never raises."""

    def rate(self, id: str, helpful: bool, reason: str | None = None) -> bool:
        """Keep what somebody thought of it; False where there is no such answer."""


class Gate:
    """Lets `parallel` questions be answered at once, `in_flight` wait or be answered.

    The answerer runs in threads of its own limit, so that neither the event loop nor the threads
    that serve files ever wait for it. One gate belongs to one event loop.
    """

    def __init__(self, answerer: Answers, in_flight: int, parallel: int, max_question: int) -> None:
        self._answerer = answerer
        self._longest = max_question
        self._limit = in_flight
        self._in_flight = 0
        self._threads = anyio.CapacityLimiter(parallel)

    async def index(self) -> IndexInfo | None:
        """The index that answers; None until one is loaded."""
        # In a thread: the first look may open the index.
        return await anyio.to_thread.run_sync(lambda: self._answerer.index)

    async def examples(self, languages: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """Questions to begin with, by language; none while there is no index."""

        def read() -> dict[str, tuple[str, ...]]:
            try:
                return {language: self._answerer.examples(language) for language in languages}
            except NoIndexError:
                return dict.fromkeys(languages, ())

        return await anyio.to_thread.run_sync(read)

    async def publishers(self) -> tuple[str, ...]:
        """Whose articles there are; none while there is no index."""

        def read() -> tuple[str, ...]:
            try:
                return self._answerer.publishers()
            except NoIndexError:
                return ()

        return await anyio.to_thread.run_sync(read)

    async def topics(self) -> tuple[str, ...]:
        """What the articles are about, the commonest first; none while there is no index."""

        def read() -> tuple[str, ...]:
            try:
                return tuple(topic.name for topic in self._answerer.catalogue().topics)
            except NoIndexError:
                return ()

        return await anyio.to_thread.run_sync(read)

    async def ask(self, asked: AskIn) -> tuple[Answer, str]:
        """The answer, and the value of a Server-Timing header.

        Raises ProblemError "busy" beyond `in_flight` and "bad_previous", else what the answerer
        raises.
        """
        previous = check_previous(asked.previous, self._longest)
        if self._in_flight >= self._limit:
            raise busy(self._limit)
        # A thread cannot be cancelled: anyio waits for it even when the caller has gone, so a
        # question keeps its place until it has really ended.
        self._in_flight += 1
        started = time.perf_counter()
        try:
            answer = await anyio.to_thread.run_sync(
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
        return answer, f"total;dur={(time.perf_counter() - started) * 1000:.1f}"
