"""What was named on the command line: addresses, files, folders of files, and lists of all these."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from corpus.extract import SUFFIXES
from corpus.report import Said, Task

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_LARGEST_LIST = 5_000_000


def read_targets(names: Iterable[str], said: Said) -> list[Task]:
    """A task for each of `names`; of a folder one for each document in it, of a list one for each line.

    A list is a text file with an address or a file's name on each line; those are found from the list's
    own folder. Empty lines and what follows a # at a line's beginning do not count.
    """
    found = [where for name in names for where in _named(name)]
    return [Task(where, said) for where in dict.fromkeys(found)]


def list_lines(text: str) -> list[str]:
    """The lines of a list that count."""
    stripped = (line.strip() for line in text.splitlines())
    return [line for line in stripped if line and not line.startswith("#")]


def _named(name: str) -> Iterator[str]:
    path = Path(name)
    if is_address(name) or not path.exists():
        yield name
    elif path.is_dir():
        yield from _documents(path)
    elif (lines := _list(path)) is not None:
        for line in lines:
            inside = path.parent / line
            if is_address(line) or not inside.is_dir():
                yield line if is_address(line) else str(inside)
            else:
                yield from _documents(inside)
    else:
        yield name


def is_address(name: str) -> bool:
    """Whether `name` is written as a web address, and not as a file's name."""
    return name.lower().startswith(("http://", "https://"))


def _documents(folder: Path) -> Iterator[str]:
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.suffix.lower() in SUFFIXES and not hidden and path.name != "README.md":
            yield str(path)


def _list(path: Path) -> list[str] | None:
    """The lines of `path` where it is a list: the first one leads somewhere, and none is a sentence."""
    if path.suffix.lower() in SUFFIXES - {".txt"}:
        return None
    try:
        if path.stat().st_size > _LARGEST_LIST:
            return None
        lines = list_lines(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError):
        return None

    def leads(line: str) -> bool:
        try:
            return bool(_SCHEME.match(line)) or (path.parent / line).exists()
        except (OSError, ValueError):  # too long for a name
            return False

    if not lines or not leads(lines[0]):
        return None
    return lines if all(leads(line) or len(line.split()) == 1 for line in lines) else None
