"""A generation: one whole, immutable index on disk that describes itself.

A folder with `manifest.json` (format, encoder, counts, checksums), `articles.jsonl`,
`passages.jsonl`, `vectors.faiss`, `tokens.npy` and `token_offsets.npy` (for MaxSim), `keys.npy`
(what each vector was made from), `stories.json` (which articles tell the same) and `lexical/`. Rows of
all but the stories agree: row i is passage i.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from corpus.article import Article, Source, Translation
from corpus.passage import Passage, split
from corpus.story import find_stories
from index.dense import DenseIndex
from index.encoder import Encoder, Vectors
from index.lexical import LexicalIndex
from index.maxsim import Ragged, StaticVectors

FORMAT = 2
"""Raised whenever the files, the splitting or the stemming change; then the next rebuild builds anew."""

_READABLE = (1, FORMAT)
"""Formats that still serve; others are refused. 1 knows no stories."""

_REBUILD = "Run: tanya rebuild"
_UNHASHED = (".lock", "manifest.json")

Progress = Callable[[str, int, int], None]
"""Called with a step's name, how much of it is done and how much there is."""


class GenerationError(Exception):
    """An index that cannot be read or written; the message says which, why and what to do."""


class NoIndexError(GenerationError):
    """There is no index to answer from."""


@dataclass(frozen=True, slots=True)
class Known:
    """Vectors that need not be computed again: row i of `vectors` is of the text with `keys[i]`."""

    keys: NDArray[np.uint8]
    vectors: Vectors


@dataclass(frozen=True, slots=True)
class Generation:
    """An opened generation. Never changes; safe to read from threads.

    `stories`: the ids of articles that tell the same in nearly the same words, oldest first.
    """

    id: str
    built_at: datetime
    articles: dict[str, Article]
    passages: list[Passage]
    dense: DenseIndex
    lexical: LexicalIndex
    tokens: Ragged
    keys: NDArray[np.uint8]
    encoder_name: str
    fingerprint: str
    digest: str
    format: int = FORMAT
    stories: tuple[tuple[str, ...], ...] = ()

    @property
    def known(self) -> Known:
        """Its vectors, for the next generation."""
        return Known(self.keys, self.dense.all_vectors())


def corpus_digest(articles: Sequence[Article]) -> str:
    """A checksum of all that an index takes from `articles` (32 hexadecimal digits)."""
    digest = hashlib.sha256()
    for article in articles:
        digest.update(json.dumps(_article_record(article), sort_keys=True).encode())
    return digest.hexdigest()[:32]


def passage_keys(texts: Sequence[str]) -> NDArray[np.uint8]:
    """Content hashes of `texts`, (n, 16) uint8: equal for equal texts."""
    joined = b"".join(hashlib.blake2b(text.encode(), digest_size=16).digest() for text in texts)
    return np.frombuffer(joined, np.uint8).reshape(-1, 16)


