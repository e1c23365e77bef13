"""Where generations live: built beside the live one, switched atomically, rolled back.

<data>/index/generations/<id>/   one folder a generation, whole and immutable
<data>/index/CURRENT             the id of the one that serves; replaced in one step
<data>/index/rebuild.lock        held by the one writer

A process that has a generation open holds a lease on it, and it is not removed before.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import shutil
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from corpus import step
from corpus.article import Article
from corpus.aside import sync_folder
from index.build import Corpus, Progress, write_generation
from index.encoder import MODEL, Encoder
from index.generation import (
    FORMAT,
    RECENT,
    Generation,
    GenerationError,
    Known,
    NoIndexError,
    read_generation,
)
from index.integrity import HeldError, Lease
from index.maxsim import StaticVectors

SHIPPED_VECTORS = MODEL / "passages.npz"
"""Vectors of the shipped corpus by the bundled encoder: the first index takes no encoding."""

_BUILDING, _REMOVING = ".building-", ".removing-"
_POINTER_ASIDE = ".CURRENT-"
_log = logging.getLogger("tanya.index")


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild did. Counts are of passages: `new` and `removed` against the former index,
    `encoded` of those in the new one, `reused` the rest. `changed` is False where nothing was to do."""

    id: str
    changed: bool
    articles: int
    passages: int
    new: int
    removed: int
    encoded: int
    reused: int
    seconds: float


