"""Print the tables of README from what `tanya evaluate --json` wrote.

python -m benchmarks.table dev.json [set.json …]
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

RANKERS = {
    "lexical": "BM25 with the lexicon",
    "dense": "dense",
    "MaxSim": "capped MaxSim",
    "fused": "**fused (what is shipped)**",
}


def corpus_table(record: dict[str, Any]) -> None:
    """nDCG@10 and Success@1 / @3 by texts and ranker: all, same-language and cross-lingual questions."""
    rows = {(row["texts"], row["ranker"], row["group"]): row for row in record["rows"]}
    groups = ("all", "same language", "cross-lingual")
    print(
        "| texts | ranker | nDCG@10 (95 %) | MRR@10 | S@1 / S@3 | same language | cross-lingual |"
    )
    print("|---|---|--:|--:|--:|--:|--:|")
    for texts in dict.fromkeys(row["texts"] for row in record["rows"]):
        for ranker, name in RANKERS.items():
            whole = rows[texts, ranker, "all"]
            mean, low, high = whole["nDCG@10"]
            shares = [
                f"{rows[texts, ranker, group]['S@1'][0]:.2f} / {rows[texts, ranker, group]['S@3'][0]:.2f}"
                for group in groups
            ]
            print(
                f"| {texts} | {name} | {mean:.3f} ({low:.2f}–{high:.2f}) | {whole['MRR@10'][0]:.3f} | "
                + " | ".join(shares)
                + " |"
            )
    print()
    for name, share in record["abstention"].items():
        print(f"- {name}: {share:.2f}")


def set_row(record: dict[str, Any]) -> None:
    """One line a set: nDCG@10 and Success@1 of each ranker."""
    found = {row["ranker"]: row for row in record["rows"]}
    cells = [f"{found[name]['nDCG@10'][0]:.3f} / {found[name]['S@1'][0]:.3f}" for name in RANKERS]
    name = Path(record["questions"]).name
    print(f"| {name} | {found['fused']['n']} | " + " | ".join(cells) + " |")


def main() -> None:
    """Print a table for a report over the corpus, and a line for each BEIR set."""
    records = [json.loads(Path(path).read_text(encoding="utf-8")) for path in sys.argv[1:]]
    for record in records:
        if record["abstention"]:
            corpus_table(record)
    sets = [record for record in records if not record["abstention"]]
    if sets:
        print("\n| set, nDCG@10 / S@1 | questions | " + " | ".join(RANKERS.values()) + " |")
        print("|---|--:|" + "--:|" * len(RANKERS))
        for record in sets:
            set_row(record)


if __name__ == "__main__":
    main()
