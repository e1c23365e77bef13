"""Measures of search and abstention on annotated questions. Metrics come from ir-measures.

Articles are scored, not passages: an article is found where any of its texts is. nDCG@10 uses the
grades; Success@k is the share of questions with a gold article among the first k; MRR is the mean of
1 / rank of the first (0 beyond rank 10). Search shows one article of a story; here all of them rank,
the others right behind it, or a gold article among them would count as missed.
"""

from __future__ import annotations

import json
import random
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from ir_measures import MRR, Qrel, ScoredDoc, Success, iter_calc, nDCG

from corpus.article import LANGUAGES, Article, Source
from corpus.question import Question, read_questions
from index.answer import best_sentence
from index.confidence import Calibration, signals
from index.encoder import Encoder
from index.generation import read_generation, write_generation
from index.language import detect
from index.lexicon import shipped
from index.maxsim import StaticVectors
from index.search import Hit, Index, Query, Weights
from index.store import shipped_vectors

MEASURES = {"nDCG@10": nDCG @ 10, "S@1": Success @ 1, "S@3": Success @ 3, "MRR@10": MRR @ 10}
_DEPTH = 10
_RESAMPLES = 1000

SearchFunction = Callable[[str], Sequence[tuple[str, float]]]
"""A question → article ids with scores, best first."""

RANKERS = {
    "lexical": Weights(dense=0.0, article=0.0, maxsim=0.0, lexical=1.0, named=0.0, latest=0.0),
    "dense": Weights(dense=1.0, article=0.0, maxsim=0.0, lexical=0.0, named=0.0, latest=0.0),
    "MaxSim": Weights(dense=0.0, article=0.0, maxsim=1.0, lexical=0.0, named=0.0, latest=0.0),
    "fused": Weights(),
}


@dataclass(frozen=True, slots=True)
class Score:
    """A mean over questions with its 95 % bootstrap interval (1,000 resamples, seed 0)."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a report: which texts, which ranker, which questions, how many, the scores."""

    texts: str
    ranker: str
    group: str
    count: int
    scores: dict[str, Score]


@dataclass(slots=True)
class Report:
    """What `evaluate` found."""

    questions: str
    encoder: str
    rows: list[Row] = field(default_factory=list)
    abstention: dict[str, float] = field(default_factory=dict)
    worst: list[str] = field(default_factory=list)


def per_question(
    search: SearchFunction, questions: Iterable[Question]
) -> dict[str, dict[str, float]]:
    """The value of each of MEASURES for each question with gold articles: measure → id → value."""
    qrels, run = [], []
    for question in questions:
        qrels += [Qrel(question.id, article, grade) for article, grade in question.gold.items()]
        run += [ScoredDoc(question.id, article, score) for article, score in search(question.text)]
    values: dict[str, dict[str, float]] = {name: {} for name in MEASURES}
    names = {measure: name for name, measure in MEASURES.items()}
    for metric in iter_calc(list(MEASURES.values()), qrels, run):
        values[names[metric.measure]][metric.query_id] = metric.value
    return values


def bootstrap(values: Sequence[float]) -> Score:
    """Mean and 95 % percentile interval of `values`."""
    array = np.asarray(values, np.float64)
    if not len(array):
        return Score(float("nan"), float("nan"), float("nan"))
    picks = np.random.default_rng(0).integers(0, len(array), (_RESAMPLES, len(array)))
    means = array[picks].mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return Score(float(array.mean()), float(low), float(high))


def evaluate_corpus(
    path: Path,
    articles: Sequence[Article],
    encoder: Encoder,
    static: StaticVectors,
    worst: int = 0,
) -> Report:
    """The annotated questions in `path` over `articles`, with and without our translations."""
    questions = read_questions(path)
    answerable = [question for question in questions if question.kind == "answerable"]
    report = Report(str(path), encoder.name)
    for texts, collection in (
        ("originals", [replace(article, translation=None) for article in articles]),
        ("with translations", list(articles)),
    ):
        index = build_index(collection, encoder, static)
        prepared = Prepared(index, answerable)
        for ranker, weights in RANKERS.items():
            values = prepared.measure(weights)
            report.rows += _rows(texts, ranker, answerable, values)
    report.abstention = _abstention(index, encoder, questions)
    report.abstention |= _marked(index, answerable)
    report.worst = _worst(index, answerable, values["nDCG@10"], worst)
    return report


