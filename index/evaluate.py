"""Measures of search and abstention on annotated questions. Metrics come from ir-measures.

Articles are scored, not passages: an article is found where any of its texts is. nDCG@10 uses the
grades; Success@k is the share of questions with a gold article among the first k; MRR is the mean of
1 / rank of the first (0 beyond rank 10). Search shows one article of a story; here all of them rank,
the others right behind it, or a gold article among them would count as missed.
"""

from __future__ import annotations

import json
import random
import re
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from ir_measures import MRR, Qrel, ScoredDoc, Success, iter_calc, nDCG

from corpus.article import LANGUAGES, Article, Source
from corpus.question import DEV, Question, read_questions
from index.abstention import Abstention, measure
from index.build import Corpus, write_generation
from index.calibrate import fit, observe
from index.confidence import READ, SIGNALS, Calibration, read
from index.encoder import Encoder
from index.evaluate_followups import as_dialogue, followup_searches, misled
from index.generation import read_generation
from index.language import detect
from index.lexicon import shipped
from index.marking import best_sentence
from index.maxsim import StaticVectors
from index.reader import Reader
from index.report import Report, Row, Score
from index.search import Hit, Index, Query, Weights
from index.spelling import Speller, read_mended, speller
from index.store import shipped_vectors

MEASURES = {"nDCG@10": nDCG @ 10, "S@1": Success @ 1, "S@3": Success @ 3, "MRR@10": MRR @ 10}
_DEPTH = 10
_RESAMPLES = 1000

SearchFunction = Callable[[str], Sequence[tuple[str, float]]]
"""A question → article ids with scores, best first."""

_LEXICAL = Weights(dense=0.0, article=0.0, maxsim=0.0, lexical=1.0, named=0.0, latest=0.0)
RANKERS = {
    "BM25": _LEXICAL,
    "lexical": _LEXICAL,
    "dense": Weights(dense=1.0, article=0.0, maxsim=0.0, lexical=0.0, named=0.0, latest=0.0),
    "MaxSim": Weights(dense=0.0, article=0.0, maxsim=1.0, lexical=0.0, named=0.0, latest=0.0),
    "fused": Weights(),
}
"""Rankers of a report. "BM25" looks the question's words up as they are, "lexical" through the lexicon."""


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
    reader: Reader | None = None,
    worst: int = 0,
) -> Report:
    """The annotated questions in `path` over `articles`, with and without our translations; follow-ups (of
    which any has a question before) alone, always joined with it, and as we read them.

    Confidence on the shipped questions, on which it was fitted, is that of cross-validation.
    """
    questions = read_questions(path)
    answerable = [question for question in questions if question.kind == "answerable"]
    report = Report(str(path), encoder.name)
    if any(question.previous for question in questions):
        index = build_index(articles, encoder, static)
        for name, search in followup_searches(index).items():
            values = per_question(search, [as_dialogue(question) for question in answerable])
            report.rows += _rows("with translations", name, answerable, values)
        return report
    for texts, collection in (
        ("originals", [replace(article, translation=None) for article in articles]),
        ("with translations", list(articles)),
    ):
        index = build_index(collection, encoder, static)
        spell = speller(index, shipped())
        prepared = Prepared(index, answerable, spell)
        for ranker in RANKERS:
            values = prepared.measure_ranker(ranker)
            report.rows += _rows(texts, ranker, answerable, values)
    calibration = Calibration.load(encoder.fingerprint, reader)
    report.abstention = _abstention(index, questions, spell, reader, calibration, path == DEV)
    report.marked = _marked(index, answerable, spell, reader)
    report.misled = misled(index, questions)
    report.worst = _worst(index, answerable, values["nDCG@10"], worst)
    return report


def evaluate_beir(
    folder: Path,
    encoder: Encoder,
    static: StaticVectors,
    reader: Reader | None = None,
    limit: int | None = None,
) -> Report:
    """A set in BEIR format, whole or `limit` of its questions (seed 0); abstention too, where it has
    `queries_unanswerable.jsonl`, of which as many are asked."""
    articles, questions = read_beir(folder)
    questions = _some(questions, limit)
    report = Report(str(folder), encoder.name)
    index = build_index(articles, encoder, static)
    spell = speller(index, shipped())
    prepared = Prepared(index, questions, spell)
    for ranker in RANKERS:
        values = prepared.measure_ranker(ranker)
        report.rows.append(_row("as given", ranker, "all", questions, values))
    path = folder / "queries_unanswerable.jsonl"
    if path.exists():
        without = _some([_beir_question(record, {}) for record in _lines(path)], limit)
        calibration = Calibration.load(encoder.fingerprint, reader)
        report.abstention = _abstention(
            index, questions + without, spell, reader, calibration, False
        )
    return report


