"""`tanya questions`: what an operator reads, in the terminal, as CSV and as JSON, from both databases."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

import tanya as program
from benchmarks.journal import fill
from index.asked import write_csv
from index.database import Database
from index.journal import Journal, local_day
from index.settings import Settings
from tests.desk import answer, passage
from tests.test_clusters import entry

ROOT = Path(__file__).parent.parent
TODAY = local_day(datetime.now(UTC))
OPEN = {
    "brp biaya bikin paspor": ("telegram", "id"),
    "Berapa biaya membuat paspor baru?": ("page", "id"),
    "How much does a new passport cost?": ("page", "en"),
    "ada beasiswa dari asean gak?": ("widget", "id"),
}


@pytest.fixture
def settings(database_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings that commands run with."""
    monkeypatch.setenv("TANYA_DATA", str(database_settings.data))
    if database_settings.database_url is not None:
        monkeypatch.setenv("TANYA_DATABASE_URL", database_settings.database_url.get_secret_value())
    return database_settings


@pytest.fixture
def asked(settings: Settings) -> Settings:
    """A journal with four open questions, one answered twice and rated, a greeting, and an old one."""
    database = Database.of(settings)
    journal = Journal(database, 90)
    now = datetime.now(UTC)
    for text, (door, language) in OPEN.items():
        journal.note(answer(text, language), door, None, 0.03, now)  # type: ignore[arg-type]
    road = answer("Jalan apa yang ditutup?", "id", passage(1), passage(2))
    first = journal.note(road, "page", None, 0.05, now)
    second = journal.note(road, "telegram", None, 0.07, now - timedelta(days=2))
    journal.note(replace(answer("halo"), outcome="social"), "page", None, 0.001, now)
    journal.note(answer("pertanyaan lama"), "page", None, 0.05, now - timedelta(days=40))
    assert first and second
    journal.rate(first, True)
    journal.rate(second, False, "=beritanya sudah lama")
    database.close()
    return settings


def questions(*arguments: str, code: int = 0) -> Result:
    done = CliRunner().invoke(program.app, ["questions", *arguments], env={"COLUMNS": "120"})
    assert done.exit_code == code, done.output
    return done


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_an_operator_reads_what_people_ask(asked: Settings) -> None:
    said = questions().output
    assert "6 questions, 2 answered (33%), 4 not\n" in said
    assert "Greetings and the like: 1. Rated helpful: 1, not helpful: 1\n" in said
    assert "2 Jalan apa yang ditutup?" in said
    lines = said[said.index("Not answered: 4") :].splitlines()
    (passports,) = [line for line in lines if line.lstrip().startswith("3 ") and "pas" in line]
    assert lines.index(passports) < next(n for n, line in enumerate(lines) if "beasiswa" in line)
    assert "=beritanya sudah lama" in said and "pertanyaan lama" not in said
    assert TODAY.isoformat() in said and said.count("█") > 10


def test_json_holds_the_same_figures(asked: Settings) -> None:
    found = json.loads(questions("--json").output)
    assert (found["asked"], found["answered"]) == (6, 2)
    assert len(found["days"]) == 30 and found["days"][-1]["day"] == TODAY.isoformat()
    assert sum(day["asked"] for day in found["days"]) == 7, "with the greeting"
    assert found["doors"] == {"page": 4, "telegram": 2, "widget": 1}
    assert found["articles"] == {"a1": 2, "a2": 2}
    assert found["most_asked"][0] == {"question": "Jalan apa yang ditutup?", "count": 2}
    groups = found["unanswered"]["groups"]
    assert [group["count"] for group in groups] == [3, 1]
    assert set(groups[0]["questions"]) == set(OPEN) - {"ada beasiswa dari asean gak?"}
    assert [rated["reason"] for rated in found["rated"]] == ["=beritanya sudah lama"]
    assert "person" not in json.dumps(found)


def test_days_and_doors_are_chosen(asked: Settings) -> None:
    long_ago = (TODAY - timedelta(days=60)).isoformat()
    assert json.loads(questions("--json", "--since", long_ago).output)["asked"] == 7
    before = (TODAY - timedelta(days=1)).isoformat()
    found = json.loads(questions("--json", "--since", long_ago, "--until", before).output)
    assert (found["asked"], found["unanswered"]["count"]) == (2, 1)
    found = json.loads(questions("--json", "--door", "widget").output)
    assert (found["asked"], found["doors"]) == (1, {"widget": 1})
    assert found["unanswered"]["groups"][0]["label"] == "ada beasiswa dari asean gak?"
    assert found["rated"] == []


