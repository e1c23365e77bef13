"""Numbers, days and times of the desk as people read them, in either language."""

from __future__ import annotations

from datetime import date, datetime

from babel.dates import format_date, format_datetime, format_skeleton
from babel.numbers import format_decimal, format_percent

_LOCALES = {"id": "id", "en": "en_GB"}
_AGES = (
    (86_400.0, {"id": "{n} hari", "en": "{n} days"}, {"id": "1 hari", "en": "1 day"}),
    (3_600.0, {"id": "{n} jam", "en": "{n} hours"}, {"id": "1 jam", "en": "1 hour"}),
    (60.0, {"id": "{n} menit", "en": "{n} minutes"}, {"id": "1 menit", "en": "1 minute"}),
    (1.0, {"id": "{n} detik", "en": "{n} seconds"}, {"id": "1 detik", "en": "1 second"}),
)


class Words:
    """How numbers are written in `language`."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._locale = _LOCALES[language]

    def number(self, value: float) -> str:
        """1.234 in Indonesian, 1,234 in English."""
        return format_decimal(value, locale=self._locale)

    def share(self, value: float | None) -> str:
        """Of one: 0.125 is 12.5%."""
        return "–" if value is None else format_percent(value, "#,##0.#%", locale=self._locale)

    def seconds(self, value: float | None) -> str:
        """Milliseconds below one second."""
        if value is None:
            return "–"
        if value == 0:
            return "0"
        unit = {"id": "dtk", "en": "s"}[self.language]
        if value < 1:
            pattern = "#,##0" if value >= 0.01 else "0.##"
            return f"{format_decimal(value * 1000, pattern, locale=self._locale)} ms"
        return f"{format_decimal(value, '#,##0.##', locale=self._locale)} {unit}"

    def day(self, value: date) -> str:
        """With its year."""
        return format_date(value, "d MMM y", locale=self._locale)

    def short(self, value: date) -> str:
        """Without its year."""
        return format_skeleton("MMMd", value, locale=self._locale)

    def moment(self, value: datetime) -> str:
        """A time in this machine's zone."""
        return format_datetime(
            value.astimezone().replace(tzinfo=None), "d MMM y HH.mm", locale=self._locale
        ).replace(".", {"id": ".", "en": ":"}[self.language])

    def age(self, seconds: float) -> str:
        """A length of time in its largest unit."""
        for unit, many, one in _AGES:
            count = int(seconds // unit)
            if count > 1 or (count == 1 and unit > 1):
                chosen = one if count == 1 else many
                return chosen[self.language].format(n=self.number(count))
        return _AGES[-1][2][self.language]
