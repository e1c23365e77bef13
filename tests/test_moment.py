"""Which time a question is about, and what search makes of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from corpus.article import Article
from index.answer import Answerer
from index.encoder import OnnxEncoder
from index.lexicon import near, shipped
from index.maxsim import StaticVectors
from index.moment import Moment, read_moment, recency, times_in
from index.search import Index, Weights
from index.settings import Settings
from index.store import Store
from tests.conftest import MakeArticle
from tests.hashing import HashingEncoder
from tests.moments import LATEST, NAMED, TODAY


@pytest.mark.parametrize(
    ("question", "years", "months", "editions"),
    [
        ("KTT ASEAN 2023", {2023}, set(), set()),
        ("antara 2019 dan 2021", {2019, 2021}, set(), set()),
        ("September 2023", set(), {(2023, 9)}, set()),
        ("tgl 6 septembr 2023", set(), {(2023, 9)}, set()),
        ("8 Aug 2019", set(), {(2019, 8)}, set()),
        ("bulan Agustus", set(), {(None, 8)}, set()),
        ("May I visit in May?", set(), {(None, 5)}, set()),
        ("may I visit?", set(), set(), set()),
        ("tahun lalu", {2025}, set(), set()),
        ("tahun ini", {2026}, set(), set()),
        ("next year", {2027}, set(), set()),
        ("last year's chair", {2025}, set(), set()),
        ("dua tahun lalu", {2024}, set(), set()),
        ("5 years ago", {2021}, set(), set()),
        ("bulan lalu", set(), {(2026, 5)}, set()),
        ("six months ago", set(), {(2025, 12)}, set()),
        ("KTT ke-46", set(), set(), {46}),
        ("ktt ke 46 di mana", set(), set(), {46}),
        ("hasil ktt asean 46?", set(), set(), {46}),
        ("KTT ASEAN ke-44 dan ke-45", set(), set(), {44, 45}),
        ("the 44th and 45th ASEAN Summits", set(), set(), {44, 45}),
        ("forty-sixth summit", set(), set(), {46}),
        ("KTT keempat puluh enam", set(), set(), {46}),
        ("KTT ke empat puluh", set(), set(), {40}),
        ("KTT ASEAN ke-43 tahun 2023", {2023}, set(), {43}),
        ("KTT 5-7 September 2023", set(), {(2023, 9)}, set()),
        ("KTT 11 negara, telepon 724-3372, 56th anniversary", set(), set(), set()),
    ],
)
def test_named_times(
    question: str, years: set[int], months: set[tuple[int | None, int]], editions: set[int]
) -> None:
    moment = read_moment(question, TODAY)
    assert (set(moment.years), set(moment.months), set(moment.editions)) == (
        years,
        months,
        editions,
    )
    assert moment.named == bool(years or months or editions)


@pytest.mark.parametrize(
    ("question", "latest"),
    [
        ("Siapa ketua ASEAN sekarang?", True),
        ("siapa ketua asean sekrang", True),
        ("berita terbaru", True),
        ("kabar trbaru", True),
        ("saat ini siapa ketuanya", True),
        ("Who is the current chair?", True),
        ("the lastest news", True),
        ("Who chairs ASEAN?", False),
        ("Siapa ketua ASEAN?", False),
        ("jalan yang ditutup di hari terakhir KTT", False),
        ("a decent new building", False),
        ("gedung baru itu terbaik", False),
    ],
)
def test_the_wish_for_the_latest(question: str, latest: bool) -> None:
    assert read_moment(question, TODAY).latest == latest


def test_the_past() -> None:
    for question in (
        "When was it built?",
        "who designed it?",
        "kantornya dulu di mana?",
        "jalan ditutup pas KTT?",
    ):
        assert read_moment(question, TODAY).past, question
    for question in ("Is it open?", "siapa ketua saat ini?", "Apakah terbuka untuk umum?"):
        assert not read_moment(question, TODAY).past, question


def test_no_word_of_the_lexicon_is_taken_for_a_misspelt_time() -> None:
    times = {"january", "januari", "latest", "terbaru", "currently", "agustus", "august"}
    for language, vocabulary in shipped().vocabulary.items():
        for word in sorted(vocabulary):
            if word not in times and any(near(word, time) for time in times):
                moment = read_moment(word, TODAY)
                assert moment.months <= {(None, 1), (None, 8)}, (language, word)
                assert word in ("currently",) or not moment.latest, (language, word)


def test_one_edit() -> None:
    for wrong in ("terbau", "tterbaru", "tebraru", "tarbaru", "terbaru"):
        assert near(wrong, "terbaru"), wrong
    for other in ("terbaik", "baru", "terabur", ""):
        assert not near(other, "terbaru"), other


def test_an_article_fits_by_its_day_its_title_or_its_text(
    make_article: Callable[..., Article],
) -> None:
    article = make_article("a", "Pertemuan pada Oktober 2021 dan KTT ke-40 dibahas.")
    assert read_moment("September 2023", TODAY).fit(article) == 1.0  # published then
    assert read_moment("apa kabar 2021", TODAY).fit(article) == 0.5
    assert read_moment("Oktober", TODAY).fit(article) == 0.5
    assert read_moment("Oktober 2022", TODAY).fit(article) == 0.0
    assert read_moment("KTT ke-40", TODAY).fit(article) == 0.5
    assert read_moment("KTT ke-41", TODAY).fit(article) == 0.0
    assert times_in("KTT ke-40").meets(times_in("the 40th ASEAN Summit"))


def test_recency_halves_in_a_year() -> None:
    newest = date(2026, 5, 31)
    assert recency(newest, newest) == 1.0
    assert recency(date(2025, 5, 31), newest) == pytest.approx(0.5)
    assert recency(date(2027, 1, 1), newest) == 1.0
    assert recency(None, newest) == 0.0


@pytest.fixture(scope="module")
def index(answerer: Answerer, bundled: OnnxEncoder, static: StaticVectors) -> Index:
    return Index(answerer.store.open(bundled.fingerprint), bundled, static, shipped())


@pytest.mark.parametrize("questions", [LATEST, NAMED], ids=["latest", "named"])
def test_questions_that_name_a_time_find_its_articles(
    index: Index, questions: tuple[tuple[str, tuple[str, ...]], ...]
) -> None:
    """More than half of the first hits are of the time asked for, and one in ten more than without it."""
    names = {name.rsplit("/", 1)[1] for name in index.generation.articles}
    assert all(set(gold) <= names for _, gold in questions)

    def found(searched: Index) -> int:
        count = 0
        for question, gold in questions:
            first = searched.search(searched.read(question, TODAY), 1)[0]
            count += first.passage.article_id.rsplit("/", 1)[1] in gold
        return count

    assert found(index) > 0.5 * len(questions)
    ageless = index.with_weights(Weights(named=0.0, latest=0.0))
    assert found(index) >= found(ageless) + 0.1 * len(questions)


def test_a_question_without_a_time_is_ranked_as_ever(index: Index) -> None:
    ageless = index.with_weights(Weights(named=0.0, latest=0.0))
    for question in ("Is the ASEAN Secretariat open to the public?", "arti lambang ASEAN"):
        assert index.search(question, 10) == ageless.search(question, 10)


def test_an_undated_article_loses_only_the_bonus(index: Index) -> None:
    ageless = index.with_weights(Weights(named=0.0, latest=0.0))
    query = index.read("KTT ASEAN terbaru tahun 2024", TODAY)
    assert query.moment == Moment(latest=True, years=frozenset({2024}))
    plain = {hit.passage.id: hit.score for hit in ageless.score(query, ageless.candidates(query))}
    weights = Weights()
    for hit in index.score(query, index.candidates(query)):
        gain = hit.score - plain[hit.passage.id]
        assert -1e-6 <= gain <= weights.named + weights.latest + 1e-6


def test_what_is_older_than_the_horizon_is_marked(
    tmp_path: Path, make_article: MakeArticle, encoder: HashingEncoder, static: StaticVectors
) -> None:
    store = Store(tmp_path)
    store.rebuild([make_article("gedung")], encoder, static)  # of 2023-09-05
    for horizon, today, old in (
        (365, date(2024, 9, 4), False),
        (365, date(2024, 9, 5), True),
        (30, date(2023, 10, 5), False),
        (30, date(2023, 10, 6), True),
    ):
        settings = Settings(data=tmp_path, min_confidence=0.0, horizon_days=horizon)
        answerer = Answerer(settings, store, encoder, static, today=lambda day=today: day)  # type: ignore[misc]
        assert answerer.ask("gedung dibuka?").passages[0].old == old, (horizon, today)
