"""Choose the weights of search on the development questions: prints nDCG@10 and S@1 over a grid.

Each cell is the mean over both collections (originals only, with translations), because an operator's
articles mostly have no translation. The best cell of a grid is chosen on these same questions: expect
less on others. `--folder` adds a set in BEIR format, to see whether the choice carries over.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from corpus.article import SHIPPED, read_articles
from corpus.question import DEV, Question, read_questions
from index.encoder import MODEL, OnnxEncoder
from index.evaluate import build_index, per_question, read_beir
from index.maxsim import StaticVectors
from index.search import Index, Query, Weights

MAXSIM = (0.0, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0)
LEXICAL = (0.0, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5)


class Prepared:
    """An index whose questions are read and whose candidates are found once for all weights."""

    def __init__(self, index: Index, questions: Sequence[Question]) -> None:
        self._index = index
        self._questions = list(questions)
        self._read: dict[str, tuple[Query, dict[int, float]]] = {}
        for question in questions:
            query = index.read(question.text)
            self._read[question.text] = (query, index.candidates(query))

    def measure(self, weights: Weights) -> tuple[float, float]:
        """nDCG@10 and Success@1."""
        index = self._index.with_weights(weights)

        def search(text: str) -> list[tuple[str, float]]:
            best: dict[str, float] = {}
            for hit in index.score(*self._read[text]):
                best.setdefault(hit.passage.article_id, hit.score)
            return list(best.items())[:10]

        values = per_question(search, self._questions)
        count = len(self._questions)
        return sum(values["nDCG@10"].values()) / count, sum(values["S@1"].values()) / count


def show(title: str, sets: Sequence[Prepared]) -> None:
    """Print the grid: rows are the weight of MaxSim, columns that of the lexical score."""
    print(f"\n{title}: nDCG@10 / S@1; rows MaxSim, columns lexical, dense 1")
    print("      " + "".join(f"{lexical:>13}" for lexical in LEXICAL))
    for maxsim in MAXSIM:
        cells = []
        for lexical in LEXICAL:
            weights = Weights(dense=1.0, maxsim=maxsim, lexical=lexical)
            found = np.mean([prepared.measure(weights) for prepared in sets], axis=0)
            cells.append(f"{found[0]:>7.3f}/{found[1]:.3f}")
        print(f"{maxsim:>6}" + "".join(cells))


def main() -> None:
    """Print the grids."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, action="append", default=[])
    parser.add_argument("--limit", type=int, default=200, help="questions of each folder")
    arguments = parser.parse_args()
    encoder, static = OnnxEncoder(), StaticVectors(MODEL / "static")
    articles = read_articles(SHIPPED)
    questions = [question for question in read_questions(DEV) if question.kind == "answerable"]
    originals = [replace(article, translation=None) for article in articles]
    sets = [
        Prepared(build_index(collection, encoder, static), questions)
        for collection in (originals, articles)
    ]
    show("dev, originals only", sets[:1])
    show("dev, with translations", sets[1:])
    show("dev, mean", sets)
    for folder in arguments.folder:
        documents, asked = read_beir(folder)
        asked = random.Random(0).sample(asked, min(arguments.limit, len(asked)))
        show(folder.name, [Prepared(build_index(documents, encoder, static), asked)])


if __name__ == "__main__":
    main()
