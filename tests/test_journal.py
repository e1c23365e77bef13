"""The journal on both databases: what is kept, counted, rated, forgotten."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from index.database import Database
from index.journal import Day, Journal
from index.person import hashed
from tests.desk import answer, passage

# Far off, so that nothing is old to the thread that deletes what is.
NOON = datetime(2126, 3, 10, 12, tzinfo=UTC)
ANI, BUDI = hashed(b"key", "telegram:1"), hashed(b"key", "telegram:2")


@pytest.fixture
def journal(database: Database) -> Journal:
    return Journal(database, 90)


def note(journal: Journal, text: str = "Apa?", days: float = 0, **changes: object) -> str:
    """Note a question of `days` days after NOON; its id."""
    given: dict[str, object] = {"door": "page", "person": None, "seconds": 0.05, "shown": ()}
    given |= changes
    shown = given["shown"]
    assert isinstance(shown, tuple)
    found = answer(text, str(changes.get("language", "id")), *shown)
    if "outcome" in changes:
        found = replace(found, outcome=changes["outcome"])  # type: ignore[arg-type]
    moment = NOON + timedelta(days=days)
    name = journal.note(found, given["door"], given["person"], given["seconds"], moment)  # type: ignore[arg-type]
    assert name is not None
    return name


def test_a_question_is_kept_with_what_became_of_it(journal: Journal) -> None:
    name = note(journal, "Di mana gedung?", shown=(passage(1), passage(2), passage(1)), person=ANI)
    (entry,) = journal.entries()
    assert (entry.id, entry.at, entry.door, entry.language) == (name, NOON, "page", "id")
    assert (entry.question, entry.outcome) == ("Di mana gedung?", "answered")
    assert (entry.articles, entry.seconds, entry.confidence) == (("a1", "a2"), 0.05, 0.9)
    assert (entry.index_id, entry.helpful, entry.reason) == ("20260101-000000", None, None)


def test_entries_come_newest_first_and_are_chosen(journal: Journal) -> None:
    first = note(journal, "satu", shown=(passage(),))
    second = note(journal, "dua", 1, door="telegram")
    third = note(journal, "tiga", 2, door="telegram")
    journal.rate(second, False, "salah")

    def found(*span: datetime | None, **chosen: object) -> list[str]:
        return [entry.id for entry in journal.entries(*span, **chosen)]  # type: ignore[arg-type]

    assert found() == [third, second, first]
    assert found(limit=1) == [third]
    assert found(NOON + timedelta(days=1)) == [third, second]
    assert found(None, NOON + timedelta(days=1)) == [first], "`until` itself is not included"
    assert found(outcome="unknown") == [third, second]
    assert found(door="page") == [first]
    assert found(helpful=False) == [second]
    assert found(helpful=True) == []


def test_a_rating_belongs_to_a_question_and_the_last_one_counts(journal: Journal) -> None:
    name = note(journal)
    assert journal.rate(name, False, "  bukan\nini " + "x" * 600)
    (entry,) = journal.entries()
    assert entry.helpful is False and entry.reason is not None
    assert entry.reason.startswith("bukan ini xxx") and len(entry.reason) == 500
    assert journal.rate(name, True)
    (entry,) = journal.entries()
    assert (entry.helpful, entry.reason) == (True, None)
    assert not journal.rate("0" * 32, True)


def test_the_overview_counts_days_without_gaps(journal: Journal) -> None:
    for seconds in (0.1, 0.2, 0.3, 9.0):
        note(journal, shown=(passage(1), passage(2)), seconds=seconds)
    bad = note(journal, "Apa itu?", 2, door="widget", language="en", seconds=0.5)
    good = note(journal, "Apa?", 2, outcome="partly", shown=(passage(2),), seconds=0.6)
    note(journal, "halo", 2, outcome="social", seconds=0.001)
    note(journal, "later", 9)
    journal.rate(bad, False)
    journal.rate(good, True)
    found = journal.overview(date(2126, 3, 9), date(2126, 3, 12))
    assert found.days == (
        Day(date(2126, 3, 9)),
        Day(date(2126, 3, 10), asked=4, answered=4, p50=0.2, p95=9.0),
        Day(date(2126, 3, 11)),
        Day(
            date(2126, 3, 12),
            asked=3,
            partly=1,
            unknown=1,
            social=1,
            p50=0.5,
            p95=0.6,
            helpful=1,
            unhelpful=1,
        ),
    )
    assert found.doors == {"page": 6, "widget": 1}
    assert found.languages == {"id": 6, "en": 1}
    assert found.articles == {"a2": 5, "a1": 4}
    assert (found.asked, found.answered) == (6, 4)


def test_a_person_is_forgotten_with_the_ratings(journal: Journal) -> None:
    journal.rate(note(journal, "rahasia", person=ANI), True)
    note(journal, "lain", person=BUDI)
    note(journal, "tanpa", person=None)
    assert journal.forget(ANI) == 1
    assert {entry.question for entry in journal.entries()} == {"lain", "tanpa"}
    assert journal.forget(ANI) == 0


def test_old_questions_go(journal: Journal) -> None:
    note(journal, "alt", -91)
    note(journal, "neu", -90)
    assert journal.expire(NOON.date()) == 1
    assert [entry.question for entry in journal.entries()] == ["neu"]


def test_what_is_no_hash_is_refused(journal: Journal) -> None:
    with pytest.raises(ValueError, match="hash"):
        note(journal, person="telegram:62812345")
