"""Print what becomes of a question on Telegram when something goes wrong.

    python -m benchmarks.telegram

Each fault happens to a bot in a process of its own that talks to a fake Bot API over HTTP; where it is
killed (kill -9) it is started again. Takes about three minutes. `tests/test_bot_faults.py` asserts the same.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.telegram_faults import CASES, play


def main() -> None:
    """Print the table."""
    print("| fault | the question is | starts |\n|---|---|--:|")
    for number, case in enumerate(CASES):
        with tempfile.TemporaryDirectory() as folder:
            seen = play(case, Path(folder) / str(number))
        print(f"| {case.name} | {seen.outcome} | {seen.starts} |", flush=True)


if __name__ == "__main__":
    main()
