"""A deterministic encoder that one can reason with: words are directions, equal texts equal vectors."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from corpus.words import words
from index.encoder import Progress, Vectors


class HashingEncoder:
    """Each word is one of `dim` directions, by its hash; a text is the sum of its words."""

    def __init__(self, dim: int = 64, salt: str = "") -> None:
        self.name = f"hashing{salt}"
        self.dim = dim
        self.fingerprint = f"hashing-{dim}{salt}"
        self.encoded: list[str] = []
        """Every passage that was ever encoded, to see what was not."""
        self._salt = salt

    def encode_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        self.encoded.extend(texts)
        vectors = np.zeros((len(texts), self.dim), np.float32)
        for row, text in enumerate(texts):
            vectors[row] = self.encode_question(text)
        if progress is not None:
            progress(len(texts))
        return vectors

    def encode_question(self, text: str) -> Vectors:
        vector = np.zeros(self.dim, np.float32)
        for word in words(text):
            digest = hashlib.sha256((self._salt + word).encode()).digest()
            vector[int.from_bytes(digest[:4], "big") % self.dim] += 1.0
        if not vector.any():
            vector[0] = 1.0
        unit: Vectors = vector / np.linalg.norm(vector)
        return unit
