"""The command `tanya`: where corpus, index and the doors meet.

Imports stand inside the commands: `tanya --help` must not wait for FAISS, ONNX Runtime or FastAPI.
"""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any, cast

import typer

if TYPE_CHECKING:
    import socket
    from multiprocessing.connection import Connection

    from starlette.routing import BaseRoute

    from api.admin import Admin
    from api.app import Background
    from index.answer import Answerer
    from index.asked import Wanted
    from index.clusters import Cluster
    from index.journal import Entry, Journal
    from index.settings import Settings

_DAY = ["%Y-%m-%d"]
_EXIT_CODES = {"answered": 0, "partly": 4, "unknown": 3, "social": 3}

# Read when NumPy is loaded. The products of a question are small: a second thread that waits for a busy
# core makes them three times slower.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# A handful of sentences is cut into word pieces sooner by one thread than by a pool that must be woken.
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

app = typer.Typer(
    help="Questions about the ASEAN Summit and Secretariat, answered with passages from the news.",
    epilog="Settings are environment variables TANYA_*, or lines of a .env file; see README.md.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def main() -> None:
    """Run the command line. Expected failures are one sentence on standard error and exit code 1."""
    try:
        with _sentences():
            app()
    except KeyboardInterrupt:
        sys.exit(130)


@contextmanager
def _sentences() -> Iterator[None]:
    """Expected failures end the process with one sentence on standard error and exit code 1."""
    try:
        yield
    except Exception as error:
        # Imported late: a failing command has loaded them already.
        from corpus.article import CorpusError
        from corpus.shelf import ShelfError
        from index.database import DatabaseError
        from index.encoder import EncoderError
        from index.generation import GenerationError
        from index.settings import SettingError

        expected = (
            CorpusError,
            DatabaseError,
            EncoderError,
            GenerationError,
            SettingError,
            ShelfError,
        )
        if not isinstance(error, expected):
            raise
        typer.secho(f"tanya: {error}", fg="red", err=True)
        sys.exit(1)


@app.command()
def ask(
    question: Annotated[list[str], typer.Argument(help="The question; quotes are optional.")],
    k: Annotated[int | None, typer.Option("--k", min=1, max=10, help="Passages to show.")] = None,
    lang: Annotated[
        str | None,
        typer.Option("--lang", help="Language to read in: id or en. Default: the question's."),
    ] = None,
    previous: Annotated[
        str | None,
        typer.Option("--previous", help="The question before, which this one follows up on."),
    ] = None,
    since: Annotated[
        datetime | None,
        typer.Option("--since", formats=_DAY, help="Only articles of this day or later."),
    ] = None,
    until: Annotated[
        datetime | None,
        typer.Option("--until", formats=_DAY, help="Only articles of this day or earlier."),
    ] = None,
    publisher: Annotated[
        list[str] | None,
        typer.Option("--publisher", help="Only articles of this publisher. Repeatable."),
    ] = None,
    topic: Annotated[
        list[str] | None,
        typer.Option("--topic", help="Only articles with this topic. Repeatable."),
    ] = None,
    article_language: Annotated[
        list[str] | None,
        typer.Option(
            "--article-language",
            help="Only articles published in this language: id or en. Repeatable.",
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print what HTTP would answer.")] = False,
) -> None:
    """Answer one question: passages with source, date and link, or that we do not know.

    Exit code: 0 answered, 4 partly (the passages are about it and may help), 3 not known or no
    question (a greeting), 2 wrong use, 1 another failure.
    """
    from corpus.article import LANGUAGES

    for option, values in (("--lang", [lang]), ("--article-language", article_language or [])):
        if not {None, *LANGUAGES}.issuperset(values):
            raise typer.BadParameter(f"use {' or '.join(LANGUAGES)}", param_hint=option)
    if since is not None and until is not None and since > until:
        raise typer.BadParameter("is after --until", param_hint="--since")
    settings = _settings()
    from index.assembly import load_answerer
    from index.filters import Filters
    from index.question import QuestionError, check_question
    from index.terminal import print_answer

    filters = Filters(
        since=since and since.date(),
        until=until and until.date(),
        publishers=tuple(publisher or ()),
        languages=tuple(article_language or ()),
        topics=tuple(topic or ()),
    )
    answerer = load_answerer(settings)
    _have_index(settings, answerer)
    what = ""
    try:
        if previous is not None:
            what = "--previous: "
            previous = check_question(previous, settings.max_question)
            what = ""
        answer = answerer.ask(
            " ".join(question),
            k,
            lang,
            previous=previous,
            filters=filters if filters != Filters() else None,
        )
    except QuestionError as error:
        sentence = _QUESTION_ERRORS[error.code].format(limit=error.limit)
        typer.secho(f"tanya: {what}{sentence}", err=True)
        raise typer.Exit(2) from None
    if json:
        from api.schema import from_answer

        typer.echo(from_answer(answer).model_dump_json(indent=2))
    else:
        print_answer(answer)
    raise typer.Exit(_EXIT_CODES[answer.outcome])


@app.command()
def rebuild(
    force: Annotated[bool, typer.Option(help="Build even where nothing changed.")] = False,
    wait: Annotated[
        float, typer.Option(min=0, help="Seconds to wait for another rebuild.")
    ] = 600.0,
) -> None:
    """Read the corpus and build the index beside the one that serves, then switch to it at once."""
    _rebuild(_settings(), force=force, wait=wait)


@app.command()
def collect(
    targets: Annotated[
        list[str] | None,
        typer.Argument(
            help="Pages, feeds, sitemaps (addresses), files (.html, .pdf, .md, .txt), folders of files, "
            "or text files with one of these a line; - reads such lines. "
            "Default: what is due of the sources file."
        ),
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Visit all of the sources file, due or not.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be done.")
    ] = False,
    rebuild: Annotated[
        bool, typer.Option("--rebuild/--no-rebuild", help="Rebuild the index if anything changed.")
    ] = True,
    title: Annotated[str | None, typer.Option(help="Of a page that gives none.")] = None,
    publisher: Annotated[str | None, typer.Option(help="Whose pages these are.")] = None,
    published: Annotated[
        datetime | None, typer.Option(formats=_DAY, help="Day of publication.")
    ] = None,
    language: Annotated[str | None, typer.Option(help="Language of the text: id or en.")] = None,
    topic: Annotated[list[str] | None, typer.Option(help="Topic to note. Repeatable.")] = None,
    url: Annotated[
        str | None, typer.Option(help="Where a file was published, where it does not say.")
    ] = None,
    wait: Annotated[
        float, typer.Option(min=0, help="Seconds to wait for another collection.")
    ] = 0.0,
    json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Bring pages into the folder of TANYA_CORPUS as articles, then rebuild the index.

    Exit code: 0 all could be read, 4 some could not, 3 none could, 2 wrong use, 1 another failure.
    """
    from corpus.article import LANGUAGES

    if language not in (None, *LANGUAGES):
        raise typer.BadParameter(f"use {' or '.join(LANGUAGES)}", param_hint="--language")
    settings = _settings()
    folder = _own_folder(settings)
    from corpus.report import Said, as_json, exit_code, print_report
    from corpus.targets import list_lines, read_targets
    from index import maintenance
    from index.terminal import counting

    said = Said(
        title=title,
        publisher=publisher,
        published=published and published.date(),
        language=language,
        topics=tuple(topic or ()),
        url=url,
        sure=True,
    )
    _log_to_stderr(settings)
    tasks = read_targets(
        (
            name
            for target in targets or ()
            for name in (list_lines(sys.stdin.read()) if target == "-" else [target])
        ),
        said,
    )
    for option, value in (("--url", url), ("--title", title)):
        if value is not None and len(tasks) != 1:
            raise typer.BadParameter("is for one page at a time", param_hint=option)
    if targets and not tasks:
        raise typer.BadParameter("nothing to collect is named there", param_hint="TARGETS")
    with counting("Collecting") as progress:
        report = maintenance.collect(
            settings, tasks, every=every, dry_run=dry_run, wait=wait, progress=progress
        )
    if json:
        import json as json_

        typer.echo(json_.dumps(as_json(report), indent=2, ensure_ascii=False))
    else:
        from rich.console import Console

        print_report(report, Console(highlight=False, stderr=True))
    from index.behind import is_behind

    # Also what an earlier collection brought, whose rebuild did not come to its end.
    if rebuild and not dry_run and (report.changed or is_behind(settings.data, folder)):
        _rebuild(settings)
    raise typer.Exit(exit_code(report))


@app.command()
def check(
    folders: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Folders of articles. Default: TANYA_CORPUS, else the shipped articles."
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Read the articles as an editor would: missing dates, duplicates, remains of pages, and the like.

    A line for each finding. Exit code: 0 nothing found, 4 something found, 1 a failure.
    """
    settings = _settings()
    from corpus.article import SHIPPED
    from corpus.check import check
    from corpus.finding import as_json, summary

    mine = folders or [settings.corpus or SHIPPED]
    shipped = SHIPPED.resolve() in [folder.resolve() for folder in mine]
    others = [SHIPPED] if settings.shipped_corpus and not shipped else []
    checked = check(mine, others, dated=not shipped)
    if json:
        import json as json_

        typer.echo(json_.dumps(as_json(checked), indent=2, ensure_ascii=False))
    else:
        for finding in checked.findings:
            typer.echo(str(finding))
        typer.echo(summary(checked), err=True)
    raise typer.Exit(4 if checked.findings else 0)


@app.command()
def rollback() -> None:
    """Go back to the index before the current one."""
    from index.assembly import open_store

    store = open_store(_settings())
    was = store.current_id()
    now = store.rollback()
    typer.echo(f"Now serving {now} (was {was}). `tanya rebuild` goes forward again.")


@app.command()
def status(
    json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Say which index serves, what it holds, whether it is whole, and what else is on disk."""
    import json as json_

    settings = _settings()
    from index.assembly import open_store
    from index.states import states

    rows: list[dict[str, Any]] = []
    for found in states(open_store(settings)):
        row: dict[str, Any] = {"id": found.id, "current": found.current}
        if found.built_at is not None:
            row |= {
                "built_at": found.built_at.isoformat(),
                "encoder": found.encoder,
                "articles": found.articles,
                "passages": found.passages,
                "readers": list(found.readers),
            }
        rows.append(row | {"state": found.fault or "whole"})
    if json:
        typer.echo(json_.dumps({"data": str(settings.data), "generations": rows}, indent=2))
    elif not rows:
        typer.echo(f"No index in {settings.data}. Run: tanya rebuild")
    for row in [] if json else rows:
        mark = "*" if row["current"] else " "
        if row["state"] == "whole":
            typer.echo(
                f"{mark} {row['id']}  {row['articles']} articles, {row['passages']} passages, "
                f"encoder {row['encoder']}, whole"
                + (f", open in {len(row['readers'])} processes" if row["readers"] else "")
            )
        else:
            typer.echo(f"{mark} {row['id']}  {row['state']}")
    healthy = any(row["current"] and row["state"] == "whole" for row in rows)
    raise typer.Exit(0 if healthy else 1)


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port to listen on.")] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, max=64, help="Processes that serve; they share the index.")
    ] = None,
    proxy_headers: Annotated[
        bool | None,
        typer.Option(
            "--proxy-headers", help="Believe the proxies of TANYA_PROXIES who a client is."
        ),
    ] = None,
    root_path: Annotated[
        str | None, typer.Option(help="Path below which a proxy serves us, such as /tanya.")
    ] = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Rebuild whenever an article of TANYA_CORPUS changes.")
    ] = False,
    collect_every: Annotated[
        str | None,
        typer.Option(help="Collect what is due of the sources file this often: 30s, 15m, 2h."),
    ] = None,
    webhook: Annotated[
        bool | None,
        typer.Option("--webhook", help="Let Telegram post to TANYA_WEBHOOK_URL: no polling."),
    ] = None,
) -> None:
    """Serve the chat page and the HTTP API; the Telegram bot too where a token is set.

    SIGTERM finishes the answers under way. With several workers, SIGHUP replaces one after the other.
    """
    options = {
        "host": host,
        "port": port,
        "workers": workers,
        "proxy_headers": proxy_headers,
        "root_path": root_path,
        "webhook": webhook,
    }
    said = {name: value for name, value in options.items() if value is not None}
    settings = _settings(**said)
    keeping = _keeping(settings, watch, collect_every)
    _log_to_stderr(settings)
    if settings.webhook:
        from bot import webhook_refusal

        _refuse(webhook_refusal(settings))
    # First, so that a port that is taken does not wait for the index.
    listener = _listen(settings)
    address, port = listener.getsockname()[:2]
    page = f"http://{'localhost' if address in ('127.0.0.1', '0.0.0.0') else address}:{port}"  # noqa: S104
    greeting = f"{settings.name}: {page}  (API: {page}/docs)"
    if settings.workers == 1:
        _serve(settings, listener, keeping, lambda: typer.echo(greeting))
    else:
        from api.workers import Supervisor
        from index import metrics

        metrics.share(settings.data)
        supervisor = Supervisor(
            settings.workers, _worker, (said, listener, keeping), lambda: typer.echo(greeting)
        )
        raise typer.Exit(supervisor.run())


_Keeping = tuple[bool, float | None]
"""Whether to watch the corpus, and every how many seconds to collect."""


def _keeping(settings: Settings, watch: bool, collect_every: str | None) -> _Keeping:
    """What was asked for, checked as far as it can be before anything runs."""
    from corpus.shelf import ShelfError

    if watch or collect_every is not None:
        folder = _own_folder(settings)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ShelfError(f"{folder} cannot be made ({error.strerror})") from None
    if collect_every is None:
        return watch, None
    from corpus.sources import duration, read_sources

    try:
        every = duration(collect_every)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--collect-every") from None
    read_sources(settings.sources)
    return watch, every


def _worker(
    said: dict[str, Any], listener: socket.socket, keeping: _Keeping, parent: Connection
) -> None:
    """One of several processes that serve. Reads the settings itself: they may have changed since."""
    with _sentences():
        settings = _settings(**said)
        _log_to_stderr(settings)
        try:
            _serve(settings, listener, keeping, lambda: parent.send(True), parent)
        except typer.Exit as error:
            sys.exit(error.exit_code)


def _serve(
    settings: Settings,
    listener: socket.socket,
    keeping: _Keeping,
    ready: Callable[[], None],
    parent: Connection | None = None,
) -> None:
    """Serve on `listener` in this process, until a signal or the end of `parent`."""
    from api.workers import exit_in_order, keep_memory_together
    from index.assembly import load_answerer, open_journal

    exit_in_order()
    keep_memory_together()
    answerer = load_answerer(settings)
    _have_index(settings, answerer)
    # The first question must not be the one that warms the engines up.
    answerer.ask("ASEAN")
    from api import create_app
    from api.alone import alone
    from api.workers import serve
    from index.limiter import Limiter

    limiter = Limiter.of(settings)
    journal = open_journal(settings)
    once: list[Background] = []
    routes: list[BaseRoute] = []
    if settings.webhook:
        from bot import webhook

        posted, routes = webhook(answerer, settings, journal, limiter)
        once.append(posted)
    elif settings.telegram_token is not None:
        from bot import polling

        once.append(lambda: polling(answerer, settings, journal, limiter))
    if keeping != (False, None):
        from index.upkeep import upkeep

        once.append(lambda: upkeep(settings, answerer, *keeping))
    background: list[Background] = [lambda: _follow(answerer)]
    if once:
        background.append(lambda: alone(settings.data / "serve.lock", once))
    app = create_app(
        answerer,
        settings,
        background,
        journal,
        limiter,
        routes,
        admin=_admin(settings, answerer),
    )
    serve(app, listener, ready, parent)


def _admin(settings: Settings, answerer: Answerer) -> Admin:
    """What the desk and the admin routes can set going."""
    from api.admin import Admin
    from index.assembly import open_store
    from index.clusters import cluster
    from index.maintenance import PATIENCE, collect_apart, rebuild_apart
    from index.states import states

    store = open_store(settings)
    return Admin(
        rebuild=lambda force: rebuild_apart(settings, force),
        collect=lambda targets: collect_apart(settings, targets),
        generations=lambda: states(store),
        rollback=lambda: store.rollback(PATIENCE),
        cluster=lambda entries: cluster(entries, answerer.encoder, answerer.static),
    )


@asynccontextmanager
async def _follow(answerer: Answerer) -> AsyncIterator[None]:
    with answerer.following():
        yield


@app.command()
def bot() -> None:
    """Answer in Telegram. Needs TANYA_TELEGRAM_TOKEN."""
    settings = _settings()
    _log_to_stderr(settings)
    from bot import refusal, run

    # Before the index: a setting is corrected sooner than an index is built.
    _refuse(refusal(settings))
    from index.assembly import load_answerer, open_journal

    answerer = load_answerer(settings)
    _have_index(settings, answerer)
    from index.limiter import Limiter

    journal = open_journal(settings)
    with answerer.following():
        raise typer.Exit(run(answerer, settings, journal=journal, limiter=Limiter.of(settings)))


@app.command()
def link(
    question: Annotated[list[str], typer.Argument(help="The question; quotes are optional.")],
    bot: Annotated[
        str | None, typer.Option(help="Name of the bot, such as @TanyaAseanBot; else it is asked.")
    ] = None,
    svg: Annotated[
        Path | None, typer.Option(help="Write a QR code for print here, as SVG.")
    ] = None,
) -> None:
    """Make a link (and a QR code) that opens the Telegram bot with a question, for a poster.

    Suggested questions are understood by every bot of this version; others are kept in the database,
    which must be the bot's own.
    """
    settings = _settings()
    from bot.link import Links, address
    from bot.memory import Memory
    from index.database import Database
    from index.question import QuestionError, check_question
    from index.related import bank

    if bot is None:
        from bot import BotError, refusal, username

        _refuse(refusal(settings))
        try:
            bot = username(settings)
        except BotError as error:
            typer.secho(f"tanya: {error}", err=True)
            raise typer.Exit(1) from None
    try:
        text = check_question(" ".join(question), settings.max_question)
        where = address(bot, text)
    except QuestionError as error:
        _refuse(_QUESTION_ERRORS[error.code].format(limit=error.limit))
        raise
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--bot") from None
    database = Database.of(settings)
    kept = Links(Memory.of(settings, database), bank(settings)).keep(text)
    database.close()
    import segno

    code = segno.make_qr(where, error="m")
    typer.echo(where)
    if svg is not None:
        code.save(str(svg), kind="svg", scale=10, border=4)
        typer.echo(f"QR code: {svg}")
    elif sys.stdout.isatty():
        code.terminal(compact=True)
    if kept:
        typer.echo("The question is kept in the database: the bot must use the same.", err=True)


def _refuse(reason: str | None) -> None:
    """End with a sentence and exit code 2 where there is a reason to."""
    if reason:
        typer.secho(f"tanya: {reason}", err=True)
        raise typer.Exit(2)


@app.command()
def evaluate(
    questions: Annotated[
        Path | None,
        typer.Argument(
            help="Annotated questions (.jsonl) or a BEIR folder. Default: the shipped dev set."
        ),
    ] = None,
    json: Annotated[
        Path | None, typer.Option("--json", help="Also write the figures here.")
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Only that many questions of a BEIR folder (seed 0).")
    ] = None,
    worst: Annotated[int, typer.Option(min=0, help="List that many of the worst questions.")] = 0,
) -> None:
    """Measure search and abstention on annotated questions: nDCG@10, Success@1, Success@3, MRR."""
    from rich.console import Console

    settings = _settings()
    from corpus.question import DEV
    from index.assembly import corpus_articles, load_encoders, load_reader
    from index.evaluate import evaluate_beir, evaluate_corpus
    from index.report import print_report, write_json

    encoder, static = load_encoders(settings)
    path = questions or DEV
    if path.is_dir():
        report = evaluate_beir(path, encoder, static, load_reader(settings), limit)
    else:
        reader = load_reader(settings)
        report = evaluate_corpus(path, corpus_articles(settings), encoder, static, reader, worst)
    print_report(report, Console())
    if json is not None:
        write_json(report, json)


@app.command()
def questions(
    since: Annotated[
        datetime | None,
        typer.Option("--since", formats=_DAY, help="From this day on. Default: 30 days ago."),
    ] = None,
    until: Annotated[
        datetime | None,
        typer.Option("--until", formats=_DAY, help="To this day. Default: today."),
    ] = None,
    unanswered: Annotated[
        bool, typer.Option("--unanswered", help="Only what was not answered, all groups of it.")
    ] = False,
    rated: Annotated[
        str | None, typer.Option("--rated", help="Only what was rated: bad or good.")
    ] = None,
    door: Annotated[
        str | None,
        typer.Option("--door", help="Only of one door: page, widget, http, telegram or inline."),
    ] = None,
    csv: Annotated[
        Path | None, typer.Option("--csv", help="Write the questions as CSV here; - is the output.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Say what people ask: by day, what was not answered, grouped by meaning, and what was rated badly."""
    from index.journal import DOORS, local_day

    if rated not in (None, "bad", "good"):
        raise typer.BadParameter("use bad or good", param_hint="--rated")
    if door not in (None, *DOORS):
        raise typer.BadParameter(f"use one of {', '.join(DOORS)}", param_hint="--door")
    if json and csv is not None:
        raise typer.BadParameter("use it without --csv", param_hint="--json")
    last = until.date() if until is not None else local_day(datetime.now(UTC))
    first = since.date() if since is not None else last - timedelta(days=29)
    if first > last:
        raise typer.BadParameter("is after --until", param_hint="--since")
    settings = _settings()
    if not settings.journal:
        typer.secho(
            "tanya: The journal is switched off (TANYA_JOURNAL=false): questions are not kept.",
            err=True,
        )
        raise typer.Exit(2)
    from index.asked import Wanted
    from index.database import Database
    from index.journal import Journal

    database = Database.of(settings)
    journal = Journal(database, settings.retention_days)
    helpful = None if rated is None else rated == "good"
    wanted = Wanted(first, last, cast("Any", door), unanswered, helpful)
    try:
        _show_questions(settings, journal, wanted, csv, json)
    finally:
        database.close()


def _show_questions(
    settings: Settings, journal: Journal, wanted: Wanted, csv: Path | None, json: bool
) -> None:
    import json as json_

    from rich.console import Console

    from index.asked import as_json, ask_journal, print_asked, unanswered, write_csv

    def group(entries: Sequence[Entry]) -> list[Cluster]:
        if not entries:
            return []
        # Late: the models are loaded for nothing where all was answered.
        from index.assembly import load_encoders
        from index.clusters import cluster

        encoder, static = load_encoders(settings)
        return cluster(entries, encoder, static)

    if csv is not None:
        everything = 10**9
        if wanted.unanswered:
            left = unanswered(journal, wanted, everything)
            _write(csv, lambda file: write_csv(left, file, group(left)))
        else:
            entries = journal.entries(
                *wanted.span, helpful=wanted.helpful, door=wanted.door, limit=everything
            )
            _write(csv, lambda file: write_csv(entries, file))
        return
    asked = ask_journal(journal, wanted, group)
    if json:
        typer.echo(json_.dumps(as_json(asked), indent=2, ensure_ascii=False))
    elif any(day.asked for day in asked.overview.days):
        print_asked(asked, Console(highlight=False))
    else:
        start = journal.first_day()
        where = f" at the door {wanted.door}" if wanted.door else ""
        kept = (
            "None are kept at all: they are from when people ask on the page, over HTTP or in Telegram."
            if start is None
            else f"The oldest that is kept is of {start}."
        )
        typer.echo(f"Nobody asked anything from {wanted.since} to {wanted.until}{where}. {kept}")


def _write(path: Path, write: Callable[[IO[str]], None]) -> None:
    """To the file `path`, or to the output where it is `-`."""
    if str(path) == "-":
        write(sys.stdout)
        return
    try:
        # The mark at the beginning tells spreadsheets that this is UTF-8.
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            write(file)
    except OSError as error:
        typer.secho(f"tanya: {path} cannot be written ({error.strerror}).", fg="red", err=True)
        raise typer.Exit(1) from None


@app.command()
def calibrate(
    questions: Annotated[
        Path | None,
        typer.Argument(help="Annotated questions (.jsonl). Default: the shipped dev set."),
    ] = None,
    shipped: Annotated[
        bool, typer.Option(hidden=True, help="Write the file that ships with the bundled model.")
    ] = False,
) -> None:
    """Fit the confidence for the encoder in use, so that 'I don't know' means something with it."""
    from corpus.question import DEV, read_questions
    from index.abstention import measure
    from index.assembly import corpus_articles, load_encoders, load_reader
    from index.calibrate import fit, observe
    from index.confidence import (
        ANY,
        CALIBRATION,
        READ,
        SIGNALS,
        WITHOUT_ENCODER,
        key,
        read_calibrations,
        write_calibrations,
    )
    from index.evaluate import build_index
    from index.lexicon import shipped as lexicon
    from index.spelling import speller

    settings = _settings()
    encoder, static = load_encoders(settings)
    annotated = read_questions(questions or DEV)
    reader = load_reader(settings)
    index = build_index(corpus_articles(settings), encoder, static)
    observed = observe(index, annotated, speller(index, lexicon()), reader)
    path = CALIBRATION if shipped else settings.data / "calibration.json"
    known = read_calibrations(path) if path.exists() else {}
    todo = {encoder.fingerprint: SIGNALS} | ({ANY: WITHOUT_ENCODER} if shipped else {})
    for fingerprint, names in todo.items():
        for reads in (None, reader) if reader is not None else (None,):
            fitted = fit(observed, names if reads is None else (*names, *READ[len(SIGNALS) :]))
            known[key(fingerprint, reads)] = fitted.calibration
            found = measure(observed, fitted.held_out, fitted.calibration)
            typer.echo(
                f"{ANY if fingerprint == ANY else encoder.name}, "
                f"{'without reader' if reads is None else reads.name}: "
                f"threshold {fitted.calibration.threshold}; "
                f"held out: AUROC {found.auroc['all']:.3f}, "
                + ", ".join(f"{name} {share:.0%}" for name, share in found.shares.items())
            )
    write_calibrations(known, path)
    typer.echo(f"Written to {path}")


_QUESTION_ERRORS = {
    "empty": "The question is empty. / Pertanyaannya kosong.",
    "too_long": "The question is longer than {limit} characters. / Pertanyaan lebih dari {limit} huruf.",
    "not_text": "This is no question in words. / Ini bukan pertanyaan dengan kata-kata.",
}


def _listen(settings: Settings) -> socket.socket:
    import socket

    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # The protocol is named, since asyncio sends at once (TCP_NODELAY) only where it is: else each answer on
    # a connection that is kept waits 40 ms for the client's delayed acknowledgement of its head.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
    except OSError as error:
        listener.close()
        typer.secho(
            f"tanya: cannot listen on {settings.host} port {settings.port} ({error.strerror}). "
            "Choose another with --host and --port, or stop the program that has it.",
            fg="red",
            err=True,
        )
        raise typer.Exit(1) from None
    return listener


def _settings(**said: Any) -> Settings:
    """The settings of the environment; `said` on the command line counts more."""
    from pydantic import ValidationError

    from index.settings import Settings

    try:
        return Settings(**said)
    except ValidationError as error:
        for problem in error.errors(include_input=False, include_url=False):
            name = "_".join(str(part) for part in problem["loc"]).upper()
            typer.secho(f"tanya: TANYA_{name}: {problem['msg']}", fg="red", err=True)
        raise typer.Exit(2) from None


def _own_folder(settings: Settings) -> Path:
    """The folder of TANYA_CORPUS, which collecting needs."""
    if settings.corpus is None:
        typer.secho(
            "tanya: Set TANYA_CORPUS to the folder that collected articles should go to, "
            "in the environment or in .env (for example: TANYA_CORPUS=news).",
            err=True,
        )
        raise typer.Exit(2)
    return settings.corpus


def _have_index(settings: Settings, answerer: Answerer) -> None:
    """Build an index where there is none that can be opened: none yet, or of another model."""
    if answerer.index is None:
        _rebuild(settings, answerer)


def _rebuild(
    settings: Settings, answerer: Answerer | None = None, force: bool = False, wait: float = 600.0
) -> None:
    from index.maintenance import rebuild
    from index.terminal import rebuilding, summary

    loaded = None if answerer is None else (answerer.encoder, answerer.static)
    with rebuilding() as progress:
        done = rebuild(settings, progress, encoders=loaded, force=force, wait=wait)
    typer.echo(summary(done), err=True)


def _log_to_stderr(settings: Settings) -> None:
    from index import log

    log.configure(settings)


if __name__ == "__main__":
    main()
