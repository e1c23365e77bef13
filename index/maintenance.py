"""Keeping the corpus and its index: rebuild and collect, in this process or in one of its own."""

from __future__ import annotations

import multiprocessing
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import ParamSpec, TypeVar

from filelock import FileLock, Timeout

from corpus.article import SHIPPED, CorpusError
from corpus.collect import Collector
from corpus.collect import Progress as Pages
from corpus.collected import keep
from corpus.ledger import Ledger
from corpus.report import Report, Said, Task, tasks_of
from corpus.shelf import Shelf, ShelfError
from corpus.sources import read_sources
from corpus.web import Web, agent
from index import log
from index.assembly import corpus_articles, load_encoders, open_store
from index.behind import reading
from index.build import Progress
from index.encoder import Encoder
from index.generation import GenerationError
from index.maxsim import StaticVectors
from index.settings import Settings
from index.store import Rebuilt

PATIENCE = 5.0
"""Seconds that an operator's browser waits for another rebuild or collection."""

P = ParamSpec("P")
T = TypeVar("T")


def rebuild(
    settings: Settings,
    progress: Progress = lambda step, done, total: None,
    *,
    encoders: tuple[Encoder, StaticVectors] | None = None,
    force: bool = False,
    wait: float = 600.0,
) -> Rebuilt:
    """Read the corpus and build the index beside the one that serves, then switch to it at once.

    `encoders`: those that are loaded already. `wait`: seconds for another rebuild. CorpusError,
    EncoderError or GenerationError; then the former index goes on serving.
    """
    with reading(settings.data):
        articles = corpus_articles(settings)
        encoder, static = encoders or load_encoders(settings)
        return open_store(settings).rebuild(articles, encoder, static, progress, wait, force)


def collect(
    settings: Settings,
    tasks: Sequence[Task],
    *,
    every: bool = False,
    dry_run: bool = False,
    wait: float = 0.0,
    progress: Pages = lambda done, total: None,
) -> Report:
    """Bring `tasks` into the folder of TANYA_CORPUS; without any, what is due of the sources file, or with
    `every` all of it.

    `wait`: seconds for another collection. CorpusError where there is no folder or the sources file has a
    mistake, ShelfError where nothing can be written.
    """
    if settings.corpus is None:
        raise CorpusError("TANYA_CORPUS is not set: there is no folder for collected articles.")
    with _collector(settings, settings.corpus, dry_run, wait, progress) as collector:
        if not tasks:
            sources = read_sources(settings.sources)
            tasks = tasks_of(sources if every else collector.due(sources))
        report = collector.collect(tasks)
        if tasks and not dry_run:
            keep(report, settings.data)
        return report


def rebuild_apart(settings: Settings, force: bool) -> Rebuilt:
    """`rebuild` in a process of its own."""
    return _apart(_rebuild_there, settings, force)


def collect_apart(settings: Settings, addresses: Sequence[str]) -> Report:
    """`collect`, then `rebuild` where anything changed, in a process of its own."""
    return _apart(_collect_there, settings, list(addresses))


def _apart(work: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
    """What `work` returns in a process of its own: questions do not wait for it, nor keep its memory."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as one:
        try:
            return one.submit(work, *arguments, **named).result()
        except BrokenProcessPool:
            raise GenerationError(
                "The process that worked on it was ended from outside, perhaps for lack of memory. "
                "What served before goes on serving"
            ) from None


def _rebuild_there(settings: Settings, force: bool) -> Rebuilt:
    log.configure(settings)
    return rebuild(settings, force=force, wait=PATIENCE)


def _collect_there(settings: Settings, addresses: list[str]) -> Report:
    log.configure(settings)
    # Addresses only: whoever is far away names no files of this machine.
    tasks = [Task(where, Said(sure=True)) for where in addresses]
    report = collect(settings, tasks, wait=PATIENCE)
    if report.changed:
        rebuild(settings, wait=PATIENCE)
    return report


@contextmanager
def _collector(
    settings: Settings, folder: Path, dry_run: bool, wait: float, progress: Pages
) -> Iterator[Collector]:
    """A collector into `folder`, the only one at work as long as the context is open."""
    web = Web(
        agent(settings.name, settings.contact),
        settings.allowed_hosts,
        settings.collect_delay,
        settings.collect_loopback,
    )
    # The lock file is never deleted: deleting it would let two collectors hold "the" lock.
    lock = FileLock(settings.data / "collect.lock", timeout=wait)
    try:
        if not dry_run:
            settings.data.mkdir(parents=True, exist_ok=True)
        with nullcontext() if dry_run else lock:
            ledger = Ledger(settings.data / "collect.db", dry_run, folder)
            try:
                shelf = Shelf(folder, *([SHIPPED] if settings.shipped_corpus else []))
                yield Collector(shelf, ledger, web, dry_run, progress)
            finally:
                ledger.close()
    except Timeout:
        raise ShelfError(
            f"Another `tanya collect` is at work with {settings.data}. Let it finish, or use --wait"
        ) from None
    except (sqlite3.Error, OSError) as error:
        raise ShelfError(
            f"{settings.data} cannot be written ({error}). Free some space, or check the folder's "
            "permissions, then run tanya collect again. What was written before is kept"
        ) from error
