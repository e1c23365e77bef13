"""The operator's desk over HTTP: who may enter, what it shows, and what its buttons do."""

from __future__ import annotations

import io
import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from lxml import html as lxml_html
from pydantic import ValidationError

from api import create_app
from api.brand import PAGE
from api.desk_jobs import Jobs
from api.desk_view import read_texts
from corpus import collected
from corpus.article import LANGUAGES
from corpus.report import Item, Report
from index.answer import Outcome
from index.asked import Wanted, write_csv
from index.database import DatabaseError
from index.maxsim import StaticVectors
from tests.desk_office import HOSTILE, TOKEN, Office, article, form_token, log_in, office, press
from tests.web import Standin, settings


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, static: StaticVectors) -> Path:
    """A data folder with an index, to begin with a copy of it."""
    data = tmp_path_factory.mktemp("desk") / "var"
    office(data, static).journal.database.close()
    return data


@pytest.fixture
def desk(tmp_path: Path, built: Path, static: StaticVectors) -> Iterator[Office]:
    shutil.copytree(built, tmp_path / "var")
    made = office(tmp_path / "var", static)
    yield made
    made.journal.database.close()


def test_without_a_token_there_is_no_desk(tmp_path: Path) -> None:
    app = create_app(Standin(), settings(data=tmp_path))
    with TestClient(app) as client:
        for path in ("/desk", "/desk/login", "/desk/questions.csv", "/desk/work"):
            assert client.get(path).status_code == 404
        for path in ("login", "logout", "rebuild", "collect", "rollback"):
            assert client.post(f"/desk/{path}").status_code == 404


def test_a_token_that_is_easily_guessed_is_refused() -> None:
    for short in (" ", "admin", "fifteen letters", " " * 40 + "x"):
        with pytest.raises(ValidationError, match="at least 16 characters") as refused:
            settings(admin_token=short)
        assert "fifteen letters" not in str(refused.value.errors(include_input=False))
    assert settings(admin_token="sixteen letters!").admin_token is not None
    assert settings(admin_token=None).admin_token is None


def test_nobody_sees_or_does_anything_before_the_login(desk: Office) -> None:
    desk.note("rahasia siapa", "unknown")
    serving = desk.store.current_id()
    with desk.client() as client:
        shown = client.get("/desk?days=30&lang=en")
        assert shown.status_code == 303
        assert shown.headers["location"] == "desk/login?lang=en&days=30"
        assert "rahasia" not in shown.text
        for path in ("rebuild", "collect", "rollback", "logout"):
            refused = client.post(f"/desk/{path}", data={"form": "x"})
            assert refused.headers["location"].startswith("login?")
        csv = client.get("/desk/questions.csv?days=30")
        assert (csv.status_code, csv.text) == (303, "")
        assert client.get("/desk/work").status_code == 401
        client.cookies.set("tanya_desk", "forged.aaaa.bbbb", path="/desk")
        assert client.get("/desk").status_code == 303
    assert desk.store.current_id() == serving
    assert desk.collected == []


def test_the_cookie_is_for_this_desk_alone(desk: Office) -> None:
    with desk.client() as client:
        cookie = log_in(client).headers["set-cookie"]
        parts = {part.strip().lower() for part in cookie.split(";")[1:]}
        assert parts == {"httponly", "samesite=strict", "max-age=28800"}, "its path is its folder's"
        assert TOKEN not in cookie
        assert client.cookies.jar is not None
        assert [one.path for one in client.cookies.jar] == ["/desk"]
        page = client.get("/desk")
        assert page.status_code == 200
        assert page.headers["cache-control"] == "no-store"
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
    with desk.client(base_url="https://desk.example.org") as client:
        assert "; Secure" in log_in(client).headers["set-cookie"]


def test_a_wrong_token_is_told_and_not_endlessly(desk: Office) -> None:
    with desk.client() as client:
        for wrong in ("", "a", TOKEN[:-1], TOKEN + "x", "é" * 40):
            refused = log_in(client, wrong)
            assert refused.status_code == 403
            assert "does not match" in refused.text
            assert "set-cookie" not in refused.headers
        for _ in range(10):
            refused = log_in(client, "wrong")
        assert refused.status_code == 429
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        assert re.search(r"Try again in (\d+ seconds|1 minute)", refused.text)
        assert log_in(client).status_code == 429, "even the right one"


