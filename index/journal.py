"""The journal: what people asked, what went unanswered, and what they thought of the answers.

Without names: people are keyed hashes, and numbers and addresses that could tell who somebody is are
taken out of what they wrote before it is stored.
"""

from __future__ import annotations

import logging
import re
import secrets
import threading
import weakref
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, get_args

from sqlalchemy import ColumnElement, Select, and_, delete, func, select

from index.database import Database, DatabaseError
from index.person import HASH_LENGTH
from index.redact import redacted
from index.settings import Settings
from index.tables import question, rating

if TYPE_CHECKING:
    from index.answer import Answer, Outcome

Door = Literal["page", "widget", "http", "telegram", "inline"]
"""Where a question came in. Those of `tanya ask` are the operator's own and are not kept."""
DOORS: tuple[Door, ...] = get_args(Door)

UNANSWERED: tuple[Outcome, ...] = ("unknown", "partly")
"""Outcomes that leave a question open: passages that may help are no answer."""

LONGEST_REASON = 500
"""Characters that are kept of a rating's reason."""

_BATCH = 2000
"""Rows deleted in one transaction: others wait for it."""
_LOOK_SECONDS = 60.0
_HASH = re.compile(rf"[0-9a-f]{{{HASH_LENGTH}}}")
_log = logging.getLogger("tanya.journal")


@dataclass(frozen=True, slots=True)
class Entry:
    """One question and what became of it.

    `question` is what was asked, redacted; `read_as` how it was understood, where it followed up on
    the one before. `articles`: ids of those shown, best first. `seconds`: how long the answer took.
    `helpful`: None where nobody said. `at` is in UTC.
    """

    id: str
    at: datetime
    door: Door
    language: str
    question: str
    outcome: Outcome
    confidence: float
    articles: tuple[str, ...]
    seconds: float
    index_id: str
    helpful: bool | None
    reason: str | None
    read_as: str | None = None


@dataclass(frozen=True, slots=True)
class Day:
    """What was asked on a day. `asked` counts all, social talk too; `p50`, `p95`: seconds (nearest rank)."""

    day: date
    asked: int = 0
    answered: int = 0
    partly: int = 0
    unknown: int = 0
    social: int = 0
    p50: float | None = None
    p95: float | None = None
    helpful: int = 0
    unhelpful: int = 0


@dataclass(frozen=True, slots=True)
class Overview:
    """The days from first to last, without gaps, and how often each door, language and article occurs."""

    days: tuple[Day, ...]
    doors: dict[str, int]
    languages: dict[str, int]
    articles: dict[str, int]

    @property
    def asked(self) -> int:
        """How many questions there were; greetings and the like are none."""
        return sum(day.asked - day.social for day in self.days)

    @property
    def answered(self) -> int:
        """How many of them were answered; "partly" is no answer."""
        return sum(day.answered for day in self.days)


