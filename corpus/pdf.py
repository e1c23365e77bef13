"""The text of a PDF, read in a process of its own: a hostile file costs that process, nothing else.

This file is also what that process runs, by its path and isolated: it imports only pypdf and the
standard library.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass

_MEMORY = 1_500_000_000
_CPU_SECONDS = 20
_SECONDS = 40.0
_PAGES = 300
_CHARACTERS = 400_000
_NO_TITLE = re.compile(
    r"^(?:untitled|microsoft word|document\d*$|slide \d)|\.(?:docx?|pptx?|pdf|indd)$", re.I
)
_REPEATED = 0.5
"""Share of the pages on which a first or last line must stand to be a running head."""


class PdfError(Exception):
    """A PDF that gives no text; `code` is "broken", "encrypted", "no_text", "too_large" or "too_slow"."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Document:
    """What a PDF says: its title (None where its metadata have no real one), and its paragraphs."""

    title: str | None
    paragraphs: tuple[str, ...]


def read_pdf(content: bytes, seconds: float = _SECONDS) -> Document:
    """The text of `content`; PdfError where it is broken, locked, of pictures only, or too much.

    At most 300 pages, 400,000 characters, 20 s of processor time, `seconds` in all, 1.5 GB of memory.
    """
    command = [sys.executable, "-I", __file__]
    try:
        done = subprocess.run(command, input=content, capture_output=True, timeout=seconds)  # noqa: S603
    except subprocess.TimeoutExpired:
        raise PdfError("too_slow", f"The PDF took longer than {seconds:.0f} s to read") from None
    if done.returncode:
        raise PdfError("too_large", "The PDF takes more memory or time than a document should")
    said = json.loads(done.stdout)
    if "error" in said:
        raise PdfError(said["error"], said["message"])
    paragraphs = tuple(_paragraphs(said["pages"]))
    if not paragraphs:
        raise PdfError("no_text", "The PDF holds no text, perhaps only pictures of it")
    title = " ".join((said["title"] or "").split())
    return Document(None if not title or _NO_TITLE.search(title) else title, paragraphs)


def _paragraphs(pages: list[str]) -> list[str]:
    """The paragraphs of `pages`: lines joined, hyphens at their ends undone, running heads left out."""
    lines = [[line.strip() for line in page.split("\n")] for page in pages]
    filled = [[line for line in page if line] for page in lines]
    edges = Counter(
        key for page in filled for key in {_numberless(line) for line in (*page[:2], *page[-2:])}
    )
    heads = {key for key, count in edges.items() if count >= 3 and count > _REPEATED * len(pages)}
    width = max((len(line) for page in filled for line in page), default=0)
    found: list[str] = []
    text = ""
    for page in lines:
        for line in page:
            if line and (line.isdecimal() or _numberless(line) in heads):
                continue
            if line:
                if text.endswith("-") and line[:1].islower() and text[-2:-1].isalpha():
                    text = text[:-1] + line
                else:
                    text = f"{text} {line}".strip()
            # An empty line ends a paragraph, and so does a sentence's end well before the margin.
            if text and (not line or (line[-1] in '.!?:”"' and len(line) < 0.75 * width)):
                found.append(text)
                text = ""
    return [*found, text] if text else found


def _numberless(line: str) -> str:
    return re.sub(r"\d+", "#", line)


def _limit() -> None:
    try:
        import resource
    except ImportError:  # Windows: the time-out remains
        return
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # it has nothing to write


def _read(content: bytes) -> dict[str, object]:
    import io
    import itertools
    import logging

    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    logging.disable(logging.CRITICAL)
    try:
        reader = PdfReader(io.BytesIO(content))
        if reader.is_encrypted and not reader.decrypt(""):
            return {"error": "encrypted", "message": "The PDF is locked with a password"}
        pages: list[str] = []
        left = _CHARACTERS
        for page in itertools.islice(reader.pages, _PAGES):
            pages.append(page.extract_text()[:left])
            left -= len(pages[-1])
            if not left:
                break
        title = reader.metadata.title if reader.metadata else None
    except MemoryError:
        return {"error": "too_large", "message": "The PDF takes more memory than a document should"}
    except (
        PyPdfError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        IndexError,
        OSError,
        RecursionError,
        NotImplementedError,
        ArithmeticError,
        AssertionError,
    ) as error:
        reason = " ".join(str(error).split())[:150] or type(error).__name__
        return {"error": "broken", "message": f"The PDF cannot be read ({reason})"}
    return {"pages": pages, "title": title if isinstance(title, str) else None}


if __name__ == "__main__":
    _limit()
    json.dump(_read(sys.stdin.buffer.read()), sys.stdout)