def evaluate_beir(
    folder: Path, encoder: Encoder, static: StaticVectors, limit: int | None = None
) -> Report:
    """A set in BEIR format, whole or `limit` of its questions (seed 0)."""
    articles, questions = read_beir(folder)
    if limit is not None and limit < len(questions):
        questions = random.Random(0).sample(questions, limit)  # noqa: S311
    report = Report(str(folder), encoder.name)
    prepared = Prepared(build_index(articles, encoder, static), questions)
    for ranker, weights in RANKERS.items():
        values = prepared.measure(weights)
        report.rows.append(_row("as given", ranker, "all", questions, values))
    return report


def read_beir(folder: Path) -> tuple[list[Article], list[Question]]:
    """Documents and questions of a BEIR folder: `corpus.jsonl`, `queries.jsonl`, `qrels/test.tsv`.

    Each document is an article, cut into passages like any other; languages are detected. Questions
    without a relevant document are left out.
    """
    articles = [
        Article(
            id=record["_id"],
            source=Source(record.get("title", ""), "", f"https://example.org/{number}", None),
            language=detect(record["text"]) or LANGUAGES[0],
            text=record["text"].strip() or "-",
        )
        for number, record in enumerate(_lines(folder / "corpus.jsonl"))
    ]
    gold: dict[str, dict[str, int]] = {}
    for line in (folder / "qrels" / "test.tsv").read_text("utf-8").splitlines()[1:]:
        query, document, grade = line.split("\t")
        if int(grade) > 0:
            gold.setdefault(query, {})[document] = int(grade)
    questions = [
        Question(
            id=record["_id"],
            text=record["text"],
            language=detect(record["text"]) or LANGUAGES[0],
            kind="answerable",
            crosslingual=False,
            gold=gold[record["_id"]],
            must_contain=(),
        )
        for record in _lines(folder / "queries.jsonl")
        if record["_id"] in gold
    ]
    return articles, questions


