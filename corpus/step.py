"""Named steps of everything that writes files: where a test cuts the power.

Whoever writes calls `reached` with the step's name right after it, so that a test, in a process of its
own, can record the steps of one run and then kill each later run at one of them.
"""

from __future__ import annotations

from collections.abc import Callable

hook: Callable[[str], None] | None = None
"""Called with each step's name; None, as always outside tests, does nothing."""


def reached(name: str) -> None:
    """Say that the write step `name` ("collect: article written") has just been done."""
    if hook is not None:
        hook(name)