def _some(questions: list[Question], limit: int | None) -> list[Question]:
    if limit is None or limit >= len(questions):
        return questions
    return random.Random(0).sample(questions, limit)  # noqa: S311


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
        _beir_question(record, gold[record["_id"]])
        for record in _lines(folder / "queries.jsonl")
        if record["_id"] in gold
    ]
    return articles, questions


def _beir_question(record: dict[str, Any], gold: dict[str, int]) -> Question:
    return Question(
        id=record["_id"],
        text=record["text"],
        language=detect(record["text"]) or LANGUAGES[0],
        kind="answerable" if gold else "unanswerable",
        crosslingual=False,
        gold=gold,
        must_contain=(),
    )


def build_index(articles: Sequence[Article], encoder: Encoder, static: StaticVectors) -> Index:
    """An index of `articles` that leaves nothing on disk."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "evaluation"
        known = shipped_vectors(encoder.fingerprint)
        write_generation(path, Corpus.of(articles), encoder, static, known)
        # Opened files stay readable after their names are gone.
        return Index(read_generation(path), encoder, static, shipped())


class Prepared:
    """An index with questions that are read, and their candidates found, once for all weights."""

    def __init__(
        self, index: Index, questions: Sequence[Question], spell: Speller | None = None
    ) -> None:
        """With `spell` slips of the finger are mended first, as the service does."""
        self._index = index
        self._questions = list(questions)
        self._read: dict[str, tuple[Query, dict[int, float]]] = {}
        for question in questions:
            query = index.read(question.text)
            if spell is not None:
                query = read_mended(index, spell, query)
            self._read[question.text] = (query, index.candidates(query))

    def measure_ranker(self, ranker: str) -> dict[str, dict[str, float]]:
        """As `measure`, of one of RANKERS."""
        if ranker == "BM25":
            return Prepared(self._index.without_lexicon(), self._questions).measure(RANKERS[ranker])
        return self.measure(RANKERS[ranker])

    def measure(self, weights: Weights) -> dict[str, dict[str, float]]:
        """As `per_question`, of the search with `weights`."""
        index = self._index.with_weights(weights)

        def search(text: str) -> list[tuple[str, float]]:
            # What shares no word with a question is not found by BM25, though it is a candidate.
            found = [hit for hit in index.score(*self._read[text]) if hit.score > 0]
            hits = index.one_a_story(found)
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


def _abstention(
    index: Index,
    questions: list[Question],
    spell: Speller,
    reader: Reader | None,
    calibration: Calibration,
    held_out: bool,
) -> Abstention:
    observed = observe(index, questions, spell, reader)
    if held_out:
        confidence = fit(observed, SIGNALS if reader is None else READ).held_out
    else:
        confidence = np.array(
            [
                calibration.confidence(dict(zip(READ, row, strict=True)))
                for row in observed.values.tolist()
            ]
        )
        confidence[observed.talk] = 0.0
    return measure(observed, confidence, calibration)


def _marked(
    index: Index, questions: list[Question], spell: Speller, reader: Reader | None
) -> dict[str, float]:
    """Of the first gold passages among three: how many hold the answer, and in the marked sentence."""
    held = marked = seen = 0
    for question in questions:
        query = read_mended(index, spell, index.read(question.text))
        hits = index.search(query, 5)
        places = [
            place for place, hit in enumerate(hits[:3]) if hit.passage.article_id in question.gold
        ]
        if not places or not question.must_contain:
            continue
        hit = hits[places[0]]
        article = index.generation.articles[hit.passage.article_id]
        passage = index.version(hit, article.language) or hit.passage
        readings = read(reader, index, query, hits) if reader is not None else []
        own = [item for item in readings if item[0].article_id == article.id]
        span = best_sentence(index.static, query.tokens, passage, own)
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


def _lines(path: Path) -> Iterable[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)
