from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.article import (
    Article,
    CorpusError,
    Translation,
    canonical_url,
    read_articles,
    write_article,
)
from tests.conftest import MakeArticle

GOOD = {
    "title": '"KTT dibuka: hari pertama"',
    "url": "https://example.org/1",
    "publisher": "Kantor Uji",
    "published": "2023-09-05",
    "language": "id",
    "topics": "[ktt, jakarta]",
}


def write(folder: Path, name: str, body: str | None = None, **keys: str | None) -> Path:
    """A Markdown file with GOOD front matter, keys replaced, or left out where None."""
    matter = {key: value for key, value in (GOOD | keys).items() if value is not None}
    lines = "\n".join(f"{key}: {value}" for key, value in matter.items())
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        f"---\n{lines}\n---\n{'KTT dibuka di Jakarta.' if body is None else body}\n",
        encoding="utf-8",
    )
    return path


def test_shipped_corpus_is_whole(shipped_articles: list[Article]) -> None:
    assert len(shipped_articles) == 230
    for article in shipped_articles:
        assert article.translation is not None
        assert {article.language, article.translation.language} == {"id", "en"}
    visit = next(a for a in shipped_articles if "120-peserta" in a.id)
    assert visit.source.publisher == "Beritajakarta.id"
    assert str(visit.source.published) == "2023-08-29"


def test_reads_what_the_file_says(tmp_path: Path) -> None:
    write(tmp_path, "news/a.md")
    (tmp_path / "news/a.en.md").write_text(
        "---\ntitle: Summit opens\nlanguage: en\n---\nThe summit opens in Jakarta.\n", "utf-8"
    )
    (tmp_path / "README.md").write_text("no article", "utf-8")
    (article,) = read_articles(tmp_path)
    assert article.id == "news/a"
    assert article.source.title == "KTT dibuka: hari pertama"
    assert article.topics == ("ktt", "jakarta")
    assert article.translation == Translation("en", "Summit opens", "The summit opens in Jakarta.")
    assert article.text_in("en") == "The summit opens in Jakarta."


@pytest.mark.parametrize(
    ("keys", "line", "key", "remedy"),
    [
        ({"title": None}, 1, "title", "Add a line like"),
        ({"published": None}, 1, "published", "Add a line like"),
        ({"published": "yesterday"}, 5, "published", "2023-09-05 (or null"),
        ({"language": "fr"}, 6, "language", "Write id or en"),
        ({"url": "javascript:alert(1)"}, 3, "url", "https://example.org/news/1"),
        ({"title": "2023"}, 2, "title", "Headline"),
        ({"topics": "ktt"}, 7, "topics", "[asean summit, jakarta]"),
        ({"author": "me"}, 8, "author", "Delete it"),
        ({"verbatim": "maybe"}, 8, "verbatim", "true or false"),
        ({"title": "KTT: dibuka"}, 2, "YAML", "double quotes"),
        ({"published": "2023-13-45"}, 2, "YAML", "double quotes"),
    ],
)
def test_bad_front_matter_names_file_line_key_and_remedy(
    tmp_path: Path, keys: dict[str, str | None], line: int, key: str, remedy: str
) -> None:
    path = write(tmp_path, "a.md", **keys)
    with pytest.raises(CorpusError) as caught:
        read_articles(tmp_path)
    message = str(caught.value)
    assert message.startswith(f"{path}:{line}:")
    assert key in message
    assert remedy in message


def test_a_key_given_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text("---\ntitle: a\ntitle: b\n---\ntext\n", "utf-8")
    with pytest.raises(CorpusError, match=r"a\.md:3: title: given twice"):
        read_articles(tmp_path)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"just text", "no front matter"),
        (b"---\n- a\n---\ntext", "holds no keys"),
        (b"---\ntitle: \xff\n---\n", "not UTF-8"),
    ],
)
def test_files_that_are_no_articles(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "a.md").write_bytes(content)
    with pytest.raises(CorpusError, match=reason):
        read_articles(tmp_path)


def test_empty_text_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "a.md", body="   ")
    with pytest.raises(CorpusError, match="no text"):
        read_articles(tmp_path)


def test_one_url_one_article(tmp_path: Path) -> None:
    write(tmp_path, "a.md")
    write(tmp_path, "b.md", url="http://www.example.org/1/?utm_source=x#top")
    with pytest.raises(CorpusError, match=r"b\.md: url: .*a\.md"):
        read_articles(tmp_path)


def test_one_id_in_two_folders(tmp_path: Path) -> None:
    write(tmp_path / "one", "a.md")
    write(tmp_path / "two", "a.md", url="https://example.org/2")
    with pytest.raises(CorpusError, match="the id 'a' is taken"):
        read_articles(tmp_path / "one", tmp_path / "two")


def test_translations_need_their_article_and_another_language(tmp_path: Path) -> None:
    lonely = tmp_path / "lonely" / "a.en.md"
    lonely.parent.mkdir()
    lonely.write_text("---\ntitle: t\nlanguage: en\n---\ntext\n", "utf-8")
    with pytest.raises(CorpusError, match="does not exist"):
        read_articles(lonely.parent)
    write(tmp_path / "same", "a.md")
    (tmp_path / "same/a.id.md").write_text("---\ntitle: t\nlanguage: id\n---\ntext\n", "utf-8")
    with pytest.raises(CorpusError, match="also the language of its translation"):
        read_articles(tmp_path / "same")


def test_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="TANYA_CORPUS"):
        read_articles(tmp_path / "nowhere")


def test_what_is_written_is_read(tmp_path: Path, make_article: MakeArticle) -> None:
    article = make_article(
        "gedung",
        topics=("a: b", "#c"),
        verbatim=True,
        translation=Translation("en", 'The "building": one', "It opens.\n\nAll may come."),
    )
    write_article(article, tmp_path)
    assert read_articles(tmp_path) == [article]


@given(
    st.from_regex(
        r"https?://(www\.)?[a-z]{1,8}\.org(/[a-z]{0,5}){0,3}/?(\?[a-z]=[0-9])?", fullmatch=True
    )
)
def test_canonical_url_is_idempotent(url: str) -> None:
    once = canonical_url(url)
    assert canonical_url(once) == once
    assert canonical_url(url + "#x") == once
