"""Collecting over weeks: pages that change, vanish and come back, and people at the same files."""

from __future__ import annotations

import io
import json
import time
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from corpus.article import Article, read_articles
from corpus.collect import Collector
from corpus.extract import extract
from corpus.ledger import Ledger
from corpus.report import Item, Report, Said, Task, exit_code, print_report
from corpus.shelf import VERSIONS, Shelf
from corpus.sources import Listed
from corpus.targets import read_targets
from corpus.web import Web
from tests.conftest import Collect, Tanya
from tests.news_pages import LATE, REPORTS, html, sitemap_index
from tests.news_pages import Report as OneReport
from tests.news_site import NewsSite, Route

FIRST = REPORTS["jalan-ditutup"]
SURE = Said(sure=True)


def only(news: Path) -> Article:
    (article,) = read_articles(news)
    return article


def changed(text: str) -> OneReport:
    return replace(FIRST, paragraphs=(*FIRST.paragraphs, text))


def test_a_list_names_pages_files_and_folders(
    tmp_path: Path, site: NewsSite, news: Path, collect: Collect
) -> None:
    folder = tmp_path / "press"
    (folder / "more").mkdir(parents=True)
    page = html(REPORTS["visitors-guide"], site.url, canonical="https://x.example.org/a")
    (folder / "more" / "guide.html").write_text(page)
    (folder / ".hidden.html").write_text(page)
    (folder / "picture.png").write_bytes(b"\x89PNG")
    (tmp_path / "list.txt").write_text(
        f"# pages of the summit\n\n{site.url}/berita/pusat-media\n{site.url}/feed.xml\npress\nmissing.html\n"
    )
    tasks = read_targets([str(tmp_path / "list.txt"), f"{site.url}/feed.xml"], Said())
    assert [task.where.removeprefix(str(tmp_path)) for task in tasks] == [
        f"{site.url}/berita/pusat-media",
        f"{site.url}/feed.xml",
        "/press/more/guide.html",
        "/missing.html",
    ]
    report = collect(*tasks)
    assert report.count("new") == 5 + 1
    assert [item.where for item in report.items if item.outcome == "failed"] == [tasks[-1].where]


def test_a_text_with_an_address_in_it_is_no_list(tmp_path: Path) -> None:
    text = tmp_path / "release.txt"
    text.write_text("Siaran pers\n\nSelengkapnya di https://example.org/rilis dan di balai kota.\n")
    assert [task.where for task in read_targets([str(text)], Said())] == [str(text)]
    text.write_text(
        "https://example.org/rilis\n\nHanya alamat di atas yang berubah, kata panitia.\n"
    )
    assert [task.where for task in read_targets([str(text)], Said())] == [str(text)]


