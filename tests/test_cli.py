"""The command line, as a person types it: a process of its own for each command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

import tanya as program
from index import assembly
from index.filters import Filters
from tests.desk import Desk
from tests.outcomes import ALSO, NOTICE, PARTLY, SOCIAL

ROOT = Path(__file__).parent.parent
ARTICLE = """---
title: "{title}"
url: https://example.org/{name}
publisher: "Kantor Uji"
published: 2023-09-05
language: id
---
{text}
"""


def tanya(
    *arguments: str, code: int | None = 0, settings: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "tanya", *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "100", **(settings or {})},
        timeout=120,
    )
    assert code is None or done.returncode == code, done.stderr + done.stdout
    assert "Traceback" not in done.stderr
    return done


@pytest.fixture
def corpus(tmp_path: Path) -> dict[str, str]:
    folder = tmp_path / "corpus"
    folder.mkdir()
    add(
        folder,
        "museum",
        "Museum Kota dibuka",
        "Museum Kota dibuka setiap hari pukul sembilan pagi.",
    )
    add(folder, "taman", "Taman ditutup", "Taman Kota ditutup selama perbaikan jembatan kayu.")
    return {"TANYA_CORPUS": str(folder), "TANYA_SHIPPED_CORPUS": "false"}


def add(folder: Path, name: str, title: str, text: str) -> Path:
    path = folder / f"{name}.md"
    path.write_text(ARTICLE.format(title=title, name=name, text=text), "utf-8")
    return path


def test_the_life_of_an_index(corpus: dict[str, str], tmp_path: Path) -> None:
    assert "Run: tanya rebuild" in tanya("status", code=1, settings=corpus).stdout
    first = tanya("rebuild", settings=corpus)
    assert "2 articles, 2 passages (2 new, 0 removed; 2 encoded, 0 vectors reused)" in first.stderr
    assert "Encoding passages: 2 of 2" in first.stderr
    add(Path(corpus["TANYA_CORPUS"]), "kereta", "Kereta baru", "Kereta cepat berangkat tiap jam.")
    assert (
        "(1 new, 0 removed; 1 encoded, 2 vectors reused)"
        in tanya("rebuild", settings=corpus).stderr
    )
    assert "Nothing changed" in tanya("rebuild", settings=corpus).stderr
    answer = json.loads(tanya("ask", "--json", "kereta berangkat kapan?", settings=corpus).stdout)
    assert answer["passages"][0]["article"] == "kereta"
    assert answer["index"]["articles"] == 3
    assert "Now serving" in tanya("rollback", settings=corpus).stdout
    state = json.loads(tanya("status", "--json", settings=corpus).stdout)["generations"]
    assert [(row["articles"], row["current"], row["state"]) for row in state] == [
        (2, True, "whole"),
        (3, False, "whole"),
    ]
    # Damage to the one that serves is told, and the exit code says it to scripts.
    (tmp_path / "var/index/generations" / state[0]["id"] / "vectors.faiss").write_bytes(b"")
    assert "does not match its checksum" in tanya("status", code=1, settings=corpus).stdout
    assert "no older index" in tanya("rollback", code=1, settings=corpus).stderr
    tanya("rebuild", settings=corpus)
    tanya("status", settings=corpus)


def test_a_mistake_in_the_corpus_leaves_the_index(corpus: dict[str, str]) -> None:
    tanya("rebuild", settings=corpus)
    bad = add(Path(corpus["TANYA_CORPUS"]), "salah", "Judul", "Isi.")
    bad.write_text(bad.read_text("utf-8").replace("language: id", "language: xx"), "utf-8")
    error = tanya("rebuild", code=1, settings=corpus).stderr
    assert f"{bad}:6: language: 'xx' is not served. Write id or en." in error
    assert json.loads(tanya("ask", "--json", "museum dibuka?", settings=corpus).stdout)["answered"]


def test_ask_reads_like_an_answer(corpus: dict[str, str]) -> None:
    tanya("rebuild", settings=corpus)
    shown = tanya(
        "ask", "museum", "kota", "dibuka", "jam", "berapa?", "--k", "1", settings=corpus
    ).stdout
    assert "1. Museum Kota dibuka" in shown
    assert "Kantor Uji · 2023-09-05" in shown
    assert "https://example.org/museum" in shown
    unknown = tanya(
        "ask", "zxqv brrk", code=3, settings=corpus | {"TANYA_MIN_CONFIDENCE": "0.99"}
    ).stdout
    assert "Maaf" in unknown


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    """What answers in the place of the index."""
    desk = Desk()
    monkeypatch.setattr(assembly, "load_answerer", lambda settings: desk)
    monkeypatch.setattr(program, "_have_index", lambda settings, answerer: None)
    monkeypatch.setenv("COLUMNS", "120")
    return desk


def told(*arguments: str, code: int) -> list[str]:
    """The lines that `tanya ask` prints."""
    done = CliRunner().invoke(program.app, ["ask", *arguments])
    assert done.exit_code == code, done.output
    return [line.rstrip() for line in done.output.splitlines()]


def test_every_part_of_an_answer_is_printed(desk: Desk) -> None:
    before = "Kapan KTT?"
    lines = told("lalu gedung sebagian beda ramai?", "--previous", before, code=4)
    assert lines[:4] == [
        "Dibaca sebagai: Kapan KTT? lalu gedung sebagian beda ramai?",
        PARTLY["id"],
        f"! {NOTICE['id']}",
        "",
    ]
    assert lines[4] == "1. Kunjungan ke <Sekretariat> 1"
    assert lines[6:14] == [
        "   Berita 1 · 2023-08-29 (berita lama)",
        "   https://berita1.example.org/a?b=1&c=2",
        "   Juga diberitakan oleh: Kabar & Kota · 2023-08-30",
        f"   {ALSO[0].url}",
        "   Juga diberitakan oleh: Surat Pagi · tanggal tidak diketahui",
        f"   {ALSO[1].url}",
        "   Juga diberitakan oleh: Situs Lain · 2023-09-01",
        f"   {ALSO[2].url}",
    ]
    assert "berita lama" not in "".join(lines[14:])
    english = told("the building partly differ many", "--lang", "en", code=4)
    assert english[:2] == [PARTLY["en"], f"! {NOTICE['en']}"]
    assert "   Berita 1 · 2023-08-29 (older news)" in english
    assert "   Also reported by: Kabar & Kota · 2023-08-30" in english
    printed = json.loads("".join(told("gedung sebagian beda ramai", "--json", code=4)))
    assert (printed["outcome"], printed["notice"]) == ("partly", NOTICE["id"])


def test_the_exit_code_tells_the_outcome(desk: Desk) -> None:
    told("gedung", code=0)
    assert told("halo", code=3)[0] == SOCIAL["id"]
    assert told("harga cabai", code=3)[0] == "Maaf, belum ada jawabannya."


def test_options_narrow_what_counts(desk: Desk) -> None:
    told("gedung", code=0)
    names = ["--publisher", "Antara", "--publisher", "Kompas.com", "--topic", "KTT"]
    days = ["--since", "2023-01-31", "--until", "2023-01-31"]
    told("gedung", *names, *days, "--article-language", "en", code=0)
    day = date(2023, 1, 31)
    wanted = Filters(day, day, ("Antara", "Kompas.com"), ("en",), ("KTT",))
    assert desk.filters == [None, wanted]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["ask", ""], "kosong"),
        (["ask", "x" * 501], "500"),
        (["ask", "?!"], "no question"),
        (["ask", "apa?", "--lang", "fr"], "use id or en"),
        (["ask", "apa?", "--k", "0"], "greater than or equal to 1"),
        (["ask", "apa?", "--since", "kemarin"], "does not match the format"),
        (["ask", "apa?", "--until", "2023-02-30"], "does not match the format"),
        (["ask", "apa?", "--since", "2023-09-06", "--until", "2023-09-05"], "is after --until"),
        (["ask", "apa?", "--article-language", "fr"], "use id or en"),
        (["ask", "apa?", "--previous", "?!"], "--previous: This is no question in words"),
        (["ask"], "Missing argument"),
        (["bot"], "TANYA_TELEGRAM_TOKEN is not set"),
    ],
)
def test_wrong_use_is_a_sentence_and_exit_code_2(
    corpus: dict[str, str], arguments: list[str], message: str
) -> None:
    if arguments[0] == "ask" and len(arguments) == 2:
        tanya("rebuild", settings=corpus)
    assert message in tanya(*arguments, code=2, settings=corpus).stderr


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("TANYA_PORT", "many", "TANYA_PORT"),
        ("TANYA_CORPUS", "/nowhere/at/all", "no such folder"),
        ("TANYA_SHIPPED_CORPUS", "false", "There are no articles"),
        ("TANYA_DATA", "/proc/nothing", "TANYA_DATA"),
    ],
)
def test_wrong_settings_are_sentences(name: str, value: str, message: str) -> None:
    done = tanya("rebuild", code=None, settings={name: value})
    assert done.returncode in (1, 2)
    assert message in done.stderr


@pytest.mark.parametrize(
    "command", ["", "ask", "rebuild", "rollback", "status", "serve", "bot", "evaluate", "calibrate"]
)
def test_help(command: str) -> None:
    shown = tanya(*command.split(), "--help").stdout
    assert "Usage:" in shown
    assert shown.count("\n") > 4


def test_the_first_index_takes_no_encoding() -> None:
    """The vectors of the shipped corpus travel with the package, and fit it."""
    summary = tanya("rebuild").stderr
    assert "230 articles" in summary
    assert " 0 encoded" in summary