class Store:
    """The generations below one data folder. One writer at a time, any number of readers."""

    def __init__(self, data: Path, keep: int = 2) -> None:
        self._root = data / "index"
        self._generations = self._root / "generations"
        self._pointer = self._root / "CURRENT"
        self._keep = keep

    def current_id(self) -> str | None:
        """The id of the generation that should serve; None where none was ever built."""
        try:
            return self._pointer.read_text(encoding="utf-8").strip() or None
        except FileNotFoundError:
            return None

    def folder(self, name: str) -> Path:
        """Where the generation `name` lies."""
        return self._generations / name

    def version(self) -> tuple[int, int]:
        """Changes whenever `current_id` does; cheap enough to ask before every question."""
        try:
            stat = self._pointer.stat()
        except FileNotFoundError:
            return (0, 0)
        return (stat.st_mtime_ns, stat.st_ino)

    def ids(self) -> list[str]:
        """The ids of the generations on disk, oldest first."""
        if not self._generations.is_dir():
            return []
        return sorted(
            path.name
            for path in self._generations.iterdir()
            if path.is_dir() and not path.name.startswith(".")
        )

    def open(self, fingerprint: str | None) -> Generation:
        """The current generation; where that one is damaged, the newest older one that is whole.

        NoIndexError where there is none, with the reason of the first refusal.
        """
        for _ in range(5):
            current = self.current_id()
            if current is None:
                raise NoIndexError("There is no index yet. Run: tanya rebuild")
            try:
                return self._open(current, fingerprint)
            except GenerationError as error:
                if self.current_id() != current:
                    continue  # replaced and cleaned up while we were reading it
                for older in reversed([name for name in self.ids() if name < current]):
                    try:
                        generation = self._open(older, fingerprint)
                    except GenerationError:
                        continue
                    _log.error("%s Until then the index %s serves.", error, older)
                    return generation
                raise NoIndexError(str(error)) from error
        raise NoIndexError("The index changes faster than it can be read. Try again")

    def _open(self, name: str, fingerprint: str | None) -> Generation:
        return read_generation(self._generations / name, fingerprint, RECENT)

    def rebuild(
        self,
        articles: Sequence[Article],
        encoder: Encoder,
        static: StaticVectors,
        progress: Progress = lambda step, done, total: None,
        wait: float = 600.0,
        force: bool = False,
    ) -> Rebuilt:
        """Build a generation of `articles`, verify it, and switch to it in one step.

        The former generation stays, and serves until the switch; nothing of it is touched whatever
        happens before. Waits `wait` seconds for another rebuild. Where the current index already is
        what would be built, nothing is done, unless `force`. GenerationError where it cannot be built.
        """
        if not articles:
            raise GenerationError(
                "There are no articles to index. Put Markdown files into the folder of TANYA_CORPUS"
            )
        begun = time.monotonic()
        with self._writing(wait), self._disk_errors():
            former = self._former(encoder.fingerprint)
            corpus = Corpus.of(articles)
            same = former is not None and (former.digest, former.format) == (corpus.digest, FORMAT)
            if former is not None and same and not force:
                count = len(former.passages)
                seconds = time.monotonic() - begun
                return Rebuilt(former.id, False, len(articles), count, 0, 0, 0, count, seconds)
            name = f"{datetime.now(UTC):%Y%m%dT%H%M%S.%f}Z-{corpus.digest[:6]}"
            building = self._generations / f"{_BUILDING}{name}" / name
            known = [] if former is None else [former.known]
            known += shipped_vectors(encoder.fingerprint)
            try:
                encoded = write_generation(
                    building, corpus, encoder, static, known, progress, former
                )
                _sync(building)
                step.reached("store: generation on the disk")
                # Read back as a reader would, before anyone has to rely on it.
                progress("verify", 0, 1)
                built = read_generation(building, encoder.fingerprint)
                progress("verify", 1, 1)
                step.reached("store: generation verified")
                building.rename(self._generations / name)
                sync_folder(self._generations)
                step.reached("store: generation in place")
                self._point_to(name)
            finally:
                shutil.rmtree(building.parent, ignore_errors=True)
            new, removed = _differences(former, built)
            # Before cleaning up: our own hold on it is none that counts.
            kept, former = {name, former.id if former is not None else name}, None
            self._clean(kept)
            return Rebuilt(
                id=name,
                changed=True,
                articles=len(articles),
                passages=len(built.passages),
                new=new,
                removed=removed,
                encoded=encoded,
                reused=len(built.passages) - encoded,
                seconds=time.monotonic() - begun,
            )

    def rollback(self, wait: float = 600.0) -> str:
        """Switch to the newest whole generation older than the current one; returns its id."""
        with self._writing(wait), self._disk_errors():
            current = self.current_id()
            for name in reversed([name for name in self.ids() if current and name < current]):
                try:
                    read_generation(self._generations / name)
                except GenerationError as error:
                    _log.warning("%s Skipped.", error)
                    continue
                self._point_to(name)
                return name
            raise GenerationError("There is no older index to go back to. Run: tanya rebuild")

    def _former(self, fingerprint: str) -> Generation | None:
        try:
            return self._open(self.current_id() or "", fingerprint)
        except GenerationError:
            return None

    def _point_to(self, name: str) -> None:
        temporary = self._root / f"{_POINTER_ASIDE}{os.getpid()}"
        with temporary.open("w", encoding="utf-8") as file:
            file.write(name + "\n")
            file.flush()
            os.fsync(file.fileno())
        step.reached("store: pointer written aside")
        temporary.replace(self._pointer)
        sync_folder(self._root)
        step.reached("store: pointer in place")

    def _clean(self, needed: set[str]) -> None:
        """Delete what a killed rebuild left, and the oldest generations beyond the kept number.

        Those in `needed` stay: the new one, and the one that served until now, which after a
        rollback need not be the newest. One that a process has open stays until a later rebuild.
        """
        for pattern in (f"{_BUILDING}*", f"{_REMOVING}*"):
            for path in self._generations.glob(pattern):
                shutil.rmtree(path, ignore_errors=True)
        for path in self._root.glob(f"{_POINTER_ASIDE}*"):
            path.unlink(missing_ok=True)
        others = [name for name in self.ids() if name not in needed]
        for name in others[: max(0, len(others) + len(needed) - self._keep)]:
            self._remove(name)
        step.reached("store: cleaned up")

    def _remove(self, name: str) -> None:
        folder, aside = self._generations / name, self._generations / f"{_REMOVING}{name}"
        lease = None
        try:
            lease = Lease(folder, exclusive=True)
        except HeldError:
            _log.info("The index %s is still being read: it goes at a later rebuild.", name)
            return
        except OSError:
            pass  # without a manifest: nobody can have opened it
        # First out of sight as a whole: who looks for the index before finds another one, not half of this.
        with suppress(OSError):
            folder.rename(aside)
            step.reached("store: old generation set aside")
            shutil.rmtree(aside, ignore_errors=True)
        del lease

    @contextmanager
    def _writing(self, wait: float) -> Iterator[None]:
        try:
            self._generations.mkdir(parents=True, exist_ok=True)
            # The lock file is never deleted: deleting it would let two writers hold "the" lock.
            lock = FileLock(self._root / "rebuild.lock")
            holder = self._root / "rebuild.holder"
            try:
                lock.acquire(timeout=0)
            except Timeout:
                _log.warning("Another rebuild is running (%s). Waiting for it.", _who(holder))
                lock.acquire(timeout=wait)
        except Timeout as error:
            raise GenerationError(
                f"Another rebuild is still running after {wait:.0f} s ({_who(holder)}). "
                "Wait for it, or stop it"
            ) from error
        except OSError as error:
            raise GenerationError(
                f"{self._root} cannot be written ({error.strerror}). "
                "Set TANYA_DATA to a folder that this user may write"
            ) from error
        try:
            with self._disk_errors():
                me = {"pid": os.getpid(), "host": socket.gethostname(), "since": _now()}
                holder.write_text(json.dumps(me), encoding="utf-8")
            yield
        finally:
            lock.release()

    @contextmanager
    def _disk_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise self._explained(error) from error
        except (RuntimeError, ValueError) as error:
            # faiss and tantivy report a full disk in words of their own.
            if shutil.disk_usage(self._root).free < 1_000_000:
                raise self._explained(OSError(errno.ENOSPC, "No space left on device")) from error
            raise

    def _explained(self, error: OSError) -> GenerationError:
        remedy = (
            "Free some space there"
            if error.errno == errno.ENOSPC
            else "Check the folder's permissions"
        )
        return GenerationError(
            f"{self._root}: {error.strerror or error}. The index that served before still serves. "
            f"{remedy}, then run: tanya rebuild"
        )


