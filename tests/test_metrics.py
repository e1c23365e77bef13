"""Metrics: what Prometheus reads, of one process and of several."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from index import metrics
from tests.web import INFO, Standin

ROOT = Path(__file__).parent.parent


def read(exposition: bytes) -> dict[tuple[str, ...], float]:
    """Each sample's value by its name and the sorted values of its labels."""
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(exposition.decode())
        for sample in family.samples
    }


def test_what_is_counted_is_shown(tmp_path: Path) -> None:
    before = read(metrics.exposition(tmp_path, INFO))
    metrics.asked("http", Standin().ask("What is the secret meeting?"), 0.03)
    metrics.refused.labels("http", "rate").inc()
    stages = metrics.Stages()
    stages.end("search")
    stages.done("rest")
    text = metrics.exposition(tmp_path, INFO)
    after = read(text)

    def grown(*key: str) -> float:
        key = (key[0], *sorted(key[1:]))
        return after[key] - before.get(key, 0.0)

    assert grown("tanya_questions_total", "http", "answered", "en") == 1
    assert grown("tanya_question_seconds_count", "http") == 1
    assert grown("tanya_question_seconds_bucket", "http", "0.025") == 0
    assert grown("tanya_question_seconds_bucket", "http", "0.05") == 1
    assert grown("tanya_refused_total", "http", "rate") == 1
    assert grown("tanya_stage_seconds_count", "search") == 1
    assert after["tanya_index_articles",] == INFO.articles
    assert after["tanya_index_built_timestamp_seconds",] == INFO.built_at.timestamp()
    assert b"secret" not in text


def test_without_an_index_there_is_no_age(tmp_path: Path) -> None:
    shown = read(metrics.exposition(tmp_path, None))
    assert shown["tanya_index_ready",] == 0
    assert ("tanya_index_age_seconds",) not in shown


_WORKER = """
import sys
from pathlib import Path
from index import metrics
from tests.web import INFO, Standin
data, questions = Path(sys.argv[1]), sys.argv[2:]
for question in questions:
    metrics.asked("page", Standin().ask(question), 0.1)
metrics.telegram_last_poll.set(len(questions))
sys.stdout.buffer.write(metrics.exposition(data, INFO))
"""


def test_workers_count_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", "set by share, undone after the test")
    stale = tmp_path / "metrics" / "counter_1.db"
    stale.parent.mkdir()
    stale.write_bytes(b"of an earlier server")
    metrics.share(tmp_path)
    for questions in (["Apa?", "unknown", "halo"], ["Apa?", "Siapa?"]):
        shown = subprocess.run(
            [sys.executable, "-c", _WORKER, str(tmp_path), *questions],
            cwd=ROOT,
            env=dict(os.environ),
            check=True,
            capture_output=True,
        ).stdout
    found = read(shown)
    assert found["tanya_questions_total", "answered", "id", "page"] == 3
    assert found["tanya_answered_share",] == 0.75, "a greeting is no question"
    assert found["tanya_question_seconds_count", "page"] == 5
    assert found["tanya_telegram_last_poll_timestamp_seconds",] == 3
