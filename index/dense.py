"""Dense vectors in FAISS. The only file that imports faiss.

Up to EXACT_UP_TO vectors every one is compared. Beyond, an inverted file of eight-bit copies finds twice as
many candidates as are wanted, which are then compared exactly.
"""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
Rows = NDArray[np.int64]

EXACT_UP_TO = 100_000
"""Vectors that are searched one by one: some 10 ms."""
_PROBES = 32
"""Lists of the inverted file that a question looks into."""
_SAMPLE = 40
"""Vectors a list on which the lists are trained (FAISS asks for 39)."""
_FEW = 20_000
"""Rows that are compared one by one where only they count."""

# A second OpenMP thread makes a single exact search slower, not faster (lessons: 10,000 vectors
# 0.4 → 0.7 ms), and torch and faiss then compete for the same cores.
faiss.omp_set_num_threads(1)


class DenseIndex:
    """Unit vectors, one row a passage, searched by inner product, which is their cosine."""

    def __init__(self, index: Any, lists: Any = None, path: Path | None = None) -> None:
        self._index = index
        self._lists = lists
        self._path = path

    @classmethod
    def build(
        cls,
        vectors: Vectors,
        former: DenseIndex | None = None,
        origin: Rows | None = None,
        exact_up_to: int = EXACT_UP_TO,
    ) -> DenseIndex:
        """From `vectors`: (n, dim) float32 with unit rows. ValueError for other shapes and norms.

        `origin` says of each row which row of `former` it was, -1 of new ones: then the lists are not
        trained again.
        """
        if vectors.ndim != 2 or vectors.dtype != np.float32:
            raise ValueError(
                f"vectors must be (n, dim) float32, got {vectors.shape} {vectors.dtype}"
            )
        norms = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))
        if len(vectors) and not np.allclose(norms, 1.0, atol=1e-3):
            row = int(np.argmax(np.abs(norms - 1.0)))
            raise ValueError(
                f"row {row} has norm {norms[row]:.4f}: normalise the vectors to length 1"
            )
        index = faiss.IndexFlatIP(vectors.shape[1])
        index.add(np.ascontiguousarray(vectors))
        lists = None
        if len(vectors) > exact_up_to:
            if former is not None and former._lists is not None and origin is not None:
                lists = _carried(former, vectors, origin)
            if lists is None:
                lists = _trained(vectors)
        return cls(index, lists)

    @classmethod
    def load(cls, path: Path) -> DenseIndex:
        """From the files that `save` wrote, memory-mapped. RuntimeError (of faiss) where not whole."""
        lists = path.with_suffix(_LISTS)
        return cls(
            faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC),
            faiss.read_index(str(lists), faiss.IO_FLAG_MMAP) if lists.exists() else None,
            path,
        )

    def save(self, path: Path) -> None:
        """Write to `path` and, beyond EXACT_UP_TO, a file beside it; not atomic by itself: a generation is
        written aside as a whole."""
        faiss.write_index(self._index, str(path))
        if self._lists is not None:
            faiss.write_index(self._lists, str(path.with_suffix(_LISTS)))

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def dim(self) -> int:
        """Components of a vector."""
        return int(self._index.d)

    @property
    def approximate(self) -> bool:
        """Whether candidates come from an inverted file."""
        return self._lists is not None

    def search(self, vector: Vectors, k: int, among: Rows | None = None) -> tuple[Rows, Vectors]:
        """Rows and cosines of the `k` (or all, if fewer) passages nearest to `vector` (dim,), best first.

        `among`: only these rows, each once.
        """
        k = min(k, len(self) if among is None else len(among))
        if k == 0:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        if self._lists is not None:
            return self._search_lists(vector, k, among)
        only = None
        if among is not None:
            only = faiss.SearchParameters(sel=faiss.IDSelectorBatch(among))  # type: ignore[call-arg]
        scores, rows = self._index.search(vector.reshape(1, -1), k, params=only)
        return rows[0], scores[0]

    def _search_lists(self, vector: Vectors, k: int, among: Rows | None) -> tuple[Rows, Vectors]:
        rows: Rows
        if among is not None and len(among) <= _FEW:
            rows = among
        else:
            options: dict[str, Any] = {"nprobe": _PROBES}
            if among is not None:
                options["sel"] = faiss.IDSelectorBatch(among)
            parameters = faiss.SearchParametersIVF(**options)
            _, found = self._lists.search(vector.reshape(1, -1), 2 * k, params=parameters)
            rows = found[0][found[0] >= 0]
        scores = self.vectors(rows) @ vector
        best = np.argsort(-scores, kind="stable")[:k]
        return rows[best], scores[best]

    def vectors(self, rows: Rows) -> Vectors:
        """The vectors of `rows`, (len(rows), dim) float32."""
        if len(rows) == 0:
            return np.empty((0, self.dim), np.float32)
        found: Vectors = self._index.reconstruct_batch(rows)
        return found

    def all_vectors(self) -> Vectors:
        """Every vector in row order, (n, dim) float32; of the index itself, not a copy."""
        if len(self) == 0:
            return np.empty((0, self.dim), np.float32)
        found: Vectors = faiss.rev_swig_ptr(self._index.get_xb(), len(self) * self.dim)
        return found.reshape(len(self), self.dim)


_LISTS = ".lists.faiss"


def _count(vectors: int) -> int:
    """Lists for so many vectors: the power of two nearest to 2√n."""
    return 1 << round(math.log2(2 * math.sqrt(max(1, vectors))))


def _trained(vectors: Vectors) -> Any:
    count = _count(len(vectors))
    lists: Any = faiss.index_factory(
        vectors.shape[1], f"IVF{count},SQ8", faiss.METRIC_INNER_PRODUCT
    )
    lists.cp.niter = 8
    sample = np.random.default_rng(0).permutation(len(vectors))[: _SAMPLE * count]
    faiss.omp_set_num_threads(os.cpu_count() or 1)
    try:
        lists.train(vectors[np.sort(sample)])
        lists.add(vectors)
    finally:
        faiss.omp_set_num_threads(1)
    return lists


def _carried(former: DenseIndex, vectors: Vectors, origin: Rows) -> Any:
    """The lists of `former`, which was loaded, with the rows of now; None where they no longer suit."""
    if former._lists.nlist != _count(len(vectors)) or former._path is None:
        return None
    # Into memory: mapped lists cannot be changed.
    lists: Any = faiss.read_index(str(former._path.with_suffix(_LISTS)))
    now = np.full(len(former), -1, np.int64)
    kept = np.flatnonzero(origin >= 0)
    now[origin[kept]] = kept
    gone = np.flatnonzero(now < 0)
    if len(gone):
        lists.remove_ids(gone)
    inverted = lists.invlists
    for number in range(lists.nlist):
        size = inverted.list_size(number)
        if size:
            ids = faiss.rev_swig_ptr(inverted.get_ids(number), size)
            ids[:] = now[ids]
    new = np.flatnonzero(origin < 0)
    if len(new):
        lists.add_with_ids(vectors[new], new)
    return lists
