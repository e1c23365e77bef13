"""From the settings to what they name: store, articles, models, answerer, journal."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from corpus.article import SHIPPED, Article, read_articles
from corpus.recall import Recall
from index.database import Database
from index.encoder import MODEL, Encoder, load_encoder
from index.journal import Journal
from index.maxsim import StaticVectors
from index.reader import Reader
from index.settings import Settings
from index.store import Store

if TYPE_CHECKING:
    from index.answer import Answerer


def open_store(settings: Settings) -> Store:
    """The generations of the data folder."""
    return Store(settings.data, settings.keep)


def corpus_articles(settings: Settings) -> list[Article]:
    """The shipped articles and those of TANYA_CORPUS, as far as the settings want them. CorpusError."""
    folders = [SHIPPED] if settings.shipped_corpus else []
    if settings.corpus is not None:
        folders.append(settings.corpus)
    with closing(Recall(settings.data / "articles.db")) as recall:
        return read_articles(*folders, recall=recall)


def load_encoders(settings: Settings) -> tuple[Encoder, StaticVectors]:
    """The encoder of questions and passages, and the static vectors of MaxSim. EncoderError."""
    encoder = load_encoder(
        settings.model,
        settings.profile,
        settings.threads,
        settings.query_prompt,
        settings.passage_prompt,
    )
    return encoder, StaticVectors(MODEL / "static")


def load_reader(settings: Settings) -> Reader | None:
    """The reader of first passages; None where the settings leave it out."""
    return Reader(threads=settings.threads) if settings.reader else None


def load_answerer(settings: Settings) -> Answerer:
    """What answers; it opens its index when it is first asked."""
    # Late: who rebuilds or reads the journal does not wait for it.
    from index.answer import Answerer

    encoder, static = load_encoders(settings)
    return Answerer(settings, open_store(settings), encoder, static, load_reader(settings))


def open_journal(settings: Settings) -> Journal | None:
    """The journal of a service, which goes on answering while its database is out of order; None where
    the settings switch it off."""
    if not settings.journal:
        return None
    return Journal.of(settings, Database.of(settings, patient=True))
