"""Seconds of adding one article to 1,000, 10,000 and 100,000, and of removing one, step by step.

Vectors are those of the static twin (`TANYA_PROFILE=fast`), so that the first index of 100,000 articles takes
minutes, not hours. Times of one run on one machine.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.recombined import recombined
from corpus import step
from corpus.article import Article, read_articles, write_article
from corpus.question import DEV, read_questions
from index.encoder import MODEL, StaticEncoder
from index.lexicon import shipped
from index.maxsim import StaticVectors
from index.search import Index
from index.spelling import speller
from index.store import Rebuilt, Store

SIZES = (1_000, 10_000, 100_000)


class Stopwatch:
    """Seconds by step, in order."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def reached(self, name: str) -> None:
        """Note that `name` has just been done."""
        now = time.perf_counter()
        self.seconds[name] = self.seconds.get(name, 0.0) + now - self._last
        self._last = now


def rebuild(
    store: Store, articles: Sequence[Article], encoder: StaticEncoder, static: StaticVectors
) -> tuple[Rebuilt, dict[str, float]]:
    """Rebuild; what was done, and the seconds of each step."""
    watch = Stopwatch()
    step.hook = watch.reached
    done = store.rebuild(articles, encoder, static)
    step.hook = None
    watch.reached("the rest")
    return done, watch.seconds


def measure(count: int, folder: Path) -> dict[str, float]:
    """Seconds of everything, with `count` articles."""
    static = StaticVectors(MODEL / "static")
    encoder = StaticEncoder(static)
    store = Store(folder / "var")
    found: dict[str, float] = {}
    *most, last = recombined(count + 1)
    begun = time.perf_counter()
    found["first index"] = sum(rebuild(store, most, encoder, static)[1].values())
    done, steps = rebuild(store, [*most, last], encoder, static)
    assert (done.encoded, done.removed) == (done.new, 0), done
    found["**one article more**"] = sum(steps.values())
    found |= {f"– {name}": seconds for name, seconds in steps.items()}
    done, steps = rebuild(store, most, encoder, static)
    assert (done.encoded, done.new) == (0, 0), done
    found["**one article less**"] = sum(steps.values())
    begun = time.perf_counter()
    generation = store.open(encoder.fingerprint)
    index = Index(generation, encoder, static, shipped())
    speller(index, shipped())
    found["opening it, after a switch"] = time.perf_counter() - begun
    (generation.folder / "verified.json").unlink()
    begun = time.perf_counter()
    store.open(encoder.fingerprint)
    found["opening it, every file read"] = time.perf_counter() - begun
    questions = [question.text for question in read_questions(DEV)]
    for question in questions:
        index.search(question, 5)
    begun = time.perf_counter()
    for question in questions:
        index.search(question, 5)
    found["search of one question"] = (time.perf_counter() - begun) / len(questions)
    return found


def reading(count: int, folder: Path) -> dict[str, float]:
    """Seconds of reading the Markdown files of `count` articles."""
    for article in recombined(count):
        _write(article, folder)
    begun = time.perf_counter()
    read_articles(folder)
    return {"reading the files": time.perf_counter() - begun}


def _write(article: Article, folder: Path) -> None:
    """As `write_article`, which waits for the disk with each file."""
    path = folder / f"{article.id}.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    if not any(path.parent.iterdir()):
        write_article(article, folder)
        return
    source = article.source
    path.write_text(
        f'---\ntitle: "{source.title.replace(chr(34), "")}"\nurl: {source.url}\n'
        f"publisher: {source.publisher}\npublished: {source.published}\n"
        f"language: {article.language}\ntopics: [asean]\n---\n{article.text}\n",
        encoding="utf-8",
    )


def main(sizes: Sequence[int]) -> None:
    """Print the table."""
    columns = []
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            columns.append(reading(size, Path(folder) / "corpus"))
            columns[-1] |= measure(size, Path(folder))
    print("| seconds | " + " | ".join(f"{size:,} articles" for size in sizes) + " |")
    print("|---|" + "--:|" * len(sizes))
    for name in columns[-1]:
        cells = [f"{column[name]:.3f}" if name in column else "" for column in columns]
        print(f"| {name} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main([int(argument) for argument in sys.argv[1:]] or SIZES)
