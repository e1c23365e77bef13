"""Collecting from a news site on this machine: what arrives, what is left out, and that both are told."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import time
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from corpus.article import Article, read_articles
from corpus.collect import Collector
from corpus.collected import last
from corpus.ledger import Ledger
from corpus.report import Report, Said, Task, exit_code
from corpus.shelf import VERSIONS, Shelf, slug
from corpus.sources import Listed
from corpus.web import Web
from tests.conftest import Collect, Tanya
from tests.news_pages import LATE, REPORTS, html, pdf
from tests.news_site import NewsSite, Route


def articles(folder: Path) -> dict[str, Article]:
    return {article.source.title: article for article in read_articles(folder)}


def outcomes(report: Report) -> dict[str, int]:
    return {item.outcome: report.count(item.outcome) for item in report.items}


def test_a_feed_brings_its_reports_whole(site: NewsSite, news: Path, collect: Collect) -> None:
    report = collect(f"{site.url}/feed.xml")
    assert outcomes(report) == {"new": 5}
    found = articles(news)
    for wanted in REPORTS.values():
        article = found[wanted.title]
        assert article.text.split("\n\n") == list(wanted.paragraphs)
        assert article.source.published == wanted.published
        assert article.source.publisher == "Warta Samudra"
        assert article.source.url == f"{site.url}/berita/{wanted.slug}"
        assert article.language == wanted.language
        assert article.verbatim
        assert article.id == f"warta-samudra/{wanted.published}-{slug(wanted.title)}"


@pytest.mark.parametrize("path", ["/atom.xml", "/sitemap.xml"])
def test_atom_and_sitemaps_bring_the_same(
    site: NewsSite, news: Path, collect: Collect, path: str
) -> None:
    collect(site.url + path)
    assert set(articles(news)) == {report.title for report in REPORTS.values()}


def test_the_second_time_nothing_is_fetched_or_written(
    site: NewsSite, news: Path, collect: Collect
) -> None:
    feed = Listed("feed", f"{site.url}/feed.xml")
    collect(feed)
    before = {path: path.stat().st_mtime_ns for path in news.rglob("*.md")}
    site.requests.clear()
    assert collect(feed).items == ()
    assert site.paths() == ["/robots.txt", "/feed.xml"]
    assert site.requests[-1].status == 304
    assert before == {path: path.stat().st_mtime_ns for path in news.rglob("*.md")}
    page = collect(f"{site.url}/berita/pusat-media")
    assert outcomes(page) == {"same": 1}
    assert site.requests[-1].status == 304


def test_what_is_new_in_the_feed_is_all_that_is_fetched(
    site: NewsSite, news: Path, collect: Collect
) -> None:
    feed = Listed("feed", f"{site.url}/feed.xml")
    collect(feed)
    site.publish(LATE)
    site.announce(LATE)
    site.requests.clear()
    assert outcomes(collect(feed)) == {"new": 1, "known": 5}
    assert site.paths() == ["/robots.txt", "/feed.xml", f"/berita/{LATE.slug}"]
    assert LATE.title in articles(news)


def test_a_changed_page_changes_its_article_and_the_former_version_is_kept(
    site: NewsSite, news: Path, collect: Collect
) -> None:
    address = f"{site.url}/berita/jalan-ditutup"
    collect(address)
    (former,) = articles(news).values()
    report = REPORTS["jalan-ditutup"]
    late = replace(
        report, title="Enam ruas jalan ditutup", paragraphs=(*report.paragraphs, "Kini enam.")
    )
    site.publish(late)
    assert outcomes(collect(address)) == {"changed": 1}
    (now,) = articles(news).values()
    assert (now.id, now.source.title) == (former.id, late.title)
    assert now.text.endswith("Kini enam.")
    (kept,) = (news / VERSIONS).rglob("*.md")
    assert report.title in kept.read_text()
    assert kept.parent == news / VERSIONS / former.id


def test_what_a_person_edited_or_deleted_stays_so(
    site: NewsSite, news: Path, collect: Collect
) -> None:
    address = f"{site.url}/berita/jalan-ditutup"
    collect(address)
    (path,) = news.rglob("*.md")
    path.write_text(path.read_text().replace("Lima ruas", "Lima (5) ruas"))
    site.publish(replace(REPORTS["jalan-ditutup"], title="Lain"))
    report = collect(address)
    assert outcomes(report) == {"left": 1}
    assert "edited by hand" in report.items[0].reason
    assert "Lima (5) ruas" in path.read_text()
    path.unlink()
    site.publish(replace(REPORTS["jalan-ditutup"], title="Lain lagi"))
    report = collect(address)
    assert outcomes(report) == {"left": 1}
    assert "deleted by hand" in report.items[0].reason
    assert not list(news.rglob("[!.]*.md"))


def test_a_page_that_is_gone_leaves_its_article(
    site: NewsSite, news: Path, collect: Collect
) -> None:
    address = f"{site.url}/berita/jalan-ditutup"
    collect(address)
    site.routes["/berita/jalan-ditutup"] = Route(status=410)
    report = collect(address)
    assert outcomes(report) == {"gone": 1}
    assert len(articles(news)) == 1
    assert exit_code(report) == 0


def test_one_story_under_several_addresses_of_a_site_is_one_article(
    site: NewsSite, news: Path, collect: Collect
) -> None:
    first = f"{site.url}/berita/jalan-ditutup"
    report = collect(
        first,
        f"{first}/?utm_source=x&utm_medium=y",
        f"{site.url}/amp/jalan-ditutup",
        f"{site.url}/print/jalan-ditutup",
    )
    site.publish(REPORTS["jalan-ditutup"], "/berita/jalan-ditutup/")
    assert report.items[0].outcome == "new"
    assert report.count("new") == 1
    assert report.items[3].outcome == "duplicate"
    assert len(articles(news)) == 1


def test_what_another_newsroom_reprints_is_a_source_of_its_own(
    site: NewsSite, news: Path, collect: Collect
) -> None:
    with NewsSite() as other:
        story = REPORTS["jalan-ditutup"]
        other.publish(story, publisher="Kabar Pagi", dateline="BAYU KENCANA (Kabar Pagi)")
        collect(f"{site.url}/berita/{story.slug}", f"{other.url}/berita/{story.slug}")
    publishers = {article.source.publisher for article in read_articles(news)}
    assert publishers == {"Warta Samudra", "Kabar Pagi"}


def test_every_bad_page_is_told_with_its_reason_and_stops_no_other(
    site: NewsSite, news: Path, collect: Collect
) -> None:
    reasons = {
        "/bomb": "larger than",
        "/slow": "took longer",
        "/silent": "took longer",
        "/reset": "could not be fetched",
        "/loop": "redirects more than",
        "/metadata": "169.254.169.254, which is not a public one",
        "/local-file": "no web address",
        "/missing": "status 404",
        "/error": "status 500",
        "/busy": "Try again in 3600 s",
        "/rahasia/laporan": "robots.txt forbids",
        "/broken.pdf": "PDF cannot be read",
        "/locked.pdf": "password",
        "/image": "Neither a page nor a PDF",
        "/empty": "It is empty",
        "/short": "only 2 words",
    }
    report = collect(*(site.url + path for path in reasons), f"{site.url}/berita/pusat-media")
    told = {item.where.removeprefix(site.url): item.reason for item in report.items}
    for path, reason in reasons.items():
        assert reason in told[path], told[path]
    assert report.items[-1].outcome == "new"
    assert list(articles(news)) == [REPORTS["pusat-media"].title]
    assert exit_code(report) == 4


@pytest.mark.parametrize("path", ["/latin.html", "/utf8-as-latin.html"])
def test_a_wrong_charset_does_not_garble(
    site: NewsSite, news: Path, collect: Collect, path: str
) -> None:
    collect(site.url + path)
    (article,) = read_articles(news)
    assert "The host’s foreign minister" in article.text


def test_a_pdf_and_a_page_that_says_nothing_of_itself(
    site: NewsSite, news: Path, collect: Collect
) -> None:
    collect(f"{site.url}/document.pdf", said=Said(publisher="Panitia KTT", topics=("panduan",)))
    (article,) = read_articles(news)
    assert article.source.title == "Ocean Summit guide"
    assert (article.source.publisher, article.topics) == ("Panitia KTT", ("panduan",))
    assert (article.source.published, article.language) == (None, "en")
    assert "/undated-" in article.id
    site.routes["/bare"] = Route(html(REPORTS["summit-opens"], site.url, json_ld=False, meta=False))
    collect(f"{site.url}/bare")
    other = articles(news)[REPORTS["summit-opens"].title]
    assert (other.source.published, other.source.publisher) == (None, "127.0.0.1")


def test_files(tmp_path: Path, site: NewsSite, news: Path, collect: Collect) -> None:
    story = REPORTS["visitors-guide"]
    (tmp_path / "page.html").write_text(html(story, site.url, canonical="https://x.example.org/a"))
    (tmp_path / "doc.pdf").write_bytes(pdf("Guide", list(LATE.paragraphs)))
    report = collect(
        str(tmp_path / "page.html"), str(tmp_path / "doc.pdf"), str(tmp_path / "no.txt")
    )
    assert [item.outcome for item in report.items] == ["new", "failed", "failed"]
    assert "--url" in report.items[1].reason
    assert "cannot be read" in report.items[2].reason
    said = Said(url="https://x.example.org/b", published=date(2026, 5, 8), title="Surat edaran")
    assert outcomes(collect(Task(str(tmp_path / "doc.pdf"), said))) == {"new": 1}
    assert articles(news)["Surat edaran"].source.published == date(2026, 5, 8)
    assert outcomes(collect(Task(str(tmp_path / "doc.pdf"), said))) == {"same": 1}


def test_only_what_holds_the_words_of_a_source(
    site: NewsSite, news: Path, collect: Collect
) -> None:
    report = collect(Listed("feed", f"{site.url}/feed.xml", words=("ferry", "wartawan")))
    assert outcomes(report) == {"new": 2, "off_topic": 3}


def test_no_more_than_the_source_may_bring(site: NewsSite, news: Path, collect: Collect) -> None:
    assert len(collect(Listed("sitemap", f"{site.url}/sitemap.xml", most=2)).items) == 2


def test_another_language_is_refused_unless_one_is_sure(
    site: NewsSite, news: Path, collect: Collect
) -> None:
    text = "De top opent vandaag in de haven van de stad met een plechtige toespraak. " * 8
    dutch = replace(REPORTS["summit-opens"], language="nl", paragraphs=(text,))
    address = site.publish(dutch, "/nl")
    report = collect(address)
    assert "language (nl) is not served" in report.items[0].reason
    assert outcomes(collect(address, said=Said(language="en", sure=True))) == {"new": 1}


def test_a_dry_run_writes_nothing_at_all(
    tmp_path: Path, site: NewsSite, news: Path, collect: Collect
) -> None:
    report = collect(f"{site.url}/feed.xml", dry_run=True)
    assert report.count("new") == 5
    assert not report.changed
    assert not news.exists()
    assert not (tmp_path / "var").exists()


def test_a_lost_or_damaged_ledger_costs_only_fetching(
    tmp_path: Path, site: NewsSite, news: Path, collect: Collect
) -> None:
    collect(f"{site.url}/feed.xml")
    ledger = tmp_path / "var" / "collect.db"
    for extra in ("", "-wal", "-shm"):
        ledger.with_name(ledger.name + extra).unlink(missing_ok=True)
    assert outcomes(collect(f"{site.url}/feed.xml")) == {"same": 5}
    ledger.write_bytes(b"SQLite format 3\0" + os.urandom(5000))
    assert outcomes(collect(f"{site.url}/feed.xml")) == {"same": 5}
    assert len(list(ledger.parent.glob("collect.db.broken-*"))) == 1


def test_what_the_shipped_corpus_has_is_not_collected(
    tmp_path: Path, site: NewsSite, news: Path, collect: Collect
) -> None:
    shipped = tmp_path / "shipped"
    collect(f"{site.url}/berita/pusat-media")
    shutil.move(news, shipped)
    ledger = Ledger(tmp_path / "other.db")
    web = Web("Test/1", delay=0.0, allow_loopback=True)
    report = Collector(Shelf(news, shipped), ledger, web).collect([Task(f"{site.url}/feed.xml")])
    assert outcomes(report) == {"known": 1, "new": 4}


def test_sources_are_visited_when_they_are_due(
    tmp_path: Path, site: NewsSite, news: Path, collect: Collect, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed = Listed("feed", f"{site.url}/feed.xml", every=900.0)
    broken = Listed("feed", f"{site.url}/missing", every=900.0)
    collect(feed, broken)
    ledger = Ledger(tmp_path / "var" / "collect.db")
    collector = Collector(Shelf(news), ledger, Web("Test/1"))
    assert collector.due([feed, broken]) == []
    clock = time.time
    monkeypatch.setattr(time, "time", lambda: clock() + 870)
    assert collector.due([feed, broken]) == [feed, broken]


def test_from_the_command_line_a_link_becomes_an_answer(
    tmp_path: Path, site: NewsSite, tanya: Tanya
) -> None:
    done = tanya("collect", f"{site.url}/berita/jalan-ditutup")
    assert done.returncode == 0, done.stderr
    kept = last(tmp_path / "var")
    assert kept is not None
    assert (kept.pages, kept.counts["new"], kept.failed) == (1, 1, ())
    assert "1 new" in done.stderr
    assert "1 articles" in done.stderr
    answer = json.loads(tanya("ask", "jalan apa yang ditutup?", "--json").stdout)
    assert answer["passages"][0]["source"]["url"] == f"{site.url}/berita/jalan-ditutup"
    again = tanya("collect", f"{site.url}/berita/jalan-ditutup", "--json")
    assert json.loads(again.stdout)["counts"]["same"] == 1


@pytest.mark.parametrize(
    ("arguments", "environment", "code", "said"),
    [
        (["http://169.254.169.254/"], {}, 3, "not a public one"),
        (["http://10.0.0.1/", "@/berita/pusat-media"], {}, 4, "10.0.0.1"),
        (["@/berita/pusat-media"], {"TANYA_COLLECT_LOOPBACK": "false"}, 3, "127.0.0.1"),
        (["@/berita/pusat-media"], {"TANYA_ALLOWED_HOSTS": "kompas.com"}, 3, "TANYA_ALLOWED_HOSTS"),
        (["@/berita/x"], {"TANYA_ALLOWED_HOSTS": "https://kompas.com"}, 2, "without https://"),
        (["@/feed.xml", "--title", "x", "@/atom.xml"], {}, 2, "is for one page at a time"),
        (["@/feed.xml"], {"TANYA_CORPUS": ""}, 2, "Set TANYA_CORPUS"),
        (["@/feed.xml", "--language", "fr"], {}, 2, "id or en"),
        ([], {}, 1, "sources.toml: no such file"),
        (["@/feed.xml"], {"TANYA_DATA": "/proc/nowhere"}, 1, "cannot be written"),
        (["@/feed.xml"], {"TANYA_CORPUS": "/proc/nowhere"}, 1, "cannot be written"),
    ],
)
def test_exit_codes(
    site: NewsSite,
    tanya: Tanya,
    arguments: list[str],
    environment: dict[str, str],
    code: int,
    said: str,
) -> None:
    filled = [argument.replace("@", site.url) for argument in arguments]
    done = tanya("collect", "--no-rebuild", *filled, **environment)
    assert done.returncode == code, done.stderr
    assert said in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_a_dry_run_of_the_command_leaves_nothing_behind(
    tmp_path: Path, site: NewsSite, tanya: Tanya
) -> None:
    done = tanya("collect", "--dry-run", f"{site.url}/feed.xml")
    assert done.returncode == 0, done.stderr
    assert "5 new" in done.stderr
    assert "(nothing was written)" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_two_collectors_do_not_work_at_once(tmp_path: Path, site: NewsSite, tanya: Tanya) -> None:
    from filelock import FileLock

    (tmp_path / "var").mkdir()
    with FileLock(tmp_path / "var" / "collect.lock"):
        done = tanya("collect", f"{site.url}/feed.xml")
    assert done.returncode == 1
    assert "Another `tanya collect` is at work" in done.stderr


def test_the_ledger_holds_no_text(tmp_path: Path, site: NewsSite, collect: Collect) -> None:
    collect(f"{site.url}/feed.xml")
    with sqlite3.connect(tmp_path / "var" / "collect.db") as db:
        assert db.execute("SELECT count(*) FROM page WHERE article IS NOT NULL").fetchone() == (5,)