class Journal:
    """Writes down and counts. Safe to use from threads and from several processes; calls block briefly."""

    def __init__(self, database: Database, retention_days: int) -> None:
        self.database = database
        self._retention = timedelta(days=retention_days)
        self._failures = 0
        self._unclean = False
        self._starting = threading.Lock()
        self._keeper: threading.Thread | None = None

    @classmethod
    def of(cls, settings: Settings, database: Database) -> Journal | None:
        """The journal of `settings`, None where it is switched off."""
        return cls(database, settings.retention_days) if settings.journal else None

    def note(
        self,
        answer: Answer,
        door: Door,
        person: str | None,
        seconds: float,
        at: datetime | None = None,
    ) -> str | None:
        """Write an answer down. Returns the id it may be rated by; None where it could not be written,
        which is logged and keeps nobody from answering.

        `person`: who asked, as `index.person.hashed` gives it; ValueError for anything that is no hash.
        `seconds`: how long the answer took. `at`: when, by default now.
        """
        if person is not None and not _HASH.fullmatch(person):
            raise ValueError("person is no hash. Use index.person.hashed(key, name)")
        moment = at or datetime.now(UTC)
        name = secrets.token_hex(16)
        row = {
            "id": name,
            "at": moment,
            "day": local_day(moment),
            "door": door,
            "language": answer.language,
            "question": redacted(answer.question),
            "read_as": answer.read_as and redacted(answer.read_as),
            "outcome": answer.outcome,
            "confidence": answer.confidence,
            "articles": tuple(dict.fromkeys(passage.article for passage in answer.passages)),
            "seconds": seconds,
            "index_id": answer.index.id,
            "person": person,
        }
        try:
            with self.database.begin() as connection:
                connection.execute(question.insert(), row)
        except DatabaseError as error:
            self._failed(error)
            return None
        if self._failures:
            _log.warning("Questions are kept again; %d were not", self._failures)
            self._failures = 0
        self._keep_tidy()
        return name

    def rate(self, id: str, helpful: bool, reason: str | None = None) -> bool:
        """Note what the asker thought of the answer; replaces an earlier rating. False: no such question.

        DatabaseError where it cannot be written.
        """
        said = redacted(" ".join(reason.split()))[:LONGEST_REASON] if reason else None
        with self.database.begin() as connection:
            number = connection.scalar(select(question.c.number).where(question.c.id == id))
            if number is None:
                return False
            values = {"helpful": helpful, "reason": said or None, "at": datetime.now(UTC)}
            insert = self.database.insert(rating).values(question=number, **values)
            connection.execute(
                insert.on_conflict_do_update(index_elements=["question"], set_=values)
            )
        return True

    def forget(self, person: str) -> int:
        """Delete all that `person` (a hash) asked, with the ratings of it. Returns how many rows went."""
        return self._delete(question.c.person == person)

    def expire(self, today: date | None = None) -> int:
        """Delete what is older than the time of retention; done by itself too, once a day."""
        today = today or local_day(datetime.now(UTC))
        return self._delete(question.c.day < today - self._retention)

    def entries(
        self,
        since: datetime | None = None,
        until: datetime | None = None,
        *,
        outcome: Outcome | None = None,
        helpful: bool | None = None,
        door: Door | None = None,
        limit: int = 1000,
    ) -> list[Entry]:
        """Up to `limit` of the questions from `since` to before `until`, the newest first."""
        chosen = [
            question.c.at >= since if since is not None else None,
            question.c.at < until if until is not None else None,
            question.c.outcome == outcome if outcome is not None else None,
            question.c.door == door if door is not None else None,
            rating.c.helpful.is_(helpful) if helpful is not None else None,
        ]
        query = (
            select(question, rating.c.helpful, rating.c.reason)
            .join_from(question, rating, isouter=helpful is None)
            .where(and_(True, *(clause for clause in chosen if clause is not None)))
            .order_by(question.c.at.desc(), question.c.number.desc())
            .limit(limit)
        )
        with self.database.read() as connection:
            rows = connection.execute(query).mappings().all()
        unwanted = {"number", "day", "person"}
        return [Entry(**{k: v for k, v in row.items() if k not in unwanted}) for row in rows]

    def overview(self, since: date, until: date, door: Door | None = None) -> Overview:
        """What was asked from the day `since` to the day `until`, both included, in this machine's days;
        at one `door`, or at all."""
        span = _span(since, until, door)
        counts = select(
            question.c.day,
            question.c.outcome,
            question.c.door,
            question.c.language,
            func.count().label("n"),
        ).where(span)
        counts = counts.group_by(*counts.selected_columns[:4])
        rated = (
            select(question.c.day, rating.c.helpful, func.count().label("n"))
            .join_from(rating, question)
            .where(span)
            .group_by(question.c.day, rating.c.helpful)
        )
        shown = (
            select(question.c.articles, func.count().label("n"))
            .where(span)
            .group_by(question.c.articles)
        )
        days: dict[date, dict[str, Any]] = {}
        doors: Counter[str] = Counter()
        languages: Counter[str] = Counter()
        articles: Counter[str] = Counter()
        with self.database.read() as connection:
            for day, outcome, door, language, n in connection.execute(counts):
                found = days.setdefault(day, Counter())
                found["asked"] += n
                found[outcome] += n
                doors[door] += n
                languages[language] += n
            for day, helpful, n in connection.execute(rated):
                days[day]["helpful" if helpful else "unhelpful"] += n
            for names, n in connection.execute(shown):
                for name in names:
                    articles[name] += n
            for row in connection.execute(_latency(span)):
                days[row.day] |= {"p50": row.p50, "p95": row.p95}
        every = (since + timedelta(days=n) for n in range((until - since).days + 1))
        return Overview(
            tuple(Day(day, **days.get(day, {})) for day in every),
            _most(doors),
            _most(languages),
            _most(articles),
        )

    def most_asked(
        self, since: date, until: date, door: Door | None = None, limit: int = 10
    ) -> list[tuple[str, int]]:
        """The questions that were asked most often in the same words, with how often, in those days."""
        same = func.lower(question.c.question)
        n = func.count()
        query = (
            select(func.min(question.c.question), n)
            .where(_span(since, until, door), question.c.outcome != "social")
            .group_by(same)
            .order_by(n.desc(), same)
            .limit(limit)
        )
        with self.database.read() as connection:
            return [(str(text), int(count)) for text, count in connection.execute(query)]

    def first_day(self) -> date | None:
        """The day of the oldest question that is kept, None where there is none."""
        with self.database.read() as connection:
            first: date | None = connection.scalar(select(func.min(question.c.day)))
            return first

    def _delete(self, condition: Any) -> int:
        """Delete in short transactions, so that nobody waits long, and leave no bytes behind."""
        gone = 0
        while True:
            some = select(question.c.number).where(condition).limit(_BATCH)
            with self.database.begin() as connection:
                numbers = list(connection.scalars(some))
                if numbers:
                    connection.execute(delete(rating).where(rating.c.question.in_(numbers)))
                    connection.execute(delete(question).where(question.c.number.in_(numbers)))
            gone += len(numbers)
            if len(numbers) < _BATCH:
                break
        if gone:
            self._scrub()
        return gone

    def _scrub(self) -> None:
        """Leave no bytes behind; where that cannot be done now, later."""
        try:
            self._unclean = not self.database.scrub(whole=True)
        except DatabaseError as error:
            self._unclean = True
            _log.error("Deleted questions still lie in the file; tried again soon. %s", error)

    def _failed(self, error: DatabaseError) -> None:
        self._failures += 1
        if self._failures == 1:
            _log.error("Questions are answered but not kept. %s", error)

    def _keep_tidy(self) -> None:
        """From the first question on, look now and then whether a day has begun."""
        with self._starting:
            if self._keeper is None:
                stop = threading.Event()
                self._keeper = threading.Thread(
                    target=_keep_tidy,
                    args=(weakref.ref(self), stop),
                    name="journal-retention",
                    daemon=True,
                )
                weakref.finalize(self, stop.set)
                self._keeper.start()


