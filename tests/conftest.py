"""Fixtures. Real engines on small real data; no test reads or writes the state of this machine."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest

from corpus.article import SHIPPED, Article, Source, Translation, read_articles
from index.answer import Answerer
from index.encoder import MODEL, OnnxEncoder
from index.maxsim import StaticVectors
from index.settings import Settings
from index.store import Store
from tests.hashing import HashingEncoder

MakeArticle = Callable[..., Article]


@pytest.fixture(autouse=True)
def nothing_of_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the environment or of a .env file reaches a test; state goes to `tmp_path`."""
    for name in list(os.environ):
        if name.startswith("TANYA_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("TANYA_DATA", str(tmp_path / "var"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def encoder() -> HashingEncoder:
    return HashingEncoder()


@pytest.fixture(scope="session")
def static() -> StaticVectors:
    return StaticVectors(MODEL / "static")


@pytest.fixture(scope="session")
def bundled() -> OnnxEncoder:
    return OnnxEncoder()


@pytest.fixture(scope="session")
def shipped_articles() -> list[Article]:
    return read_articles(SHIPPED)


@pytest.fixture(scope="session")
def answerer(
    tmp_path_factory: pytest.TempPathFactory,
    bundled: OnnxEncoder,
    static: StaticVectors,
    shipped_articles: list[Article],
) -> Answerer:
    """The product as a citizen meets it: shipped corpus, bundled model."""
    data = tmp_path_factory.mktemp("data")
    store = Store(data)
    store.rebuild(shipped_articles, bundled, static)
    return Answerer(Settings(data=data), store, bundled, static)


@pytest.fixture
def make_article() -> MakeArticle:
    """An article about `subject` that differs from others in id, url and text."""

    def make(subject: str, text: str | None = None, **changes: object) -> Article:
        translation = changes.pop("translation", None)
        assert translation is None or isinstance(translation, Translation)
        return Article(
            id=f"test/{subject}",
            source=Source(
                title=f"Tentang {subject}",
                publisher="Kantor Uji",
                url=f"https://example.org/{subject}",
                published=date(2023, 9, 5),
            ),
            language="id",
            text=text or f"Gedung {subject} dibuka. Semua warga melihat {subject} pada hari itu.",
            translation=translation,
            **changes,  # type: ignore[arg-type]
        )

    return make


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    yield Store(tmp_path / "var")
