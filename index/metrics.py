"""What Prometheus may know: counts and times, never a question, a name or a secret.

Every door counts here, and `exposition` shows it. Several worker processes share their counts through
files: `share` before they start.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST as MEDIA_TYPE
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.values import ValueClass

if TYPE_CHECKING:
    from index.result import Answer, IndexInfo

__all__ = ["MEDIA_TYPE"]

_registry = CollectorRegistry()
# A time beside each count is twice the length, and several workers do not tell it.
disable_created_metrics()  # type: ignore[no-untyped-call]
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

questions = Counter(
    "tanya_questions",
    "Questions that got an answer, an honest 'I don't know' or a reply.",
    ["door", "outcome", "language"],
    registry=_registry,
)
question_seconds = Histogram(
    "tanya_question_seconds",
    "Seconds from a question to its answer, waiting for a turn included.",
    ["door"],
    buckets=_SECONDS,
    registry=_registry,
)
stage_seconds = Histogram(
    "tanya_stage_seconds",
    "Seconds that each stage of an answer took.",
    ["stage"],
    buckets=_SECONDS,
    registry=_registry,
)
refused = Counter(
    "tanya_refused", "Questions that were not answered.", ["door", "reason"], registry=_registry
)
ratings = Counter("tanya_ratings", "What people said of answers.", ["helpful"], registry=_registry)
telegram_last_poll = Gauge(
    "tanya_telegram_last_poll_timestamp_seconds",
    "When Telegram last answered us, Unix time; 0: never.",
    registry=_registry,
    multiprocess_mode="max",
)
telegram_updates = Counter(
    "tanya_telegram_updates", "What came from Telegram.", ["what"], registry=_registry
)
journal_failures = Counter(
    "tanya_journal_failures", "Questions that the journal could not keep.", registry=_registry
)


def asked(door: str, answer: Answer, seconds: float | None = None) -> None:
    """Count `answer`, which `door` gave after `seconds`."""
    questions.labels(door, answer.outcome, answer.language).inc()
    if seconds is not None:
        question_seconds.labels(door).observe(seconds)


class Stages:
    """A stopwatch for the stages of one answer; `done` hands the times to `stage_seconds`."""

    __slots__ = ("_since", "_took")

    def __init__(self) -> None:
        self._since = time.perf_counter()
        self._took: dict[str, float] = {}

    def end(self, stage: str) -> None:
        """All time since the last call belongs to `stage`."""
        now = time.perf_counter()
        self._took[stage] = self._took.get(stage, 0.0) + now - self._since
        self._since = now

    def done(self, stage: str) -> None:
        """End the last `stage`, and count them all."""
        self.end(stage)
        for name, seconds in self._took.items():
            stage_seconds.labels(name).observe(seconds)


def share(data: Path) -> None:
    """Let processes that are started from here on count together, in a folder below `data`.

    For the parent of the workers, before it starts them: a process decides when it loads this module.
    What earlier processes counted is removed.
    """
    folder = _folder(data)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)


def exposition(data: Path, index: IndexInfo | None) -> bytes:
    """All of it as MEDIA_TYPE, of every worker process, with `index` as the one that serves."""
    return generate_latest(_View(_folder(data), index))


def _folder(data: Path) -> Path:
    return (data / "metrics").absolute()


class _View:
    """A registry to be printed: what was counted, and what follows from it and from the index."""

    def __init__(self, folder: Path, index: IndexInfo | None) -> None:
        self._folder = folder
        self._index = index

    def collect(self) -> Iterator[Metric]:
        counted = list(self._counted())
        yield from counted
        yield _gauge("tanya_answered_share", _HELP_SHARE, _answered_share(counted))
        index = self._index
        yield _gauge("tanya_index_ready", "1 where an index serves, else 0.", float(bool(index)))
        if index is not None:
            built = index.built_at.timestamp()
            yield _gauge("tanya_index_built_timestamp_seconds", "When the index was built.", built)
            yield _gauge("tanya_index_age_seconds", "Age of the index.", time.time() - built)
            yield _gauge("tanya_index_articles", "Articles in the index.", index.articles)
            yield _gauge("tanya_index_passages", "Passages in the index.", index.passages)

    def _counted(self) -> Iterable[Metric]:
        if ValueClass._multiprocess:
            return MultiProcessCollector(None, str(self._folder)).collect()  # type: ignore[no-untyped-call,no-any-return]
        return _registry.collect()


_HELP_SHARE = (
    "Share of the questions since the start that were answered; talk is no question. NaN: none yet."
)


def _answered_share(counted: Iterable[Metric]) -> float:
    answered = total = 0.0
    for metric in counted:
        for sample in metric.samples:
            if sample.name == "tanya_questions_total" and sample.labels["outcome"] != "social":
                total += sample.value
                answered += sample.value if sample.labels["outcome"] == "answered" else 0.0
    return answered / total if total else float("nan")


def _gauge(name: str, help: str, value: float) -> Metric:
    return GaugeMetricFamily(name, help, value=value)
