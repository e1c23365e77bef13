"""Lexical search with BM25, one list per language. The only file that imports tantivy."""

from __future__ import annotations

import math
import os
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import tantivy
from numpy.typing import NDArray

from corpus.article import LANGUAGES
from corpus.words import words
from index.lexicon import Phrase, Stems

_K1 = 1.2  # tantivy's own, fixed
_WRITER_BYTES = 64_000_000

_STOP_WORDS = {
    "id": frozenset(
        "yang di ke dari dan atau untuk pada dengan oleh dalam ini itu adalah ada apa apakah "
        "siapa kapan mana bagaimana mengapa kenapa berapa saja sih dong deh kok ya kah saya aku "
        "kita kami anda kamu bisa akan sudah telah juga para tersebut sang si nya tentang itu "
        "jika kalau boleh cara".split()
    ),
    "en": frozenset(
        "the a an of and or to in on at for from by with about is are was were be been do does "
        "did has have had will would can could should it its this that these those there i you we "
        "they what which who whom when where why how many much any as".split()
    ),
}


class LexicalIndex:
    """Stemmed words of the passages, a field per language, each with its own BM25 statistics."""

    def __init__(self, index: tantivy.Index, rows: NDArray[np.int32] | None = None) -> None:
        """`rows`: of the document with each number; by default the number itself."""
        # Else tantivy starts a thread for each opened index, to look whether its files change.
        index.config_reader(reload_policy="manual", num_warmers=0)
        index.reload()
        self._rows = rows
        self._schema = index.schema
        self._searcher = index.searcher()
        self._stems = {language: Stems(language) for language in LANGUAGES}

    @classmethod
    def build(cls, folder: Path, texts: Iterable[tuple[str, str]]) -> LexicalIndex:
        """Write an index of `texts`, pairs (language, text) in row order, into the new `folder`."""
        folder.mkdir(parents=True)
        builder = tantivy.SchemaBuilder()
        for language in LANGUAGES:
            # The words come stemmed: tantivy has no Indonesian stemmer.
            builder.add_text_field(language, tokenizer_name="whitespace", index_option="freq")
        builder.add_unsigned_field("row", fast=True)
        index = tantivy.Index(builder.build(), path=str(folder))
        _add(index, enumerate(texts))
        return cls(index)

    @classmethod
    def extend(
        cls, former: Path, folder: Path, texts: Iterable[tuple[int, tuple[str, str]]]
    ) -> LexicalIndex:
        """Write into the new `folder` what lies in `former` and `texts` with their numbers, which follow on.

        Copies, not links: what befalls the files of one generation must not befall another's. There is
        no way to take a text out: its words would stay in the files.
        """
        shutil.copytree(former, folder, ignore=shutil.ignore_patterns("*.lock"))
        index = tantivy.Index.open(str(folder))
        _add(index, texts)
        return cls(index)

    @classmethod
    def load(cls, folder: Path, rows: NDArray[np.int32] | None = None) -> LexicalIndex:
        """Open what `build` wrote, memory-mapped. ValueError (of tantivy) where it is not whole."""
        try:
            return cls(tantivy.Index.open(str(folder)), rows)
        except ValueError:
            if os.access(folder, os.W_OK):
                raise
            # tantivy wants to put a lock file there. Opened files stay readable when their names are gone.
            with tempfile.TemporaryDirectory() as aside:
                copied = shutil.copytree(folder, Path(aside) / "lexical")
                return cls(tantivy.Index.open(str(copied)), rows)

    def __len__(self) -> int:
        return int(self._searcher.num_docs)

    def search(
        self,
        language: str,
        groups: Sequence[Sequence[Phrase]],
        k: int,
        among: NDArray[np.int64] | None = None,
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Rows and scores of the `k` best passages in `language`, best first; `among`: of these rows only.

        Each of `groups` is one stretch of the question: alternative phrases, of which the best counts
        (a disjunction maximum). A score is BM25 as a share of the ideal: of what a passage would get
        that held every stretch, each infinitely often, 0 to 1. The ideal of a word is idf · (k1 + 1)
        with idf = ln(1 + (N - n + 0.5) / (n + 0.5)) (Robertson and Zaragoza 2009).
        """
        should = []
        ideal = 0.0
        for group in groups:
            alternatives = []
            most = 0.0
            for phrase in dict.fromkeys(self._terms(language, phrase) for phrase in group):
                terms = [self._term(language, word) for word in phrase]
                if not terms:
                    continue
                most = max(most, sum(self._idf(language, word) for word in phrase))
                alternatives.append(
                    terms[0]
                    if len(terms) == 1
                    else tantivy.Query.boolean_query([(tantivy.Occur.Should, t) for t in terms])
                )
            if alternatives:
                should.append(
                    (tantivy.Occur.Should, tantivy.Query.disjunction_max_query(alternatives))
                )
                ideal += most * (_K1 + 1)
        if not should or ideal == 0.0:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        # Rows are no terms that a query could ask for: the list is sifted, read as far as it takes.
        depth = k
        while True:
            rows, scores = self._hits(should, depth)
            done = among is None or len(rows) < depth
            if among is not None:
                fits = np.isin(rows, among)
                rows, scores = rows[fits][:k], scores[fits][:k]
            if done or len(rows) == k:
                return rows, scores / np.float32(ideal)
            depth = min(16 * depth, max(1, len(self)) + 1)

    def _hits(
        self, should: list[tuple[tantivy.Occur, tantivy.Query]], depth: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        hits = self._searcher.search(tantivy.Query.boolean_query(should), depth, count=False).hits
        rows = np.array(
            self._searcher.fast_field_values("row", [address for _, address in hits]), np.int64
        )
        if self._rows is not None:
            rows = self._rows[rows].astype(np.int64)
        return rows, np.array([score for score, _ in hits], np.float32)

    def _terms(self, language: str, phrase: Phrase) -> Phrase:
        kept = [word for word in phrase if word not in _STOP_WORDS[language]]
        return tuple(dict.fromkeys(self._stems[language](kept)))

    def _term(self, language: str, word: str) -> tantivy.Query:
        return tantivy.Query.term_query(self._schema, language, word, "freq")

    def _idf(self, language: str, word: str) -> float:
        found = self._searcher.doc_freq(language, word)
        return math.log(1 + (self._searcher.num_docs - found + 0.5) / (found + 0.5))


def _add(index: tantivy.Index, texts: Iterable[tuple[int, tuple[str, str]]]) -> None:
    # One thread: rows stay in one segment order and two cores stay free for serving.
    writer = index.writer(_WRITER_BYTES, 1)
    stems = {language: Stems(language) for language in LANGUAGES}
    for number, (language, text) in texts:
        document = tantivy.Document()
        document.add_text(language, " ".join(stems[language](words(text))))
        document.add_unsigned("row", number)
        writer.add_document(document)
    writer.commit()
    writer.wait_merging_threads()