def test_a_form_counts_only_where_this_session_was_given_it(desk: Office) -> None:
    serving = desk.store.current_id()
    with desk.inside() as client, desk.inside() as other:
        theirs = form_token(other.get("/desk").text)
        ours = form_token(client.get("/desk").text)
        assert ours != theirs
        for sent, headers in (
            ({}, {}),
            ({"form": theirs}, {}),
            ({"form": ours[:-1]}, {}),
            ({"form": ours}, {"sec-fetch-site": "cross-site"}),
            ({"form": ours}, {"sec-fetch-site": "same-site"}),
        ):
            fields = {**sent, "now": str(serving), "lang": "en"}
            for deed in ("rollback", "rebuild", "collect", "logout"):
                refused = client.post(f"/desk/{deed}", data=fields, headers=headers)
                assert refused.status_code == 403
                assert "That form is no longer valid" in refused.text
        json = client.post("/desk/rollback", json={"form": ours, "now": serving})
        assert json.status_code == 403, "only forms are read"
        assert client.get("/desk").status_code == 200, "still logged in"
        foreign = log_in(client, **{"sec-fetch-site": "cross-site"})
        assert foreign.status_code == 403
    assert desk.store.current_id() == serving
    assert desk.collected == []


def test_logging_out_ends_the_session_for_copies_too(desk: Office) -> None:
    with desk.inside() as client:
        copied = dict(client.cookies)
        out = client.post(
            "/desk/logout", data={"form": form_token(client.get("/desk").text), "lang": "en"}
        )
        assert out.headers["location"].startswith("login?lang=en")
        assert "Max-Age=0" in out.headers["set-cookie"]
        assert not client.cookies
        assert "You are logged out." in client.get(f"/desk/{out.headers['location']}").text
        client.cookies.update(copied)
        assert client.get("/desk").status_code == 303


def test_the_figures_are_those_of_the_journal(desk: Office) -> None:
    for number in range(6):
        name = desk.note("Di mana gedung?", "answered", 1, 2, ago=1, seconds=0.1 + number / 10)
        desk.journal.rate(name, number < 4, "Sudah lama" if number >= 4 else None)
    desk.note("Kapan?", "partly", 1, ago=1)
    desk.note("Berapa biaya visa?", "unknown", ago=2, door="telegram")
    desk.note("How much is a visa?", "unknown", ago=2, door="telegram", language="en")
    desk.note("Halo", "social")
    desk.note("Dulu sekali", "unknown", ago=20)
    with desk.inside() as client:
        page = lxml_html.fromstring(client.get("/desk?lang=en").text)
        month = lxml_html.fromstring(client.get("/desk?lang=en&days=30").text)
    assert _figure(page, "asked") == "9"
    assert _figure(month, "asked") == "10"
    assert _figure(page, "share") == "66.7%"
    assert _figure(page, "rated") == "66.7%"
    rows = _table(page, "by-day-caption")
    assert len(rows) == 7
    assert len(_table(month, "by-day-caption")) == 30
    today = datetime.now(UTC).astimezone().date()
    assert rows[0][0] == f"{today.day} {today:%b %Y}"
    assert rows[0][1:] == ["0", "0", "0", "0", "–", "–", "–", "0", "0", "1"]
    assert rows[1][1:] == ["7", "6", "1", "0", "85.7%", "300 ms", "600 ms", "4", "2", "0"]
    assert rows[2][1:] == ["2", "0", "0", "2", "0%", "50 ms", "50 ms", "0", "0", "0"]
    doors = _table(page, None, "Doors and languages: Door")
    assert doors == [["Chat page", "8", "80%"], ["Telegram", "2", "20%"]]
    bad = page.xpath("//section[@aria-labelledby='bad']//li")
    assert len(bad) == 2
    assert "Sudah lama" in bad[0].text_content()
    assert "Berita nomor 1" in bad[0].text_content()


