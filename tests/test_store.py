"""The life of generations on disk."""

from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock

from corpus.article import Article
from index.generation import GenerationError, NoIndexError, read_generation
from index.maxsim import StaticVectors
from index.store import Store
from tests.conftest import MakeArticle
from tests.hashing import HashingEncoder


@pytest.fixture
def articles(make_article: MakeArticle) -> list[Article]:
    return [make_article(subject) for subject in ("gedung", "jalan", "lambang")]


def test_a_rebuild_is_read_back_as_it_was(
    store: Store, articles: list[Article], encoder: HashingEncoder, static: StaticVectors
) -> None:
    done = store.rebuild(articles, encoder, static)
    assert (done.articles, done.passages, done.new, done.encoded) == (3, 3, 3, 3)
    generation = store.open(encoder.fingerprint)
    assert generation.id == done.id == store.current_id()
    assert list(generation.articles.values()) == articles
    for row, passage in enumerate(generation.passages):
        expected = encoder.encode_question(passage.embedded_text)
        assert generation.dense.vectors(np.array([row]))[0] == pytest.approx(expected)
    manifest = json.loads((store.folder(done.id) / "manifest.json").read_text())
    assert manifest["encoder"]["fingerprint"] == encoder.fingerprint
    assert manifest["counts"] == {"articles": 3, "passages": 3}


def test_only_what_changed_is_encoded(
    store: Store,
    articles: list[Article],
    encoder: HashingEncoder,
    static: StaticVectors,
    make_article: MakeArticle,
) -> None:
    store.rebuild(articles, encoder, static)
    encoder.encoded.clear()
    changed = [articles[0], make_article("jalan", "Semua jalan dibuka lagi."), make_article("baru")]
    done = store.rebuild(changed, encoder, static)
    assert len(encoder.encoded) == done.encoded == 2
    assert (done.new, done.removed, done.reused) == (2, 2, 1)
    # The rows moved: every vector must still be that of its passage.
    generation = store.open(encoder.fingerprint)
    for row, passage in enumerate(generation.passages):
        vector = generation.dense.vectors(np.array([row]))[0]
        assert vector == pytest.approx(encoder.encode_question(passage.embedded_text))
    # Delete, reload, add again: no row of the deleted article comes back.
    assert {p.article_id for p in generation.passages} == {a.id for a in changed}


def test_nothing_changed_nothing_done(
    store: Store, articles: list[Article], encoder: HashingEncoder, static: StaticVectors
) -> None:
    first = store.rebuild(articles, encoder, static)
    again = store.rebuild(articles, encoder, static)
    assert (again.changed, again.id) == (False, first.id)
    forced = store.rebuild(articles, encoder, static, force=True)
    assert forced.changed
    assert forced.encoded == 0


def test_another_encoder_shares_no_vectors(
    store: Store, articles: list[Article], encoder: HashingEncoder, static: StaticVectors
) -> None:
    store.rebuild(articles, encoder, static)
    other = HashingEncoder(salt="!")
    with pytest.raises(NoIndexError, match=r"built by the encoder 'hashing'.*tanya rebuild"):
        store.open(other.fingerprint)
    done = store.rebuild(articles, other, static)
    assert done.encoded == 3


def test_rollback_and_forward(
    store: Store, articles: list[Article], encoder: HashingEncoder, static: StaticVectors
) -> None:
    first = store.rebuild(articles[:1], encoder, static)
    with pytest.raises(GenerationError, match="no older index"):
        store.rollback()
    store.rebuild(articles, encoder, static)
    assert store.rollback() == first.id
    assert len(store.open(encoder.fingerprint).articles) == 1
    # The next rebuild must keep the one we went back to, not the one we fled from.
    third = store.rebuild(articles[:2], encoder, static)
    assert store.ids() == [first.id, third.id]
    assert store.rollback() == first.id


def test_old_generations_are_cleaned_up(
    tmp_path: Path, articles: list[Article], encoder: HashingEncoder, static: StaticVectors
) -> None:
    store = Store(tmp_path / "var", keep=3)
    ids = [store.rebuild(articles[:n], encoder, static).id for n in (1, 2, 3, 1, 2)]
    assert store.ids() == ids[-3:]


FILES = [
    "articles.jsonl",
    "passages.npy",
    "names.json",
    "word_slips.npy",
    "vectors.faiss",
    "tokens.npy",
    "keys.npy",
    "manifest.json",
    "lexical/meta.json",
]


