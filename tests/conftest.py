"""Fixtures. Real engines on small real data; no test reads or writes the state of this machine."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from fastapi.testclient import TestClient

from api import create_app
from corpus.article import SHIPPED, Article, Source, Translation, read_articles
from corpus.collect import Collector
from corpus.ledger import Ledger
from corpus.report import Report, Said, Task, tasks_of
from corpus.shelf import Shelf
from corpus.sources import Listed
from corpus.web import Bounds, Web
from index.answer import Answerer
from index.database import Database
from index.encoder import MODEL, OnnxEncoder
from index.journal import Journal
from index.maxsim import StaticVectors
from index.reader import Reader
from index.settings import Settings
from index.store import Store
from tests.databases import Server, postgresql
from tests.hashing import HashingEncoder
from tests.news_site import NewsSite, open_site
from tests.telegram_server import TelegramServer
from tests.web import ARGUMENTS, CHROMIUM, OpenPage, Standin, missing, served, settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

MakeArticle = Callable[..., Article]
Collect = Callable[..., Report]
Tanya = Callable[..., subprocess.CompletedProcess[str]]
NOTHING = Said()


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
    return Answerer(Settings(data=data), store, bundled, static, Reader())


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


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Server]:
    with postgresql() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database_settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Settings with an empty database: once in SQLite, once on a PostgreSQL server."""
    url = None
    if request.param == "postgresql":
        url = request.getfixturevalue("postgresql_server").create()
    return Settings(_env_file=None, data=tmp_path / "var", database_url=url)


@pytest.fixture
def database(database_settings: Settings) -> Iterator[Database]:
    """An open database, once in SQLite, once on a PostgreSQL server."""
    database = Database.of(database_settings)
    yield database
    database.close()


@pytest.fixture
def site() -> Iterator[NewsSite]:
    """A news site on this machine with everything on it."""
    with NewsSite() as site:
        yield open_site(site)


@pytest.fixture
def news(tmp_path: Path) -> Path:
    """The operator's folder, which `collect` fills."""
    return tmp_path / "news"


@pytest.fixture
def collect(tmp_path: Path, news: Path) -> Collect:
    """Collects addresses, files, tasks or sources, as a process of its own would."""

    def collect(*what: str | Task | Listed, dry_run: bool = False, said: Said = NOTHING) -> Report:
        bounds = Bounds(size=2_000_000, seconds=1.0)
        ledger = Ledger(tmp_path / "var" / "collect.db", dry_run, news)
        web = Web("Test/1", delay=0.0, allow_loopback=True, bounds=bounds)
        tasks: list[Task] = []
        for one in what:
            if isinstance(one, Listed):
                tasks += tasks_of([one])
            else:
                tasks.append(one if isinstance(one, Task) else Task(one, said))
        try:
            return Collector(Shelf(news), ledger, web, dry_run).collect(tasks)
        finally:
            ledger.close()

    return collect


@pytest.fixture
def tanya(tmp_path: Path) -> Tanya:
    """Runs the command in `tmp_path`, which may collect from this machine into its folder "news"."""

    def tanya(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, str(Path(__file__).parent.parent / "tanya.py"), *arguments],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={
                **os.environ,
                "TANYA_DATA": "var",
                "TANYA_CORPUS": "news",
                "TANYA_COLLECT_LOOPBACK": "true",
                "TANYA_COLLECT_DELAY": "0",
                "TANYA_SHIPPED_CORPUS": "false",
                "TANYA_PROFILE": "fast",
                **environment,
            },
            timeout=60,
        )

    return tanya


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[TelegramServer]:
    """A Bot API server; the proxies of this machine are not asked for it."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with TelegramServer() as running:
        yield running


@pytest.fixture
def standin() -> Standin:
    """What answers behind `client`."""
    return Standin()


@pytest.fixture
def client(standin: Standin) -> Iterator[TestClient]:
    """The HTTP door over `standin`, without a socket."""
    with TestClient(create_app(standin, settings())) as client:
        yield client


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A headless browser. Ended with each module: its event loop would be in the way of others."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing("the package playwright")
    if not Path(CHROMIUM).exists():
        missing(CHROMIUM)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def page_standin() -> Standin:
    """What answers behind `address`."""
    return Standin()


@pytest.fixture(scope="module")
def page_journal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journal]:
    """Where `address` writes down what is asked and how it is rated."""
    database = Database.of(settings(data=tmp_path_factory.mktemp("page")))
    yield Journal(database, 90)
    database.close()


@pytest.fixture(scope="module")
def address(page_standin: Standin, page_journal: Journal) -> Iterator[str]:
    """A real server of `page_standin`, for the browser."""
    own = settings(contact="tanya@example.org", secret="of the tests", embed_origins="*")
    with served(create_app(page_standin, own, journal=page_journal)) as address:
        yield address


@pytest.fixture
def open_page(chromium: Browser, address: str) -> Iterator[OpenPage]:
    """Opens a path of `address`, or an address, in a browser context of its own (390 px wide)."""
    contexts = []

    def open_page(path: str = "/", *, width: int = 390, **options: Any) -> Page:
        options = {"locale": "id-ID", "reduced_motion": "reduce", **options}
        context = chromium.new_context(viewport={"width": width, "height": 800}, **options)
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        page.goto(address + path if path.startswith("/") else path)
        return page

    yield open_page
    for context in contexts:
        context.close()
