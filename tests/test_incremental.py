"""A generation that takes over what it can is the same as one that is built from nothing."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from corpus.article import Article, Translation
from corpus.passage import Passage, split
from index.answer import Answerer
from index.dense import DenseIndex
from index.generation import COLUMNS, FORMAT, Generation
from index.maxsim import StaticVectors
from index.settings import Settings
from index.store import Store
from tests.conftest import MakeArticle
from tests.former import make_former
from tests.hashing import HashingEncoder

LEXICAL = ("lexical_rows",)
SUBJECTS = ("gedung", "jalan", "lambang", "sidang", "kereta", "bendera", "menteri", "pasar")


def same(one: Generation, other: Generation) -> None:
    """Both hold the same, but for the order in which the lexical index and the words were written."""
    assert list(one.articles.values()) == list(other.articles.values())
    assert list(one.passages) == list(other.passages)
    assert one.stories == other.stories
    assert one.dense.all_vectors() == pytest.approx(other.dense.all_vectors())
    assert dict(one.vocabulary.items()) == dict(other.vocabulary.items())
    for name in COLUMNS:
        if not name.startswith("word_") and name not in (*LEXICAL, "alike"):
            assert np.array_equal(one.columns[name], other.columns[name]), name
    assert sorted(one.columns["alike"].tolist()) == sorted(other.columns["alike"].tolist())
    for subject in SUBJECTS:
        for language in ("id", "en"):
            found = [
                dict(
                    zip(
                        *(a.tolist() for a in g.lexical.search(language, [[(subject,)]], 99)),
                        strict=True,
                    )
                )
                for g in (one, other)
            ]
            assert found[0] == pytest.approx(found[1])


def edited(articles: Sequence[Article], chance: random.Random, make: MakeArticle) -> list[Article]:
    """`articles` after some editing: added, changed, translated, reprinted, removed ones."""
    found = {article.id: article for article in articles}
    for _ in range(chance.randint(1, 4)):
        subject = f"{chance.choice(SUBJECTS)}-{chance.randrange(10**6)}"
        text = " ".join(chance.choice(SUBJECTS) + chance.choice("., ") for _ in range(90)) + "."
        article = make(subject, text, topics=(chance.choice(SUBJECTS),))
        kind = chance.choice(("new", "new", "translated", "reprint", "change", "remove"))
        if kind == "translated":
            text = f"The {subject} was opened. Everybody saw it."
            article = replace(article, translation=Translation("en", f"About {subject}", text))
        elif kind == "reprint":
            article = replace(article, text=chance.choice(list(found.values())).text)
        elif kind == "change":
            article = replace(article, id=chance.choice(list(found)))
        elif len(found) > 2 and kind == "remove":
            del found[chance.choice(list(found))]
            continue
        found[article.id] = article
    return [found[name] for name in sorted(found)]


@pytest.mark.parametrize("seed", range(4))
def test_edition_after_edition_is_as_if_built_from_nothing(
    tmp_path: Path,
    encoder: HashingEncoder,
    static: StaticVectors,
    make_article: MakeArticle,
    seed: int,
) -> None:
    chance = random.Random(seed)
    articles = [make_article(subject) for subject in SUBJECTS]
    store = Store(tmp_path / "grown")
    store.rebuild(articles, encoder, static)
    for number in range(5):
        articles = edited(articles, chance, make_article)
        encoder.encoded.clear()
        done = store.rebuild(articles, encoder, static, force=True)
        assert len(encoder.encoded) == done.encoded
        fresh = Store(tmp_path / f"fresh{number}")
        fresh.rebuild(articles, encoder, static)
        same(store.open(encoder.fingerprint), fresh.open(encoder.fingerprint))


def test_one_more_article_costs_one_encoding_and_no_other_is_read_again(
    store: Store,
    encoder: HashingEncoder,
    static: StaticVectors,
    make_article: MakeArticle,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    articles = [make_article(subject) for subject in SUBJECTS]
    store.rebuild(articles, encoder, static)
    cut = []

    def noting(article: Article) -> list[Passage]:
        cut.append(article.id)
        return split(article)

    monkeypatch.setattr("index.build.split", noting)
    encoder.encoded.clear()
    done = store.rebuild([*articles, make_article("zebra")], encoder, static)
    assert cut == ["test/zebra"]
    assert (done.encoded, done.new, done.removed) == (1, 1, 0)
    assert encoder.encoded == [
        "Tentang zebra. Gedung zebra dibuka. Semua warga melihat zebra pada hari itu."
    ]


def test_what_is_removed_is_in_no_answer_and_in_no_file(
    tmp_path: Path, encoder: HashingEncoder, static: StaticVectors, make_article: MakeArticle
) -> None:
    store = Store(tmp_path)
    articles = [make_article(subject) for subject in SUBJECTS]
    secret = make_article("Kuskusbeltotol", "Kuskusbeltotol tinggal di Sulawesi dan tidur siang.")
    other = make_article("Anoa", "Anoa tinggal di Sulawesi dan makan rumput.")
    store.rebuild([*articles, secret], encoder, static)
    store.rebuild([*articles, secret, other], encoder, static)
    answerer = Answerer(Settings(data=tmp_path, min_confidence=0.0), store, encoder, static)
    assert answerer.ask("kuskusbeltotol").passages[0].article == secret.id
    for extra in ([other], []):  # twice: the former one is kept, too
        store.rebuild([*articles, *extra], encoder, static)
        answer = answerer.ask("kuskusbeltotol", k=9)
        assert secret.id not in {passage.article for passage in answer.passages}
    assert len(store.ids()) == 2
    word = secret.source.title.split()[-1]
    for path in (path for path in tmp_path.rglob("*") if path.is_file()):
        content = path.read_bytes().lower()
        for form in (word.lower().encode(), b"kuskusbeltoto"):
            assert form not in content, path


@pytest.mark.parametrize("version", [1, 2])
def test_a_former_format_serves_and_its_vectors_are_used(
    store: Store,
    encoder: HashingEncoder,
    static: StaticVectors,
    make_article: MakeArticle,
    version: int,
) -> None:
    articles = [make_article(subject) for subject in SUBJECTS]
    old = store.rebuild(articles, encoder, static)
    wanted = store.open(encoder.fingerprint)
    make_former(store.folder(old.id), version)
    read = store.open(encoder.fingerprint)
    assert read.format == version
    assert list(read.articles.values()) == articles
    assert list(read.passages) == list(wanted.passages)
    assert dict(read.vocabulary.items()) == dict(wanted.vocabulary.items())
    done = store.rebuild(articles, encoder, static)
    assert (done.changed, done.encoded) == (True, 0)
    now = store.open(encoder.fingerprint)
    assert now.format == FORMAT == json.loads((now.folder / "manifest.json").read_text())["format"]
    same(now, wanted)


def test_many_vectors_are_searched_by_lists_and_compared_exactly(tmp_path: Path) -> None:
    chance = np.random.default_rng(5)
    middles = chance.standard_normal((60, 32), dtype=np.float32)
    vectors = middles[chance.integers(0, 60, 4000)]
    vectors = vectors + 0.5 * chance.standard_normal((4000, 32), dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    exact = DenseIndex.build(vectors)
    built = DenseIndex.build(vectors, exact_up_to=1000)
    assert built.approximate
    assert not exact.approximate
    built.save(tmp_path / "vectors.faiss")
    lists = DenseIndex.load(tmp_path / "vectors.faiss")
    # One row goes, one comes, one moves to the end.
    order = np.concatenate((np.arange(1, 10), np.arange(11, 4000), [-1], [10]))
    changed = vectors[order]
    changed[-2] = vectors[0] / -1
    carried = DenseIndex.build(changed, lists, order, exact_up_to=1000)
    cases = [(lists, exact), (carried, DenseIndex.build(changed))]
    for index, wanted in cases:
        shares = []
        for vector in vectors[:200]:
            rows, scores = index.search(vector, 50)
            right, _ = wanted.search(vector, 50)
            shares.append(len(np.intersect1d(rows, right)) / 50)
            assert scores == pytest.approx(index.vectors(rows) @ vector, abs=1e-5)
            assert (np.diff(scores) <= 0).all()
        assert np.mean(shares) > 0.98
        few = np.arange(0, 4000, 500)
        assert (
            sorted(index.search(vectors[3], 50, few)[0].tolist()) == few[few < len(index)].tolist()
        )
    assert carried.search(-vectors[0], 1)[0].tolist() == [len(order) - 2]
