"""From a question to an `Answer`: the main path."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime

from corpus.article import LANGUAGES, Article
from corpus.passage import Passage
from index.catalogue import Catalogue
from index.confidence import Calibration, read, signals
from index.differ import NOTICE, newest_first, sources_differ
from index.encoder import Encoder
from index.filters import Filters
from index.followup import read_with
from index.generation import NoIndexError
from index.language import is_foreign
from index.marking import best_sentence, sentence_link
from index.maxsim import StaticVectors
from index.metrics import Stages
from index.question import check_question
from index.reader import Reader, Reading
from index.related import COUNT, Related, bank
from index.result import Answer as Answer
from index.result import AnswerPassage as AnswerPassage
from index.result import Asks as Asks
from index.result import IndexInfo as IndexInfo
from index.result import Original as Original
from index.result import Outcome as Outcome
from index.search import Hit, Index, Query
from index.serving import Serving
from index.settings import Settings
from index.social import recognise, reply
from index.spelling import read_mended
from index.store import Store

_NEAR_BEST = 0.8
"""Hits below this share of the best one's score are not shown. On dev this loses no gold article among
the first three, and the share of shown passages that are gold rises from .44 to .54."""
_UNKNOWN = {
    "id": "Maaf, kami tidak menemukan jawabannya di berita yang kami miliki.",
    "en": "Sorry, we could not find an answer in the news articles we have.",
}
_UNSURE = {
    "id": "Kami tidak menemukan jawaban yang pasti.",
    "en": "We found no certain answer.",
}
_PARTLY = {"id": "Kutipan ini mungkin membantu:", "en": "These passages may help:"}
_CONTACT = {"id": "Silakan hubungi {contact}.", "en": "Please contact {contact}."}
_log = logging.getLogger("tanya.index")


class Answerer:
    """Answers questions from the current generation, and follows when another becomes current.

    Safe to call from threads. A question sees one whole generation from beginning to end.
    """

    def __init__(
        self,
        settings: Settings,
        store: Store,
        encoder: Encoder,
        static: StaticVectors,
        reader: Reader | None = None,
        today: Callable[[], date] | None = None,
    ) -> None:
        """`today` tells the day, by default this machine's."""
        self._settings = settings
        self._today = today or _local_day
        self.store = store
        self.encoder = encoder
        self.static = static
        self._calibration = Calibration.load(
            encoder.fingerprint, reader, settings.data / "calibration.json"
        )
        self._reader = reader
        self._related = Related(static, bank(settings))
        self._catalogue: Catalogue | None = None
        self._serving = Serving(store, encoder, static)

    @property
    def index(self) -> IndexInfo | None:
        """Which index serves; None until one could be opened."""
        try:
            return _info(self._index())
        except NoIndexError as error:
            _log.debug("%s", error)
            return None

    def ask(
        self,
        question: str,
        k: int | None = None,
        language: str | None = None,
        *,
        previous: str | None = None,
        filters: Filters | None = None,
    ) -> Answer:
        """The answer to `question`: up to `k` passages of different stories, best first, or newest first
        under a `notice`; fewer where only fewer come near the best.

        `language` is the reader's, by default the question's own. `previous` is the question asked
        before in the same conversation, used where `question` needs it to be understood. `filters`
        say which articles count. QuestionError where `question` is
        empty, too long or no text; NoIndexError where there is no index; ValueError for a bad `k` or
        `language`.
        """
        text = check_question(question, self._settings.max_question)
        if language not in (None, *LANGUAGES):
            raise ValueError(f"language={language!r}: use one of {', '.join(LANGUAGES)}, or None")
        shown = self._settings.k if k is None else k
        if shown < 1:
            raise ValueError(f"k={k}: ask for at least 1 passage")
        serving = self._serving.current()
        index = serving.index
        social = recognise(text, f"{self._settings.subject_id} {self._settings.subject_en}")
        if social is not None:
            return self._reply(index, text, "social", social.kind, language or social.language)
        if is_foreign(text):
            return self._reply(index, text, "unknown", "foreign", language or "en")
        stages = Stages()
        today = self._today()
        query = read_mended(index, serving.speller, index.read(text, today), filters, today)
        spoken = query.language
        followed = read_with(index, query, text, previous, filters, today) if previous else None
        if followed is not None:
            query = followed[0]
        reader = language or spoken or query.language or LANGUAGES[0]
        # Confidence looks at five hits, however few are shown. Where fewer fit the filters, others
        # fill up: alone, an article would stand out against nothing and look sure.
        stages.end("language")
        ranked = index.search(query, max(shown, 5), filters)
        stages.end("search")
        hits = [hit for hit in ranked[:shown] if hit.score >= _NEAR_BEST * ranked[0].score]
        readings = read(self._reader, index, query, ranked) if self._reader is not None else []
        stages.end("reader")
        if 0 < len(ranked) < 5 and filters is not None:
            fitting = {hit.passage.article_id for hit in ranked}
            others = index.search(query, 5)
            ranked += [hit for hit in others if hit.passage.article_id not in fitting]
        confidence = self._calibration.confidence(signals(index, query, ranked, readings))
        outcome = self._outcome(confidence) if hits else "unknown"
        differ = sources_differ(hits, query.moment, index.generation.articles)
        if differ:
            hits = newest_first(hits, index.generation.articles)
        answer = Answer(
            question=text,
            language=reader,
            outcome=outcome,
            confidence=round(confidence, 4),
            passages=()
            if outcome == "unknown"
            else tuple(self._show(index, query, hit, reader, readings, today) for hit in hits),
            related=self._related.near(index, query, reader, hits),
            message=self._message(outcome, reader),
            index=_info(index),
            notice=NOTICE[reader] if differ and outcome != "unknown" else None,
            read_as=followed[1] if followed is not None else None,
        )
        stages.done("rest")
        return answer

    def _reply(
        self, index: Index, question: str, outcome: Outcome, kind: str, language: str
    ) -> Answer:
        """What is said to a text that is not searched for, with questions to begin with."""
        return Answer(
            question=question,
            language=language,
            outcome=outcome,
            confidence=0.0,
            passages=(),
            related=self._related.examples(index, language, COUNT),
            message=reply(kind, language, self._settings),
            index=_info(index),
        )

    def examples(self, language: str, count: int = 4) -> tuple[str, ...]:
        """Up to `count` questions in `language` that the index answers, to begin with; of different
        articles. NoIndexError where there is no index."""
        return self._related.examples(self._index(), language, count)

    def suggest(self, typed: str, language: str, count: int) -> tuple[str, ...]:
        """Up to `count` questions in `language` that the index answers and that hold what was `typed`, the
        best first. NoIndexError where there is no index."""
        return self._related.suggest(self._index(), typed, language, count)

    def article(self, name: str) -> Article | None:
        """The article whose id is `name`; None where the index has none. NoIndexError as below."""
        return self._index().generation.articles.get(name)

    def catalogue(self) -> Catalogue:
        """Who published what the index holds. NoIndexError where there is no index."""
        index = self._index()
        if self._catalogue is None or self._catalogue.index.id != index.generation.id:
            self._catalogue = Catalogue.of(_info(index), index.generation.articles.values())
        return self._catalogue

    def publishers(self) -> tuple[str, ...]:
        """Whose articles the index holds, in alphabetical order. NoIndexError where there is none."""
        return tuple(sorted(self._index().generation.articles.names.publishers, key=_alphabetical))

    def following(self) -> AbstractContextManager[None]:
        """As long as the context is open, a new generation is opened when it appears, not only when
        somebody asks."""
        return self._serving.following()

    def _index(self) -> Index:
        index: Index = self._serving.current().index
        return index

    def _outcome(self, confidence: float) -> Outcome:
        threshold = self._settings.min_confidence
        if threshold is None:
            threshold = self._calibration.threshold
        if confidence >= threshold:
            return "answered"
        return "partly" if confidence >= self._calibration.partly else "unknown"

    def _message(self, outcome: Outcome, language: str) -> str | None:
        if outcome == "answered":
            return None
        said = [_UNKNOWN[language] if outcome == "unknown" else _UNSURE[language]]
        if self._settings.contact:
            said.append(_CONTACT[language].format(contact=self._settings.contact))
        if outcome == "partly":
            said.append(_PARTLY[language])
        return " ".join(said)

    def _show(
        self,
        index: Index,
        query: Query,
        hit: Hit,
        language: str,
        readings: Sequence[tuple[Passage, Reading]],
        today: date,
    ) -> AnswerPassage:
        article = index.generation.articles[hit.passage.article_id]
        shown = index.version(hit, language) or hit.passage
        original = index.in_language(shown, article.language) or shown
        own = [item for item in readings if item[0].article_id == article.id]
        span = best_sentence(index.static, query.tokens, shown, own)
        link = article.source.url
        if article.verbatim:
            told = (
                span
                if original is shown
                else best_sentence(index.static, query.tokens, original, own)
            )
            link = sentence_link(link, original.text[told.start : told.end])
        return AnswerPassage(
            id=shown.id,
            article=article.id,
            title=shown.title,
            text=shown.text,
            language=shown.language,
            translated=shown.translated,
            original=Original(original.text, original.language) if shown.translated else None,
            highlight=span,
            score=round(hit.score, 4),
            source=article.source,
            link=link,
            old=_is_old(article.source.published, today, self._settings.horizon_days),
            also=tuple(index.generation.articles[name].source for name in hit.also),
        )


def _alphabetical(name: str) -> tuple[str, str]:
    return (name.casefold(), name)


def _local_day() -> date:
    return datetime.now(UTC).astimezone().date()


def _is_old(published: date | None, today: date, horizon: int) -> bool:
    return published is not None and (today - published).days > horizon


def _info(index: Index) -> IndexInfo:
    generation = index.generation
    return IndexInfo(
        generation.id, generation.built_at, len(generation.articles), len(generation.passages)
    )