def build_index(articles: Sequence[Article], encoder: Encoder, static: StaticVectors) -> Index:
    """An index of `articles` that leaves nothing on disk."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "evaluation"
        write_generation(path, articles, encoder, static, shipped_vectors(encoder.fingerprint))
        # Opened files stay readable after their names are gone.
        return Index(read_generation(path), encoder, static, shipped())


class Prepared:
    """An index with questions that are read, and their candidates found, once for all weights."""

    def __init__(self, index: Index, questions: Sequence[Question]) -> None:
        self._index = index
        self._questions = list(questions)
        self._read: dict[str, tuple[Query, dict[int, float]]] = {}
        for question in questions:
            query = index.read(question.text)
            self._read[question.text] = (query, index.candidates(query))

    def measure(self, weights: Weights) -> dict[str, dict[str, float]]:
        """As `per_question`, of the search with `weights`."""
        index = self._index.with_weights(weights)

        def search(text: str) -> list[tuple[str, float]]:
            hits = index.one_a_story(index.score(*self._read[text]))
            ranked = [name for hit in hits for name in (hit.passage.article_id, *hit.also)]
            # Articles of a story share a score; what ranks them is their place.
            return [(name, -float(place)) for place, name in enumerate(ranked[:_DEPTH])]

        return per_question(search, self._questions)


def _rows(
    texts: str, ranker: str, questions: list[Question], values: dict[str, dict[str, float]]
) -> list[Row]:
    groups = {
        "all": questions,
        "id": [q for q in questions if q.language == "id"],
        "en": [q for q in questions if q.language == "en"],
        "same language": [q for q in questions if not q.crosslingual],
        "cross-lingual": [q for q in questions if q.crosslingual],
    }
    return [_row(texts, ranker, group, chosen, values) for group, chosen in groups.items()]


def _row(
    texts: str,
    ranker: str,
    group: str,
    questions: list[Question],
    values: dict[str, dict[str, float]],
) -> Row:
    scores = {
        name: bootstrap([found.get(question.id, 0.0) for question in questions])
        for name, found in values.items()
    }
    return Row(texts, ranker, group, len(questions), scores)


def _abstention(index: Index, encoder: Encoder, questions: list[Question]) -> dict[str, float]:
    """Shares answered at the shipped threshold, and how well confidence separates (AUROC)."""
    calibration = Calibration.load(encoder.fingerprint)
    confidence: dict[str, list[float]] = {"answerable": [], "unanswerable": [], "offtopic": []}
    for question in questions:
        query = index.read(question.text)
        hits = index.search(query, 5)
        confidence[question.kind].append(calibration.confidence(signals(index, query, hits)))
    found = {"threshold": calibration.threshold}
    for kind, values in confidence.items():
        answered = [value >= calibration.threshold for value in values]
        found[f"{kind}: answered"] = float(np.mean(answered)) if answered else float("nan")
    negatives = confidence["unanswerable"] + confidence["offtopic"]
    found["AUROC"] = auroc(confidence["answerable"], negatives)
    found["AUROC, on the subject only"] = auroc(
        confidence["answerable"], confidence["unanswerable"]
    )
    return found


def auroc(positives: Sequence[float], negatives: Sequence[float]) -> float:
    """The share of pairs in which the positive is higher, ties count half; NaN without pairs."""
    if not len(positives) or not len(negatives):
        return float("nan")
    difference = np.subtract.outer(np.asarray(positives), np.asarray(negatives))
    return float((difference > 0).mean() + 0.5 * (difference == 0).mean())


def _marked(index: Index, questions: list[Question]) -> dict[str, float]:
    """Of the first gold passages among three: how many hold the answer, and in the marked sentence."""
    import re

    held = marked = seen = 0
    for question in questions:
        query = index.read(question.text)
        gold = [hit for hit in index.search(query, 3) if hit.passage.article_id in question.gold]
        if not gold or not question.must_contain:
            continue
        article = index.generation.articles[gold[0].passage.article_id]
        passage = index.in_language(gold[0].passage, article.language) or gold[0].passage
        span = best_sentence(index.static, query.tokens, passage)
        patterns = [re.compile(pattern) for pattern in question.must_contain]
        text = passage.text.lower()
        seen += 1
        if any(pattern.search(text) for pattern in patterns):
            held += 1
            marked += any(pattern.search(text[span.start : span.end]) for pattern in patterns)
    return {
        "gold passage holds the answer": held / max(1, seen),
        "marked sentence holds the answer, where the passage does": marked / max(1, held),
    }


def _worst(
    index: Index, questions: list[Question], ndcg: dict[str, float], count: int
) -> list[str]:
    ordered = sorted(questions, key=lambda question: ndcg.get(question.id, 0.0))[:count]
    return [_explain(index, question, ndcg.get(question.id, 0.0)) for question in ordered]


def _explain(index: Index, question: Question, value: float) -> str:
    def line(hit: Hit) -> str:
        mark = "+" if hit.passage.article_id in question.gold else " "
        return (
            f"   {mark} {hit.score:.3f} (dense {hit.dense:.2f}, MaxSim {hit.maxsim:.2f}, "
            f"lexical {hit.lexical:.2f}) {hit.passage.id}"
        )

    hits = index.search(question.text, 3)
    missed = [
        article for article in question.gold if article not in {h.passage.article_id for h in hits}
    ]
    return "\n".join(
        [f"{value:.2f} {question.id} [{question.language}] {question.text}"]
        + [line(hit) for hit in hits]
        + [f"   missed: {article} (grade {question.gold[article]})" for article in missed]
    )


def print_report(report: Report, console: Any) -> None:
    """The report as tables on `console` (rich); in brackets the 95 % interval of nDCG@10."""
    from rich.table import Table

    table = Table(title=f"{report.questions} · encoder {report.encoder}")
    for column in ("texts", "ranker", "questions", "n", *MEASURES):
        table.add_column(column, justify="right" if column in (*MEASURES, "n") else "left")
    for row in report.rows:
        cells = [f"{score.mean:.3f}" for score in row.scores.values()]
        first = next(iter(row.scores.values()))
        cells[0] += f" ({first.low:.2f}–{first.high:.2f})"
        table.add_row(row.texts, row.ranker, row.group, str(row.count), *cells)
    console.print(table)
    if report.abstention:
        abstention = Table(title="Abstention and marking (with translations)")
        abstention.add_column("what")
        abstention.add_column("share", justify="right")
        for name, share in report.abstention.items():
            abstention.add_row(name, f"{share:.3f}")
        console.print(abstention)
    for text in report.worst:
        console.print(text, markup=False, highlight=False)


def write_json(report: Report, path: Path) -> None:
    """The report's figures as JSON in `path`."""
    record = {
        "questions": report.questions,
        "encoder": report.encoder,
        "rows": [
            {
                "texts": row.texts,
                "ranker": row.ranker,
                "group": row.group,
                "n": row.count,
                **{name: [s.mean, s.low, s.high] for name, s in row.scores.items()},
            }
            for row in report.rows
        ],
        "abstention": report.abstention,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record, indent=1), encoding="utf-8")


def _lines(path: Path) -> Iterable[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)
