"""sources.toml: what may stand there, and what is said about what may not."""

from __future__ import annotations

from pathlib import Path

import pytest

from corpus.matter import CorpusError
from corpus.sources import EXAMPLE, Listed, duration, read_sources


def test_a_file_with_everything(tmp_path: Path) -> None:
    path = tmp_path / "sources.toml"
    path.write_text(
        '[[feed]]\nurl = "https://a.example.org/rss"\npublisher = "A"\ntopics = ["asean"]\n'
        'words = ["ASEAN", "KTT"]\nlanguage = "id"\nevery = "15m"\nmost = 20\n'
        '[[sitemap]]\nurl = "https://b.example.org/sitemap.xml"\n'
        '[[page]]\nurl = "https://c.example.org/p"\nevery = "1d"\n'
    )
    feed, sitemap, page = read_sources(path)
    assert feed == Listed(
        "feed", "https://a.example.org/rss", "A", ("asean",), ("asean", "ktt"), "id", 900.0, 20
    )
    assert (sitemap.kind, sitemap.every) == ("sitemap", 3600.0)
    assert (page.kind, page.every) == ("page", 86_400.0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[feed", "not valid TOML"),
        ("[feeds]\na = 1", "feeds: unknown"),
        ('[[feeds]]\nurl = "https://a.example.org"', "feeds: unknown"),
        ("[[feed]]\n", "number 1: url: '' is no web address"),
        ('[[feed]]\nurl = "ftp://a"', "'ftp://a' is no web address"),
        ('[[feed]]\nurl = "http://["', "is no web address"),
        ('[[feed]]\nurl = "https://a.example.org"\nname = "x"', "name: unknown"),
        (
            '[[feed]]\nurl = "https://a.example.org"\nevery = "often"',
            "'often' is no length of time",
        ),
        ('[[feed]]\nurl = "https://a.example.org"\nevery = "0s"', "is no length of time"),
        ('[[feed]]\nurl = "https://a.example.org"\nmost = 0', "most: 0"),
        ('[[feed]]\nurl = "https://a.example.org"\nmost = true', "most: True"),
        ('[[feed]]\nurl = "https://a.example.org"\nlanguage = "fr"', "language: write id or en"),
        ('[[feed]]\nurl = "https://a.example.org"\ntopics = "x"', "topics: 'x'"),
        ('[[page]]\nurl = "https://a.org/1"\n[[feed]]\nurl = "https://a.org/1"', "listed twice"),
    ],
)
def test_mistakes_are_told_with_their_place(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "sources.toml"
    path.write_text(text)
    with pytest.raises(CorpusError, match=str(path)) as caught:
        read_sources(path)
    assert said in str(caught.value)


def test_the_example_can_be_used_as_it_is() -> None:
    found = read_sources(EXAMPLE)
    assert len(found) > 4
    assert all(source.publisher and source.url.startswith("https://") for source in found)


def test_no_file_at_all(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="no such file"):
        read_sources(tmp_path / "sources.toml")


@pytest.mark.parametrize(
    ("text", "seconds"), [("30s", 30), ("15m", 900), ("1.5h", 5400), (" 2 d ", 172_800)]
)
def test_lengths_of_time(text: str, seconds: float) -> None:
    assert duration(text) == seconds
