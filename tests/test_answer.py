"""What a citizen gets, with the shipped corpus and the bundled model."""

from __future__ import annotations

import threading
import time
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.article import Article, Translation
from index.answer import Answerer
from index.generation import NoIndexError
from index.marking import best_sentence, sentence_link
from index.maxsim import StaticVectors
from index.question import QuestionError, check_question
from index.settings import Settings
from index.store import Store
from tests.conftest import MakeArticle
from tests.hashing import HashingEncoder

VISIT = "secretariat/2023-08-29-120-peserta-visitasi-sekretariat-asean"
LATER = "secretariat/2025-05-24-sekretariat-asean-diusulkan-dibuka-untuk-publik"


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("Is the ASEAN Secretariat open to the public?", "en"),
        ("Apakah Kantor Sekretariat ASEAN terbuka untuk umum?", "id"),
    ],
)
def test_the_question_we_began_with(answerer: Answerer, question: str, language: str) -> None:
    answer = answerer.ask(question)
    assert answer.answered
    assert answer.language == language
    assert 0.5 < answer.confidence <= 1
    assert len(answer.passages) == 3
    articles = [passage.article for passage in answer.passages]
    assert VISIT in articles
    assert LATER in articles
    visit = answer.passages[articles.index(VISIT)]
    assert visit.language == language
    assert visit.source.publisher == "Beritajakarta.id"
    assert visit.source.published == date(2023, 8, 29)
    assert visit.link.startswith("https://m.beritajakarta.id/read/127600/")
    assert visit.translated == (language == "en")
    if visit.translated:
        assert visit.original is not None
        assert visit.original.language == "id"
        assert "120 peserta" in visit.original.text or "terbuka" in visit.original.text
    else:
        assert visit.original is None


@pytest.mark.parametrize("k", [1, 2, 5])
def test_k_articles_each_once_best_first(answerer: Answerer, k: int) -> None:
    answer = answerer.ask("Who is the Secretary-General of ASEAN?", k=k)
    assert len({passage.article for passage in answer.passages}) == len(answer.passages) == k
    scores = [passage.score for passage in answer.passages]
    assert answer.notice is not None or scores == sorted(scores, reverse=True)
    for passage in answer.passages:
        marked = passage.text[passage.highlight.start : passage.highlight.end]
        assert marked.strip() == marked != ""


def test_the_reader_chooses_the_language(answerer: Answerer) -> None:
    answer = answerer.ask("Where is the ASEAN Secretariat?", language="id")
    assert answer.language == "id"
    assert {passage.language for passage in answer.passages} == {"id"}


def test_wrong_arguments(answerer: Answerer) -> None:
    with pytest.raises(ValueError, match="language='fr'"):
        answerer.ask("apa itu ASEAN?", language="fr")
    with pytest.raises(ValueError, match="k=0"):
        answerer.ask("apa itu ASEAN?", k=0)


@pytest.mark.parametrize(
    ("question", "word"),
    [
        ("Bagaimana cara mengganti oli sepeda motor?", "Maaf"),
        ("How do I reset the password of my router?", "Sorry"),
    ],
)
def test_what_we_do_not_know_we_say(answerer: Answerer, question: str, word: str) -> None:
    answer = answerer.ask(question)
    assert not answer.answered
    assert answer.passages == ()
    assert answer.message is not None
    assert answer.message.startswith(word)
    assert 2 <= len(answer.related) <= 3
    for related in answer.related:
        assert answerer.ask(related).answered, related


@pytest.mark.parametrize("question", ["Où se trouve le secrétariat ?", "สำนักเลขาธิการอาเซียนอยู่ที่ไหน"])
def test_another_language_is_told_which_we_understand(answerer: Answerer, question: str) -> None:
    answer = answerer.ask(question)
    assert answer.outcome == "unknown"
    assert answer.message is not None
    assert "we only understand English and Indonesian" in answer.message
    assert "kami hanya memahami bahasa Inggris dan bahasa Indonesia" in answer.message
    assert len(answer.related) == 3


def test_a_contact_is_named_where_there_is_one(answerer: Answerer, tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, contact="humas@example.org", min_confidence=1.0)
    other = Answerer(settings, answerer.store, answerer.encoder, answerer.static)
    message = other.ask("Where is the ASEAN Secretariat?").message
    assert message is not None
    assert "humas@example.org" in message


@pytest.mark.parametrize(
    ("question", "code"),
    [
        ("", "empty"),
        ("  \n\t ", "empty"),
        ("\u200b\u202e", "empty"),
        ("?!…", "not_text"),
        (None, "not_text"),
        (12, "not_text"),
        ("a" * 501, "too_long"),
        ("x" * 10_000, "too_long"),
    ],
)
def test_what_is_no_question(answerer: Answerer, question: str, code: str) -> None:
    with pytest.raises(QuestionError) as caught:
        answerer.ask(question)
    assert (caught.value.code, caught.value.limit) == (code, 500)


