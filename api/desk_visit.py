"""Which days an operator looks at, and in which language: all that an address of the desk says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlencode

from corpus.article import LANGUAGES
from index.journal import local_day

LONGEST = 366
"""Days that are shown at once, at most."""
SPANS = (7, 30, 90)
"""Lengths of time that are one click away, in days."""


class SpanError(ValueError):
    """A span of days that cannot be shown; `code` is one of bad_date, bad_range, too_long."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Span:
    """The days from `since` to `until`, both included, as this machine counts days."""

    since: date
    until: date

    @classmethod
    def last(cls, days: int, today: date) -> Span:
        """The last `days` days, today included."""
        return cls(today - timedelta(days=days - 1), today)


def read_span(days: str, since: str, until: str, today: date) -> Span:
    """What the operator chose; the last 7 days where that is nothing. Raises SpanError."""
    if not since and not until:
        return Span.last(int(days) if days in map(str, SPANS) else SPANS[0], today)
    try:
        last = date.fromisoformat(until) if until else today
        first = date.fromisoformat(since) if since else last - timedelta(days=SPANS[0] - 1)
    except (ValueError, OverflowError):
        raise SpanError("bad_date") from None
    if first > last:
        raise SpanError("bad_range")
    if (last - first).days >= LONGEST:
        raise SpanError("too_long")
    # The day after the last one must be a day, too.
    if not date(1970, 1, 2) <= first <= last < date(9999, 1, 1):
        raise SpanError("bad_date")
    return Span(first, last)


@dataclass(frozen=True, slots=True)
class Visit:
    """`language`: of the page. `view`: how an address names `span`; `days`: its length, where it is one of
    SPANS. `note`: what there is to say first, as a key of the texts; "" for nothing."""

    language: str
    span: Span
    view: tuple[tuple[str, str], ...]
    days: int | None
    note: str

    @classmethod
    def of(cls, values: Mapping[str, str], preferred: str, today: date | None = None) -> Visit:
        """What an address or a form says; `preferred` is the browser's language. What cannot be read is
        noted, and the last week shown instead."""
        today = today or local_day(datetime.now(UTC))
        language = values.get("lang", "")
        days, since, until = (values.get(name, "") for name in ("days", "since", "until"))
        note = values.get("note", "")
        try:
            span = read_span(days, since, until, today)
        except SpanError as error:
            note, days, since, until = error.code, "", "", ""
            span = read_span("", "", "", today)
        length = next((one for one in SPANS if span == Span.last(one, today)), None)
        # A number of days moves on with the days; named days stay.
        named = (("since", str(span.since)), ("until", str(span.until)))
        return cls(
            language if language in LANGUAGES else preferred,
            span,
            named if since or until else (("days", str(length)),),
            length,
            note,
        )

    @property
    def query(self) -> str:
        """What leads back to the same view."""
        return urlencode([("lang", self.language), *self.view])