def test_one_may_want_only_the_open_or_only_the_rated(asked: Settings) -> None:
    said = questions("--unanswered").output
    assert "paspor" in said and "beasiswa" in said and "By day" not in said and "Rated" not in said
    said = questions("--rated", "bad").output
    assert "sudah lama" in said and "paspor" not in said
    assert "Rated helpful: 1" in questions("--rated", "good").output


def test_csv_holds_each_question(asked: Settings, tmp_path: Path) -> None:
    found = rows(questions("--csv", "-").output)
    assert len(found) == 7 and found[0].keys() >= {"at", "door", "question", "outcome", "reason"}
    rated = {row["question"]: (row["helpful"], row["reason"]) for row in found if row["helpful"]}
    assert rated == {"Jalan apa yang ditutup?": ("no", "'=beritanya sudah lama")}
    assert {row["articles"] for row in found} == {"a1 a2", ""}
    path = tmp_path / "open.csv"
    questions("--csv", str(path), "--unanswered")
    assert path.read_bytes().startswith(b"\xef\xbb\xbf"), "spreadsheets take it for UTF-8"
    found = rows(path.read_text("utf-8-sig"))
    assert [row["question"] for row in found][-1] == "ada beasiswa dari asean gak?"
    assert len({row["group"] for row in found[:3]}) == 1 and len(found) == 4
    assert [row["helpful"] for row in rows(questions("--csv", "-", "--rated", "bad").output)] == [
        "no"
    ]


def test_an_empty_journal_is_told_in_a_sentence(settings: Settings) -> None:
    said = questions().output
    assert "Nobody asked anything" in said and "None are kept at all" in said
    assert json.loads(questions("--json").output)["asked"] == 0
    assert rows(questions("--csv", "-").output) == []


def test_days_without_questions_name_the_oldest(asked: Settings) -> None:
    said = questions("--until", (TODAY - timedelta(days=50)).isoformat()).output
    assert f"The oldest that is kept is of {TODAY - timedelta(days=40)}" in said


def test_a_journal_that_is_switched_off_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TANYA_JOURNAL", "false")
    done = questions(code=2)
    assert "TANYA_JOURNAL=false" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--rated", "ugly"), "bad or good"),
        (("--door", "window"), "page, widget"),
        (("--json", "--csv", "-"), "without --csv"),
        (("--since", "2026-02-02", "--until", "2026-02-01"), "is after --until"),
        (("--since", "yesterday"), "%Y-%m-%d"),
    ],
)
def test_wrong_use_is_told(arguments: tuple[str, ...], said: str, tmp_path: Path) -> None:
    assert said in questions(*arguments, code=2).stderr


def test_a_file_that_cannot_be_written_is_told(asked: Settings, tmp_path: Path) -> None:
    assert "cannot be written" in questions("--csv", str(tmp_path), code=1).stderr


@given(st.text(max_size=60), st.text(max_size=60))
def test_no_cell_is_a_formula_and_all_rows_are_whole(asked: str, reason: str) -> None:
    file = io.StringIO(newline="")
    write_csv([entry(asked, helpful=False, reason=reason)] * 2, file)
    table = list(csv.reader(io.StringIO(file.getvalue(), newline="")))
    assert [len(row) for row in table] == [11] * 3
    for cell in table[1]:
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"))


@pytest.mark.slow
def test_a_hundred_thousand_questions_are_read_soon(database_settings: Settings) -> None:
    database = Database.of(database_settings)
    fill(database)
    database.close()
    url = database_settings.database_url
    environment = os.environ | {"TANYA_DATA": str(database_settings.data)}
    environment |= {"TANYA_DATABASE_URL": url.get_secret_value()} if url else {}
    before = os.times()
    done = subprocess.run(
        [sys.executable, str(ROOT / "tanya.py"), "questions"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    after = os.times()
    assert "Greetings" in done.stdout and "more groups" in done.stdout
    # Of the processor, so that a busy machine does not matter; README has the seconds.
    used = (
        after.children_user + after.children_system - before.children_user - before.children_system
    )
    assert used < 3
