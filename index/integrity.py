"""Whether a generation's files are those that were written, and who has it open.

A file is what it was where its checksum says so. Reading gigabytes at every switch would slow questions
down: whoever has checked them all leaves a note, and for a while files that have not been touched since
(by size, inode and time of change) count as checked.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows, which deletes no file that is open
    fcntl = None  # type: ignore[assignment]

MANIFEST = "manifest.json"
_NOTE = "verified.json"
_UNHASHED = (".lock", MANIFEST, _NOTE)
_CHUNK = 1 << 20


class DamageError(Exception):
    """A file is missing, or is not what was written; the message says which."""


class HeldError(Exception):
    """A generation is being removed, or a reader has it open."""


class Lease:
    """A hold on a generation: as long as it lives nobody removes the folder. Ends with its process, too.

    A lock of the operating system on the manifest: shared by readers, exclusive for who removes.
    """

    def __init__(self, folder: Path, exclusive: bool = False) -> None:
        """HeldError where the other kind of hold is on it; FileNotFoundError where there is no manifest."""
        # Writable for the exclusive lock: network file systems ask for it.
        self._descriptor = os.open(folder / MANIFEST, os.O_RDWR if exclusive else os.O_RDONLY)
        if fcntl is None:
            return
        try:
            kind = fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH
            fcntl.flock(self._descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise HeldError(folder.name) from error
        except OSError:
            # A file system without locks: it serves all the same.
            pass

    def __del__(self) -> None:
        descriptor, self._descriptor = getattr(self, "_descriptor", -1), -1
        if descriptor >= 0:
            os.close(descriptor)


def readers(folder: Path) -> list[int]:
    """The processes that have the generation in `folder` open (Linux; elsewhere none is known), ascending."""
    try:
        found = (folder / MANIFEST).stat()
        locks = Path("/proc/locks").read_text(encoding="utf-8")
    except OSError:
        return []
    file = f"{os.major(found.st_dev):02x}:{os.minor(found.st_dev):02x}:{found.st_ino}"
    # 5: FLOCK  ADVISORY  READ 13598 fe:00:1234 0 EOF
    fields = [line.split() for line in locks.splitlines()]
    return sorted({int(one[4]) for one in fields if file in one and one[1] == "FLOCK"})


def checksums(folder: Path) -> dict[str, str]:
    """SHA-256 of all files below `folder`, by their paths in it, but for locks, manifest and note."""
    return {name: _sha256(path) for name, path in _files(folder).items()}


def verify(folder: Path, expected: Mapping[str, str], recent: float = 0.0) -> None:
    """DamageError unless the files of `folder` have the checksums `expected`.

    Those that were checked within the last `recent` seconds and not touched since are not read again.
    """
    manifest = _sha256(folder / MANIFEST)
    states = {name: _state(path) for name, path in _files(folder).items()}
    note: dict[str, object] = {"manifest": manifest, "files": states}
    if recent > 0 and _noted(folder / _NOTE, note, recent) and states.keys() >= expected.keys():
        return
    for name, checksum in expected.items():
        if name not in states:
            raise DamageError(f"{folder / name} is missing")
        if _sha256(folder / name) != checksum:
            raise DamageError(f"{folder / name} does not match its checksum")
    if {name: _state(path) for name, path in _files(folder).items()} == states:
        _leave(folder / _NOTE, note)


def _noted(path: Path, note: dict[str, object], recent: float) -> bool:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        age = time.time() - found.pop("at")
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False
    return bool(0 <= age <= recent and found == note)


def _leave(path: Path, note: dict[str, object]) -> None:
    temporary = path.with_name(f".{path.name}-{os.getpid()}.lock")
    # Who may only read checks every time.
    with suppress(OSError):
        temporary.write_text(json.dumps({"at": time.time(), **note}), encoding="utf-8")
        temporary.replace(path)


def _files(folder: Path) -> dict[str, Path]:
    return {
        path.relative_to(folder).as_posix(): path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.endswith(_UNHASHED)
    }


def _state(path: Path) -> list[int]:
    found = path.stat()
    return [found.st_size, found.st_ino, found.st_mtime_ns, found.st_ctime_ns]


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    # Large pieces: each lets questions in other threads go on for as long as it takes.
    with path.open("rb", buffering=0) as file:
        while piece := file.read(_CHUNK):
            digest.update(piece)
    return digest.hexdigest()