def shipped_vectors(fingerprint: str) -> list[Known]:
    """The vectors that travel with the package, where they are those of the encoder `fingerprint`."""
    try:
        with np.load(SHIPPED_VECTORS, allow_pickle=False) as file:
            if str(file["fingerprint"]) != fingerprint:
                return []
            vectors = file["vectors"].astype(np.float32)
            keys = file["keys"]
    except FileNotFoundError:
        return []
    # Stored as float16: lengths are off by some 1e-4.
    return [Known(keys, vectors / np.linalg.norm(vectors, axis=1, keepdims=True))]


def _differences(former: Generation | None, built: Generation) -> tuple[int, int]:
    """How many passages of `built` are not in `former`, and how many of `former` not in `built`."""
    if former is None:
        return len(built.passages), 0
    new, old = (
        np.ascontiguousarray(one.keys).view(f"V{one.keys.shape[1]}")[:, 0]
        for one in (built, former)
    )
    return int((~_held(new, old)).sum()), len(set(old[~_held(old, new)].tolist()))


def _held(keys: NDArray[np.void], among: NDArray[np.void]) -> NDArray[np.bool_]:
    wanted = set(among.tolist())
    return np.array([key in wanted for key in keys.tolist()], bool)


def _who(holder: Path) -> str:
    try:
        record = json.loads(holder.read_text(encoding="utf-8"))
        return f"process {record['pid']} on {record['host']}, since {record['since']}"
    except (OSError, ValueError, KeyError):
        return "unknown process"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _sync(folder: Path) -> None:
    """Have all files and folders below `folder` written to the disk itself."""
    for path in sorted(folder.rglob("*")):
        if path.is_dir():
            sync_folder(path)
        else:
            with path.open("rb") as file:
                os.fsync(file.fileno())
    sync_folder(folder)
