"""Dense vectors in FAISS, searched exactly. The only file that imports faiss."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]

# A second OpenMP thread makes a single exact search slower, not faster (lessons: 10,000 vectors
# 0.4 → 0.7 ms), and torch and faiss then compete for the same cores.
faiss.omp_set_num_threads(1)


class DenseIndex:
    """Unit vectors, one row a passage, searched by inner product, which is their cosine."""

    def __init__(self, index: Any) -> None:
        self._index = index

    @classmethod
    def build(cls, vectors: Vectors) -> DenseIndex:
        """From `vectors`: (n, dim) float32 with unit rows. ValueError for other shapes and norms."""
        if vectors.ndim != 2 or vectors.dtype != np.float32:
            raise ValueError(
                f"vectors must be (n, dim) float32, got {vectors.shape} {vectors.dtype}"
            )
        norms = np.linalg.norm(vectors, axis=1)
        if len(vectors) and not np.allclose(norms, 1.0, atol=1e-3):
            row = int(np.argmax(np.abs(norms - 1.0)))
            raise ValueError(
                f"row {row} has norm {norms[row]:.4f}: normalise the vectors to length 1"
            )
        index = faiss.IndexFlatIP(vectors.shape[1])
        index.add(np.ascontiguousarray(vectors))
        return cls(index)

    @classmethod
    def load(cls, path: Path) -> DenseIndex:
        """From a file that `save` wrote. RuntimeError (of faiss) where it is not one."""
        return cls(faiss.read_index(str(path)))

    def save(self, path: Path) -> None:
        """Write to `path`; not atomic by itself: a generation is written aside as a whole."""
        faiss.write_index(self._index, str(path))

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def dim(self) -> int:
        """Components of a vector."""
        return int(self._index.d)

    def search(
        self, vector: Vectors, k: int, among: NDArray[np.int64] | None = None
    ) -> tuple[NDArray[np.int64], Vectors]:
        """Rows and cosines of the `k` (or all, if fewer) passages nearest to `vector` (dim,), best first.

        `among`: only these rows, each once.
        """
        k = min(k, len(self) if among is None else len(among))
        if k == 0:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        only = None
        if among is not None:
            only = faiss.SearchParameters(sel=faiss.IDSelectorBatch(among))  # type: ignore[call-arg]
        scores, rows = self._index.search(vector.reshape(1, -1), k, params=only)
        return rows[0], scores[0]

    def vectors(self, rows: NDArray[np.int64]) -> Vectors:
        """The vectors of `rows`, (len(rows), dim) float32."""
        if len(rows) == 0:
            return np.empty((0, self.dim), np.float32)
        found: Vectors = self._index.reconstruct_batch(rows)
        return found

    def all_vectors(self) -> Vectors:
        """Every vector in row order, (n, dim) float32."""
        found: Vectors = self._index.reconstruct_n(0, len(self))
        return found