def test_the_plots_show_what_the_table_says(desk: Office) -> None:
    for day, (answered, partly, unknown) in enumerate([(3, 1, 2), (0, 0, 4), (8, 2, 0)]):
        counts: dict[Outcome, int] = {"answered": answered, "partly": partly, "unknown": unknown}
        for outcome, count in counts.items():
            for number in range(count):
                seconds = 0.2 * (number + 1)
                desk.note(f"Tanya {number}", outcome, ago=day, seconds=seconds)
    with desk.inside() as client:
        page = lxml_html.fromstring(client.get("/desk?lang=en").text)
    asked, share, latency = page.xpath("//*[local-name()='svg'][contains(@class, 'plot')]")
    heights = _measured(asked)
    assert heights[-1] == pytest.approx([3, 4, 6], abs=0.1), "stacked, today's on the right"
    assert heights[-2] == pytest.approx([4], abs=0.1)
    assert heights[-3] == pytest.approx([8, 10], abs=0.1)
    assert heights[:4] == [[], [], [], []]
    assert _measured(share)[-3:] == [
        pytest.approx([80], abs=1),
        pytest.approx([0], abs=1),
        pytest.approx([50], abs=1),
    ]
    assert _measured(latency)[-2] == [
        pytest.approx(400, abs=20),
        pytest.approx(800, abs=20),
    ], "median and 95th percentile"
    told = " ".join(latency.xpath(".//*[local-name()='text']/text()"))
    assert "ms" in told or " s" in told
    assert "10 questions" in asked.xpath("string(./*[local-name()='desc'])")


def _measured(svg: Any) -> list[list[float]]:
    """For each day, the values at which its bars and points end, read off the labels of the y axis."""
    labels = []
    for text in svg.xpath(".//*[local-name()='text'][@class='y']"):
        number = re.match(r"[\d.]+", text.text)
        assert number is not None
        scale = 1000 if text.text.endswith(" s") else 1
        labels.append((float(text.get("y")), float(number[0]) * scale))
    (low, first), (high, last) = labels[0], labels[-1]
    found = []
    for day in svg.xpath("./*[@class='day']"):
        marks = day.xpath("./*[local-name()='circle' or @class!='reach'][not(self::title)]")
        ends = [float(mark.get("y") or mark.get("cy")) for mark in marks if mark.get("class")]
        found.append([first + (last - first) * (y - low) / (high - low) for y in ends])
    return found


def _figure(page: Any, name: str) -> str:
    return str(page.xpath(f"string(//*[@data-figure='{name}'])"))


def _table(page: Any, caption: str | None, title: str = "") -> list[list[str]]:
    found = f"@id='{caption}'" if caption else f".='{title}'"
    rows = page.xpath(f"//table[caption[{found}]]/tbody/tr")
    return [[cell.text_content().strip() for cell in row] for row in rows]


def test_unanswered_questions_stand_in_groups_with_what_to_do(desk: Office) -> None:
    for ago in range(3):
        desk.note("berapa biaya visa", "unknown", ago=ago)
    desk.note("biaya visa berapa ya", "unknown")
    desk.note("jadwal konser", "unknown")
    desk.note("Gedung dibuka?", "answered", 1)
    with desk.inside() as client:
        page = lxml_html.fromstring(client.get("/desk?lang=en").text)
    groups = page.xpath("//li[contains(@class, 'cluster')]")
    assert [group.xpath("string(.//b)") for group in groups] == ["4", "1"]
    assert "visa" in groups[0].xpath("string(.//h3)")
    ways = [way.text for way in groups[0].xpath(".//ul[@class='ways']/li")]
    assert sorted(ways) == ["berapa biaya visa", "biaya visa berapa ya"], "each wording once"
    assert "tanya collect" in groups[1].text_content()
    assert groups[1].xpath(".//form[@action='desk/collect']//input[@name='link']")


def test_sources_used_and_never_used(desk: Office) -> None:
    desk.note("Satu?", "answered", 1, 4)
    desk.note("Dua?", "answered", 1)
    desk.note("Tiga?", "partly", 99)
    with desk.inside() as client:
        page = lxml_html.fromstring(client.get("/desk?lang=en").text)
    assert _table(page, "publishers") == [
        ["Kantor 1", "3", "2", "0"],
        ["Kantor 0", "0", "2", "2"],
        ["Kantor 2", "0", "2", "2"],
    ]
    text = page.xpath("//section[@aria-labelledby='sources']")[0].text_content()
    assert "Articles never shown (4)" in text
    never = page.xpath("//details[contains(summary, 'never shown')]//a/@href")
    assert never == [f"https://berita.example.org/{number}" for number in (6, 5, 3, 2)]
    often = page.xpath("//details[contains(summary, 'shown most')]//a/@href")
    assert often == ["https://berita.example.org/1", "https://berita.example.org/4"]
    assert "1 times, what was shown is an article that is no longer" in text