def test_a_page_of_the_sources_is_due_by_its_own_clock(
    tmp_path: Path, site: NewsSite, news: Path, collect: Collect, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = Listed("page", f"{site.url}/berita/pusat-media", every=900.0)
    clock = time.time
    for visit in range(3):  # not only after the first one
        monkeypatch.setattr(time, "time", lambda later=1000.0 * visit: clock() + later)
        assert collect(page).count("failed") == 0
        ledger = Ledger(tmp_path / "var" / "collect.db")
        assert Collector(Shelf(news), ledger, Web("Test/1")).due([page]) == []
        ledger.close()


def test_a_source_that_is_gone_is_a_failure(site: NewsSite, collect: Collect) -> None:
    report = collect(Listed("feed", f"{site.url}/missing"))
    assert [item.outcome for item in report.items] == ["failed"]
    assert exit_code(report) == 3
    # And so is a page that was never there.
    assert exit_code(collect(f"{site.url}/gone")) == 3


def test_a_broken_sitemap_of_an_index_is_told_and_stops_no_other(
    site: NewsSite, collect: Collect
) -> None:
    maps = [f"{site.url}/{name}" for name in ("error", "sitemap-1.xml", "short")]
    site.routes["/sitemap.xml"] = Route(sitemap_index(maps), "application/xml")
    report = collect(Listed("sitemap", f"{site.url}/sitemap.xml"))
    told = {item.where: item.reason for item in report.items if item.outcome == "failed"}
    assert report.count("new") == 3
    assert "status 500" in told[maps[0]]
    assert "sitemap" in told[maps[2]]


def test_a_translation_does_not_outlive_the_text_it_was_made_of(
    site: NewsSite, news: Path, collect: Collect
) -> None:
    address = site.publish(FIRST)
    collect(address)
    (path,) = news.rglob("*.md")
    translation = path.with_name(f"{path.stem}.en.md")
    matter = "---\ntitle: Five roads closed\nlanguage: en\n---\nFive roads."
    translation.write_text(matter)
    site.publish(replace(FIRST, title="Lain"))
    assert collect(address).count("changed") == 1
    assert only(news).translation is not None  # only the title is another one
    site.publish(changed("Kini enam ruas."))
    report = collect(address)
    assert report.items[0].outcome == "changed"
    assert "translation" in report.items[0].reason
    assert only(news).translation is None
    kept = [file for file in (news / VERSIONS).rglob("*.md") if ".en" in str(file)]
    assert [file.read_text() for file in kept] == [matter]


def test_another_address_of_an_article_does_not_make_it_look_edited(
    site: NewsSite, news: Path, collect: Collect
) -> None:
    address = site.publish(FIRST)
    collect(address, f"{site.url}/print/jalan-ditutup", f"{site.url}/amp/jalan-ditutup")
    site.publish(changed("Kini enam ruas."))
    assert collect(address).count("changed") == 1
    assert only(news).text.endswith("Kini enam ruas.")


@pytest.mark.parametrize("trouble", [Route("<p>Segera.</p>", tagged=True), Route("no", status=500)])
def test_a_page_that_was_out_of_order_for_a_while(
    site: NewsSite, news: Path, collect: Collect, trouble: Route
) -> None:
    address = site.publish(FIRST)
    collect(address)
    site.routes["/berita/jalan-ditutup"] = trouble
    assert collect(address).count("failed") == 1
    assert only(news).source.title == FIRST.title
    site.publish(changed("Kini enam ruas."))
    assert collect(address).count("changed") == 1


def test_what_is_no_report_is_not_fetched_again_at_each_visit(
    site: NewsSite, collect: Collect
) -> None:
    site.routes["/berita/video"] = Route("<html><body><p>Tonton.</p></body></html>")
    site.announce(replace(LATE, slug="video"))
    feed = Listed("feed", f"{site.url}/feed.xml")
    assert collect(feed).count("failed") == 1
    site.requests.clear()
    assert collect(feed).items == ()
    assert site.paths() == ["/robots.txt", "/feed.xml"]
    assert site.requests[-1].status == 304


def test_what_could_not_be_reached_is_tried_again(site: NewsSite, collect: Collect) -> None:
    site.routes["/berita/sidang-ditunda"] = Route("no", status=500)
    site.announce(LATE)
    feed = Listed("feed", f"{site.url}/feed.xml")
    assert collect(feed).count("failed") == 1
    site.publish(LATE)
    assert collect(feed).count("new") == 1


def test_a_timetable_of_another_day_is_another_report(
    site: NewsSite, news: Path, collect: Collect
) -> None:
    """It differs in few words from yesterday's, and is news all the same."""
    words = " ".join(FIRST.paragraphs).replace("lima", "enam").replace("21.00", "22.00")
    later = replace(FIRST, published=LATE.published, paragraphs=(words,))
    again = replace(FIRST, published=LATE.published)
    report = collect(site.publish(FIRST), site.publish(later, "/2"), site.publish(again, "/3"))
    assert [item.outcome for item in report.items] == ["new", "new", "duplicate"]


def test_who_names_a_page_means_it(site: NewsSite, news: Path, collect: Collect) -> None:
    address = site.publish(FIRST)
    collect(address, said=SURE)
    (path,) = news.rglob("*.md")
    path.unlink()
    assert collect(Listed("page", address)).count("new") == 0
    assert collect(address, said=SURE).count("new") == 1
    said = Said(publisher="Dinas Perhubungan", topics=("lalu lintas",), sure=True)
    assert collect(address, said=said).count("changed") == 1
    article = only(news)
    assert (article.source.publisher, article.topics) == ("Dinas Perhubungan", ("lalu lintas",))


def test_another_folder_begins_anew(tmp_path: Path, site: NewsSite) -> None:
    for name in ("news", "other"):
        ledger = Ledger(tmp_path / "collect.db", folder=tmp_path / name)
        web = Web("Test/1", delay=0.0, allow_loopback=True)
        tasks = [Task(f"{site.url}/feed.xml")]
        report = Collector(Shelf(tmp_path / name), ledger, web).collect(tasks)
        ledger.close()
        assert report.count("new") == len(REPORTS), name


def test_a_mistake_of_a_parser_stops_no_other_page(
    site: NewsSite, collect: Collect, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(content: bytes, *rest: object) -> object:
        if b"dua ribu wartawan" in content:
            raise AssertionError("a library's own mistake")
        return extract(content, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr("corpus.collect.extract", broken)
    report = collect(f"{site.url}/feed.xml")
    assert (report.count("new"), report.count("failed")) == (4, 1)
    assert "AssertionError" in next(one for one in report.items if one.outcome == "failed").reason


def test_a_full_disk_stops_all_threads_at_once(
    site: NewsSite, collect: Collect, monkeypatch: pytest.MonkeyPatch
) -> None:
    from corpus.shelf import ShelfError

    def full(self: Shelf, article: Article) -> str:
        raise ShelfError("full")

    monkeypatch.setattr(Shelf, "put", full)
    with pytest.raises(ShelfError):
        collect(
            *(f"{site.url}/{n}" for n in range(3)),
            f"{site.url}/feed.xml",
            f"{site.url}/sitemap.xml",
        )
    assert "/sitemap.xml" not in site.paths()


def test_the_report_shows_hostile_titles_as_they_are(tmp_path: Path) -> None:
    title = "[link=https://evil.example.org]KTT[/link] \x1b[2J[bold]dibuka"
    items = (
        Item("https://a.example.org/\x1b]0;x\x07", "failed", "[red]Tidak ada[/red]"),
        Item("https://b.example.org/1", "new", "", "b/1", title),
        Item("berkas.pdf", "new", "", "b/2", "Panduan"),
    )
    out = io.StringIO()
    print_report(Report(items, 1.0), Console(file=out, width=200, force_terminal=True))
    shown = out.getvalue()
    assert "[link=https://evil.example.org]KTT[/link]" in shown
    assert "[red]Tidak ada[/red]" in shown
    assert "\x1b[2J" not in shown
    assert "\x1b]0;" not in shown
    assert [line.split()[:3] for line in shown.splitlines() if line.startswith("files")] == [
        ["files", "1", "–"]
    ]


def test_articles_brought_by_a_run_that_died_reach_the_index(
    tmp_path: Path, site: NewsSite, collect: Collect, tanya: Tanya
) -> None:
    address = site.publish(FIRST)
    collect(address)  # killed before the rebuild
    done = tanya("collect", address, "--json")
    assert json.loads(done.stdout)["counts"]["same"] == 1
    assert "1 articles" in done.stderr
    done = tanya("collect", address, "--json")
    assert "articles" not in done.stderr
