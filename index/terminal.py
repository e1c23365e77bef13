"""What a terminal shows: answers, the progress of long work, what a rebuild did."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.progress import Progress, TaskID
from rich.text import Text

from corpus.article import Source
from index.result import Answer, AnswerPassage
from index.store import Rebuilt

_WORDS = {
    "id": {
        "undated": "tanggal tidak diketahui",
        "translated": "terjemahan kami",
        "old": "berita lama",
        "also": "Juga diberitakan oleh",
        "read_as": "Dibaca sebagai",
        "answerable": "Yang bisa saya jawab",
    },
    "en": {
        "undated": "date unknown",
        "translated": "our translation",
        "old": "older news",
        "also": "Also reported by",
        "read_as": "Read as",
        "answerable": "What I can answer",
    },
}
_STEPS = {"embed": "Encoding passages", "index": "Writing the index", "verify": "Verifying"}


def print_answer(answer: Answer) -> None:
    """Print what `answer` says, in its language."""
    console = Console(highlight=False)
    words = _WORDS[answer.language]
    if answer.read_as:
        console.print(Text(f"{words['read_as']}: {answer.read_as}", style="italic"))
    if answer.message:
        style = "bold yellow" if answer.outcome == "partly" else ""
        console.print(Text(answer.message, style=style))
    if answer.notice:
        console.print(Text(f"! {answer.notice}", style="yellow"))
    if answer.passages and (answer.read_as or answer.message or answer.notice):
        console.print()
    for number, passage in enumerate(answer.passages, start=1):
        _print_passage(console, number, passage, words)
    if not answer.answered and answer.related:
        if not answer.passages:
            console.print()
        console.print(f"{words['answerable']}:", markup=False)
        for question in answer.related:
            console.print(f"  · {question}", markup=False)


def _print_passage(
    console: Console, number: int, passage: AnswerPassage, words: dict[str, str]
) -> None:
    text = Text(passage.text)
    text.stylize("bold", passage.highlight.start, passage.highlight.end)
    about = _published(passage.source, words)
    if passage.old:
        about += f" ({words['old']})"
    if passage.translated:
        about += f" · {words['translated']}"
    console.print(Text(f"{number}. {passage.title}", style="bold cyan"))
    console.print(Padding(text, (0, 0, 0, 3)))
    console.print(Padding(Text(about, style="dim"), (0, 0, 0, 3)))
    _print_link(console, passage.link)
    for other in passage.also:
        also = f"{words['also']}: {_published(other, words)}"
        console.print(Padding(Text(also, style="dim"), (0, 0, 0, 3)))
        _print_link(console, other.url)
    console.print()


def _print_link(console: Console, link: str) -> None:
    # On a line of its own and never wrapped, so that it can be clicked and copied.
    address = Text(link, style=f"blue underline link {link}")
    console.print("   ", address, sep="", soft_wrap=True)


def _published(source: Source, words: dict[str, str]) -> str:
    day = source.published.isoformat() if source.published else words["undated"]
    return f"{source.publisher} · {day}"


@contextmanager
def counting(title: str) -> Iterator[Any]:
    """A progress bar on a terminal, else nothing."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@contextmanager
def rebuilding() -> Iterator[Any]:
    """A progress bar on a terminal; else a line a step, and one every tenth of a long step."""
    if sys.stderr.isatty():
        with Progress(console=Console(stderr=True), transient=True) as bar:
            tasks: dict[str, TaskID] = {}

            def show(step: str, done: int, total: int) -> None:
                if step not in tasks:
                    tasks[step] = bar.add_task(_STEPS[step], total=total)
                bar.update(tasks[step], completed=done, total=total)

            yield show
        return
    tenths: dict[str, int] = {}

    def line(step: str, done: int, total: int) -> None:
        tenth = 10 * done // max(1, total)
        if done and tenth > tenths.get(step, 0) and (total > 1 or step != "verify"):
            tenths[step] = tenth
            print(f"{_STEPS[step]}: {done} of {total}", file=sys.stderr, flush=True)

    yield line


def summary(done: Rebuilt) -> str:
    """What a rebuild did, in a sentence."""
    counts = f"{done.articles} articles, {done.passages} passages"
    if not done.changed:
        return f"Nothing changed: {counts}, index {done.id} ({done.seconds:.1f} s)"
    return (
        f"Index {done.id}: {counts} ({done.new} new, {done.removed} removed; "
        f"{done.encoded} encoded, {done.reused} vectors reused) in {done.seconds:.1f} s"
    )
