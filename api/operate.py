"""Admin routes: what an operator does from afar, with the admin token."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, TypeVar

import anyio
import anyio.to_thread
from fastapi import APIRouter, Depends, Query, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from api import problem
from api.access import Access
from api.admin import Admin
from api.describe import operation
from api.schema import Day, utc
from corpus import report
from corpus.article import CorpusError
from corpus.shelf import ShelfError
from index.database import DatabaseError
from index.encoder import EncoderError
from index.generation import GenerationError
from index.journal import Door, Entry, Journal
from index.result import Outcome

T = TypeVar("T")
FAILURES = (CorpusError, DatabaseError, EncoderError, GenerationError, ShelfError)
"""What an action may end with; the message says what to do."""
_ONE_DAY = timedelta(days=1)
_bearer = HTTPBearer(auto_error=False, description="The value of TANYA_ADMIN_TOKEN.")


class _Out(BaseModel):
    model_config = ConfigDict(frozen=True, from_attributes=True)


class RebuiltOut(_Out):
    """What a rebuild did; counts are of passages unless they say otherwise."""

    id: str = Field(description="The index that serves now.")
    changed: bool = Field(description="False where there was nothing to do.")
    articles: int
    passages: int
    new: int
    removed: int
    encoded: int = Field(description="Passages whose vectors had to be made.")
    reused: int
    seconds: float


class PageOut(_Out):
    """What became of one page."""

    where: str
    outcome: report.Outcome
    reason: str | None
    article: str | None
    title: str | None


class CollectIn(BaseModel):
    """What to visit."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"targets": []}]})

    targets: list[
        Annotated[str, StringConstraints(pattern=r"^https?://[^\s/]\S*$", max_length=2000)]
    ] = Field(
        default=[],
        max_length=30,
        description="Addresses of pages, feeds or sitemaps; none: what is due of the sources file.",
    )


class CollectedOut(_Out):
    """What a collection did."""

    seconds: float
    counts: dict[str, int] = Field(description="How many pages ended how.")
    pages: list[PageOut]


class GenerationOut(_Out):
    """One index on disk."""

    id: str
    current: bool = Field(description="Whether it is the one to serve.")
    fault: str | None = Field(description="Why it cannot be opened; null where it is whole.")
    built_at: datetime | None
    articles: int | None
    passages: int | None
    encoder: str | None


class GenerationsOut(_Out):
    """The indexes on disk, newest first."""

    generations: list[GenerationOut]


class RolledBackOut(_Out):
    """The index that serves now."""

    id: str


class EntryOut(_Out):
    """A question and what became of it."""

    id: str
    at: datetime
    door: Door
    language: str
    question: str = Field(description="Without phone numbers, addresses and the like.")
    read_as: str | None
    outcome: Outcome
    confidence: float
    articles: list[str] = Field(description="Articles that were shown, the best first.")
    seconds: float
    index_id: str
    helpful: bool | None = Field(description="Null where nobody said.")
    reason: str | None


class EntriesOut(_Out):
    """Questions, the newest first."""

    questions: list[EntryOut]


class Desk:
    """Does one thing at a time, off the event loop."""

    def __init__(self) -> None:
        self._busy = False
        self._threads = anyio.CapacityLimiter(2)

    async def act(self, work: Callable[[], T]) -> T:
        """What `work` returns. ProblemError "under_way" where something else is being done, "failed" with
        the sentence of the error where it ends with one of FAILURES."""
        if self._busy:
            raise problem.under_way()
        self._busy = True
        try:
            return await self.look(work)
        finally:
            self._busy = False

    async def look(self, work: Callable[[], T]) -> T:
        """The same for what changes nothing."""
        try:
            return await anyio.to_thread.run_sync(work, limiter=self._threads)
        except FAILURES as error:
            raise problem.failed(str(error)) from error


def routes(access: Access, admin: Admin | None, journal: Journal | None) -> APIRouter:
    """The actions of `admin` and the questions of `journal`, for whoever has `access`."""

    async def allowed(
        request: Request,
        shown: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    ) -> None:
        await access.check(request, shown.credentials if shown else "")

    router = APIRouter(
        prefix="/admin",
        tags=["admin"],
        dependencies=[Depends(allowed)],
        responses=problem.responses(401, 422, 429, 500),
        generate_unique_id_function=operation,
    )
    if admin is not None:
        _add_actions(router, admin)
    _add_questions(router, journal)
    return router


def _add_actions(router: APIRouter, admin: Admin) -> None:
    desk = Desk()
    conflicts = problem.responses(409)

    @router.post("/rebuild", summary="Rebuild the index", responses=conflicts)
    async def rebuild(
        force: Annotated[bool, Query(description="Build even where nothing changed.")] = False,
    ) -> RebuiltOut:
        """Reads the corpus and builds beside the index that serves, which goes on serving whatever
        happens. Answers when it is done."""
        return RebuiltOut.model_validate(await desk.act(lambda: admin.rebuild(force)))

    @router.post("/collect", summary="Collect articles", responses=problem.responses(409, 413))
    async def collect(body: CollectIn) -> CollectedOut:
        """Visits pages, then rebuilds the index if anything changed. Answers when it is done."""
        done = await desk.act(lambda: admin.collect(body.targets))
        return CollectedOut.model_validate(report.as_json(done))

    @router.get("/generations", summary="Which indexes are there?", responses=conflicts)
    async def generations() -> GenerationsOut:
        """All that are on disk, whole or not."""
        found = await desk.look(admin.generations)
        return GenerationsOut(generations=[_generation(one) for one in reversed(found)])

    @router.post("/rollback", summary="Go back to the index before", responses=conflicts)
    async def rollback() -> RolledBackOut:
        """Running servers follow within seconds. A rebuild goes forward again."""
        return RolledBackOut(id=await desk.act(admin.rollback))


def _add_questions(router: APIRouter, journal: Journal | None) -> None:
    desk = Desk()

    @router.get("/questions", summary="What people asked", responses=problem.responses(404, 409))
    async def questions(
        since: Annotated[Day | None, Query(description="From this day on (UTC).")] = None,
        until: Annotated[Day | None, Query(description="Until this day, included (UTC).")] = None,
        outcome: Outcome | None = None,
        helpful: bool | None = None,
        door: Door | None = None,
        limit: Annotated[int, Query(ge=1, le=1000, description="Most questions.")] = 100,
    ) -> EntriesOut:
        """The newest first. 404 where the journal is switched off."""
        if journal is None:
            raise problem.journal_off()
        first = _midnight(since) if since else None
        last = _midnight(until) + _ONE_DAY if until and until < date.max else None
        found = await desk.look(
            lambda: journal.entries(
                first, last, outcome=outcome, helpful=helpful, door=door, limit=limit
            )
        )
        return EntriesOut(questions=[_entry(entry) for entry in found])


def _generation(state: object) -> GenerationOut:
    found = GenerationOut.model_validate(state)
    return found.model_copy(update={"built_at": found.built_at and utc(found.built_at)})


def _entry(entry: Entry) -> EntryOut:
    found = EntryOut.model_validate(entry)
    return found.model_copy(update={"at": utc(found.at), "seconds": round(found.seconds, 4)})


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)
