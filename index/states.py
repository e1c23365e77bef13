"""How the indexes on disk are."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime

from index.generation import GenerationError, read_generation
from index.integrity import readers
from index.store import Store


@dataclass(frozen=True, slots=True)
class GenerationState:
    """One index on disk. `fault`: why it cannot be opened, in a sentence; None where it is whole.
    `readers`: the processes that have it open, but for this one. `built_at`, `articles`, `passages`,
    `encoder` are None where it cannot be read."""

    id: str
    current: bool
    fault: str | None
    built_at: datetime | None = None
    articles: int | None = None
    passages: int | None = None
    encoder: str | None = None
    readers: tuple[int, ...] = ()


def states(store: Store) -> list[GenerationState]:
    """All indexes of `store`, oldest first. Reads and verifies each."""
    current = store.current_id()
    found = []
    for name in store.ids():
        folder = store.folder(name)
        others = tuple(pid for pid in readers(folder) if pid != os.getpid())
        try:
            generation = read_generation(folder)
        except GenerationError as error:
            found.append(GenerationState(name, name == current, str(error)))
            continue
        found.append(
            GenerationState(
                id=name,
                current=name == current,
                fault=None,
                built_at=generation.built_at,
                articles=len(generation.articles),
                passages=len(generation.passages),
                encoder=generation.encoder_name,
                readers=others,
            )
        )
    return found