@pytest.mark.parametrize("damage", ["flip", "truncate", "delete"])
@pytest.mark.parametrize("name", FILES)
def test_damage_is_refused_and_the_one_before_serves(
    store: Store,
    articles: list[Article],
    encoder: HashingEncoder,
    static: StaticVectors,
    caplog: pytest.LogCaptureFixture,
    name: str,
    damage: str,
) -> None:
    first = store.rebuild(articles[:1], encoder, static)
    second = store.rebuild(articles, encoder, static)
    path = store.folder(second.id) / name
    content = bytearray(path.read_bytes())
    if damage == "delete":
        path.unlink()
    elif damage == "truncate":
        path.write_bytes(content[: len(content) // 2])
    else:
        content[len(content) // 2] ^= 0x20
        path.write_bytes(content)
    with pytest.raises(GenerationError, match=r"Run: tanya rebuild"):
        read_generation(store.folder(second.id), encoder.fingerprint)
    with caplog.at_level(logging.ERROR):
        assert store.open(encoder.fingerprint).id == first.id
    assert "tanya rebuild" in caplog.text
    mended = store.rebuild(articles, encoder, static)
    assert store.open(encoder.fingerprint).id == mended.id


def test_nothing_whole_is_said(
    store: Store, articles: list[Article], encoder: HashingEncoder, static: StaticVectors
) -> None:
    with pytest.raises(NoIndexError, match="no index yet"):
        store.open(encoder.fingerprint)
    done = store.rebuild(articles, encoder, static)
    shutil.rmtree(store.folder(done.id) / "lexical")
    with pytest.raises(NoIndexError, match="is missing"):
        store.open(encoder.fingerprint)


def test_a_failed_rebuild_changes_nothing(
    store: Store, articles: list[Article], encoder: HashingEncoder, static: StaticVectors
) -> None:
    done = store.rebuild(articles, encoder, static)

    class Failing(HashingEncoder):
        def encode_passages(self, texts, progress=None):  # type: ignore[no-untyped-def]
            raise RuntimeError("out of memory")

    with pytest.raises(RuntimeError, match="out of memory"):
        store.rebuild(articles[:2], Failing(salt="x"), static)
    with pytest.raises(GenerationError, match="no articles"):
        store.rebuild([], encoder, static)
    assert store.ids() == [done.id] == [store.current_id()]
    assert [path.name for path in store.folder(done.id).parent.iterdir()] == [done.id]


def test_the_second_rebuild_waits_or_says_who(
    tmp_path: Path,
    store: Store,
    articles: list[Article],
    encoder: HashingEncoder,
    static: StaticVectors,
    caplog: pytest.LogCaptureFixture,
) -> None:
    store.rebuild(articles[:1], encoder, static)
    lock = FileLock(tmp_path / "var/index/rebuild.lock", thread_local=False)
    lock.acquire()
    with pytest.raises(GenerationError, match=rf"process {os.getpid()} on .* since"):
        store.rebuild(articles, encoder, static, wait=0.1)
    threading.Timer(0.3, lock.release).start()
    assert store.rebuild(articles, encoder, static, wait=5).changed
    assert "Another rebuild is running" in caplog.text


def test_what_a_killed_rebuild_left_is_removed(
    store: Store, articles: list[Article], encoder: HashingEncoder, static: StaticVectors
) -> None:
    done = store.rebuild(articles[:1], encoder, static)
    left = store.folder(".building-20200101") / "half"
    left.mkdir(parents=True)
    (left / "vectors.faiss").write_bytes(b"half")
    assert store.ids() == [done.id]
    store.rebuild(articles, encoder, static)
    assert not left.parent.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs to mount a small tmpfs")
def test_a_full_disk_leaves_the_old_index(
    tmp_path: Path, articles: list[Article], encoder: HashingEncoder, static: StaticVectors
) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(small)]
    if subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("tmpfs cannot be mounted here")
    try:
        store = Store(small)
        done = store.rebuild(articles, encoder, static)
        huge = replace(articles[0], text="Kata yang panjang sekali. " * 20_000)
        with pytest.raises(GenerationError, match=r"still serves\. Free some space"):
            store.rebuild([huge], encoder, static)
        assert store.open(encoder.fingerprint).id == done.id
        assert store.ids() == [done.id]
    finally:
        subprocess.run(["umount", "-l", str(small)], check=False)


def test_a_folder_that_cannot_be_written(
    tmp_path: Path, articles: list[Article], encoder: HashingEncoder, static: StaticVectors
) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(GenerationError, match="TANYA_DATA"):
        Store(tmp_path / "file").rebuild(articles, encoder, static)


def test_version_changes_with_the_pointer(
    store: Store, articles: list[Article], encoder: HashingEncoder, static: StaticVectors
) -> None:
    seen = {store.version()}
    for number in (1, 2, 3):
        store.rebuild(articles[:number], encoder, static)
        seen.add(store.version())
    assert len(seen) == 4


def test_an_index_of_one_process_is_read_by_another(
    store: Store, articles: list[Article], encoder: HashingEncoder, static: StaticVectors
) -> None:
    done = store.rebuild(articles, encoder, static)
    code = (
        "import sys; from pathlib import Path; from index.generation import read_generation;"
        "print(len(read_generation(Path(sys.argv[1])).passages))"
    )
    output = subprocess.run(
        [sys.executable, "-c", code, str(store.folder(done.id))],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parent.parent,
    )
    assert output.stdout.strip() == "3"
