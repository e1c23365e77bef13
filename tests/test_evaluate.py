"""The measures, against values worked out by hand."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from rich.console import Console

from corpus.article import Article
from corpus.question import BANK, DEV, Question, read_questions, read_suggestions
from index.abstention import auroc
from index.encoder import StaticEncoder
from index.evaluate import bootstrap, evaluate_beir, evaluate_corpus, per_question
from index.maxsim import StaticVectors
from index.report import print_report, write_json


def question(id: str, gold: dict[str, int]) -> Question:
    return Question(id, f"question {id}", "en", "answerable", False, gold, ())


def test_measures_by_hand() -> None:
    questions = [
        question("first", {"a": 2}),
        question("third", {"a": 1}),
        question("none", {"z": 2}),
    ]
    values = per_question(lambda text: [("b", 3.0), ("c", 2.0), ("a", 1.0)], questions)
    found = {"first": 1 / 3, "third": 1 / 3, "none": 0.0}
    assert values["MRR@10"] == pytest.approx(found)
    assert values["S@1"] == {"first": 0, "third": 0, "none": 0}
    assert values["S@3"] == {"first": 1, "third": 1, "none": 0}
    # One relevant article at rank 3 of an ideal rank 1: 1 / log2(4) whatever its grade.
    assert values["nDCG@10"]["first"] == pytest.approx(1 / math.log2(4))
    graded = per_question(lambda text: [("b", 2.0), ("a", 1.0)], [question("q", {"a": 2, "b": 1})])
    ideal = 2 + 1 / math.log2(3)
    assert graded["nDCG@10"]["q"] == pytest.approx((1 + 2 / math.log2(3)) / ideal)


def test_bootstrap_and_auroc() -> None:
    score = bootstrap([0.0, 1.0] * 50)
    assert score.mean == 0.5
    assert 0.38 < score.low < 0.45 < 0.55 < score.high < 0.62
    assert bootstrap([1.0, 1.0]) == bootstrap([1.0])
    assert math.isnan(bootstrap([]).mean)
    assert auroc([0.9, 0.8], [0.1, 0.2]) == 1.0
    assert auroc([0.5], [0.5]) == 0.5
    assert auroc([0.1], [0.9]) == 0.0
    assert math.isnan(auroc([], [1.0]))


def test_a_report_of_the_fast_profile(
    tmp_path: Path, shipped_articles: list[Article], static: StaticVectors
) -> None:
    lines = DEV.read_text("utf-8").splitlines()
    some = tmp_path / "some.jsonl"
    some.write_text("\n".join(lines[:12] + lines[-4:]), "utf-8")
    report = evaluate_corpus(some, shipped_articles, StaticEncoder(), static, worst=2)
    rows = {(row.texts, row.ranker, row.group): row for row in report.rows}
    assert len(rows) == 2 * 5 * 5
    fused = rows["with translations", "fused", "all"].scores["S@3"]
    assert fused.low <= fused.mean <= fused.high
    assert fused.mean > 0.5
    assert len(report.worst) == 2
    print_report(report, Console(file=(tmp_path / "table.txt").open("w")))
    write_json(report, tmp_path / "report.json")
    record = json.loads((tmp_path / "report.json").read_text())
    assert len(record["rows"]) == 50


def test_a_beir_folder(tmp_path: Path, static: StaticVectors) -> None:
    folder = tmp_path / "set"
    (folder / "qrels").mkdir(parents=True)
    corpus = {"d1": "Gedung museum dibuka pukul sembilan pagi.", "d2": "Harga beras naik di pasar."}
    (folder / "corpus.jsonl").write_text(
        "\n".join(json.dumps({"_id": k, "title": "", "text": v}) for k, v in corpus.items())
    )
    queries = {"q1": "When does the museum open?", "q2": "Berapa harga beras?", "q3": "no gold"}
    (folder / "queries.jsonl").write_text(
        "\n".join(json.dumps({"_id": k, "text": v}) for k, v in queries.items())
    )
    (folder / "qrels/test.tsv").write_text("query-id\tcorpus-id\tscore\nq1\td1\t1\nq2\td2\t1\n")
    report = evaluate_beir(folder, StaticEncoder(), static)
    fused = next(row for row in report.rows if row.ranker == "fused")
    assert fused.count == 2
    assert fused.scores["S@1"].mean == 1.0


def test_questions_name_articles_that_exist(shipped_articles: list[Article]) -> None:
    ids = {article.id for article in shipped_articles}
    dev = read_questions(DEV)
    assert len(dev) == 200
    assert {gold for item in dev for gold in item.gold} <= ids
    bank = read_suggestions(BANK)
    assert len(bank) == 150
    assert {item.article for item in bank} <= ids