def test_what_strangers_write_stays_text(desk: Office) -> None:
    outcomes: tuple[Outcome, ...] = ("unknown", "answered")
    for outcome in outcomes:
        name = desk.note(HOSTILE, outcome, 1)
        desk.journal.rate(name, False, HOSTILE)
    link = "javascript:document.title='owned'"
    bad = article(7, source=article(7).source.__class__(HOSTILE, HOSTILE, link, None))
    desk.articles.append(bad)
    desk.note("x?", "answered", 7)
    failed = Item(HOSTILE, "failed", HOSTILE)
    collected.keep(Report((failed,), 1.0), desk.settings.data)
    with desk.inside() as client:
        press(client, "rebuild")
        for lang in LANGUAGES:
            text = client.get(f"/desk?lang={lang}").text
            page = lxml_html.fromstring(text)
            assert not page.xpath("//script[not(@src)] | //img | //*[@onerror]")
            assert not page.xpath("//@href[starts-with(., 'javascript')]")
            assert text.count("&lt;script&gt;") >= 6


def test_a_rebuild_takes_in_what_was_added(desk: Office) -> None:
    before = desk.store.current_id()
    with desk.inside() as client:
        same = press(client, "rebuild").text
        assert "Nothing changed" in same
        assert desk.store.current_id() == before
        desk.articles.append(article(7))
        page = press(client, "rebuild").text
    now = desk.store.current_id()
    assert now != before
    assert f"Index {now}: 7 articles, 7 passages (1 new, 0 removed)." in page
    assert _serving(page) == now


