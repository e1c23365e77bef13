"""The index that serves: opened beside the one before, then in its place in one assignment."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from index.encoder import Encoder
from index.generation import GenerationError
from index.lexicon import shipped
from index.maxsim import StaticVectors
from index.search import Index
from index.spelling import Speller, speller
from index.store import Store

_SECONDS = 0.25
"""Between two looks whether another generation has become current: one `stat`, some microseconds."""
_PATIENCE = 30.0
"""Before one that could not be opened is tried again."""
_log = logging.getLogger("tanya.index")


@dataclass(frozen=True, slots=True)
class Opened:
    """An index with the speller of its words: a question sees both of one generation."""

    index: Index
    speller: Speller


class Serving:
    """The current generation of a store, opened. Safe to use from threads.

    A question keeps what it got at its beginning; what nobody has any more is freed at once: it is
    mapped into memory, not read into it.
    """

    def __init__(self, store: Store, encoder: Encoder, static: StaticVectors) -> None:
        self._store, self._encoder, self._static = store, encoder, static
        self._opened: Opened | None = None
        self._version = (-1, -1)
        self._opening = threading.Lock()
        self._refused = (-1, -1), 0.0
        self._followed = 0

    def current(self) -> Opened:
        """What serves. NoIndexError where there is nothing. Looks itself whether there is something newer,
        unless somebody is `following`."""
        opened = self._opened
        if opened is None:
            with self._opening:
                if self._opened is None:
                    self._open()
                assert self._opened is not None
                return self._opened
        if not self._followed:
            self._look()
        return self._opened or opened

    @contextmanager
    def following(self) -> Iterator[None]:
        """As long as the context is open, a thread opens what becomes current, whether asked or not."""
        stop = threading.Event()

        def follow() -> None:
            while not stop.wait(_SECONDS):
                try:
                    self._look()
                except Exception:  # whatever it is, the next index must be seen
                    _log.exception("The index could not be looked after.")

        thread = threading.Thread(target=follow, name="follow-index", daemon=True)
        self._followed += 1
        thread.start()
        try:
            yield
        finally:
            self._followed -= 1
            stop.set()
            thread.join()

    def _look(self) -> None:
        version = self._store.version()
        if version == self._version or not self._opening.acquire(blocking=False):
            return
        try:
            refused, at = self._refused
            if version != refused or time.monotonic() - at > _PATIENCE:
                self._open()
        except GenerationError as error:
            if self._opened is not None:
                _log.error("%s The index in memory goes on serving.", error)
        finally:
            self._opening.release()

    def _open(self) -> None:
        # Before opening: a switch in between is seen at the next look.
        version = self._store.version()
        opened = self._opened
        self._refused = version, time.monotonic()
        generation = self._store.open(self._encoder.fingerprint)
        self._refused = (-1, -1), 0.0
        if opened is None or opened.index.generation.id != generation.id:
            index = Index(generation, self._encoder, self._static, shipped())
            # The first to touch its pages must not be a citizen's question.
            index.search("ASEAN", 1)
            self._opened = Opened(index, speller(index, shipped()))
            _log.info("Serving index %s: %d passages", generation.id, len(generation.passages))
        self._version = version
