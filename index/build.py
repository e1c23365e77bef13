"""Writing a generation: only what is new is computed, the rest comes from the former one."""

from __future__ import annotations

import hashlib
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from corpus import step
from corpus.article import Article
from corpus.passage import Passage, split
from corpus.story import PAIR, WIDTH, find_pairs, sign, stories_of
from index import columns
from index.columns import offsets, ranges
from index.dense import DenseIndex
from index.encoder import Encoder, Vectors
from index.generation import FORMAT, Generation, Known
from index.holdings import CUT, Articles, Passages, article_columns, cuts_of, line_keys, line_of
from index.integrity import MANIFEST, checksums
from index.lexical import LexicalIndex
from index.maxsim import Ragged, StaticVectors
from index.vocabulary import count_words, vocabulary_columns

Progress = Callable[[str, int, int], None]
"""Called with a step's name, how much of it is done and how much there is."""

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Corpus:
    """Articles as they are stored: `lines` of JSON, their `keys`, and a checksum of all of them."""

    articles: Sequence[Article]
    lines: Sequence[bytes]
    keys: NDArray[np.uint8]
    digest: str

    @classmethod
    def of(cls, articles: Sequence[Article]) -> Corpus:
        lines = [line_of(article) for article in articles]
        keys = line_keys(lines)
        return cls(articles, lines, keys, hashlib.sha256(keys.tobytes()).hexdigest()[:32])


def passage_keys(texts: Sequence[str]) -> NDArray[np.uint8]:
    """Content hashes of `texts`, (n, 16) uint8: equal for equal texts."""
    return line_keys([text.encode() for text in texts])


