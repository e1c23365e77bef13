"""`tanya check`: each planted fault is found where it stands, and a sound corpus has none."""

from __future__ import annotations

import json
import os
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from corpus.article import SHIPPED, Article, Source, Translation, write_article
from corpus.check import check
from corpus.finding import Checked, Finding
from tests.conftest import Tanya
from tests.news_pages import LATE, REPORTS, Report

TODAY = date(2026, 6, 1)
EN = tuple(REPORTS["summit-opens"].paragraphs)


def article(report: Report, **changes: object) -> Article:
    slug, publisher = changes.pop("slug", report.slug), changes.pop("publisher", "Warta Samudra")
    url = changes.pop("url", f"https://warta.example.com/berita/{slug}")
    published = changes.pop("published", report.published)
    title = changes.pop("title", report.title)
    text = changes.pop("text", "\n\n".join(report.paragraphs))
    source = Source(str(title), str(publisher), str(url), published)  # type: ignore[arg-type]
    language = str(changes.pop("language", report.language))
    return Article(f"warta/{slug}", source, language, str(text), **changes)  # type: ignore[arg-type]


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    """A folder in which there is nothing to find."""
    folder = tmp_path / "news"
    for report in REPORTS.values():
        write_article(article(report), folder)
    return folder


def found(folder: Path, *others: Path, dated: bool = True) -> Checked:
    return check([folder], others, dated, TODAY)


def the_one(folder: Path) -> Finding:
    (finding,) = found(folder).findings
    return finding


def test_the_shipped_corpus_has_no_findings(tmp_path: Path) -> None:
    # Copied, so that all files are of one time.
    copy = shutil.copytree(SHIPPED, tmp_path / "shipped", copy_function=shutil.copy)
    checked = check([copy], (), dated=True)
    assert checked.articles == 230
    assert list(map(str, checked.findings)) == []


def test_a_sound_corpus_has_none_either(sound: Path) -> None:
    assert found(sound, SHIPPED).findings == ()
    assert found(sound).untranslated == len(REPORTS)


MORE = " ".join(REPORTS["pusat-media"].paragraphs[:2])
WORDS = " ".join(LATE.paragraphs)
PLANTED: dict[str, tuple[dict[str, Any], str, str]] = {
    "no-date": ({"published": None}, "published", "Look it up"),
    "wrong-date": ({"published": date(2026, 6, 3)}, "published", "yet to come"),
    "wrong-date, of a computer": ({"published": date(1964, 1, 1)}, "published", "before there was"),
    "publisher": ({"publisher": "warta.example.com"}, "publisher", "not the name of a publisher"),
    "publisher, none": ({"publisher": "Unknown"}, "publisher", "'Unknown' is not the name"),
    "publisher, spelled anew": ({"publisher": "WARTA SAMUDRA"}, "publisher", "'Warta Samudra'"),
    "title": ({"title": f"{LATE.title} | Warta Samudra"}, "title", "Warta Samudra"),
    "title, shouted": ({"title": LATE.title.upper()}, "title", "in capitals"),
    "url": ({"url": "https://warta.example.com/?utm_source=x"}, "url", "front page"),
    "leftover": ({"title": "Headline of the page"}, "title", "from the example"),
    "leftover, topics": ({"topics": ("laut", "Laut ")}, "topics", "stands twice"),
    "leftover, keys": ({"text": f"published: 2026-05-08\n\n{WORDS}"}, "published: ", "no effect"),
    "too-short": ({"text": "Sidang ditunda karena cuaca yang buruk di kota itu."}, "Sidang", "9 words"),
    "language": ({"text": "\n\n".join(EN)}, "language", "is in 'en', not in 'id'"),
    "language, one paragraph": ({"text": f"{WORDS}\n\n{MORE}\n\n{EN[1]}"}, EN[1], "paragraph is in 'en'"),
    "language, neither": (
        {"text": "De top opent vandaag in de haven van de stad met een toespraak. " * 6},
        "language",
        "does not read like",
    ),
    "navigation": ({"text": f"{WORDS}\n\nBaca juga: Harga cabai naik"}, "Baca juga", "Delete the line"),
    "navigation, menu on a line": (
        {"text": f"Beranda | Politik | Ekonomi | Olahraga\n\n{WORDS}"},
        "Beranda",
        "Delete the line",
    ),
    "navigation, cookie banner": (
        {"text": f"{WORDS}\n\nWith your consent, we and our partners store cookies on your device."},
        "With your",
        "Delete the line",
    ),
    "garbled": ({"text": WORDS.replace("bukan", "â€œbukanâ€\u009d")}, "Sidang", "another encoding"),
    "garbled, markup": ({"text": f"{WORDS}\n\nHarga &amp; pajak <br> naik."}, "Harga", "&amp;"),
    "garbled, invisible": ({"text": WORDS.replace("bus", "b\u202eus")}, "Sidang", "U+202E"),
}  # fmt: skip


