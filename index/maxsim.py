"""Static token vectors and the capped MaxSim that re-scores candidates.

MaxSim is the sum over the question's words of the best match among the passage's words (Khattab and
Zaharia 2020, ColBERT), here over static vectors, weighted by the vectors' squared norms, which the
training has made a learned inverse document frequency.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file
from tokenizers import Tokenizer

CAP = 0.7
"""Similarity that counts as equal. Without it exact matches, possible only within one language (1.0),
beat translations (some 0.75): nDCG@10 across languages falls from 82 to 73."""

Ids = NDArray[np.int32]
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Ragged:
    """Lists of token ids of different lengths in one array: list i is `ids[offsets[i]:offsets[i + 1]]`."""

    ids: Ids
    offsets: NDArray[np.int64]

    @classmethod
    def of(cls, lists: Sequence[Ids]) -> Ragged:
        """Pack `lists` in order."""
        offsets = np.zeros(len(lists) + 1, np.int64)
        np.cumsum([len(item) for item in lists], out=offsets[1:])
        ids = np.concatenate(lists) if lists else np.empty(0, np.int32)
        return cls(ids.astype(np.int32), offsets)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, row: int) -> Ids:
        return self.ids[self.offsets[row] : self.offsets[row + 1]]


class StaticVectors:
    """A table of word-piece vectors: int8 rows with one scale each, and their tokenizer."""

    def __init__(self, folder: Path) -> None:
        tensors = load_file(folder / "model.safetensors")
        self._rows: NDArray[np.int8] = tensors["embeddings"]
        self._scales: Floats = tensors["weights"].astype(np.float32)
        if tensors["mapping"].tolist() != list(range(len(self._rows))):
            raise ValueError(f"{folder}: mapping is not the identity. Train the static twin again")
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer_digest = hashlib.sha256((folder / "tokenizer.json").read_bytes()).hexdigest()
        """Tokens of another tokenizer mean nothing to this one."""
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._special = frozenset(
            int(token["id"])
            for token in json.loads((folder / "tokenizer.json").read_text("utf-8"))["added_tokens"]
        )
        vocabulary = self._tokenizer.get_vocab(with_added_tokens=False)
        self._number = np.zeros(len(self._rows), bool)
        self._number[[row for piece, row in vocabulary.items() if piece.strip("#").isdigit()]] = (
            True
        )
        # Norms of the int8 rows: a cosine needs no scale.
        self._norms = np.maximum(
            np.sqrt(np.einsum("ij,ij->i", self._rows, self._rows, dtype=np.float32)), 1e-6
        )

    @property
    def dim(self) -> int:
        """Components of a vector."""
        return int(self._rows.shape[1])

    def token_ids(self, texts: Sequence[str]) -> list[Ids]:
        """The token ids of each text, in order, without special tokens."""
        encodings = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return [
            np.array([token for token in item.ids if token not in self._special], np.int32)
            for item in encodings
        ]

    def distinct(self, texts: Sequence[str]) -> Ragged:
        """The distinct token ids of each text, ascending: all that MaxSim needs of a passage."""
        return Ragged.of([np.unique(ids).astype(np.int32) for ids in self.token_ids(texts)])

    def units(self, ids: Ids) -> Floats:
        """The vectors of `ids` at length 1, (len(ids), dim) float32."""
        units: Floats = self._rows[ids].astype(np.float32) / self._norms[ids][:, None]
        return units

    def weights(self, ids: Ids) -> Floats:
        """The squared norms of the vectors of `ids`, (len(ids),) float32: how much each word tells."""
        norms: Floats = self._norms[ids] * self._scales[ids]
        return norms * norms

    def means(self, texts: Sequence[str]) -> Floats:
        """The mean vector of each text at length 1, (n, dim) float32; of no words: the first axis."""
        means = np.zeros((len(texts), self.dim), np.float32)
        for row, ids in enumerate(self.token_ids(texts)):
            means[row] = self.mean(ids)
        return means

    def mean(self, ids: Ids) -> Floats:
        """The mean vector of `ids` at length 1, (dim,) float32; of none: the first axis."""
        if len(ids) == 0:
            first: Floats = np.eye(1, self.dim, dtype=np.float32)[0]
            return first
        mean = (self._rows[ids].astype(np.float32) * self._scales[ids][:, None]).mean(axis=0)
        unit: Floats = (mean / max(float(np.linalg.norm(mean)), 1e-9)).astype(np.float32)
        return unit

    def similarities(self, question: Ids, passages: Ragged, rows: Sequence[int]) -> Floats:
        """The capped best match of each word of `question` in each passage: (len(rows), len(question)).

        1 where the passage holds the word, or one at least 0.7 similar; never below 0. A number matches
        only itself.
        """
        if len(question) == 0 or len(rows) == 0:
            return np.zeros((len(rows), len(question)), np.float32)
        lists = [passages[row] for row in rows]
        lengths = np.array([len(item) for item in lists])
        distinct, inverse = np.unique(np.concatenate(lists), return_inverse=True)
        # Thousands of words of passages, ten of the question: norms divide the small product.
        raw = self._rows[distinct].astype(np.float32) @ self.units(question).T
        table = raw.T / self._norms[distinct]
        # One number is near any other in meaning ("46", "47"), and never an answer to it.
        numbers = np.flatnonzero(self._number[question])
        table[numbers] = distinct == question[numbers][:, None]
        result = np.zeros((len(rows), len(question)), np.float32)
        full = np.flatnonzero(lengths)
        if len(full):
            starts = np.concatenate(([0], np.cumsum(lengths)[:-1]))[full]
            best = np.maximum.reduceat(table[:, inverse], starts, axis=1)
            result[full] = (np.clip(best, 0.0, CAP) / CAP).T
        return result

    def score(
        self,
        question: Ids,
        passages: Ragged,
        rows: Sequence[int],
        exponent: float = 2.0,
        among: Sequence[int] | None = None,
    ) -> Floats:
        """Capped MaxSim of `question` (token ids) with each of `rows`, (len(rows),) float32, 0 to 1.

        A word weighs its norm to the power of `exponent`, times √(1.02 − m), m being its mean similarity
        over the rows `among`, by default `rows`: what all candidates hold ("ASEAN", in a corpus about
        ASEAN) tells nothing between them, and what the training found rare need not be rare here.
        """
        similar = self.similarities(question, passages, rows)
        if similar.size == 0:
            return np.zeros(len(rows), np.float32)
        common = similar if among is None else self.similarities(question, passages, among)
        norms = np.sqrt(self.weights(question))
        weights = norms**exponent * np.sqrt(1.02 - common.mean(axis=0))
        scores: Floats = similar @ weights / max(float(weights.sum()), 1e-9)
        return scores
