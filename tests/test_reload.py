"""Rebuilds under a steady load on two workers, for a while: `benchmarks.reload` in short."""

from __future__ import annotations

import statistics
from pathlib import Path

import pytest

from benchmarks import reload


@pytest.mark.slow
def test_nobody_notices_a_rebuild(tmp_path: Path) -> None:
    run = reload.run(tmp_path, articles=40, seconds=25, pause=2, rate=4)
    assert [one.fault for one in run.asked if one.fault is not None] == []
    assert len({one.index for one in run.asked}) > 1, "the load saw a switch"
    assert len(run.followed) >= 2 * (len(run.editions.switched) - 2), "both workers follow"
    assert statistics.median(run.followed) < 2
    assert run.held == [1, 1], "what is mapped is the current one, in both"
    for before, after in zip(run.before, run.after, strict=True):
        assert after < 1.2 * before + 10
