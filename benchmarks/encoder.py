"""The bundled encoder on one thread: passages a second beside torch, milliseconds a question.

Seconds are processor time of this process, with all its threads: on one thread that is the time on
the clock where nothing else runs. All is measured in one run and in turns, so that the ratios hold on a
machine that does other things too.
"""

from __future__ import annotations

import os
import random
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import torch
from sentence_transformers import SentenceTransformer
from threadpoolctl import threadpool_limits

from benchmarks.speed import percentile, times
from corpus.article import LANGUAGES, SHIPPED, Article, read_articles
from corpus.passage import split
from corpus.question import DEV, read_questions
from corpus.sentence import sentences
from index.encoder import MODEL, OnnxEncoder, StaticEncoder
from index.evaluate import build_index
from index.maxsim import StaticVectors

PASSAGES, ROUNDS = 200, 5
FASTER, AMBITION_FASTER = 3.0, 6.0
"""Passages a second, as a multiple of torch fp32: what is asked for, and what we would like."""
QUESTION, AMBITION_QUESTION = 6.0, 3.0
"""Milliseconds of encoder and MaxSim for a question: what is asked for, and what we would like."""


def rates(encoders: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Passages a second of each, the median of ROUNDS in which they take turns."""
    found: dict[str, list[float]] = {name: [] for name in encoders}
    for encode in encoders.values():
        encode()
    for _ in range(ROUNDS):
        for name, encode in encoders.items():
            begun = time.process_time()
            encode()
            found[name].append(PASSAGES / (time.process_time() - begun))
    return {name: statistics.median(values) for name, values in found.items()}


def dealt_anew(articles: Sequence[Article]) -> list[Article]:
    """As many articles again, of the same sentences dealt at random (seed 0) within each language.

    Copies would be found together with their originals, and words that come twice cost MaxSim
    nothing.
    """
    decks: dict[str, Iterator[str]] = {}
    for language in LANGUAGES:
        texts = [a.text_in(language) for a in articles if language in _languages(a)]
        deck = [text[start:end] for text in texts for start, end in sentences(text)]
        random.Random(0).shuffle(deck)
        decks[language] = iter(deck)

    def deal(text: str, language: str) -> str:
        return " ".join(next(decks[language]) for _ in sentences(text))

    return [
        replace(
            article,
            id=f"dealt/{article.id}",
            text=deal(article.text, article.language),
            translation=article.translation
            and replace(
                article.translation,
                text=deal(article.translation.text, article.translation.language),
            ),
        )
        for article in articles
    ]


def _languages(article: Article) -> set[str]:
    translation = article.translation
    return {article.language} | ({translation.language} if translation else set())


def verdict(value: float, target: float, ambition: float, *, most: bool) -> str:
    """Whether `value` reaches the target and the ambition; `most`: they are upper bounds."""

    def reached(bound: float) -> bool:
        return value <= bound if most else value >= bound

    return "ambition met" if reached(ambition) else "met" if reached(target) else "missed"


def passages_table(articles: Sequence[Article], onnx: OnnxEncoder, static: StaticVectors) -> None:
    """Print passages a second of torch fp32, the int8 encoder and the static twin."""
    texts = [passage.embedded_text for article in articles for passage in split(article)]
    texts = texts[:: len(texts) // PASSAGES][:PASSAGES]
    model = SentenceTransformer(str(MODEL), device="cpu").float()
    twin = StaticEncoder(static)

    def with_torch(batch: int) -> Callable[[], object]:
        return lambda: model.encode(texts, batch_size=batch, show_progress_bar=False)

    found = rates(
        {
            "torch fp32, 32 at once": with_torch(32),
            "torch fp32, one at a time": with_torch(1),
            "int8 encoder (what is shipped)": lambda: onnx.encode_passages(texts),
            "static twin (`TANYA_PROFILE=fast`)": lambda: twin.encode_passages(texts),
        }
    )
    base = max(rate for name, rate in found.items() if name.startswith("torch"))
    print(f"| {PASSAGES} passages, one thread | passages/s | × torch fp32 | target |")
    print("|---|--:|--:|---|")
    for name, rate in found.items():
        target = ""
        if name.startswith("int8"):
            reached = verdict(rate / base, FASTER, AMBITION_FASTER, most=False)
            target = f"≥ {FASTER:.0f} (ambition {AMBITION_FASTER:.0f}): {reached}"
        print(f"| {name} | {rate:,.1f} | {rate / base:.1f} | {target} |")


def question_table(articles: Sequence[Article], onnx: OnnxEncoder, static: StaticVectors) -> None:
    """Print milliseconds a question of the encoder, of MaxSim over its candidates, and of both."""
    index = build_index([*articles, *dealt_anew(articles)], onnx, static)
    queries = [index.read(question.text) for question in read_questions(DEV)]
    rows = {query.text: list(index.candidates(query)) for query in queries}
    tokens = index.generation.tokens

    def rescore(text: str) -> None:
        static.score(static.token_ids([text])[0], tokens, rows[text])

    def both(text: str) -> None:
        onnx.encode_question(text)
        rescore(text)

    found = times((onnx.encode_question, rescore, both), list(rows), time.process_time)
    mean = statistics.mean(len(candidates) for candidates in rows.values())
    print(
        f"\n| question, one thread, {len(tokens):,} passages | p50 ms | p99 ms | target for p50 |"
    )
    print("|---|--:|--:|---|")
    names = ("encoder", f"MaxSim of its candidates ({mean:.0f} on average)", "both")
    for name, values in zip(names, found, strict=True):
        target = ""
        p50 = percentile(values, 0.5)
        if name == "both":
            reached = verdict(p50, QUESTION, AMBITION_QUESTION, most=True)
            target = f"≤ {QUESTION:.0f} (ambition {AMBITION_QUESTION:.0f}): {reached}"
        print(f"| {name} | {p50:.1f} | {percentile(values, 0.99):.1f} | {target} |")


def main() -> None:
    """Print the tables."""
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    torch.set_num_threads(1)
    articles = read_articles(SHIPPED)
    onnx, static = OnnxEncoder(), StaticVectors(MODEL / "static")
    with threadpool_limits(1):  # NumPy's products
        passages_table(articles, onnx, static)
        question_table(articles, onnx, static)


if __name__ == "__main__":
    main()
