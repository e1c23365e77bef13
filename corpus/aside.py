"""Small files that are replaced in one step: a reader finds the former state or the new one, whole."""

from __future__ import annotations

import os
import threading
from pathlib import Path


def replace_file(path: Path, text: str) -> None:
    """Write `text` to `path`, whose folder is made where it is missing. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.tmp")
    try:
        with temporary.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
