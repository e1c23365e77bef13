"""The day on which something was published, read from time stamps of every make."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

from dateutil.parser import parse

FIRST = date(1967, 8, 8)
"""No page about ASEAN is older than ASEAN."""


def believable(day: date | None) -> date | None:
    """`day` where something can have been published then; else None."""
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    return day if day is not None and FIRST <= day <= tomorrow else None


def day_of(value: object) -> date | None:
    """The day in a time stamp, as its own time zone has it; None where there is none to be believed."""
    if not isinstance(value, str):
        return None
    match = re.match(r"\s*(\d{4})-?(\d{2})-?(\d{2})(?!\d)", value)
    try:
        if match:
            return believable(date(*map(int, match.groups())))
        # Two defaults: what is missing in `value` differs between them, and is no date then.
        times = [parse(value, default=datetime(1970, month, month)) for month in (1, 2)]  # noqa: DTZ001
        return believable(times[0].date()) if times[0].date() == times[1].date() else None
    except (ValueError, OverflowError):
        return None
