"""One story once: a wire report that three publishers print with small edits."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date

import pytest

from corpus.article import Article, Source
from corpus.question import Question
from corpus.story import SAME, find_stories
from index.answer import Answerer
from index.evaluate import Prepared
from index.filters import Filters
from index.generation import read_generation
from index.lexicon import shipped
from index.maxsim import StaticVectors
from index.search import Index, Weights
from index.settings import Settings
from index.store import Store
from tests.former import make_former
from tests.hashing import HashingEncoder

WIRE = (
    "Jakarta (ANTARA) - Gedung baru Sekretariat ASEAN di Jalan Sisingamangaraja diresmikan Presiden "
    "Joko Widodo pada Kamis pagi bersama Menteri Luar Negeri dan Gubernur DKI Jakarta. Dua menara "
    "enam belas lantai itu dihubungkan jembatan kaca dan memiliki puluhan ruang rapat, galeri seni, "
    "serta perpustakaan. Presiden mengatakan gedung ini menjadi bukti komitmen Indonesia sebagai tuan "
    "rumah. Sekretaris Jenderal ASEAN menyampaikan terima kasih kepada pemerintah dan warga Jakarta. "
    "Peresmian dihadiri ratusan tamu, termasuk para mantan sekretaris jenderal dan duta besar."
)


def printed(
    publisher: str, day: date | None, dateline: str, changed: int, language: str = "id"
) -> Article:
    """WIRE as `publisher` prints it: its own dateline, and `changed` words replaced."""
    text = WIRE.replace("Jakarta (ANTARA)", dateline).split(" ")
    for at in random.Random(publisher).sample(range(4, len(text)), changed):
        text[at] = f"kata{at}"
    slug = publisher.lower()
    return Article(
        id=f"wire/{slug}",
        source=Source(
            f"Gedung baru diresmikan, kata {publisher}", publisher, f"https://{slug}.org/1", day
        ),
        language=language,
        text=" ".join(text),
    )


FIRST = printed("Antara", date(2019, 8, 8), "Jakarta (ANTARA)", 0)
SECOND = printed("Medan", date(2019, 8, 9), "Medan -", 3)
UNDATED = printed("Bali", None, "Denpasar, Bali Kini -", 5)
OTHERS = [
    Article(
        id="test/parkir",
        source=Source("Parkir gedung", "Kota", "https://kota.org/2", date(2020, 1, 1)),
        language="id",
        text="Parkir di gedung baru Sekretariat ASEAN dibuka untuk tamu yang datang sejak pagi.",
    )
]


def test_reprints_are_one_story_in_order_of_their_dates() -> None:
    articles = [UNDATED, *OTHERS, SECOND, FIRST]
    for order in (articles, articles[::-1]):
        assert find_stories(order) == [(FIRST.id, SECOND.id, UNDATED.id)]


def test_the_shipped_corpus_tells_every_story_once(shipped_articles: list[Article]) -> None:
    assert find_stories(shipped_articles) == []


def test_another_language_is_another_story() -> None:
    assert find_stories([FIRST, replace(SECOND, language="en")]) == []


def test_likeness_has_a_limit() -> None:
    """Every changed word changes three shingles: the likeness of n changes is about
    (75 - 3n) / (75 + 3n), which is SAME at 8."""
    assert SAME == 0.5
    assert find_stories([FIRST, printed("Kendari", None, "Jakarta (ANTARA)", 6)])
    assert not find_stories([FIRST, printed("Kendari", None, "Jakarta (ANTARA)", 14)])


def test_a_report_rewritten_step_by_step_does_not_chain() -> None:
    words = WIRE.split(" ")
    steps = []
    for step in range(6):
        text = [f"baru{at}" if at < 10 * step else word for at, word in enumerate(words)]
        day = date(2020, 1, 1 + step)
        source = Source("Langkah", "Kota", f"https://kota.org/{step}", day)
        steps.append(Article(f"step/{step}", source, "id", " ".join(text)))
    stories = find_stories(steps)
    assert len(stories) >= 2
    assert all(len(story) <= 3 for story in stories)


def test_texts_of_a_word_or_two() -> None:
    short = [
        replace(FIRST, id=f"a/{n}", text=text) for n, text in enumerate(("Ya.", "Ya", "Tidak"))
    ]
    assert find_stories(short) == [("a/0", "a/1")]


@pytest.fixture
def index(store: Store, encoder: HashingEncoder, static: StaticVectors) -> Index:
    store.rebuild([FIRST, SECOND, UNDATED, *OTHERS], encoder, static)
    return Index(store.open(encoder.fingerprint), encoder, static, shipped())


QUESTION = "kapan gedung baru diresmikan presiden?"


def test_a_story_takes_one_place_and_cites_the_rest(index: Index) -> None:
    hits = index.search(QUESTION, 2)
    assert len(hits) == 2
    assert hits[1].passage.article_id == OTHERS[0].id
    assert hits[1].also == ()
    rest = [a.id for a in (FIRST, SECOND, UNDATED) if a.id != hits[0].passage.article_id]
    assert list(hits[0].also) == rest
    # The best of them stays.
    alone = [index.search(QUESTION, 1, lambda a, id=id: a.id == id)[0].score for id in rest]  # type: ignore[misc]
    assert hits[0].score >= max(alone)


def test_what_a_filter_shuts_out_is_not_cited(index: Index) -> None:
    filters = Filters(publishers=("Medan", "Bali"))
    hits = index.search(QUESTION, 3, filters)
    assert {hits[0].passage.article_id, *hits[0].also} == {SECOND.id, UNDATED.id}
    assert len(hits) == 1


def test_an_answer_cites_them(
    store: Store, encoder: HashingEncoder, static: StaticVectors, index: Index
) -> None:
    answerer = Answerer(Settings(min_confidence=0.0), store, encoder, static)
    passage = answerer.ask(QUESTION, k=1).passages[0]
    sources = [a.source for a in (FIRST, SECOND, UNDATED) if a.id != passage.article]
    assert list(passage.also) == sources


def test_evaluation_ranks_every_article_of_a_story(index: Index) -> None:
    questions = [
        Question(a.id, QUESTION, "id", "answerable", False, {a.id: 2}, ())
        for a in (FIRST, SECOND, UNDATED)
    ]
    found = Prepared(index, questions).measure(Weights())
    assert sorted(found["MRR@10"].values(), reverse=True) == pytest.approx([1, 1 / 2, 1 / 3])


def test_stories_are_part_of_a_generation(
    store: Store, encoder: HashingEncoder, static: StaticVectors
) -> None:
    done = store.rebuild([FIRST, SECOND], encoder, static)
    assert store.open(encoder.fingerprint).stories == ((FIRST.id, SECOND.id),)
    folder = store.folder(done.id)
    (folder / "stories.json").write_text("[]")
    with pytest.raises(Exception, match=r"stories\.json does not match its checksum"):
        read_generation(folder)


def test_an_index_from_before_stories_serves_and_is_rebuilt_without_encoding(
    store: Store, encoder: HashingEncoder, static: StaticVectors
) -> None:
    old = store.rebuild([FIRST, SECOND], encoder, static)
    make_former(store.folder(old.id), 1)
    generation = store.open(encoder.fingerprint)
    assert (generation.id, generation.stories) == (old.id, ())
    done = store.rebuild([FIRST, SECOND], encoder, static)
    assert (done.changed, done.encoded) == (True, 0)
    assert store.open(encoder.fingerprint).stories == ((FIRST.id, SECOND.id),)
