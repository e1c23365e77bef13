"""What an operator may do from afar: plain functions, which admin routes and the desk's buttons call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from corpus.report import Report
from index.clusters import Cluster
from index.journal import Entry
from index.states import GenerationState as GenerationState
from index.store import Rebuilt


@dataclass(frozen=True, slots=True)
class Admin:
    """The actions of this service. They block, and raise the errors that the command line shows
    (CorpusError, GenerationError, ShelfError, EncoderError), whose words are sentences.

    `rebuild`: build the index beside the one that serves; False: only where anything changed.
    `collect`: visit these addresses, or with none what is due of the sources file, then rebuild.
    `generations`: the indexes on disk, oldest first. `rollback`: to the index before; its id.
    `cluster`: questions that nobody could answer, grouped by meaning, the largest group first.
    """

    rebuild: Callable[[bool], Rebuilt]
    collect: Callable[[Sequence[str]], Report]
    generations: Callable[[], Sequence[GenerationState]]
    rollback: Callable[[], str]
    cluster: Callable[[Sequence[Entry]], Sequence[Cluster]] = lambda entries: ()
