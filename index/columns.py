"""Arrays on disk, mapped into memory: read where they are needed, shared by all processes that map them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Columns = Mapping[str, NDArray[Any]]
"""Arrays by name."""


def save(folder: Path, columns: Columns) -> None:
    """Write each of `columns` as <name>.npy into `folder`."""
    for name, column in columns.items():
        np.save(folder / f"{name}.npy", column, allow_pickle=False)


def load(folder: Path, names: Iterable[str]) -> dict[str, NDArray[Any]]:
    """The columns that `save` wrote, mapped and not to be written to. ValueError, OSError where they are
    not whole."""
    return {name: mapped(folder / f"{name}.npy") for name in names}


def mapped(path: Path) -> NDArray[Any]:
    """The array of one file, mapped."""
    with path.open("rb") as file:
        version = np.lib.format.read_magic(file)
        read = (
            np.lib.format.read_array_header_1_0
            if version == (1, 0)
            else np.lib.format.read_array_header_2_0
        )
        shape, fortran, dtype = read(file)
        if dtype.hasobject or fortran:
            raise ValueError(f"{path.name} is no array that we write")
        if 0 in shape:  # nothing can be mapped
            return np.empty(shape, dtype)
        # Without the class memmap, every access to which costs a microsecond more.
        return np.asarray(np.memmap(file, dtype, mode="r", offset=file.tell(), shape=shape))


def ranges(starts: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """The numbers from each of `starts` on, so many as `counts` says, one after the other."""
    ends = np.cumsum(counts)
    total = int(ends[-1]) if len(ends) else 0
    found: NDArray[np.int64] = np.arange(total) + np.repeat(starts - (ends - counts), counts)
    return found


def offsets(counts: NDArray[Any] | list[int]) -> NDArray[np.int64]:
    """Where lists of so many items begin in one array, and where the last ends: one more than `counts`."""
    found = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts, out=found[1:])
    return found