def write_generation(
    folder: Path,
    articles: Sequence[Article],
    encoder: Encoder,
    static: StaticVectors,
    known: Sequence[Known] = (),
    progress: Progress = lambda step, done, total: None,
) -> int:
    """Write a generation of `articles` into the new `folder`; returns how many texts were encoded.

    Texts whose vectors are among `known` are not encoded again. The folder's name becomes the id.
    """
    passages = [passage for article in articles for passage in split(article)]
    texts = [passage.embedded_text for passage in passages]
    keys = passage_keys(texts)
    vectors, encoded = _vectors(texts, keys, encoder, known, progress)
    progress("index", 0, len(passages))
    folder.mkdir(parents=True)
    _write_lines(folder / "articles.jsonl", [_article_record(article) for article in articles])
    _write_lines(folder / "passages.jsonl", [_passage_record(passage) for passage in passages])
    (folder / "stories.json").write_text(json.dumps(find_stories(articles)), encoding="utf-8")
    np.save(folder / "keys.npy", keys, allow_pickle=False)
    tokens = static.distinct(texts)
    np.save(folder / "tokens.npy", tokens.ids, allow_pickle=False)
    np.save(folder / "token_offsets.npy", tokens.offsets, allow_pickle=False)
    DenseIndex.build(vectors).save(folder / "vectors.faiss")
    LexicalIndex.build(
        folder / "lexical", ((p.language, text) for p, text in zip(passages, texts, strict=True))
    )
    progress("index", len(passages), len(passages))
    manifest = {
        "format": FORMAT,
        "id": folder.name,
        "built_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "encoder": {"name": encoder.name, "dim": encoder.dim, "fingerprint": encoder.fingerprint},
        "corpus": corpus_digest(articles),
        "counts": {"articles": len(articles), "passages": len(passages)},
        "files": _checksums(folder),
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    return encoded


def read_generation(folder: Path, fingerprint: str | None = None) -> Generation:
    """Open the generation in `folder`, every file checked against its checksum.

    GenerationError where it is not whole, of another format, or (with `fingerprint`) was made by
    another encoder: its vectors would be compared with questions of a different space.
    """
    manifest = _read_manifest(folder)
    if fingerprint is not None and manifest["encoder"]["fingerprint"] != fingerprint:
        raise GenerationError(
            f"{folder.name} was built by the encoder {manifest['encoder']['name']!r}, which is not "
            f"the one that the settings name. {_REBUILD}"
        )
    actual = _checksums(folder)
    for name, expected in manifest["files"].items():
        if actual.get(name) != expected:
            state = "is missing" if name not in actual else "does not match its checksum"
            raise GenerationError(f"{folder / name} {state}. {_REBUILD}")
    try:
        generation = _load(folder, manifest)
    except (OSError, RuntimeError, ValueError, KeyError) as error:
        raise GenerationError(f"{folder} cannot be opened ({error}). {_REBUILD}") from error
    counts = {
        "manifest": manifest["counts"]["passages"],
        "passages.jsonl": len(generation.passages),
        "vectors.faiss": len(generation.dense),
        "lexical": len(generation.lexical),
        "tokens": len(generation.tokens),
    }
    if len(set(counts.values())) != 1:
        raise GenerationError(f"{folder} is out of step: {counts}. {_REBUILD}")
    return generation


def _load(folder: Path, manifest: dict) -> Generation:  # type: ignore[type-arg]
    articles = {
        article.id: article for article in map(_article, _read_lines(folder / "articles.jsonl"))
    }
    return Generation(
        id=manifest["id"],
        built_at=datetime.fromisoformat(manifest["built_at"]),
        articles=articles,
        passages=[_passage(record, articles) for record in _read_lines(folder / "passages.jsonl")],
        dense=DenseIndex.load(folder / "vectors.faiss"),
        lexical=LexicalIndex.load(folder / "lexical"),
        tokens=Ragged(
            np.load(folder / "tokens.npy", allow_pickle=False),
            np.load(folder / "token_offsets.npy", allow_pickle=False),
        ),
        keys=np.load(folder / "keys.npy", allow_pickle=False),
        encoder_name=manifest["encoder"]["name"],
        fingerprint=manifest["encoder"]["fingerprint"],
        digest=manifest["corpus"],
        format=manifest["format"],
        stories=() if manifest["format"] == 1 else _stories(folder / "stories.json", articles),
    )


def _stories(path: Path, articles: dict[str, Article]) -> tuple[tuple[str, ...], ...]:
    stories = tuple(tuple(story) for story in json.loads(path.read_text(encoding="utf-8")))
    for name in (name for story in stories for name in story):
        if name not in articles:
            raise ValueError(f"{path.name} names {name!r}, which is no article")
    return stories


def _read_manifest(folder: Path) -> dict:  # type: ignore[type-arg]
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise GenerationError(f"{folder} has no manifest.json. {_REBUILD}") from error
    except (OSError, ValueError) as error:
        raise GenerationError(f"{folder / 'manifest.json'}: {error}. {_REBUILD}") from error
    if not isinstance(manifest, dict) or manifest.get("format") not in _READABLE:
        found = manifest.get("format") if isinstance(manifest, dict) else None
        raise GenerationError(
            f"{folder.name} has format {found!r}, this program reads {FORMAT}. {_REBUILD}"
        )
    return manifest


def _vectors(
    texts: Sequence[str],
    keys: NDArray[np.uint8],
    encoder: Encoder,
    known: Sequence[Known],
    progress: Progress,
) -> tuple[Vectors, int]:
    vectors = np.empty((len(texts), encoder.dim), np.float32)
    missing: dict[bytes, list[int]] = {}
    for row, key in enumerate(keys):
        missing.setdefault(key.tobytes(), []).append(row)
    for source in known:
        for at, key in enumerate(source.keys):
            for row in missing.pop(key.tobytes(), ()):
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
        fresh = encoder.encode_passages([texts[row] for row in first_rows], advance)
        for rows, vector in zip(missing.values(), fresh, strict=True):
            vectors[rows] = vector
    return vectors, len(first_rows)


def _checksums(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): _sha256(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.endswith(_UNHASHED)
    }


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write_lines(path: Path, records: Sequence[dict[str, object]]) -> None:
    with path.open("w", encoding="utf-8") as file:
        for record in records:
            file.write(json.dumps(record, ensure_ascii=False) + "\n")


def _read_lines(path: Path) -> list[dict]:  # type: ignore[type-arg]
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def _article_record(article: Article) -> dict[str, object]:
    source, translation = article.source, article.translation
    return {
        "id": article.id,
        "title": source.title,
        "publisher": source.publisher,
        "url": source.url,
        "published": source.published.isoformat() if source.published else None,
        "language": article.language,
        "text": article.text,
        "topics": list(article.topics),
        "verbatim": article.verbatim,
        "translation": translation
        and {
            "language": translation.language,
            "title": translation.title,
            "text": translation.text,
        },
    }


def _article(record: dict) -> Article:  # type: ignore[type-arg]
    return Article(
        id=record["id"],
        source=Source(
            title=record["title"],
            publisher=record["publisher"],
            url=record["url"],
            published=date.fromisoformat(record["published"]) if record["published"] else None,
        ),
        language=record["language"],
        text=record["text"],
        topics=tuple(record["topics"]),
        translation=Translation(**record["translation"]) if record["translation"] else None,
        verbatim=record["verbatim"],
    )


def _passage_record(passage: Passage) -> dict[str, object]:
    return {
        "id": passage.id,
        "article": passage.article_id,
        "language": passage.language,
        "start": passage.start,
        "end": passage.end,
    }


def _passage(record: dict, articles: dict[str, Article]) -> Passage:  # type: ignore[type-arg]
    article = articles[record["article"]]
    language = record["language"]
    return Passage(
        id=record["id"],
        article_id=article.id,
        language=language,
        translated=language != article.language,
        start=record["start"],
        end=record["end"],
        title=article.title_in(language),
        text=article.text_in(language)[record["start"] : record["end"]],
    )
