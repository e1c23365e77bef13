"""Choose the weights of search on the development questions: prints nDCG@10 and S@1 over a grid.

Each cell is the mean over both collections (originals only, with translations), because an operator's
articles mostly have no translation. The best cell of a grid is chosen on these same questions: expect
less on others. `--folder` adds a set in BEIR format, to see whether the choice carries over.
"""

from __future__ import annotations

import argparse
import itertools
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from corpus.article import SHIPPED, read_articles
from corpus.question import DEV, read_questions
from index.encoder import MODEL, OnnxEncoder
from index.evaluate import Prepared, build_index, read_beir
from index.maxsim import StaticVectors
from index.search import Weights

ARTICLE = (0.0, 0.25, 0.5, 0.75)
MAXSIM = (0.0, 0.5, 0.75, 1.0, 1.5)
LEXICAL = (0.0, 0.2, 0.4, 0.6, 1.0)


def measure(prepared: Prepared, weights: Weights) -> tuple[float, float]:
    """nDCG@10 and Success@1."""
    values = prepared.measure(weights)
    ndcg, success = (list(values[name].values()) for name in ("nDCG@10", "S@1"))
    return float(np.mean(ndcg)), float(np.mean(success))


def show(title: str, sets: Sequence[Prepared]) -> None:
    """Print the grid: rows are the weights of article and MaxSim, columns that of BM25; dense is 1."""
    print(f"\n{title}: nDCG@10 / S@1; rows article and MaxSim, columns lexical, dense 1")
    print(" " * 12 + "".join(f"{lexical:>13}" for lexical in LEXICAL))
    for article, maxsim in itertools.product(ARTICLE, MAXSIM):
        cells = []
        for lexical in LEXICAL:
            weights = Weights(dense=1.0, article=article, maxsim=maxsim, lexical=lexical)
            found = np.mean([measure(prepared, weights) for prepared in sets], axis=0)
            cells.append(f"{found[0]:>7.3f}/{found[1]:.3f}")
        print(f"{article:>6}{maxsim:>6}" + "".join(cells), flush=True)


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
