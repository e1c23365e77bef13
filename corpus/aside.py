"""Small files that are replaced in one step: a reader finds the former state or the new one, whole."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from corpus import step


def replace_file(path: Path, text: str, what: str = "file") -> None:
    """Write `text` to `path`, whose folder is made where it is missing; on the disk itself when it
    returns. `what` names the write steps. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.tmp")
    try:
        with temporary.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        step.reached(f"{what}: written aside")
        temporary.replace(path)
        sync_folder(path.parent)
        step.reached(f"{what}: in place")
    finally:
        temporary.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Have the names in `folder` written to the disk itself, where the system can."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:  # Windows opens no folders
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
