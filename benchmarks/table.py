"""Print the tables of README from what `tanya evaluate --json` wrote.

    python -m benchmarks.table REPORT.json [REPORT.json …]

Reports of the same questions by several encoders become columns of one table.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

RANKERS = {
    "BM25": "BM25",
    "lexical": "BM25 with the lexicon",
    "dense": "dense",
    "MaxSim": "capped MaxSim",
    "fused": "**fused (what is shipped)**",
}
STATIC = "bundled, static"
"""What the encoder of the fast profile calls itself."""

Record = dict[str, Any]


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
    print_abstention(record)


def print_abstention(record: Record) -> None:
    """What questions get, how well confidence separates and is calibrated, what a threshold costs."""
    found = record["abstention"]
    print("\n| outcome | answerable | on the subject, no answer | off-topic |\n|---|--:|--:|--:|")
    for outcome in ("answered", "partly", "not known"):
        cells = [
            f"{found['shares'].get(f'{kind}: {outcome}', float('nan')):.0%}"
            for kind in ("answerable", "unanswerable", "offtopic")
        ]
        print(f"| {outcome} | " + " | ".join(cells) + " |")
    print("\n" + "; ".join(f"AUROC {name} {value:.3f}" for name, value in found["auroc"].items()))
    print("\n| confidence | questions | mean | answered rightly |\n|---|--:|--:|--:|")
    for item in found["reliability"]:
        print(
            f"| {item['low']:.2f}–{item['high']:.2f} | {item['count']} | {item['confidence']:.2f} "
            f"| {item['right']:.2f} |"
        )
    print(f"\nExpected calibration error {found['calibration_error']:.3f}")
    print("\n| answerable answered | answers right | no answer: refused | off-topic: refused |")
    print("|--:|--:|--:|--:|")
    for point in found["points"]:
        cells = [
            f"{point[name]:.0%}"
            for name in ("coverage", "precision", "refused_unanswerable", "refused_offtopic")
        ]
        print("| " + " | ".join(cells) + " |")
    print()
    for name, share in {**record["marked"], **record["misled"]}.items():
        print(f"- {name}: {share:.2f}")


def others_table(records: list[Record]) -> None:
    """The dense ranking of other encoders beside the bundled one, over the corpus: S@1 / S@3."""
    print("\n| dense alone, S@1 / S@3 | originals | cross-lingual | with translations |")
    print("|---|--:|--:|--:|")
    for record in records:
        rows = {(row["texts"], row["ranker"], row["group"]): row for row in record["rows"]}
        cells = [
            "{} / {}".format(
                *(f"{rows[texts, 'dense', group][name][0]:.2f}" for name in ("S@1", "S@3"))
            )
            for texts, group in (
                ("originals", "all"),
                ("originals", "cross-lingual"),
                ("with translations", "all"),
            )
        ]
        print(f"| {encoder_of(record)} | " + " | ".join(cells) + " |")


def sets_table(records: list[Record]) -> None:
    """One line a set: nDCG@10 and Success@1 of each ranker, and of other encoders' dense ranking."""
    encoders = dict.fromkeys(encoder_of(record) for record in records)
    bundled = next(name for name in encoders if name.startswith("bundled encoder"))
    columns = [(bundled, "BM25"), (bundled, "lexical")]
    columns += [(name, "dense") for name in encoders if name != bundled]
    columns += [(bundled, "dense"), (bundled, "MaxSim"), (bundled, "fused")]
    titles = [encoder if ranker == "dense" else RANKERS[ranker] for encoder, ranker in columns]
    print("\n| set, nDCG@10 / S@1 | questions | " + " | ".join(titles) + " |")
    print("|---|--:|" + "--:|" * len(columns))
    found = {
        (Path(record["questions"]).name, encoder_of(record), row["ranker"]): row
        for record in records
        for row in record["rows"]
    }
    for name in dict.fromkeys(Path(record["questions"]).name for record in records):
        cells = [
            f"{row['nDCG@10'][0]:.3f} / {row['S@1'][0]:.3f}" if row else "–"
            for row in (found.get((name, *column)) for column in columns)
        ]
        print(f"| {name} | {found[name, bundled, 'fused']['n']} | " + " | ".join(cells) + " |")


def encoder_of(record: Record) -> str:
    """The name of a report's encoder, as a reader of the table knows it."""
    name = record["encoder"]
    if name == STATIC:
        return "static twin, dense"
    if "/" not in name:
        return "bundled encoder, dense"
    return "all-MiniLM-L6-v2, dense" if "minilm" in name.lower() else f"{Path(name).name}, dense"


def main() -> None:
    """Print a table for the reports over the corpus, and one of all BEIR sets."""
    records = [json.loads(Path(path).read_text(encoding="utf-8")) for path in sys.argv[1:]]
    corpus = [record for record in records if record["rows"][0]["texts"] != "as given"]
    for record in corpus:
        if encoder_of(record).startswith("bundled encoder"):
            corpus_table(record)
    if len(corpus) > 1:
        others_table(corpus)
    if sets := [record for record in records if record not in corpus]:
        sets_table(sets)


if __name__ == "__main__":
    main()