@given(st.text(max_size=80))
def test_any_text_is_a_question_or_refused(text: str) -> None:
    try:
        cleaned = check_question(text, 80)
    except QuestionError:
        return
    assert cleaned == " ".join(cleaned.split())
    assert cleaned.isprintable()
    cleaned.encode("utf-8")


def test_no_index(tmp_path: Path, encoder: HashingEncoder, static: StaticVectors) -> None:
    answerer = Answerer(Settings(data=tmp_path), Store(tmp_path), encoder, static)
    assert answerer.index is None
    with pytest.raises(NoIndexError, match="tanya rebuild"):
        answerer.ask("apa?")


def test_the_answerer_follows_a_rebuild(
    tmp_path: Path,
    make_article: MakeArticle,
    encoder: HashingEncoder,
    static: StaticVectors,
) -> None:
    store = Store(tmp_path)
    answerer = Answerer(Settings(data=tmp_path, min_confidence=0.0), store, encoder, static)
    for subject in ("gedung", "jalan"):  # the first index too may come after the start
        done = store.rebuild([make_article(subject)], encoder, static)
        end = time.monotonic() + 5
        while answerer.index is None or answerer.index.id != done.id:
            assert time.monotonic() < end
            time.sleep(0.05)
        assert answerer.ask("apa itu?").passages[0].article == f"test/{subject}"


def test_questions_while_the_index_changes(
    tmp_path: Path, make_article: MakeArticle, encoder: HashingEncoder, static: StaticVectors
) -> None:
    store = Store(tmp_path)
    # So alike that all of them are shown: a missing one would be seen.
    alike = [make_article(f"nomor {n}", "Berita yang sama untuk semua orang.") for n in range(4)]
    store.rebuild(alike[:1], encoder, static)
    answerer = Answerer(Settings(data=tmp_path, min_confidence=0.0), store, encoder, static)
    stop = threading.Event()
    wrong: list[object] = []
    seen: set[str] = set()

    def ask() -> None:
        while not stop.is_set():
            try:
                answer = answerer.ask("berita apa untuk semua orang?", k=10)
            except Exception as error:
                wrong.append(error)
                return
            seen.add(answer.index.id)
            shown = sum(1 + len(passage.also) for passage in answer.passages)
            if shown != answer.index.articles:
                wrong.append(answer)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for count in (2, 3, 4, 1):
        store.rebuild(alike[:count], encoder, static)
        time.sleep(0.7)
    stop.set()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(seen) >= 3


def test_links_point_at_the_sentence_only_where_the_page_holds_it(
    tmp_path: Path, make_article: MakeArticle, encoder: HashingEncoder, static: StaticVectors
) -> None:
    translation = Translation("en", "About it", "The gate closes. The building opens at nine.")
    text = "Pintu ditutup malam. Gedung-gedung dibuka pukul sembilan, setiap hari."
    for verbatim in (True, False):
        article = make_article("a", text, verbatim=verbatim, translation=translation)
        store = Store(tmp_path / str(verbatim))
        store.rebuild([article], encoder, static)
        settings = Settings(data=tmp_path, min_confidence=0.0)
        answerer = Answerer(settings, store, encoder, static)
        for question, language in (("gedung dibuka pukul berapa?", "id"), ("when open?", "en")):
            passage = answerer.ask(question, language=language).passages[0]
            assert passage.translated == (language == "en")
            if verbatim:
                assert passage.link.startswith("https://example.org/a#:~:text=")
            else:
                assert passage.link == "https://example.org/a"


def test_sentence_links_are_encoded() -> None:
    link = sentence_link("https://e.org/a?b=1#top", "Gedung-gedung: A & B, buka")
    assert link == "https://e.org/a?b=1#:~:text=Gedung%2Dgedung%3A%20A%20%26%20B%2C%20buka"
    long = sentence_link("https://e.org/", " ".join(f"kata{n}" for n in range(30)))
    assert long == (
        "https://e.org/#:~:text=kata0%20kata1%20kata2%20kata3%20kata4,"
        "kata25%20kata26%20kata27%20kata28%20kata29"
    )


def test_the_best_sentence_is_marked(static: StaticVectors, make_article: MakeArticle) -> None:
    from corpus.passage import split

    article: Article = make_article(
        "a", "Presiden tiba pagi. Gedung itu dibangun pada 1981 oleh Soeharto. Cuaca cerah."
    )
    passage = split(article)[0]
    question = static.token_ids(["when was the building built?"])[0]
    span = best_sentence(static, question, passage)
    assert passage.text[span.start : span.end] == "Gedung itu dibangun pada 1981 oleh Soeharto."


def test_publishers_are_named_once_in_order(answerer: Answerer) -> None:
    names = answerer.publishers()
    assert "Kompas.com" in names
    assert list(names) == sorted(set(names), key=lambda name: (name.casefold(), name))