def local_day(moment: datetime) -> date:
    """The day of `moment` where this machine stands."""
    return moment.astimezone().date()


def _keep_tidy(journal: weakref.ref[Journal], stop: threading.Event) -> None:
    done: date | None = None
    while not stop.is_set():
        kept = journal()
        if kept is None:
            return
        today = local_day(datetime.now(UTC))
        if today != done:
            try:
                kept.expire(today)
                done = today
            except DatabaseError as error:
                _log.error("Old questions are not deleted yet. %s", error)
        if kept._unclean:
            kept._scrub()
        del kept  # not held while waiting
        stop.wait(_LOOK_SECONDS)


def _span(since: date, until: date, door: Door | None) -> ColumnElement[bool]:
    days = question.c.day.between(since, until)
    return days if door is None else and_(days, question.c.door == door)


def _latency(span: ColumnElement[bool]) -> Select[Any]:
    """Per day the median and the 95th percentile of `seconds`, by nearest rank: no engine's own function,
    so that both databases say the same."""
    ranked = (
        select(
            question.c.day,
            question.c.seconds,
            func.row_number()
            .over(partition_by=question.c.day, order_by=question.c.seconds)
            .label("place"),
            func.count().over(partition_by=question.c.day).label("n"),
        )
        .where(span, question.c.outcome != "social")
        .subquery()
    )

    def at(percent: int) -> Any:
        return func.min(ranked.c.seconds).filter(ranked.c.place * 100 >= ranked.c.n * percent)

    return select(ranked.c.day, at(50).label("p50"), at(95).label("p95")).group_by(ranked.c.day)


def _most(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
