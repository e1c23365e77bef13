"""Keeping the index at the corpus while it serves: collecting by the clock, rebuilding when files change.

The work is done by processes of the command itself, at a low priority: a rebuild neither slows a question
nor can take the server with it.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from watchfiles import awatch

from index.answer import Answerer
from index.behind import can_be_article, is_behind
from index.settings import Settings

_COMMAND = (sys.executable, str(Path(__file__).parent.parent / "tanya.py"))
_QUIET_MS = 400
"""Milliseconds without a change after which files count as saved: editors and copies write in pieces."""
_LONGEST_MS = 5000
_NICE = 10
_GRACE = 5.0
"""Seconds that a command has to end when the server stops, then it is killed: it may be, at any moment."""
_PAUSE = 5.0
"""Seconds before a folder that is not there is looked for again."""
_log = logging.getLogger("tanya.upkeep")


@asynccontextmanager
async def upkeep(
    settings: Settings, answerer: Answerer, watch: bool, every: float | None
) -> AsyncIterator[None]:
    """While it is open: collect what is due of the sources `every` so many seconds, and with `watch`
    rebuild whenever an article of TANYA_CORPUS is added, edited or deleted.

    What goes wrong is logged; the index that serves goes on serving. For one process of those that serve.
    """
    due = _Due()
    tasks = [asyncio.create_task(_work(due, settings, answerer), name="upkeep")]
    if watch and settings.corpus is not None:
        tasks.append(asyncio.create_task(_watch(settings.corpus, due), name="watch"))
    if every is not None:
        tasks.append(asyncio.create_task(_tick(every, due), name="tick"))
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _tick(every: float, due: _Due) -> None:
    while True:
        due.add("collect")
        await asyncio.sleep(every)


async def _watch(folder: Path, due: _Due) -> None:
    while True:
        try:
            # What was changed while nobody watched counts too.
            due.add("rebuild")
            async for changes in awatch(
                folder,
                watch_filter=lambda _, path: can_be_article(Path(path)),
                step=_QUIET_MS,
                debounce=_LONGEST_MS,
            ):
                _log.info("%d articles or folders have changed.", len(changes))
                due.add("rebuild")
                if not await asyncio.to_thread(folder.is_dir):
                    break
        except (RuntimeError, OSError) as error:
            _log.warning("%s cannot be watched (%s). It is tried again.", folder, error)
        await asyncio.sleep(_PAUSE)


async def _work(due: _Due, settings: Settings, answerer: Answerer) -> None:
    """Does what is due, one after the other."""
    while True:
        what = await due.next()
        try:
            if what == "rebuild" and not await asyncio.to_thread(_is_behind, settings):
                continue
            await _run(what)
            # This process opens the new index now, and not with the next question.
            await asyncio.to_thread(lambda: answerer.index)
        except OSError as error:
            _log.error("tanya %s could not be started (%s).", what, error)
        except Exception:
            _log.exception("tanya %s has failed.", what)


async def _run(what: str) -> None:
    """Run `tanya what`, its lines into the log."""
    process = await asyncio.create_subprocess_exec(
        *_COMMAND,
        *_ARGUMENTS[what],
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is for the server, which ends it in its own time
    )
    try:
        with suppress(AttributeError, OSError):  # Windows; or it has ended already
            os.setpriority(os.PRIO_PROCESS, process.pid, _NICE)
        assert process.stderr is not None
        last = ""
        async for line in process.stderr:
            last = line.decode("utf-8", "replace").rstrip() or last
            _log.debug("tanya %s: %s", what, last)
        code = await process.wait()
        _tell(what, code, last)
    finally:
        if process.returncode is None:
            await _end(process)


def _tell(what: str, code: int, last: str) -> None:
    if code == 0:
        _log.info("tanya %s: %s", what, last)
    elif code in _PARTLY.get(what, ()):
        _log.warning("tanya %s: some pages could not be read. %s", what, last)
    else:
        _log.error(
            "tanya %s has failed (exit code %d): %s The index that served before still serves.",
            what,
            code,
            last.removeprefix("tanya: "),
        )


async def _end(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(_GRACE):
            await process.wait()
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


_ARGUMENTS: dict[str, Sequence[str]] = {
    "collect": ("collect", "--wait", "60"),
    "rebuild": ("rebuild",),
}
_PARTLY = {"collect": (3, 4)}


class _Due:
    """What is to be done, in order; what is asked for twice before it begins is done once."""

    def __init__(self) -> None:
        self._names: dict[str, None] = {}
        self._some = asyncio.Event()

    def add(self, what: str) -> None:
        self._names[what] = None
        self._some.set()

    async def next(self) -> str:
        await self._some.wait()
        what = next(iter(self._names))
        del self._names[what]
        if not self._names:
            self._some.clear()
        return what


def _is_behind(settings: Settings) -> bool:
    return settings.corpus is not None and is_behind(settings.data, settings.corpus)