def write_generation(
    folder: Path,
    corpus: Corpus,
    encoder: Encoder,
    static: StaticVectors,
    known: Sequence[Known] = (),
    progress: Progress = lambda step, done, total: None,
    former: Generation | None = None,
) -> int:
    """Write a generation of `corpus` into the new `folder`; returns how many texts were encoded.

    Articles that `former` holds unchanged are taken from there, whatever was computed of them; texts
    whose vectors are among `known` are not encoded again. The folder's name becomes the id.
    """
    if former is not None and (former.format, former.fingerprint) != (FORMAT, encoder.fingerprint):
        former = None
    draft = _Draft(corpus, former)
    vectors, encoded = _vectors(draft, encoder, known, progress)
    progress("index", 0, len(vectors))
    folder.mkdir(parents=True)
    with (folder / "articles.jsonl").open("wb") as file:
        file.writelines(corpus.lines)
    step.reached("generation: articles written")
    columns.save(folder, draft.columns)
    names = {name: getattr(draft.names, name) for name in draft.names.__slots__}
    (folder / "names.json").write_text(json.dumps(names, ensure_ascii=False), encoding="utf-8")
    step.reached("generation: columns written")
    tokens = _tokens(draft, static)
    columns.save(folder, {"tokens": tokens.ids, "token_offsets": tokens.offsets})
    step.reached("generation: tokens written")
    _write_stories(folder, draft)
    step.reached("generation: stories written")
    columns.save(folder, vocabulary_columns(_word_counts(draft)))
    step.reached("generation: words written")
    _write_lexical(folder, draft)
    step.reached("generation: lexical index written")
    DenseIndex.build(vectors, former.dense if former is not None else None, draft.origin).save(
        folder / "vectors.faiss"
    )
    step.reached("generation: vectors written")
    progress("index", len(vectors), len(vectors))
    manifest = {
        "format": FORMAT,
        "id": folder.name,
        "built_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "encoder": {"name": encoder.name, "dim": encoder.dim, "fingerprint": encoder.fingerprint},
        "tokenizer": static.tokenizer_digest,
        "corpus": corpus.digest,
        "counts": {"articles": len(corpus.articles), "passages": len(vectors)},
        "files": checksums(folder),
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    step.reached("generation: manifest written")
    return encoded


class _Draft:
    """The next generation's articles and passages, and where the former one has them.

    `was`: the place of each article in the former generation, -1 of new ones; `origin`: the row of each
    passage there, -1 of new ones; `fresh`: the passages of the new articles by row.
    """

    def __init__(self, corpus: Corpus, former: Generation | None) -> None:
        self.corpus = corpus
        self.former = former
        articles = corpus.articles
        self.was = np.full(len(articles), -1, np.int64)
        if former is not None:
            places = {key.tobytes(): place for place, key in enumerate(former.articles.line_keys)}
            self.was[:] = [places.get(key.tobytes(), -1) for key in corpus.keys]
        self.new = self.was < 0
        counts = np.zeros(len(articles), np.int64)
        pieces = {at: split(articles[at]) for at in np.flatnonzero(self.new).tolist()}
        for at, found in pieces.items():
            counts[at] = len(found)
        kept = np.flatnonzero(~self.new)
        if former is not None:
            counts[kept] = np.diff(former.articles.rows)[self.was[kept]]
        rows = offsets(counts)
        self.columns, self.names = article_columns(articles, corpus.lines, rows)
        self.origin = np.full(rows[-1], -1, np.int64)
        cuts = np.empty(rows[-1], CUT)
        keys = np.empty((rows[-1], 16), np.uint8)
        if former is not None:
            here = ranges(rows[kept], counts[kept])
            there = ranges(former.articles.rows[self.was[kept]], counts[kept])
            self.origin[here] = there
            cuts[here] = former.passages.cuts[there]
            number = {language: at for at, language in enumerate(self.names.languages)}
            codes = np.array([number.get(one, 0) for one in former.articles.names.languages])
            cuts["language"][here] = codes[cuts["language"][here]]
            keys[here] = former.keys[there]
        self.fresh: dict[int, Passage] = {}
        for at, found in pieces.items():
            first = int(rows[at])
            cuts[first : first + len(found)] = cuts_of(found, at, self.names.languages)
            self.fresh |= {first + number: passage for number, passage in enumerate(found)}
        cuts["article"] = np.repeat(np.arange(len(articles)), counts)
        if self.fresh:
            keys[list(self.fresh)] = passage_keys(
                [one.embedded_text for one in self.fresh.values()]
            )
        self.columns |= {"passages": cuts, "keys": keys}

    def gone(self) -> Iterator[Passage]:
        """The passages of the former generation that are no longer."""
        if self.former is not None:
            kept = np.zeros(len(self.former.articles), bool)
            kept[self.was[~self.new]] = True
            rows = self.former.articles.rows
            for place in np.flatnonzero(~kept).tolist():
                yield from self.former.passages[int(rows[place]) : int(rows[place + 1])]


def _vectors(
    draft: _Draft, encoder: Encoder, known: Sequence[Known], progress: Progress
) -> tuple[Vectors, int]:
    keys = draft.columns["keys"]
    vectors = np.empty((len(keys), encoder.dim), np.float32)
    if draft.former is not None:
        kept = np.flatnonzero(draft.origin >= 0)
        vectors[kept] = draft.former.dense.all_vectors()[draft.origin[kept]]
    missing: dict[bytes, list[int]] = {}
    for row in draft.fresh:
        missing.setdefault(keys[row].tobytes(), []).append(row)
    for source in known:
        for at in _candidates(source.keys, missing):
            for row in missing.pop(source.keys[at].tobytes(), ()):
                vectors[row] = source.vectors[at]
    first_rows = [rows[0] for rows in missing.values()]
    done = 0
    last = time.monotonic()

    def advance(count: int) -> None:
        nonlocal done, last
        done += count
        if time.monotonic() - last > 0.1 or done == len(first_rows):
            last = time.monotonic()
            progress("embed", done, len(first_rows))

    if first_rows:
        progress("embed", 0, len(first_rows))
        texts = [draft.fresh[row].embedded_text for row in first_rows]
        fresh = encoder.encode_passages(texts, advance)
        for rows, vector in zip(missing.values(), fresh, strict=True):
            vectors[rows] = vector
    return vectors, len(first_rows)


def _candidates(keys: NDArray[np.uint8], missing: dict[bytes, list[int]]) -> list[int]:
    """Rows of `keys` whose first half is that of one of `missing`."""
    if not missing:
        return []
    halves = np.frombuffer(b"".join(key[:8] for key in missing), np.uint64)
    firsts = np.ascontiguousarray(keys[:, :8]).view(np.uint64)[:, 0]
    return np.flatnonzero(np.isin(firsts, halves)).tolist()


def _tokens(draft: _Draft, static: StaticVectors) -> Ragged:
    former = draft.former
    if former is None or former.tokenizer != static.tokenizer_digest:
        return static.distinct([passage.embedded_text for passage in _passages(draft)])
    fresh = static.distinct([passage.embedded_text for passage in draft.fresh.values()])
    kept = np.flatnonzero(draft.origin >= 0)
    origin = draft.origin[kept]
    counts = np.empty(len(draft.origin), np.int64)
    counts[kept] = np.diff(former.tokens.offsets)[origin]
    counts[list(draft.fresh)] = np.diff(fresh.offsets)
    bounds = offsets(counts)
    ids = np.empty(bounds[-1], np.int32)
    ids[ranges(bounds[kept], counts[kept])] = former.tokens.ids[
        ranges(former.tokens.offsets[origin], counts[kept])
    ]
    for number, row in enumerate(draft.fresh):
        ids[bounds[row] : bounds[row + 1]] = fresh[number]
    return Ragged(ids, bounds)


def _passages(draft: _Draft) -> Sequence[Passage]:
    """All passages of the draft in row order."""
    if len(draft.fresh) == len(draft.origin):
        return list(draft.fresh.values())
    lines = b"".join(draft.corpus.lines)
    return Passages(Articles(lines, draft.columns, draft.names), draft.columns)


def _write_stories(folder: Path, draft: _Draft) -> None:
    articles, former = draft.corpus.articles, draft.former
    signatures = np.empty((len(articles), WIDTH), np.uint32)
    signatures[draft.new] = sign([articles[at].text for at in np.flatnonzero(draft.new).tolist()])
    known = None
    if former is not None:
        signatures[~draft.new] = former.columns["signatures"][draft.was[~draft.new]]
        now = np.full(len(former.articles), -1, np.int64)
        now[draft.was[~draft.new]] = np.flatnonzero(~draft.new)
        pairs = former.columns["alike"]
        ones, others = now[pairs["one"]], now[pairs["other"]]
        still = (ones >= 0) & (others >= 0)
        known = np.empty(int(still.sum()), PAIR)
        known["one"], known["other"] = ones[still], others[still]
        known["likeness"] = pairs["likeness"][still]
    pairs = find_pairs(articles, signatures, known, None if former is None else draft.new)
    stories = stories_of(articles, pairs)
    columns.save(folder, {"signatures": signatures, "alike": pairs})
    (folder / "stories.json").write_text(json.dumps(stories), encoding="utf-8")


def _word_counts(draft: _Draft) -> Counter[str]:
    counts = count_words(draft.fresh.values())
    if draft.former is not None:
        counts.update(dict(draft.former.vocabulary.items()))
        counts.subtract(count_words(draft.gone()))
    return +counts  # without those that are no more


def _write_lexical(folder: Path, draft: _Draft) -> None:
    former = draft.former
    path = folder / "lexical"
    kept = draft.origin >= 0
    grown = former is not None and kept.sum() == len(former.passages)
    if former is None or not grown or len(draft.fresh) > len(former.passages):
        # Also where a passage is gone: its words would stay in files that are only added to.
        LexicalIndex.build(path, ((one.language, one.embedded_text) for one in _passages(draft)))
        columns.save(folder, {"lexical_rows": np.arange(len(draft.origin), dtype=np.int32)})
        return
    now = np.empty(len(former.passages), np.int32)
    now[draft.origin[kept]] = np.flatnonzero(kept)
    numbers = np.concatenate(
        (now[former.columns["lexical_rows"]], np.array(list(draft.fresh), np.int32))
    )
    first = len(former.passages)
    LexicalIndex.extend(
        former.folder / "lexical",
        path,
        (
            (first + number, (one.language, one.embedded_text))
            for number, one in enumerate(draft.fresh.values())
        ),
    )
    columns.save(folder, {"lexical_rows": numbers})
