"""Whether the index lags behind the corpus folder, told by the times of files and folders alone."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from corpus.shelf import VERSIONS

_LAG_NS = 20_000_000
"""The clock of files lags behind by some milliseconds."""
_MARK = "corpus.read"
"""An empty file in the data folder; its time says when the corpus was last read for an index."""


def is_behind(data: Path, folder: Path) -> bool:
    """Whether anything below `folder` has changed since the corpus was last read for an index."""
    try:
        read = (data / _MARK).stat().st_mtime_ns
    except FileNotFoundError:
        return True
    return any(changed >= read for changed in _changes(folder))


@contextmanager
def reading(data: Path) -> Iterator[None]:
    """Around reading the corpus and building the index: has `is_behind` know, once that is done."""
    begun = time.time_ns() - _LAG_NS
    yield
    with suppress(OSError):  # costs one look at the corpus more
        (data / _MARK).touch()
        os.utime(data / _MARK, ns=(begun, begun))


def can_be_article(path: Path) -> bool:
    """Whether `path` is an article's, or of a folder of some, or was: of what is gone one cannot tell."""
    hidden = path.name.startswith(".") or VERSIONS in path.parts
    return not hidden and (path.suffix == ".md" or not path.is_file())


def _changes(folder: Path) -> Iterator[int]:
    """When the articles and folders below `folder` changed, in nanoseconds. A folder changes with every
    name in it, so that articles that went, or came with an old time of their own, count too."""
    with suppress(OSError):
        yield folder.stat().st_mtime_ns
    for path in folder.rglob("*"):
        if can_be_article(path):
            with suppress(OSError):
                yield path.stat().st_mtime_ns