def test_work_is_told_of_for_a_while(desk: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    with desk.inside() as client:
        assert "Nothing changed" in press(client, "rebuild").text
        last = Jobs(desk.settings.data).last()
        assert last is not None
        assert last.ended is not None
        for state, fault, hours in (("done", None, 1), ("failed", "The disk is full.", 24)):
            for ago, told in ((0.9, True), (1.1, False)):
                ended = datetime.now(UTC) - timedelta(hours=hours * ago)
                then = replace(last, ended=ended, fault=fault)
                monkeypatch.setattr(Jobs, "last", lambda self, job=then: job)
                page = client.get("/desk?lang=en").text
                assert (f'data-state="{state}"' in page) is told


def test_below_a_path_of_a_proxy(tmp_path: Path, built: Path, static: StaticVectors) -> None:
    shutil.copytree(built, tmp_path / "var")
    made = office(tmp_path / "var", static, root_path="/tanya")
    with TestClient(made.app, base_url="http://testserver") as client:
        entered = client.post("/tanya/desk/login", data={"token": TOKEN, "lang": "en"})
        assert str(entered.url).endswith("/tanya/desk?lang=en&days=7")
        assert _serving(entered.text) == made.store.current_id()
        assert [cookie.path for cookie in client.cookies.jar] == ["/tanya/desk"]
        press_below = client.post("/tanya/desk/rebuild", data={"form": form_token(entered.text)})
        assert str(press_below.url).split("?")[0].endswith("/tanya/desk")
        for link in ("static/desk.css", "static/look.css", "theme.css", "icon.svg"):
            assert f'href="{link}"' in entered.text
            assert client.get(f"/tanya/{link}").status_code == 200


def test_rolling_back_really_switches_and_the_page_shows_it(desk: Office) -> None:
    older, newer = desk.store.ids()
    with desk.inside() as client:
        page = client.get("/desk?lang=en").text
        assert _serving(page) == newer
        assert f"will switch from index {newer} to {older}." in page
        page = press(client, "rollback", now=newer).text
        assert _serving(page) == older
        assert f"Now serving {older}." in page
        assert desk.store.current_id() == older
        assert "There is no older index that is whole." in page
        # Pressed again on a page that is out of date: nothing happens twice.
        page = press(client, "rollback", now=newer).text
        assert "The index has changed since this page was opened" in page
        assert desk.store.current_id() == older
        assert _answers_from(client, older)


def test_an_index_that_cannot_be_opened_is_never_gone_back_to(desk: Office) -> None:
    older, newer = desk.store.ids()
    with desk.inside() as client:
        manifest = desk.store.folder(older) / "manifest.json"
        manifest.write_text(manifest.read_text()[:-20])
        page = client.get("/desk?lang=en").text
        assert "Yes, go back now" not in page
        assert f'data-generation="{older}"' in page
        page = press(client, "rollback", now=newer).text
        assert "failed" in page
        assert "There is no older index to go back to" in page
        assert _serving(page) == newer


def _answers_from(client: TestClient, index: str) -> bool:
    """Whether answers come from `index` before long: it is opened beside the questions."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        answered = client.get("/ask", params={"q": "Gedung nomor 3?"}).json()
        if answered["index"]["id"] == index:
            return True
        time.sleep(0.05)
    return False


def _serving(text: str) -> str:
    page = lxml_html.fromstring(text)
    current = page.xpath("//tr[@data-generation][contains(., 'serving')]/@data-generation")
    assert len(current) == 1
    return str(current[0])


def test_one_address_or_all_that_is_due_is_collected(desk: Office) -> None:
    with desk.inside() as client:
        page = press(client, "collect", link=" https://berita.example.org/baru ").text
        assert "Pages looked at: 1. New articles: 0, changed: 0, not readable: 1." in page
        press(client, "collect")
        for bad in (
            "",
            "ftp://x",
            "javascript:alert(1)",
            "/etc/passwd",
            "https://",
            "http://[",
            "x",
        ):
            page = press(client, "collect", link=bad).text
            assert "That address cannot be collected." in page, bad
    assert desk.collected == [["https://berita.example.org/baru"], ()]


def test_the_last_collection_is_told_with_its_errors(desk: Office) -> None:
    with desk.inside() as client:
        assert "No news has been collected here yet." in client.get("/desk?lang=en").text
        items = [Item(f"https://x.example.org/{n}", "same") for n in range(900)]
        items += [
            Item("https://x.example.org/broken", "failed", "It answered 500."),
            Item("n", "new"),
        ]
        collected.keep(Report(tuple(items), 61.2), desk.settings.data)
        text = client.get("/desk?lang=en").text
        assert "Pages looked at: 902." in text
        assert "New articles: 1, changed: 0." in text
        assert "What could not be read (1)" in text
        assert "It answered 500." in text
        (desk.settings.data / collected.FILE).write_text("{torn")
        assert "No news has been collected here yet." in client.get("/desk?lang=en").text


def test_without_a_folder_of_articles_it_says_how_to_get_one(
    tmp_path: Path, built: Path, static: StaticVectors
) -> None:
    shutil.copytree(built, tmp_path / "var")
    desk = office(tmp_path / "var", static, corpus=None)
    desk.note("biaya visa", "unknown")
    with desk.inside() as client:
        page = client.get("/desk?lang=en").text
    assert page.count("first set TANYA_CORPUS") == 2
    assert 'action="desk/collect"' not in page


def test_without_a_journal_there_is_the_index(
    tmp_path: Path, built: Path, static: StaticVectors
) -> None:
    shutil.copytree(built, tmp_path / "var")
    made = office(tmp_path / "var", static, journal=False)
    with made.inside() as client:
        page = client.get("/desk?lang=en").text
    assert "Questions are not kept (TANYA_JOURNAL=false)" in page
    assert _serving(page) == made.store.current_id()
    assert 'svg class="plot"' not in page


def test_the_questions_are_downloaded_as_the_command_writes_them(desk: Office) -> None:
    for number in range(40):
        text = f"=SUM(A{number})" if number % 7 == 0 else f'Apa, "{number}"?'
        name = desk.note(text, "answered", 1, ago=number / 3)
        if number % 5 == 0:
            desk.journal.rate(name, False, "@lama")
    today = datetime.now(UTC).astimezone().date()
    with desk.inside() as client:
        found = client.get("/desk/questions.csv?days=7")
        page = lxml_html.fromstring(client.get("/desk?lang=en&days=7").text)
    assert found.headers["content-type"] == "text/csv; charset=utf-8"
    first = today - timedelta(days=6)
    name = f'attachment; filename="tanya-{first}-{today}.csv"'
    assert found.headers["content-disposition"] == name
    expected = io.StringIO(newline="")
    wanted = Wanted(first, today)
    entries = desk.journal.entries(*wanted.span)
    write_csv(entries, expected)
    assert found.content.decode("utf-8-sig") == expected.getvalue()
    assert found.content.startswith(b"\xef\xbb\xbf")
    assert len(entries) >= 18
    assert "'=SUM" in found.text
    (link,) = page.xpath("//a[@download]/@href")
    assert link.startswith("desk/questions.csv?")
    assert "days=7" in link


def test_a_journal_that_cannot_be_read_is_told(
    desk: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*values: object, **more: object) -> None:
        raise DatabaseError("The database tanya.db is damaged. Restore it.")

    monkeypatch.setattr(desk.journal.database, "read", broken)
    with desk.inside() as client:
        page = client.get("/desk?lang=en")
        csv = client.get("/desk/questions.csv")
    assert page.status_code == 200
    assert csv.headers["location"].startswith("../desk?"), "where it says why"
    assert "cannot be read at the moment. The database tanya.db is damaged." in page.text
    assert _serving(page.text) == desk.store.current_id()


@pytest.mark.parametrize(
    ("query", "days", "note"),
    [
        ("days=90", 90, ""),
        ("days=8", 7, ""),
        ("since=2026-01-01&until=2026-01-31", 31, ""),
        ("since=2026-01-01&until=2026-01-01", 1, ""),
        ("since=2025-01-01&until=2026-01-01", 366, ""),
        ("since=2024-01-01&until=2026-01-01", 7, "At most 366 days"),
        ("since=2026-02-01&until=2026-01-01", 7, "first day is after the last"),
        ("since=yesterday", 7, "The date is not one"),
        ("since=0001-01-01&until=0001-01-02", 7, "The date is not one"),
        ("since=9999-12-30&until=9999-12-31", 7, "The date is not one"),
        ("until=0001-01-01", 7, "The date is not one"),
        ("note=<b>&days=", 7, ""),
    ],
)
def test_the_days_are_those_that_were_chosen(
    desk: Office, query: str, days: int, note: str
) -> None:
    desk.note("Halo?", "answered", 1)
    for day in (date(2026, 1, 1), date(2025, 1, 1)):
        desk.note("Dulu", "answered", ago=(datetime.now(UTC).date() - day) / timedelta(days=1))
    with desk.inside() as client:
        text = client.get(f"/desk?lang=en&{query}").text
    page = lxml_html.fromstring(text)
    since, until = (
        page.xpath(f"string(//input[@id='{name}']/@value)") for name in ("since", "until")
    )
    assert (date.fromisoformat(until) - date.fromisoformat(since)).days + 1 == days
    assert note in text
    assert page.xpath("//*[@role='alert']") == [] or note


def test_both_languages_have_every_text_and_the_page_shows_it() -> None:
    texts = read_texts("Tanya")

    def keys(table: dict[str, Any], prefix: str = "") -> set[str]:
        found = set()
        for key, value in table.items():
            found |= keys(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key}
        return found

    one, other = (keys(texts[language]) for language in LANGUAGES)
    assert one == other
    for language in LANGUAGES:
        assert all(text for text in texts[language].values())
    template = (PAGE / "desk.html").read_text(encoding="utf-8")
    view = (Path(PAGE).parent / "desk_view.py").read_text(encoding="utf-8")
    used = set(re.findall(r"\bt\.(\w+)", template)) | set(
        re.findall(r"\bt\[['\"](\w+)['\"]\]", view)
    )
    # Names put together: those of a plot, of a piece of work, of a place on the page.
    made = {key for key in texts["id"] if key.endswith(("_title", "_desc")) or "_" in key}
    made = {
        key for key in made if key.split("_")[0] in ("asked", "share", "latency", "work", "told")
    }
    made |= {"trend", "answered", "partly", "unknown", "median", "p95", "nothing_desc"}
    assert used <= set(texts["id"])
    assert set(texts["id"]) <= used | made, set(texts["id"]) - used - made
