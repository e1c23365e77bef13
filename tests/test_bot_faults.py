"""Every fault, and the bot killed at every step of an answer: answered once, or its failure reported."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.telegram_faults import CASES, MOST_STARTS, Case, play
from tests.telegram_server import TOKEN


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_question_is_answered_once_or_its_failure_reported(case: Case, tmp_path: Path) -> None:
    seen = play(case, tmp_path / "bot")
    assert (seen.answers, seen.offers, seen.given_up) == case.expected
    assert seen.starts < MOST_STARTS, "no crash loop"
    log = "\n".join(seen.log)
    assert case.reported in log
    assert "Traceback" not in log and TOKEN.split(":")[1] not in log and "gedung" not in log