@pytest.mark.parametrize("name", PLANTED)
def test_each_planted_fault_is_found_where_it_stands(sound: Path, name: str) -> None:
    changes, line, message = PLANTED[name]
    path = write_article(article(LATE, **changes), sound)
    findings = found(sound).findings
    code = name.partition(",")[0]
    fitting = [one for one in findings if one.code == code and message in one.message]
    assert fitting, list(map(str, findings))
    assert {one.path for one in findings} == {path}
    assert {one.code for one in findings} == {code}
    assert fitting[0].line is not None
    assert path.read_text().split("\n")[fitting[0].line - 1].startswith(line)
    # And is silent once a person has found it in order.
    path.write_text(path.read_text().replace("---\n", f"---\n# checked: {code}\n", 1))
    assert found(sound).findings == ()


def test_a_menu_of_several_lines_is_none_of_a_list_of_countries(sound: Path) -> None:
    menu = "Beranda\nNasional\nEkonomi\nOlahraga\nFoto"
    path = write_article(article(LATE, text=f"{menu}\n\n{WORDS}"), sound)
    findings = found(sound).findings
    assert [(one.code, one.path) for one in findings] == [("navigation", path)] * 5
    members = "Brunei Darussalam\nFilipina\nIndonesia\nKamboja\nLaos\nMalaysia\nMyanmar\nSingapura"
    write_article(article(LATE, text=f"{WORDS}\n\n{members}"), sound)
    assert found(sound).findings == ()


def test_one_story_twice_on_a_site_and_not_on_two(sound: Path) -> None:
    path = write_article(article(REPORTS["pusat-media"], slug="cetak", title="Versi cetak"), sound)
    finding = the_one(sound)
    assert (finding.path, finding.code) in (
        (path, "duplicate"),
        (sound / "warta/pusat-media.md", "duplicate"),
    )
    path.unlink()
    write_article(
        article(
            REPORTS["pusat-media"],
            slug="kutipan",
            url="https://kabar.example.net/1",
            publisher="Kabar Pagi",
        ),
        sound,
    )
    assert found(sound).findings == ()


def test_what_the_shipped_articles_have_is_a_duplicate_too(sound: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    write_article(article(REPORTS["pusat-media"], slug="asli"), other)
    finding = check([sound], [other], today=TODAY).findings[0]
    assert (finding.code, finding.path) == ("duplicate", sound / "warta/pusat-media.md")


def test_a_line_in_many_articles_of_a_publisher(sound: Path) -> None:
    for path in list(sound.rglob("*.md"))[:3]:
        path.write_text(path.read_text() + "\nKantor redaksi: Jalan Merpati 5, Bayu Kencana.\n")
    codes = [finding.code for finding in found(sound).findings]
    assert codes == ["repeated"] * 3


def translated(folder: Path, text: str) -> Path:
    translation = Translation("en", "Last session postponed", text)
    write_article(article(LATE, translation=translation), folder)
    return folder / "warta/sidang-ditunda.en.md"


def test_a_translation_that_is_not_of_this_text(sound: Path) -> None:
    path = translated(sound, EN[0])
    finding = the_one(sound)
    assert (finding.code, finding.path) == ("translation", path)
    assert "1 paragraphs, its original has 2" in finding.message
    path = translated(sound, f"{EN[0]}\n\n{EN[1]}")
    assert found(sound).findings == ()
    os.utime(path, (1_700_000_000, 1_700_000_000))
    finding = the_one(sound)
    assert (finding.code, finding.path) == ("translation", path)
    assert "Older than its original" in finding.message
    assert found(sound, dated=False).findings == ()


def test_a_translation_that_is_missing_where_the_others_have_one(sound: Path) -> None:
    for report in list(REPORTS.values())[1:]:
        language = "en" if report.language == "id" else "id"
        other = REPORTS["jalan-ditutup" if language == "id" else "summit-opens"]
        text = "\n\n".join(other.paragraphs)
        write_article(article(report, translation=Translation(language, "Judul", text)), sound)
    findings = found(sound).findings
    assert [(one.code, one.path.name) for one in findings] == [("translation", "jalan-ditutup.md")]
    assert "Add jalan-ditutup.en.md" in findings[0].message


def test_what_cannot_be_read_is_a_finding_with_its_line(sound: Path) -> None:
    path = sound / "warta/jalan-ditutup.md"
    path.write_text(path.read_text().replace("language: id", "language: indonesia"))
    (sound / "warta/orphan.en.md").write_text("---\ntitle: x\nlanguage: en\n---\ny\n")
    first, second = found(sound).findings
    assert (first.code, first.path, first.line) == ("unreadable", path, 6)
    assert "Write id or en" in first.message
    assert (second.code, second.path.name) == ("unreadable", "orphan.en.md")


def test_exit_codes_lines_and_json(sound: Path, tanya: Tanya) -> None:
    done = tanya("check")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "5 articles: 0 findings; 5 in one language only\n"
    write_article(article(LATE, published=None), sound)
    done = tanya("check")
    assert done.returncode == 4
    (line,) = done.stdout.splitlines()
    assert line.startswith("news/warta/sidang-ditunda.md:5: no-date: No day of publication.")
    assert "1 findings (1 no-date)" in done.stderr
    said = json.loads(tanya("check", "news", "--json").stdout)
    assert said["findings"][0]["line"] == 5
    assert said["counts"] == {"no-date": 1}
    done = tanya("check", "nowhere")
    assert done.returncode == 1
    assert "no such folder" in done.stderr
    assert tanya("check", TANYA_CORPUS="").returncode == 0
